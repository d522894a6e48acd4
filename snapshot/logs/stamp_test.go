package logs

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStampParsers(t *testing.T) {
	all := map[string]func([]byte) (Stamp, int){"bsd": stampBSD, "iso": stampISO, "slash": stampSlash, "clf": stampCLF}
	tests := []struct {
		name   string
		parser string
		in     string
		want   Stamp
		taken  string // "": refused
	}{
		{"bsd", "bsd", "Nov 23 02:31:39 host", Stamp{Month: 11, Day: 23, Hour: 2, Min: 31, Sec: 39}, "Nov 23 02:31:39"},
		{"bsd padded day", "bsd", "Sep  1 00:00:06 h", Stamp{Month: 9, Day: 1, Sec: 6}, "Sep  1 00:00:06"},
		{"bsd one-digit day with one blank", "bsd", "Sep 1 00:00:06", Stamp{Month: 9, Day: 1, Sec: 6}, "Sep 1 00:00:06"},
		{"bsd zero-padded day", "bsd", "Sep 01 00:00:06", Stamp{Month: 9, Day: 1, Sec: 6}, "Sep 01 00:00:06"},
		{"bsd with a fraction", "bsd", "Sep  1 00:00:06.25 h", Stamp{Month: 9, Day: 1, Sec: 6, Nano: 250_000_000}, "Sep  1 00:00:06.25"},
		{"bsd February 29, the year is open", "bsd", "Feb 29 00:00:00 h", Stamp{Month: 2, Day: 29}, "Feb 29 00:00:00"},
		{"bsd leap second", "bsd", "Dec 31 23:59:60 h", Stamp{Month: 12, Day: 31, Hour: 23, Min: 59, Sec: 60}, "Dec 31 23:59:60"},
		{"bsd February 30", "bsd", "Feb 30 00:00:00 h", Stamp{}, ""},
		{"bsd day zero", "bsd", "Feb  0 00:00:00 h", Stamp{}, ""},
		{"bsd 25 hours", "bsd", "Feb 20 25:00:00 h", Stamp{}, ""},
		{"bsd 60 minutes", "bsd", "Feb 20 23:60:00 h", Stamp{}, ""},
		{"bsd 61 seconds", "bsd", "Feb 20 23:59:61 h", Stamp{}, ""},
		{"bsd lower case", "bsd", "feb 20 23:59:01 h", Stamp{}, ""},
		{"bsd three-digit day", "bsd", "Feb 200 23:59:01 h", Stamp{}, ""},
		{"bsd cut short", "bsd", "Feb 20 23:59:0", Stamp{}, ""},
		{"bsd empty", "bsd", "", Stamp{}, ""},

		{"iso with micros and zone", "iso", "2026-11-23T02:31:39.123456+00:00 host",
			Stamp{Year: 2026, Month: 11, Day: 23, Hour: 2, Min: 31, Sec: 39, Nano: 123_456_000, HasZone: true}, "2026-11-23T02:31:39.123456+00:00"},
		{"iso with Z", "iso", "2026-11-23T02:31:39Z", Stamp{Year: 2026, Month: 11, Day: 23, Hour: 2, Min: 31, Sec: 39, HasZone: true}, "2026-11-23T02:31:39Z"},
		{"iso zone without colon", "iso", "2026-11-23T02:31:39-0530 h",
			Stamp{Year: 2026, Month: 11, Day: 23, Hour: 2, Min: 31, Sec: 39, Zone: -(5*3600 + 1800), HasZone: true}, "2026-11-23T02:31:39-0530"},
		{"iso zone of hours", "iso", "2026-11-23 02:31:39+02 h",
			Stamp{Year: 2026, Month: 11, Day: 23, Hour: 2, Min: 31, Sec: 39, Zone: 7200, HasZone: true}, "2026-11-23 02:31:39+02"},
		{"iso comma, no zone", "iso", "2026-11-23 02:31:39,123 fail2ban", Stamp{Year: 2026, Month: 11, Day: 23, Hour: 2, Min: 31, Sec: 39, Nano: 123_000_000}, "2026-11-23 02:31:39,123"},
		{"iso more digits than nanoseconds", "iso", "2026-11-23 02:31:39.1234567891", Stamp{Year: 2026, Month: 11, Day: 23, Hour: 2, Min: 31, Sec: 39, Nano: 123_456_789}, "2026-11-23 02:31:39.1234567891"},
		{"iso a dot that is no fraction", "iso", "2026-11-23 02:31:39. x", Stamp{Year: 2026, Month: 11, Day: 23, Hour: 2, Min: 31, Sec: 39}, "2026-11-23 02:31:39"},
		{"iso leap day of a leap year", "iso", "2024-02-29T00:00:00Z", Stamp{Year: 2024, Month: 2, Day: 29, HasZone: true}, "2024-02-29T00:00:00Z"},
		{"iso leap day of another year", "iso", "2026-02-29T00:00:00Z", Stamp{}, ""},
		{"iso leap day of 1900", "iso", "1900-02-29T00:00:00Z", Stamp{}, ""},
		{"iso month 13", "iso", "2026-13-01T00:00:00Z", Stamp{}, ""},
		{"iso year zero", "iso", "0000-01-01T00:00:00Z", Stamp{}, ""},
		{"iso signs for digits", "iso", "2026-+1-01T00:00:00Z", Stamp{}, ""},
		{"iso slashes", "iso", "2026/11/23 02:31:39", Stamp{}, ""},
		{"iso a zone that is none", "iso", "2026-11-23T02:31:39+0260 h", Stamp{Year: 2026, Month: 11, Day: 23, Hour: 2, Min: 31, Sec: 39}, "2026-11-23T02:31:39"},
		{"iso a zone too far", "iso", "2026-11-23T02:31:39+16:00 h", Stamp{Year: 2026, Month: 11, Day: 23, Hour: 2, Min: 31, Sec: 39}, "2026-11-23T02:31:39"},

		{"slash", "slash", "2026/11/23 02:31:39 [error]", Stamp{Year: 2026, Month: 11, Day: 23, Hour: 2, Min: 31, Sec: 39}, "2026/11/23 02:31:39"},
		{"slash with dashes", "slash", "2026-11-23 02:31:39", Stamp{}, ""},

		{"clf", "clf", "23/Nov/2026:02:31:39 +0100]", Stamp{Year: 2026, Month: 11, Day: 23, Hour: 2, Min: 31, Sec: 39, Zone: 3600, HasZone: true}, "23/Nov/2026:02:31:39 +0100"},
		{"clf without a zone", "clf", "23/Nov/2026:02:31:39 00000]", Stamp{}, ""},
		{"clf impossible day", "clf", "31/Nov/2026:02:31:39 +0100]", Stamp{}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, n := all[tt.parser]([]byte(tt.in))
			require.Equal(t, tt.taken, tt.in[:n])
			if n > 0 {
				require.Equal(t, tt.want, got)
			}
		})
	}
}

// FuzzStamp: whatever the bytes, a stamp lies within them and is a date that
// exists.
func FuzzStamp(f *testing.F) {
	for _, s := range []string{"Nov 23 02:31:39 host", "2026-11-23T02:31:39.123456+00:00 host", "2026-11-23 02:31:39,123-0730",
		"2026/11/23 02:31:39 [error]", "23/Nov/2026:02:31:39 +0100]", "Feb 29 23:59:60.", "2024-02-29T00:00:00+02:6"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, parse := range []func([]byte) (Stamp, int){stampBSD, stampISO, stampSlash, stampCLF} {
			s, n := parse(b)
			require.GreaterOrEqual(t, n, 0)
			require.LessOrEqual(t, n, len(b))
			if n == 0 {
				continue
			}
			require.False(t, s.IsZero())
			require.True(t, s.valid(), "%+v", s)
			require.True(t, s.Nano >= 0 && s.Nano < 1_000_000_000)
			require.True(t, s.Zone > -16*3600 && s.Zone < 16*3600)
			again, m := parse(b[:n])
			require.Equal(t, n, m, "the stamp alone is the same stamp")
			require.Equal(t, s, again)
		}
	})
}
