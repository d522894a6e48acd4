package summary

import (
	"cmp"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestOrderOfTallies holds the order by digits against that of comparing.
func TestOrderOfTallies(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	rank := []uint32{2, 0, 3, 1}
	for _, n := range []int{0, 1, 2, 3000} {
		var rows []tally
		for range n {
			a := netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, r.Uint32()>>(8*r.IntN(4)))))
			if r.IntN(4) == 0 {
				a = netip.AddrFrom16([16]byte{0: byte(r.IntN(3)), 15: byte(r.IntN(9))})
			}
			rows = append(rows, tally{bare: bareOf(a), what: uint32(r.IntN(len(rank)))})
		}
		var got []tally
		for _, at := range orderTallies(rows, rank) {
			got = append(got, rows[uint32(at)])
		}
		slices.SortFunc(rows, func(a, b tally) int {
			return cmp.Or(a.addr().Compare(b.addr()), cmp.Compare(rank[a.what], rank[b.what]))
		})
		require.Equal(t, rows, got)
	}
}
