package index

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"net/netip"
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
	for i, o := range table.order() {
		term := table.term(o.n)
		require.True(t, i == 0 || bytes.Compare(last, term) < 0, fmt.Sprintf("%q before %q", last, term))
		last = term
	}
}
