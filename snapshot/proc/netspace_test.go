package proc

import (
	"fmt"
	"maps"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// openSockets opens one socket of each kind in the network namespace of this
// process, whose interfaces are all down.
func openSockets() {
	tcp := demand(unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0))
	if err := unix.Bind(tcp, &unix.SockaddrInet4{Port: 4711}); err != nil {
		demand(0, err)
	}
	demand(0, unix.Listen(tcp, 7))
	demand(unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0x0300)) // ETH_P_ALL as the network writes it
	raw := demand(unix.Socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP))
	demand(0, unix.Bind(raw, &unix.SockaddrInet4{}))
	link := demand(unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_KOBJECT_UEVENT))
	demand(0, unix.Bind(link, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: 1}))
	local := demand(unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM, 0))
	demand(0, unix.Bind(local, &unix.SockaddrUnix{Name: "@elsewhere"}))
}

// The sockets of another network namespace are there once, with their owner.
func TestLiveNamespaces(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root makes namespaces")
	}
	apart := startRole(t, "sockets", &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET})
	pid := apart.Process.Pid
	s := take(t, live())
	p := s.processes[pid]
	require.NotNil(t, p)
	require.NotEqual(t, s.processes[os.Getpid()].Spaces.Net, p.Spaces.Net)

	got := map[string]index.Socket{}
	for _, k := range s.sockets {
		if k.NetNS == p.Spaces.Net && len(k.Owner) > 0 {
			require.NotContains(t, got, k.Proto, "each namespace is read once")
			require.Equal(t, pid, k.Owner[0].PID)
			require.False(t, k.Orphan)
			got[k.Proto] = k
		}
	}
	require.ElementsMatch(t, []string{"tcp", "packet", "raw", "netlink", "unix"}, slices.Collect(maps.Keys(got)))
	require.Equal(t, "LISTEN", got["tcp"].State)
	require.EqualValues(t, 4711, got["tcp"].LPort)
	require.Equal(t, ptr(uint64(7)), got["tcp"].Backlog)
	require.Equal(t, "all", got["packet"].Protocol)
	require.Equal(t, "raw", got["packet"].Type)
	require.Equal(t, ptr(uint32(0)), got["packet"].UID)
	require.Equal(t, "icmp", got["raw"].Protocol)
	require.Zero(t, got["raw"].LPort)
	require.Equal(t, "uevent", got["netlink"].Protocol)
	require.EqualValues(t, 1, got["netlink"].Groups)
	require.Equal(t, "@elsewhere", got["unix"].Path)

	for range 20 { // whichever thread goes there, this process stays where it is
		before, err := os.Readlink("/proc/self/ns/net")
		require.NoError(t, err)
		a, err := askersOf(pid, false)
		require.NoError(t, err)
		a.close()
		after, err := os.Readlink("/proc/self/ns/net")
		require.NoError(t, err)
		require.Equal(t, before, after)
	}

	i := slices.IndexFunc(s.spaces, func(n index.NetSpace) bool { return n.Inode == p.Spaces.Net })
	require.GreaterOrEqual(t, i, 0)
	require.Equal(t, pid, s.spaces[i].PID)
	require.Equal(t, 1, s.spaces[i].Processes)
	require.GreaterOrEqual(t, s.spaces[i].Sockets, 5)
	require.True(t, slices.ContainsFunc(s.spaces[i].Interfaces, func(n index.Interface) bool { return n.Name == "lo" }))
}

// A socket that nobody holds any more, and the kernel still does: the two ends
// of a pair were sent into one another, and closed.
func TestLiveOrphan(t *testing.T) {
	one, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	require.NoError(t, err)
	name := fmt.Sprintf("@orphan-%d", os.Getpid())
	lost, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	require.NoError(t, err)
	require.NoError(t, unix.Bind(lost, &unix.SockaddrUnix{Name: name}))
	require.NoError(t, unix.Sendmsg(one[0], []byte("x"), unix.UnixRights(lost), nil, 0))
	require.NoError(t, unix.Close(lost)) // it now lies in the queue of the other end
	defer unix.Close(one[0])
	defer unix.Close(one[1])
	s := take(t, live())
	i := slices.IndexFunc(s.sockets, func(k index.Socket) bool { return k.Path == name })
	require.GreaterOrEqual(t, i, 0)
	require.Empty(t, s.sockets[i].Owner)
	denied := slices.ContainsFunc(s.gaps, func(g index.Gap) bool { return g.Reason == index.ReasonPermission && g.Place != "" && g.PID != 0 })
	require.Equal(t, !denied, s.sockets[i].Orphan, "whoever was not seen may hold it")
}

// The two ends of a pair know each other, and a listener how many may wait.
func TestLivePeers(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	require.NoError(t, err)
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	var one, other unix.Stat_t
	require.NoError(t, unix.Fstat(pair[0], &one))
	require.NoError(t, unix.Fstat(pair[1], &other))
	listener, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	require.NoError(t, err)
	defer unix.Close(listener)
	name := fmt.Sprintf("@backlog-%d", os.Getpid())
	require.NoError(t, unix.Bind(listener, &unix.SockaddrUnix{Name: name}))
	require.NoError(t, unix.Listen(listener, 5))
	waits, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	require.NoError(t, err)
	defer unix.Close(waits)
	require.NoError(t, unix.Connect(waits, &unix.SockaddrUnix{Name: name}))
	found := 0
	for _, k := range take(t, live()).sockets {
		switch {
		case k.Inode == one.Ino:
			require.Equal(t, other.Ino, k.Peer)
			found++
		case k.Inode == other.Ino:
			require.Equal(t, one.Ino, k.Peer)
			found++
		case k.Path == name && k.State == "LISTEN":
			require.Equal(t, ptr(uint64(5)), k.Backlog)
			require.EqualValues(t, 1, k.RecvQ)
			found++
		}
	}
	require.Equal(t, 3, found)
}

func FuzzSockDiag(f *testing.F) {
	f.Add(tcpRequest())
	f.Add(append(tcpRequest(), make([]byte, 100)...))
	f.Add(append(unixRequestOf(), 8, 0, 2, 0, 1, 2, 3, 4))
	f.Fuzz(func(t *testing.T, b []byte) {
		facts := map[uint64]unixFacts{}
		_, _ = messages(b, func(payload []byte) {
			require.LessOrEqual(t, len(payload), len(b))
			_, _ = parseTCPDiag(payload)
			readUnixDiag(payload, facts)
		})
		if s, err := parseTCPDiag(b); err == nil {
			require.True(t, s.Local.IsValid() && s.Remote.IsValid())
			require.NotEmpty(t, s.State)
		}
		readUnixDiag(b, facts)
	})
}

func TestNetTables(t *testing.T) {
	any4, peer := endpoint("0.0.0.0", 1), endpoint("0.0.0.0", 0)
	raw, err := parseInet("raw", []byte("   1: "+any4+" "+peer+" 07 00000000:00000000 00:00000000 00000000     0        0 12 2 0000000000000000 3"))
	require.NoError(t, err)
	require.Equal(t, index.Socket{Local: netip.IPv4Unspecified(), Remote: netip.IPv4Unspecified(), State: "UNCONN", UID: ptr(uint32(0)), Inode: 12, Drops: 3, Protocol: "icmp"}, raw)
	_, err = parsePacket([]byte("ffff888003a4d000 3 3 0003 2 1 0 0"))
	require.ErrorIs(t, err, errTorn)
	link, err := parseNetlink([]byte("ffff888003a4d000 9   -4107      00000001 0        0        0     2        5        77"))
	require.NoError(t, err)
	require.Equal(t, index.Socket{Proto: "netlink", State: "UNCONN", Protocol: "audit", PortID: 1<<32 - 4107, Groups: 1, Drops: 5, Inode: 77}, link)

	counters := map[string]uint64{}
	require.NoError(t, parsePairs([]byte("Tcp: A RetransSegs\nTcp: 1 7\nTcpExt: ListenOverflows ListenDrops\nTcpExt: 9 0\n"), counters))
	require.NoError(t, parseSockstat([]byte("sockets: used 5\nTCP: inuse 2 orphan 0 tw 3\n"), counters))
	require.Equal(t, map[string]uint64{"Tcp.RetransSegs": 7, "TcpExt.ListenOverflows": 9, "sockets.used": 5, "TCP.inuse": 2, "TCP.tw": 3}, counters)
	require.ErrorIs(t, parsePairs([]byte("Tcp: RetransSegs\nTcp: 1 2\n"), counters), errTorn)

	var s index.NetSpace
	require.NoError(t, parseDevice([]byte("eth0:1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16"), &s))
	require.NoError(t, parseAddress6([]byte("fe8000000000000000fc00fffe000001 04 40 20 80 eth0:1"), &s))
	require.NoError(t, parseRoute([]byte("eth0	"+endpoint("192.0.2.0", 0)[:8]+"	00000000	0001	0	0	5	"+endpoint("255.255.255.0", 0)[:8]+"	0	0	0"), &s))
	require.NoError(t, parseRoute6([]byte("00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000000000000000000000000000001 00000400 00000002 00000000 00000003 eth0"), &s))
	require.NoError(t, parseNeighbour([]byte("192.0.2.1        0x1         0x2         02:fc:00:00:00:05     *        eth0"), &s))
	require.Equal(t, index.NetSpace{
		Interfaces: []index.Interface{{Name: "eth0:1", Addresses: []netip.Addr{netip.MustParseAddr("fe80::fc:ff:fe00:1")},
			RxBytes: 1, RxPackets: 2, RxErrors: 3, RxDrops: 4, TxBytes: 9, TxPackets: 10, TxErrors: 11, TxDrops: 12}},
		Routes: []index.Route{
			{To: netip.MustParsePrefix("192.0.2.0/24"), Gateway: netip.IPv4Unspecified(), Iface: "eth0", Metric: 5, Flags: 1},
			{To: netip.MustParsePrefix("::/0"), Gateway: netip.MustParseAddr("fd00::1"), Iface: "eth0", Metric: 1024, Flags: 3},
		},
		Neighbours: []index.Neighbour{{Addr: netip.MustParseAddr("192.0.2.1"), MAC: "02:fc:00:00:00:05", Iface: "eth0", Flags: 2}},
	}, s)
}

func FuzzNetTables(f *testing.F) {
	f.Add([]byte("ffff888003a4d000 3      3    0003   2     1 0      0      12345"))
	f.Add([]byte("ffff888003a4d000 0   812        00000440 0        0        0     2        0        12345"))
	f.Add([]byte("TcpExt: ListenOverflows\nTcpExt: 1\n"))
	f.Add([]byte("TCP: inuse 5 orphan 0 tw 3 alloc 7 mem 1"))
	f.Add([]byte("lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16"))
	f.Add([]byte("fe8000000000000000fc00fffe000001 04 40 20 80 lo"))
	f.Add([]byte("eth0	000200C0	00000000	0001	0	0	0	00FFFFFF	0	0	0"))
	f.Add([]byte("192.0.2.1 0x1 0x2 02:fc:00:00:00:05 * eth0"))
	f.Fuzz(func(t *testing.T, line []byte) {
		s := index.NetSpace{Counters: map[string]uint64{}}
		if k, err := parsePacket(line); err == nil {
			require.NotEmpty(t, k.Protocol)
		}
		if k, err := parseNetlink(line); err == nil {
			require.NotEmpty(t, k.Protocol)
		}
		_ = parsePairs(line, s.Counters)
		_ = parseSockstat(line, s.Counters)
		_ = parseDevice(line, &s)
		_ = parseAddress6(line, &s)
		_ = parseRoute(line, &s)
		_ = parseRoute6(line, &s)
		_ = parseNeighbour(line, &s)
		for _, r := range s.Routes {
			require.True(t, r.To.IsValid() && r.Gateway.IsValid())
		}
		for _, v := range s.Counters {
			require.NotZero(t, v)
		}
	})
}
