package summary

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What was counted in lots is what was counted one by one.
func TestLots(t *testing.T) {
	const block = 100
	for _, limit := range []int{1 << 30, 50 << 10} {
		all := samples(4000, 21)
		b := builder(limit)
		seen := 0
		for from := 0; from < len(all); from += block {
			_, err := b.Begin()
			require.NoError(t, err)
			lots := map[[2]int]*Lot{} // by their kind and times
			for i := from; i < from+block; i++ {
				s := &all[i]
				e := eventOf(b, s)
				if s.undated() {
					b.Add(&e)
					continue
				}
				key := [2]int{e.Kind, int(e.Times)}
				l := lots[key]
				if l == nil {
					l = &Lot{Kind: e.Kind, Times: e.Times}
					lots[key] = l
					b.OpenLot(l)
				}
				if seen++; b.See(l, &e) {
					l.Message = e.Message
				}
			}
			for _, l := range lots {
				b.CloseLot(l)
			}
		}
		require.Greater(t, seen, len(all)/2)
		var pages []Page
		require.NoError(t, Merge(options(0), []*Builder{b}, func(p Page) error {
			pages = append(pages, p)
			return nil
		}))
		require.Equal(t, build(t, all, 1, 1, 1<<30), pages)
	}
}
