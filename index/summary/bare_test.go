package summary

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBareAddresses holds bare addresses against netip's own, above all where
// those of IPv6 that have small numbers lie.
func TestBareAddresses(t *testing.T) {
	var all []netip.Addr
	for _, s := range [...]string{
		"0.0.0.0", "0.0.0.1", "9.255.255.255", "10.0.0.0", "203.0.113.7", "255.255.255.255",
		"::", "::1", "::0.0.255.255", "::1.2.3.4", "::255.255.255.255", "::1:0:0", "::fffe:0:0", "::fffe:ffff:ffff",
		"::1:0:0:0", "::ffff:ffff:ffff:ffff", "0:0:0:1::", "1::", "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	} {
		all = append(all, netip.MustParseAddr(s))
	}
	for _, a := range all {
		require.Equal(t, a, bareOf(a).addr(), a)
		require.Equal(t, a.Is4(), bareOf(a).is4(), a)
		for _, b := range all {
			require.Equal(t, a.Compare(b), bareOf(a).compare(bareOf(b)), "%s and %s", a, b)
		}
	}
}
