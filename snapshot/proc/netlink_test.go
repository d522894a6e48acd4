package proc

import (
	"encoding/binary"
	"net"
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// sniff hears every packet of this network namespace, at lo also what is for others.
func sniff() {
	lo := demand(net.InterfaceByName("lo"))
	fd := demand(unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0))
	demand(0, unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: 0x0300})) // ETH_P_ALL as the network writes it
	demand(0, unix.SetsockoptPacketMreq(fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &unix.PacketMreq{Ifindex: int32(lo.Index), Type: unix.PACKET_MR_PROMISC}))
}

// Who listens to what is for others shows at the interface of whichever
// namespace, and by the function that gets the packets.
func TestLiveSniffer(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root makes namespaces")
	}
	apart := startRole(t, "sniff", &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET})
	quiet := startRole(t, "nothing", &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET})
	s := take(t, live())
	space := func(pid int) index.NetSpace {
		i := slices.IndexFunc(s.spaces, func(n index.NetSpace) bool { return n.PID == pid })
		require.GreaterOrEqual(t, i, 0)
		return s.spaces[i]
	}
	lo := func(n index.NetSpace) index.Interface {
		i := slices.IndexFunc(n.Interfaces, func(one index.Interface) bool { return one.Name == "lo" })
		require.GreaterOrEqual(t, i, 0)
		return n.Interfaces[i]
	}
	heard := space(apart.Process.Pid)
	require.EqualValues(t, 1, lo(heard).Listeners)
	require.NotZero(t, lo(heard).Flags&unix.IFF_PROMISC)
	require.Equal(t, 1, lo(heard).Index)
	require.Contains(t, heard.Handlers, index.PacketHandler{Protocol: "all", Function: "packet_rcv"})
	other := space(quiet.Process.Pid)
	require.EqualValues(t, unix.IFF_LOOPBACK, lo(other).Flags, "down, and nobody listens")
	require.Empty(t, other.Handlers)
}

// What the kernel answers is what /sys says, of the namespace that /sys shows.
func TestLiveLinksAreThoseOfSys(t *testing.T) {
	a, err := askersOf(0, false)
	require.NoError(t, err)
	defer a.close()
	interfaces, err := net.Interfaces()
	require.NoError(t, err)
	asked, read := index.NetSpace{}, index.NetSpace{}
	for _, one := range interfaces {
		asked.Interfaces = append(asked.Interfaces, index.Interface{Name: one.Name})
		read.Interfaces = append(read.Interfaces, index.Interface{Name: one.Name})
	}
	r := &tableReader{options: live(), gap: func(g index.Gap) { t.Errorf("%v", g) }}
	require.True(t, r.askLinks(a.links, &asked))
	r.flags(&read)
	for i, one := range interfaces {
		require.Equal(t, one.Index, asked.Interfaces[i].Index)
		require.Equal(t, read.Interfaces[i].Flags, asked.Interfaces[i].Flags, one.Name)
		if one.Flags&net.FlagLoopback == 0 {
			require.Equal(t, one.HardwareAddr.String(), asked.Interfaces[i].MAC)
		}
	}
}

func TestParseHandler(t *testing.T) {
	var s index.NetSpace
	for _, line := range []string{"0800          ip_rcv", "ALL           tpacket_rcv [af_packet]", "88cc eth0     lldp_rcv", "ALL  veth0123456789a packet_rcv", "0806          evil"} {
		require.NoError(t, parseHandler([]byte(line), &s))
	}
	require.Equal(t, []index.PacketHandler{
		{Protocol: "all", Function: "tpacket_rcv [af_packet]"}, {Protocol: "lldp", Iface: "eth0", Function: "lldp_rcv"},
		{Protocol: "all", Iface: "veth0123456789a", Function: "packet_rcv"}, {Protocol: "arp", Function: "evil"},
	}, s.Handlers)
	for _, bad := range []string{"", "0800", "xyz1          f", "0800          "} {
		require.ErrorIs(t, parseHandler([]byte(bad), &s), errTorn)
	}
}

func FuzzLink(f *testing.F) {
	link := make([]byte, linkAnswer)
	binary.NativeEndian.PutUint32(link[4:], 7)
	f.Add(append(slices.Clone(link), 9, 0, 3, 0, 'e', 't', 'h', '0', 0, 0, 0, 0))
	f.Add(append(slices.Clone(link), 12, 0, 18, 0, 8, 0, 1, 0, 't', 'u', 'n', 0))
	f.Add([]byte("ALL  eth0     packet_rcv"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if one, ok := parseLink(data); ok {
			require.NotEmpty(t, one.Name)
			require.LessOrEqual(t, len(one.Name)+len(one.Kind), len(data))
		}
		var s index.NetSpace
		if parseHandler(data, &s) == nil && len(s.Handlers) > 0 {
			require.NotEmpty(t, s.Handlers[0].Function)
		}
	})
}
