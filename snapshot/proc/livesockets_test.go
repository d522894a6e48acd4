package proc

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"stilltrace/index"
)

func TestLiveSockets(t *testing.T) {
	dir := t.TempDir()
	tcp, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer tcp.Close()
	client, err := net.Dial("tcp4", tcp.Addr().String())
	require.NoError(t, err)
	defer client.Close()
	server, err := tcp.Accept()
	require.NoError(t, err)
	defer server.Close()
	udp, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer udp.Close()
	connected, err := net.Dial("udp4", udp.LocalAddr().String())
	require.NoError(t, err)
	defer connected.Close()
	path := filepath.Join(dir, " a b\n\nc ")
	stream, err := net.Listen("unix", path)
	require.NoError(t, err)
	defer stream.Close()
	abstract, err := net.Listen("unixpacket", "@stilltrace-"+strconv.Itoa(os.Getpid()))
	require.NoError(t, err)
	defer abstract.Close()
	datagram, err := net.ListenPacket("unixgram", filepath.Join(dir, "gram"))
	require.NoError(t, err)
	defer datagram.Close()

	file, err := tcp.(*net.TCPListener).File()
	require.NoError(t, err)
	defer file.Close()
	child := &exec.Cmd{Path: "/proc/self/exe", Args: []string{"heir"}, ExtraFiles: []*os.File{file}}
	startReady(t, child)

	s := take(t, live())
	own := ownNetwork(t)
	bySocket := map[string]index.Socket{}
	seen := map[string]int{}
	for _, sock := range s.sockets {
		require.NotEmpty(t, sock.State)
		if sock.Inode == 0 {
			require.Empty(t, sock.Owner)
			continue
		}
		seen[fmt.Sprint(sock.Proto, " ", sock.Inode)]++
		if sock.NetNS != own {
			continue // the same ports are others there
		}
		key := fmt.Sprintf("%s %s %s", sock.Proto, netip.AddrPortFrom(sock.Local, sock.LPort), netip.AddrPortFrom(sock.Remote, sock.RPort))
		if sock.Proto == "unix" {
			key = "unix " + sock.Path
		}
		bySocket[key] = sock
	}
	for inode, n := range seen {
		require.Equal(t, 1, n, inode)
	}
	me := os.Getpid()
	for _, want := range []struct {
		key, state, kind string
		of               any
	}{
		{"tcp " + tcp.Addr().String() + " 0.0.0.0:0", "LISTEN", "", tcp},
		{"tcp " + client.LocalAddr().String() + " " + client.RemoteAddr().String(), "ESTABLISHED", "", client},
		{"tcp " + server.LocalAddr().String() + " " + server.RemoteAddr().String(), "ESTABLISHED", "", server},
		{"udp " + udp.LocalAddr().String() + " 0.0.0.0:0", "UNCONN", "", udp},
		{"udp " + connected.LocalAddr().String() + " " + connected.RemoteAddr().String(), "ESTABLISHED", "", connected},
		{"unix " + path, "LISTEN", "stream", stream},
		{"unix " + abstract.Addr().String(), "LISTEN", "seqpacket", abstract},
		{"unix " + filepath.Join(dir, "gram"), "UNCONNECTED", "dgram", datagram},
	} {
		t.Run(strings.ToValidUTF8(want.key, "?"), func(t *testing.T) {
			got, ok := bySocket[want.key]
			require.True(t, ok, "not in the tables")
			require.Equal(t, want.state, got.State)
			require.Equal(t, want.kind, got.Type)
			require.Equal(t, own, got.NetNS)
			if got.Proto == "unix" {
				require.Nil(t, got.UID)
			} else {
				require.Equal(t, ptr(uint32(os.Geteuid())), got.UID)
			}
			require.Contains(t, got.Owner, index.Owner{PID: me, FD: descriptor(t, want.of), Comm: s.processes[me].Comm})
			if want.of == any(tcp) {
				require.Contains(t, got.Owner, index.Owner{PID: child.Process.Pid, FD: 3, Comm: s.processes[child.Process.Pid].Comm})
			}
		})
	}
}

func TestLiveMappedAddress(t *testing.T) {
	both, err := net.Listen("tcp", "[::]:0")
	if err != nil || !strings.HasPrefix(both.Addr().String(), "[::]") {
		t.Skipf("no IPv6 here: %v", err)
	}
	defer both.Close()
	port := both.Addr().(*net.TCPAddr).Port
	client, err := net.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	require.NoError(t, err)
	defer client.Close()
	server, err := both.Accept()
	require.NoError(t, err)
	defer server.Close()
	s := take(t, live())
	own := ownNetwork(t)
	i := slices.IndexFunc(s.sockets, func(k index.Socket) bool {
		return k.NetNS == own && k.Proto == "tcp6" && int(k.LPort) == port && k.State == "ESTABLISHED"
	})
	require.GreaterOrEqual(t, i, 0)
	require.Equal(t, netip.MustParseAddr("127.0.0.1"), s.sockets[i].Local)
	require.Equal(t, client.LocalAddr().String(), netip.AddrPortFrom(s.sockets[i].Remote, s.sockets[i].RPort).String())
	require.Equal(t, os.Getpid(), s.sockets[i].Owner[0].PID)
}

// ownNetwork is the inode of the network namespace of this process.
func ownNetwork(t *testing.T) uint64 {
	t.Helper()
	var st unix.Stat_t
	require.NoError(t, unix.Stat("/proc/self/ns/net", &st))
	return st.Ino
}

// descriptor is the number under which this process holds a socket.
func descriptor(t *testing.T, of any) int {
	t.Helper()
	raw, err := of.(syscall.Conn).SyscallConn()
	require.NoError(t, err)
	n := -1
	require.NoError(t, raw.Control(func(fd uintptr) { n = int(fd) }))
	return n
}

func BenchmarkReadSockets(b *testing.B) {
	sockets := 0
	for b.Loop() {
		all, err := readSockets(context.Background(), live(), nil, func(index.Gap) {})
		require.NoError(b, err)
		sockets = len(all)
	}
	b.ReportMetric(float64(sockets), "sockets")
}
