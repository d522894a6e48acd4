package proc

import (
	"net"
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

const trieText = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/31 1 0 0
        |-- 127.0.0.0
           /8 host LOCAL
        |-- 127.0.0.1
           /32 host LOCAL
     |-- 192.0.2.0
        /24 link UNICAST
     |-- 192.0.2.2
        /32 host LOCAL
     |-- 192.0.2.255
        /32 link BROADCAST
     |-- 198.51.100.9
        /32 host LOCAL
Local:
     |-- 192.0.2.2
        /32 host LOCAL
     |-- 192.0.2.x
        /32 host LOCAL
`

func TestAddressesOfInterfaces(t *testing.T) {
	root := t.TempDir()
	craft(t, root, map[string]any{
		"net/tcp":            "",
		"net/fib_trie":       trieText,
		"sys/class/net/eth0": link("../../devices/eth0"), "sys/devices/eth0/flags": "0x1103\n",
		"net/dev": "Inter-|   Receive\n face |bytes\n    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n  eth0: 2 2 0 0 0 0 0 0 2 2 0 0 0 0 0 0\n",
		"net/route": "Iface\tDestination\tGateway\n" +
			"eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\neth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n",
	})
	s := take(t, Options{Proc: root, Root: root})
	require.Len(t, s.spaces, 1)
	got := map[string][]netip.Addr{}
	for _, i := range s.spaces[0].Interfaces {
		require.Equal(t, map[string]uint32{"eth0": 0x1103}[i.Name], i.Flags)
		got[i.Name] = i.Addresses
	}
	require.Equal(t, map[string][]netip.Addr{
		"lo": {netip.MustParseAddr("127.0.0.1")}, "eth0": {netip.MustParseAddr("192.0.2.2")}, "": {netip.MustParseAddr("198.51.100.9")},
	}, got)
}

// What the interfaces say themselves is in the still too.
func TestLiveAddresses(t *testing.T) {
	s := take(t, live())
	i := slices.IndexFunc(s.spaces, func(n index.NetSpace) bool { return n.PID == 0 })
	require.GreaterOrEqual(t, i, 0)
	var got []string
	for _, n := range s.spaces[i].Interfaces {
		for _, a := range n.Addresses {
			got = append(got, a.String())
		}
	}
	own, err := net.InterfaceAddrs()
	require.NoError(t, err)
	for _, a := range own {
		require.Contains(t, got, netip.MustParsePrefix(a.String()).Addr().String())
	}
}

func FuzzTrie(f *testing.F) {
	f.Add([]byte(trieText))
	f.Add([]byte("|-- ::1\n/32 host LOCAL"))
	f.Fuzz(func(t *testing.T, data []byte) {
		all := parseTrie(data)
		require.True(t, slices.IsSortedFunc(all, netip.Addr.Compare))
		for _, a := range all {
			require.True(t, a.Is4())
			routeTo([]index.Route{{To: netip.PrefixFrom(a, 24), Gateway: netip.IPv4Unspecified()}}, a)
		}
	})
}
