package text

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMarks(t *testing.T) {
	type mark struct {
		text            string
		number, address bool
		time            string // RFC 3339
		year            int
	}
	for name, c := range map[string]struct {
		line string
		want []mark
	}{
		"syslog":       {"Nov  3 03:10:00 web01 sshd[812]: ok", []mark{{text: "Nov  3 03:10:00", time: "1900-11-03T03:10:00Z"}, {text: "812", number: true}}},
		"fraction":     {"2026-11-23T03:10:00.123456+01:00 x", []mark{{text: "2026-11-23T03:10:00.123456", time: "2026-11-23T03:10:00.123456Z", year: 2026}}},
		"comma":        {"2026-11-23 03:10:00,5 x", []mark{{text: "2026-11-23 03:10:00,5", time: "2026-11-23T03:10:00.5Z", year: 2026}}},
		"access":       {"203.0.113.7 - - [29/Feb/2028:23:59:59 +0000] x", []mark{{text: "203.0.113.7", address: true}, {text: "29/Feb/2028:23:59:59", time: "2028-02-29T23:59:59Z", year: 2028}}},
		"IPv6":         {"from 2001:db8:bad::1 port 22", []mark{{text: "2001:db8:bad::1", address: true}, {text: "22", number: true}}},
		"no variables": {"plain text", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var e Encoder
			pack(&e, []byte(c.line))
			l := e.Line(0)
			var got []mark
			for i, m := range l.Marks {
				_, number := l.Number(i)
				if s := c.line[m.Start:m.End]; s != "01" && s != "00" && s != "0000" {
					g := mark{text: s, number: number, address: l.Kind(i) == KindIPv4 || l.Kind(i) == KindColons}
					if s, ok := l.Stamp(i); ok {
						g.year = s.Year
						g.time = time.Unix(0, s.Nanos()).UTC().Format(time.RFC3339Nano)
					}
					got = append(got, g)
				}
			}
			require.Equal(t, c.want, got)
		})
	}
}
