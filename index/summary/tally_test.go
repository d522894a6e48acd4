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

// TestKeysAscend holds the keys of tallies against the order of their addresses
// and words.
func TestKeysAscend(t *testing.T) {
	ascend(t, threadWording(), []*Thread{
		{}, {Source: 1}, {Source: 1, Undated: true}, {Source: 1, Service: "a"}, {Source: 1, Action: 255, Status: 7, About: true, Shared: true, Undated: true},
		{Source: 2}, {Source: 1<<17 - 2, Action: 255}, {Source: 1<<17 - 1, Action: 9}, {Source: 1 << 17}, {Source: 1<<32 - 1, Action: 3},
	})
	ascend(t, userWording(), []string{"", "\x00", "a", "a\x00", "ab", "root", "root2", "roos", "root\xff", "\xff\xff\xff\xff\xff"})
}

func ascend[T comparable](t *testing.T, w wording[T], words []T) {
	addresses := []string{"0.0.0.0", "0.0.0.1", "203.0.113.7", "255.255.255.255", "::", "::1", "::fffe:ffff:ffff", "::1:0:0:0", "0:0:0:1::", "2001:db8::1", "2001:db8::2", "ffff::"}
	rows := tallies[T]{words: words}
	for n, word := range words {
		rows.heads = append(rows.heads, w.head(word))
		for _, a := range addresses {
			rows.rows = append(rows.rows, tally{bare: bareOf(netip.MustParseAddr(a)), what: uint32(n)})
		}
	}
	key := func(at int) uint64 { rows.at = at; return rows.key() }
	for i := range rows.rows {
		for j := range rows.rows {
			a, b := &rows.rows[i], &rows.rows[j]
			order := cmp.Or(a.compare(b.bare), w.compare(words[a.what], words[b.what]))
			require.Contains(t, []int{0, order}, cmp.Compare(key(i), key(j)), "%v and %v", a, b)
			if a.is4() && a.bare != b.bare {
				require.Equal(t, order, cmp.Compare(key(i), key(j)), "%v and %v", a, b)
			}
		}
	}
}
