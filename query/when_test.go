package query

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

func TestParseTime(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	// In Berlin the snapshot ends on the 24th, at 00:30.
	end := index.TimeOf(time.Date(2026, 11, 23, 23, 30, 0, 5, time.UTC))
	tests := []struct {
		in   string
		zone *time.Location
		want string
	}{
		{"2026-11-23T04:05:06Z", berlin, "2026-11-23T04:05:06Z"},
		{"2026-11-23T04:05:06.123456789+02:00", time.UTC, "2026-11-23T02:05:06.123456789Z"},
		{"2026-11-23 04:05:06", time.UTC, "2026-11-23T04:05:06Z"},
		{"2026-11-23 04:05", time.UTC, "2026-11-23T04:05:00Z"},
		{"2026-11-23 04:05", berlin, "2026-11-23T03:05:00Z"},
		{"2026-07-23 04:05", berlin, "2026-07-23T02:05:00Z"},
		{"2026-11-23", berlin, "2026-11-22T23:00:00Z"},
		{"04:05", time.UTC, "2026-11-23T04:05:00Z"},
		{"04:05", berlin, "2026-11-24T03:05:00Z"},
		{"04:05:06", time.UTC, "2026-11-23T04:05:06Z"},
		{"-2h", berlin, "2026-11-23T21:30:00.000000005Z"},
		{"2h", time.UTC, "2026-11-23T21:30:00.000000005Z"},
		{"90m", time.UTC, "2026-11-23T22:00:00.000000005Z"},
		{"1h30m", time.UTC, "2026-11-23T22:00:00.000000005Z"},
		{"30s", time.UTC, "2026-11-23T23:29:30.000000005Z"},
		{"3d", time.UTC, "2026-11-20T23:30:00.000000005Z"},
		{"1d12h", time.UTC, "2026-11-22T11:30:00.000000005Z"},
	}
	for _, tt := range tests {
		t.Run(tt.in+" "+tt.zone.String(), func(t *testing.T) {
			got, err := parseTime(tt.in, tt.zone, end)
			require.NoError(t, err)
			require.Equal(t, tt.want, got.String())
		})
	}
}

func TestParseTimeRefuses(t *testing.T) {
	end := index.TimeOf(time.Date(2026, 11, 23, 23, 30, 0, 0, time.UTC))
	for _, in := range []string{"", "-", "yesterday", "2026-13-01", "2026-02-30", "25:00", "4", "h", "2x", "99999999999999999999h", "2026-11-23 04", "1.5h"} {
		_, err := parseTime(in, time.UTC, end)
		require.ErrorContains(t, err, "is not a time: write 2026-11-23T04:05:06Z", in)
	}
	_, err := parseTime("9999-01-01", time.UTC, end)
	require.ErrorContains(t, err, "beyond")
}

func TestWindow(t *testing.T) {
	end := index.TimeOf(time.Date(2026, 11, 23, 23, 30, 0, 0, time.UTC))
	_, _, err := (&Options{Since: "1h", Until: "2h"}).window(time.UTC, end)
	require.ErrorContains(t, err, "--since 2026-11-23T22:30:00Z is not before --until 2026-11-23T21:30:00Z")
	_, _, err = (&Options{Until: "soon"}).window(time.UTC, end)
	require.ErrorContains(t, err, `--until "soon" is not a time`)
	since, until, err := (&Options{}).window(time.UTC, end)
	require.NoError(t, err)
	require.Zero(t, since)
	require.Zero(t, until)
}

func TestZone(t *testing.T) {
	host := &index.Timezone{Name: "Asia/Tokyo", Known: true}
	for in, want := range map[string]string{"UTC": "UTC", "utc": "UTC", "": "UTC", "host": "Asia/Tokyo", "Europe/Berlin": "Europe/Berlin"} {
		z, err := zone(in, host)
		require.NoError(t, err)
		require.Equal(t, want, z.String())
	}
	for _, in := range []string{"Local", "Berlin", "../../etc/passwd", "\x1b"} {
		_, err := zone(in, host)
		require.ErrorContains(t, err, "no such zone", in)
	}
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"2026-11-23T04:05:06Z", "04:05", "-2h", "3d", "0000-01-01", "99999d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, err := parseTime(s, time.UTC, index.TimeOf(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)))
		if err == nil && at != 0 {
			year := at.Go().Year()
			require.True(t, year >= 1677 && year <= 2262, "%s: %s", s, at)
		}
	})
}
