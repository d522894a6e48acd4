package logs

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPlain(t *testing.T) {
	for _, test := range []struct {
		name, text, level, message string
		stamp                      Stamp
	}{
		{"nothing known", "anything at all", "", "anything at all", Stamp{}},
		{"ISO and a word", "2026-11-23T02:31:39Z ERROR x", "err", "ERROR x", Stamp{Year: 2026, Month: 11, Day: 23, Hour: 2, Min: 31, Sec: 39, HasZone: true}},
		{"in brackets", "[2026-11-23 02:31:39] [error] x", "err", "[error] x", Stamp{Year: 2026, Month: 11, Day: 23, Hour: 2, Min: 31, Sec: 39}},
		{"BSD", "Nov 23 02:31:39 warn: x", "warning", "warn: x", Stamp{Month: 11, Day: 23, Hour: 2, Min: 31, Sec: 39}},
		{"slashes", "2026/11/23 02:31:39 x", "", "x", Stamp{Year: 2026, Month: 11, Day: 23, Hour: 2, Min: 31, Sec: 39}},
		{"common log format", "[23/Nov/2026:02:31:39 +0000] x", "", "x", Stamp{Year: 2026, Month: 11, Day: 23, Hour: 2, Min: 31, Sec: 39, HasZone: true}},
		{"Apache's", "[Mon Nov 23 02:31:39 2026] [warn] x", "warning", "[warn] x", Stamp{Year: 2026, Month: 11, Day: 23, Hour: 2, Min: 31, Sec: 39}},
		{"a sentence about an error", "error handling was changed", "", "error handling was changed", Stamp{}},
		{"a word that only begins like a level", "ERRORS=0", "", "ERRORS=0", Stamp{}},
		{"angle brackets", "<crit> x", "crit", "<crit> x", Stamp{}},
		{"a level alone", "FATAL", "crit", "FATAL", Stamp{}},
		{"a stamp that goes on", "2026-11-23 02:31:39x y", "", "2026-11-23 02:31:39x y", Stamp{}},
		{"an impossible date", "2026-02-30 02:31:39 ERROR x", "", "2026-02-30 02:31:39 ERROR x", Stamp{}},
		{"empty", "", "", "", Stamp{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var e Entry
			require.True(t, plain.Starts([]byte(test.text)))
			require.True(t, plain.Parse([]byte(test.text), &e))
			require.Equal(t, test.level, e.Level.String())
			require.Equal(t, test.message, string(e.Message))
			require.Equal(t, test.stamp, e.Stamp)
		})
	}
}
