package render

import (
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
	"github.com/olekukonko/tablewriter/pkg/twwidth"

	"stilltrace/index/printable"
)

const (
	// maxCell bounds the text of one table cell, in bytes, before it is
	// measured: no terminal is so wide, and a log line may be a megabyte.
	maxCell = 4096
	// maxCluster bounds what is drawn on one place of the terminal, in
	// bytes. A letter with hundreds of combining marks would paint over the
	// rows around it; four marks are enough for every living script.
	maxCluster = 16
	// leastWidth is the width below which a column is not shortened: less
	// says nothing.
	leastWidth = 6
	// foldLines bounds the lines on which a folded cell continues.
	foldLines = 8

	ellipsis = "…"
	gap      = 2 // between two columns
)

// clean makes s safe for a terminal and bounds its size.
func clean(s string) string {
	if len(s) <= maxCell && isPlain(s) {
		return s // as most
	}
	if len(s) > maxCell {
		head, tail := s[:maxCell/2], s[len(s)-maxCell/2:]
		// Cut where a character begins, so that no half of one shows as an escape.
		for n := 0; n < utf8.UTFMax && len(head) > 0 && !endsWhole(head); n++ {
			head = head[:len(head)-1]
		}
		for n := 0; n < utf8.UTFMax && len(tail) > 0 && !utf8.RuneStart(tail[0]); n++ {
			tail = tail[1:]
		}
		s = head + ellipsis + tail
	}
	s = printable.String(s)
	if isASCII(s) {
		return s
	}
	var b strings.Builder
	g := displaywidth.StringGraphemes(s)
	for g.Next() {
		v := g.Value()
		if len(v) > maxCluster {
			v = v[:maxCluster]
			for !endsWhole(v) {
				v = v[:len(v)-1]
			}
		}
		b.WriteString(v)
	}
	return b.String()
}

func endsWhole(s string) bool {
	r, n := utf8.DecodeLastRuneInString(s)
	return r != utf8.RuneError || n > 1
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// width is how many terminal cells s takes, counted as tablewriter counts it,
// rune by rune and whatever the locale: two ways to count would not align.
func width(s string) int {
	if !isPlain(s) {
		return twwidth.WidthWithOptions(s, twwidth.Options{})
	}
	return len(s) // as of most
}

// isPlain reports whether s is nothing but ASCII that a terminal shows.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// shorten makes s at most width terminal cells wide: it keeps both ends, where
// a path or a log line says most, and puts … for the middle.
func shorten(s string, most int) string {
	if width(s) <= most {
		return s
	}
	if most < 1 {
		return ""
	}
	start := len(s) - cutEnd(s, most-1-most/2)
	// A word is kept or left out as a whole rather than halved: half an address is another address.
	if i := strings.LastIndexByte(s[:start], ' ') + 1; i > 0 && s[start-1] != ' ' && width(s[i:]) <= most*2/3 {
		start = i
	}
	end, _ := cut(s, most-1-width(s[start:]))
	if i := strings.LastIndexByte(s[:end], ' '); s[end] != ' ' && i >= end/2 {
		end = i + 1
	}
	return s[:end] + ellipsis + s[start:]
}

// cut returns how many bytes of s fit into most cells, and how many cells they take.
func cut(s string, most int) (n, w int) {
	g := displaywidth.StringGraphemes(s)
	for g.Next() {
		v := g.Value()
		if w+width(v) > most {
			break
		}
		n += len(v)
		w += width(v)
	}
	return n, w
}

// cutEnd returns how many of the last bytes of s fit into most cells.
func cutEnd(s string, most int) int {
	skip := width(s) - most
	n := 0
	g := displaywidth.StringGraphemes(s)
	for skip > 0 && g.Next() {
		n += len(g.Value())
		skip -= width(g.Value())
	}
	return len(s) - n
}

// fold cuts s into lines of at most that many cells, after a blank where the
// second half of the line has one.
func fold(s string, most int) []string {
	s = shorten(s, most*foldLines)
	var lines []string
	for len(s) > 0 {
		n, _ := cut(s, most)
		if n == 0 {
			n = len(s)
		}
		if blank := strings.LastIndexByte(s[:n], ' '); n < len(s) && s[n] != ' ' && blank > n/2 {
			n = blank + 1
		}
		lines = append(lines, strings.TrimRight(s[:n], " "))
		s = strings.TrimLeft(s[n:], " ")
	}
	return lines
}

// fit narrows the columns until they fit into width, or cannot be narrowed any
// more. Columns of the highest Shrink give way first; among equals the widest.
// All become no narrower than is readable before one becomes narrower than that,
// and none narrower than its least, the width of its header.
func fit(columns []Column, widths, least []int, width int) {
	over := gap*(len(widths)-1) - width
	for _, w := range widths {
		over += w
	}
	floors := make([]int, len(widths))
	for i, c := range columns {
		floors[i] = max(c.readable(), least[i])
	}
	over = narrow(columns, widths, floors, over)
	for i := range floors {
		floors[i] = max(leastWidth, least[i])
	}
	narrow(columns, widths, floors, over)
}

// narrow takes over cells away from the columns, and returns how many it could
// not take.
func narrow(columns []Column, widths, floors []int, over int) int {
	top := 0
	for _, c := range columns {
		top = max(top, c.Shrink)
	}
	for shrink := top; shrink > 0 && over > 0; shrink-- {
		for over > 0 {
			widest := -1
			for i, w := range widths {
				if columns[i].Shrink == shrink && w > floors[i] && (widest < 0 || w > widths[widest]) {
					widest = i
				}
			}
			if widest < 0 {
				break
			}
			widths[widest]--
			over--
		}
	}
	return over
}
