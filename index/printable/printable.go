// Package printable makes text of unknown origin safe to show to a person.
// Log lines, command lines and file names belong to whoever wrote them; shown
// as they are they could move the cursor, retitle the terminal or hide text.
package printable

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// String returns s with everything escaped that a terminal would act on or
// that could mislead the eye: control characters (C0, DEL, C1, also as lone
// bytes), line and paragraph separators, bidirectional and invisible
// formatting characters, and bytes that are not UTF-8. Newline and tab become
// \n and \t, other ASCII and lone bytes \xNN, the rest \u{N}.
func String(s string) string {
	i := firstUnsafe(s)
	if i < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	b.WriteString(s[:i])
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case !unsafe(r):
			b.WriteString(s[i : i+n])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u{%x}`, r)
		}
		i += n
	}
	return b.String()
}

func firstUnsafe(s string) int {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c < 0x20 || c == 0x7f {
				return i
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || unsafe(r) {
			return i
		}
		i += n
	}
	return -1
}

// unsafe reports whether r must not reach a terminal: controls, the line and
// paragraph separators, and the format characters, among which are all that
// turn the direction of text (Unicode category Cf) and the tag characters.
func unsafe(r rune) bool {
	if r < 0x20 || r >= 0x7f && r < 0xa0 {
		return true
	}
	if r < 0x300 {
		return r == 0xad
	}
	return unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs)
}
