package logs

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

func bsd(t *testing.T, s string) Stamp {
	t.Helper()
	st, n := stampBSD([]byte(s))
	require.Equal(t, len(s), n, s)
	return st
}

// Years follow from the order of the stamps and from the time of the capture.
func TestYearsOfStampsWithoutOne(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	cases := []struct {
		name     string
		captured string
		zone     *time.Location
		stamps   []string
		want     []string
	}{
		{"this year", "2026-11-23T12:00:00Z", time.UTC, []string{"Nov 22 10:00:00", "Nov 23 11:59:59"}, []string{"2026-11-22T10:00:00Z", "2026-11-23T11:59:59Z"}},
		{"last year, later in the year than now", "2026-01-05T00:00:00Z", time.UTC, []string{"Dec  1 00:00:00"}, []string{"2025-12-01T00:00:00Z"}},
		{"over new year", "2026-01-05T00:00:00Z", time.UTC, []string{"Dec 31 23:59:59", "Jan  1 00:00:01"}, []string{"2025-12-31T23:59:59Z", "2026-01-01T00:00:01Z"}},
		{"disorder at new year", "2026-01-05T00:00:00Z", time.UTC, []string{"Jan  1 00:00:00", "Dec 31 23:59:59", "Jan  1 00:00:02"}, []string{"2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z", "2026-01-01T00:00:02Z"}},
		{"three years", "2026-11-23T00:00:00Z", time.UTC, []string{"Mar  1 00:00:00", "Oct  1 00:00:00", "Feb  1 00:00:00", "Jul  1 00:00:00", "Jan  1 00:00:00"}, []string{"2024-03-01T00:00:00Z", "2024-10-01T00:00:00Z", "2025-02-01T00:00:00Z", "2025-07-01T00:00:00Z", "2026-01-01T00:00:00Z"}},
		{"clock a little ahead does not jump a year", "2026-11-23T12:00:00Z", time.UTC, []string{"Nov 23 12:00:05"}, []string{"2026-11-23T12:00:05Z"}},
		{"February 29", "2026-11-23T12:00:00Z", time.UTC, []string{"Feb 28 00:00:00", "Feb 29 00:00:00", "Mar  1 00:00:00"}, []string{"2024-02-28T00:00:00Z", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"}},
		{"zone of the host", "2026-11-23T12:00:00Z", berlin, []string{"Jul  1 12:00:00", "Nov 23 12:00:00"}, []string{"2026-07-01T10:00:00Z", "2026-11-23T11:00:00Z"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			captured, err := time.Parse(time.RFC3339, c.captured)
			require.NoError(t, err)
			var walk yearWalk
			for _, s := range c.stamps {
				walk.step(bsd(t, s))
			}
			d := dater{zone: c.zone, base: walk.anchor(captured, c.zone)}
			var got []string
			for _, s := range c.stamps {
				at, clock := d.date(bsd(t, s))
				require.Equal(t, index.ClockNoYear, clock)
				got = append(got, at.String())
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestDate(t *testing.T) {
	newYork, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	cases := []struct {
		stamp, want string
		clock       index.Clock
	}{
		{"2026-11-23T02:31:39.123456+01:00", "2026-11-23T01:31:39.123456Z", index.ClockExact},
		{"2026-11-23 02:31:39,5Z", "2026-11-23T02:31:39.5Z", index.ClockExact},
		{"2026-11-23 02:31:39", "2026-11-23T07:31:39Z", index.ClockNoZone},
		{"2026-07-01 02:31:39", "2026-07-01T06:31:39Z", index.ClockNoZone},
		{"2000-02-29 00:00:00Z", "2000-02-29T00:00:00Z", index.ClockExact},
		{"1969-12-31 23:59:59Z", "1970-01-01T00:00:00.000000001Z", index.ClockExact},
		{"9999-12-31 23:59:59Z", "2261-12-31T23:59:59Z", index.ClockExact},
	}
	for _, c := range cases {
		t.Run(c.stamp, func(t *testing.T) {
			s, n := stampISO([]byte(c.stamp))
			require.Equal(t, len(c.stamp), n)
			d := dater{zone: newYork}
			at, clock := d.date(s)
			require.Equal(t, c.want, at.String())
			require.Equal(t, c.clock, clock)
		})
	}
}

// The arithmetic of dates agrees with the standard library's on every day of
// four centuries.
func TestCivilSeconds(t *testing.T) {
	for day := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2261; day = day.AddDate(0, 0, 1) {
		s := Stamp{Year: day.Year(), Month: int(day.Month()), Day: day.Day(), Hour: 7}
		if civilSeconds(s) != day.Unix()+7*3600 {
			require.Equal(t, day.Unix()+7*3600, civilSeconds(s), fmt.Sprint(day))
		}
	}
}
