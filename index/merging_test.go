package index

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index/summary"
)

// TestMergeThatNobodyWants ends a merge of more pages than wait for a Writer:
// whoever fails before them must not leave it behind.
func TestMergeThatNobodyWants(t *testing.T) {
	for _, c := range []struct {
		name  string
		kinds int
		want  error
	}{
		{"more pages than wait", 40 * pagesWaiting, errUnwanted},
		{"no events", 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSummarizer(1<<30, nil)
			require.NoError(t, s.begin())
			for i := range c.kinds {
				s.add(1, 0, 1, &Entry{Time: 1, Signature: fmt.Appendf(nil, "%d%s", i, strings.Repeat("x", maxExample))})
			}
			m, err := mergeSums(int64(c.kinds), []*summary.Builder{s.Builder})
			require.NoError(t, err)
			m.end()
			require.ErrorIs(t, m.err, c.want)
			_, more := <-m.pages
			require.False(t, more)
		})
	}
}
