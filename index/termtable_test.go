package index

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTermOrder holds the order of a table's terms against that of their bytes.
func TestTermOrder(t *testing.T) {
	table := termTable{seed: maphash.MakeSeed()}
	var terms [][]byte
	for _, a := range [...]string{"::", "::1", "::fffe:1.2.3.4", "0.0.0.0", "9.0.0.1", "10.0.0.1", "10.0.0.2", "255.255.255.255", "::1:0:0:0", "2001:db8::1", "2001:db8::2", "ffff::"} {
		terms = append(terms, addressTerm(nil, netip.MustParseAddr(a)))
	}
	for _, u := range [...]string{"", "a", "a\x00", "a\x00\x00", "root", "administrator-1", "administrator-2", "\xff\xff\xff\xff\xff\xff", "\xff\xff\xff\xff\xff\xff\xff"} {
		terms = append(terms, append([]byte{termUser}, u...), append([]byte{termSignature}, u...), append([]byte{termIP}, u...))
	}
	for pid := range 3000 { // the table grows
		terms = append(terms, pidTerm(nil, 7*pid))
	}
	for i, term := range terms {
		n, found := table.find(term, table.hash(term))
		require.False(t, found, "%q", term)
		require.Equal(t, uint32(i), n)
	}
	for i, term := range terms {
		n, found := table.find(term, table.hash(term))
		require.True(t, found, "%q", term)
		require.Equal(t, uint32(i), n)
	}
	var last []byte
	g := termGroup{table: table, uses: slices.Repeat([]termUse{{n: 1}}, table.len())}
	for i, o := range g.order() {
		term := table.term(o.n)
		require.True(t, i == 0 || bytes.Compare(last, term) < 0, fmt.Sprintf("%q before %q", last, term))
		last = term
		if own, ok := o.appendTo(nil); ok {
			require.Equal(t, term, own)
		}
	}
}

// TestTermsOfSeveralNumbers holds a group of segments whose terms have several
// numbers against one where each has one.
func TestTermsOfSeveralNumbers(t *testing.T) {
	type block []string
	pages := func(several bool, blocks ...block) (out [][]byte) {
		seed := maphash.MakeSeed()
		g := newTermGroup(seed)
		table := termTable{seed: seed}
		var list [][]uint32
		for _, b := range blocks {
			var terms []uint32
			for i, s := range b {
				term := append([]byte{termUser}, s...)
				n := uint32(0)
				if several {
					n = table.add(term, table.hash(term))
				} else if n, _ = table.find(term, table.hash(term)); slices.Contains(b[:i], s) {
					continue
				}
				terms = append(terms, n)
			}
			list = append(list, terms)
		}
		g.add(segmentRow{}, &segmentTerms{table.termList, list})
		require.NoError(t, g.pages(func(first, page []byte) error {
			out = append(out, bytes.Clone(first), bytes.Clone(page))
			return nil
		}))
		require.Len(t, g.ends, len(blocks))
		return append(out, fmt.Append(nil, len(g.hits)))
	}
	blocks := []block{{"root", "admin", "root"}, {}, {"admin", "admin", "admin"}, {"root", "x"}}
	for i := range 100 {
		blocks = append(blocks, block{fmt.Sprint("user", i%7), fmt.Sprint("user", i%40), "root", fmt.Sprint("user", i%7)})
	}
	require.Equal(t, pages(false, blocks...), pages(true, blocks...))
}

// TestTermsThatTakeNoRoom adds many terms that nobody looked for before, as the
// addresses of a list of them are: the next one that is looked for has to find
// its place.
func TestTermsThatTakeNoRoom(t *testing.T) {
	table := termTable{seed: maphash.MakeSeed()}
	for round := range uint32(3) {
		for n := range uint32(5000) {
			term := pidTerm(nil, int(10_000*round+n))
			require.Equal(t, 5001*round+n, table.add(term, table.hash(term)))
		}
		term := []byte{termUser, byte(round)}
		for _, want := range [...]bool{false, true} {
			n, found := table.find(term, table.hash(term))
			require.Equal(t, want, found)
			require.Equal(t, 5001*round+5000, n)
		}
	}
}
