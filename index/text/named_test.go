package text

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Digits that belong to a name, a version or a zone are no variables.
func TestNamed(t *testing.T) {
	for _, c := range []struct {
		name, line string
		want       []string
	}{
		{"ssh2", "port 22 ssh2", []string{"22"}},
		{"another name", "port 22 ssh22 xssh2 ssh3", []string{"22", "22", "2", "3"}},
		{"a digest", "RSA SHA256:ab", nil},
		{"fail2ban", "fail2ban.filter [7]", []string{"7"}},
		{"versions", "HTTP/1.1 HTTP/2 HTTP/2.0\"", nil},
		{"no versions", "HTTP/1.1.1 HTTP/10.10 HTTP/11 FTP/1", []string{"1", "1", "1", "10", "10", "11", "1"}},
		{"a zone", "[23/Nov/2026:03:10:00 +0100] 1", []string{"23/Nov/2026:03:10:00", "1"}},
		{"a zone with a colon", "2026-11-23T03:10:00.5+01:30 1", []string{"2026-11-23T03:10:00.5", "1"}},
		{"no zone", "2026-11-23 03:10:00 +01000 +0100", []string{"2026-11-23 03:10:00", "01000", "0100"}},
		{"no place's zone", "2026-11-23 03:10:00 +0107", []string{"2026-11-23 03:10:00", "0107"}},
		{"RFC 5424", "<134>1 2026-11-23T03:10:00Z 1", []string{"134", "2026-11-23T03:10:00", "1"}},
		{"another version", "<134>2 x", []string{"134", "2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var e Encoder
			e.Reset()
			e.Scan([]byte(c.line + "\n"))
			var got []string
			for _, m := range e.Line(0).Marks {
				got = append(got, c.line[m.Start:m.End])
			}
			require.Equal(t, c.want, got)
		})
	}
}
