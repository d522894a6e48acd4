package logs

import (
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

// A log that is copied and truncated while it is read: what was kept of it is
// known again in the copy, and a mixture of two logs is told as such.
func TestLogsCutWhileTheyAreRead(t *testing.T) {
	// More text than lies between the reader and what was kept.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	long := func(from, to int) string {
		var b strings.Builder
		for n := from; n < to; n++ {
			b.WriteString(strings.TrimSuffix(line(n), "\n") + strings.Repeat(" and more", 1000) + "\n")
		}
		return b.String()
	}
	const many = 4800
	before := long(0, many)
	for _, c := range []struct{ name, next string }{
		{"cut", ""},
		{"cut, and written a little", long(9000, 9001)},
		{"cut, and grown as long as it was", long(9000, 9100+many)},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newGrowing(t, map[string]string{"var/log/other.log": lines(0, 1)})
			g.write("auth.log", before)
			g.meanwhile = func() {
				g.write("auth.log.1", before)
				g.write("auth.log", c.next) // the same file, truncated
			}
			g.still()
			require.Len(t, g.gaps, 1)
			require.Equal(t, index.ReasonChanged, g.gaps[0].Reason)
			require.Equal(t, "/var/log/auth.log", g.gaps[0].Place)
			g.still()
			require.Empty(t, g.gaps)
			r := g.open()
			logs := g.logs(r, 0)
			require.Equal(t, before, logs["auth.log.1"][0])
			if len(c.next) < len(before) {
				copied := r.Logs(0)[1]
				require.Equal(t, "/var/log/auth.log.1", copied.Path)
				require.Equal(t, int64(many), copied.Lines)
				require.Len(t, copied.Parts, 2, "the copy continues what was kept of the log")
			}
			if c.next != "" {
				texts := logs["auth.log"]
				require.Equal(t, c.next, texts[len(texts)-1])
			}
		})
	}
}
