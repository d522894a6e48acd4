package address_test

import (
	"encoding/json"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/tracers/address"
)

// borders names, for each block, its first and last address with the class
// inside and the classes of the two addresses just outside it.
var borders = []struct {
	prefix        string
	first, last   string
	before, class address.Class
	after         address.Class
}{
	{"this network", "0.0.0.1", "0.255.255.255", address.Unspecified, address.Reserved, address.Public},
	{"10/8", "10.0.0.0", "10.255.255.255", address.Public, address.Private, address.Public},
	{"100.64/10", "100.64.0.0", "100.127.255.255", address.Public, address.Shared, address.Public},
	{"127/8", "127.0.0.0", "127.255.255.255", address.Public, address.Loopback, address.Public},
	{"169.254/16", "169.254.0.0", "169.254.255.255", address.Public, address.LinkLocal, address.Public},
	{"172.16/12", "172.16.0.0", "172.31.255.255", address.Public, address.Private, address.Public},
	{"192.0.0/24 up to PCP", "192.0.0.0", "192.0.0.8", address.Public, address.Reserved, address.Public},
	{"PCP and TURN anycast", "192.0.0.9", "192.0.0.10", address.Reserved, address.Public, address.Reserved},
	{"192.0.0/24 after TURN", "192.0.0.11", "192.0.0.255", address.Public, address.Reserved, address.Public},
	{"TEST-NET-1", "192.0.2.0", "192.0.2.255", address.Public, address.Documentation, address.Public},
	{"6to4 relays", "192.88.99.0", "192.88.99.255", address.Public, address.Reserved, address.Public},
	{"192.168/16", "192.168.0.0", "192.168.255.255", address.Public, address.Private, address.Public},
	{"198.18/15", "198.18.0.0", "198.19.255.255", address.Public, address.Reserved, address.Public},
	{"TEST-NET-2", "198.51.100.0", "198.51.100.255", address.Public, address.Documentation, address.Public},
	{"TEST-NET-3", "203.0.113.0", "203.0.113.255", address.Public, address.Documentation, address.Public},
	{"224/4", "224.0.0.0", "239.255.255.255", address.Public, address.Multicast, address.Reserved},
	{"240/4", "240.0.0.0", "255.255.255.255", address.Multicast, address.Reserved, address.None},

	{"::", "::", "::", address.None, address.Unspecified, address.Loopback},
	{"::1", "::1", "::1", address.Unspecified, address.Loopback, address.Reserved},
	{"NAT64", "64:ff9b::", "64:ff9b::ffff:ffff", address.Reserved, address.Public, address.Reserved},
	{"discard only", "100::", "100::ffff:ffff:ffff:ffff", address.Reserved, address.Reserved, address.Reserved},
	{"below 2000::/3", "1fff::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", address.Reserved, address.Reserved, address.Public},
	{"Teredo", "2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", address.Public, address.Public, address.Reserved},
	{"anycast", "2001:1::1", "2001:1::3", address.Reserved, address.Public, address.Reserved},
	{"IPv6 benchmarks", "2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", address.Reserved, address.Reserved, address.Reserved},
	{"AMT", "2001:3::", "2001:3:ffff:ffff:ffff:ffff:ffff:ffff", address.Reserved, address.Public, address.Reserved},
	{"AS112", "2001:4:112::", "2001:4:112:ffff:ffff:ffff:ffff:ffff", address.Reserved, address.Public, address.Reserved},
	{"ORCHIDv2 and drones", "2001:20::", "2001:3f:ffff:ffff:ffff:ffff:ffff:ffff", address.Reserved, address.Public, address.Reserved},
	{"rest of 2001::/23", "2001:40::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", address.Public, address.Reserved, address.Public},
	{"2001:db8::/32", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", address.Public, address.Documentation, address.Public},
	{"3fff::/20", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", address.Public, address.Documentation, address.Public},
	{"end of 2000::/3", "3fff:1000::", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", address.Documentation, address.Public, address.Reserved},
	{"segment routing", "5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", address.Reserved, address.Reserved, address.Reserved},
	{"fc00::/7", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", address.Reserved, address.Private, address.Reserved},
	{"fe80::/10", "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", address.Reserved, address.LinkLocal, address.Reserved},
	{"ff00::/8", "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", address.Reserved, address.Multicast, address.None},
}

func TestBorders(t *testing.T) {
	for _, b := range borders {
		t.Run(b.prefix, func(t *testing.T) {
			first, last := netip.MustParseAddr(b.first), netip.MustParseAddr(b.last)
			require.Equal(t, b.class, address.Of(first), "first")
			require.Equal(t, b.class, address.Of(last), "last")
			require.Equal(t, b.before, address.Of(first.Prev()), "before the first, %s", first.Prev())
			require.Equal(t, b.after, address.Of(last.Next()), "after the last, %s", last.Next())
		})
	}
}

func TestOf(t *testing.T) {
	for _, c := range []struct {
		addr string
		want address.Class
	}{
		{"8.8.8.8", address.Public},
		{"2a00:1450:4001::1", address.Public},
		{"2002:c000:204::1", address.Public},
		{"::ffff:10.1.2.3", address.Private},
		{"::ffff:0.0.0.0", address.Unspecified},
		{"fe80::1%eth0", address.LinkLocal},
		{"fec0::1", address.Reserved},
		{"::c000:201", address.Reserved},
		{"255.255.255.255", address.Reserved},
	} {
		t.Run(c.addr, func(t *testing.T) {
			require.Equal(t, c.want, address.Of(netip.MustParseAddr(c.addr)))
		})
	}
	require.Equal(t, address.None, address.Of(netip.Addr{}))
}

func TestNames(t *testing.T) {
	var all []string
	for c := address.Unspecified; c <= address.Public; c++ {
		all = append(all, c.String())
	}
	require.Equal(t, address.Names(), all)
	require.Equal(t, "class(200)", address.Class(200).String())

	b, err := json.Marshal([]address.Class{address.None, address.LinkLocal, address.Public})
	require.NoError(t, err)
	require.JSONEq(t, `["","link_local","public"]`, string(b))
}
