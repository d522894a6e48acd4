package printable

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestString(t *testing.T) {
	cases := []struct{ name, in, want string }{
		{"plain", "Failed password for root", "Failed password for root"},
		{"letters of the world", "für 東京 нет ✓", "für 東京 нет ✓"},
		{"colour", "\x1b[31mred\x1b[0m", `\x1b[31mred\x1b[0m`},
		{"title and bell", "\x1b]0;x\a", `\x1b]0;x\x07`},
		{"newline, tab, return", "a\nb\tc\rd", `a\nb\tc\x0dd`},
		{"delete and NUL", "\x7f\x00", `\x7f\x00`},
		{"C1 as a rune", "\u009b31m", `\u{9b}31m`},
		{"C1 as a byte", "\x9b31m", `\x9b31m`},
		{"no UTF-8", "a\xff\xfeb", `a\xff\xfeb`},
		{"cut rune", "a\xe6\x9d", `a\xe6\x9d`},
		{"turned direction", "a\u202eb\u2066c\u061c", `a\u{202e}b\u{2066}c\u{61c}`},
		{"invisible", "a\u200bb\ufeffc\u00ad", `a\u{200b}b\u{feff}c\u{ad}`},
		{"line separators", "a\u2028b\u2029", `a\u{2028}b\u{2029}`},
		{"tags", "a\U000e0041", `a\u{e0041}`},
		{"replacement character itself", "a\ufffdb", "a\ufffdb"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, String(c.in))
			require.Equal(t, c.want, String(c.want), "what was escaped stays as it is")
		})
	}
}

func FuzzString(f *testing.F) {
	f.Add("a\x1b\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		out := String(s)
		require.True(t, utf8.ValidString(out))
		require.Negative(t, firstUnsafe(out))
	})
}
