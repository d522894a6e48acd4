package snapshot_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"stilltrace/index"
	"stilltrace/snapshot"
	"stilltrace/tracers/network"
	"stilltrace/tracers/process"
)

// listener listens on loopback with room for so many connections, and accepts
// none of them. With an option it lets the kernel wait for data, which leaves
// connections half open (tcp(7), TCP_DEFER_ACCEPT).
func listener(t *testing.T, backlog int, deferred bool) (address string, port int) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = unix.Close(fd) })
	if deferred {
		require.NoError(t, unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, 60))
	}
	port = freePort(t)
	require.NoError(t, unix.Bind(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}))
	require.NoError(t, unix.Listen(fd, backlog))
	return (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}).String(), port
}

func connect(t *testing.T, address string, n int) (all []net.Conn) {
	t.Helper()
	for range n {
		c, err := net.DialTimeout("tcp", address, 10*time.Second)
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.Close() })
		all = append(all, c)
	}
	return all
}

// leak makes connections that the other side has closed.
func leak(t *testing.T, n int) (port int) {
	t.Helper()
	port = freePort(t)
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	for range n {
		there := connect(t, l.Addr().String(), 1)[0]
		c, err := l.Accept()
		require.NoError(t, err)
		require.NoError(t, c.Close())
		_, err = there.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF, "it has heard of the end")
	}
	return port
}

// ownStill takes a still of this machine, without its logs, and opens it.
func ownStill(t *testing.T) *index.Reader {
	t.Helper()
	path := filepath.Join(t.TempDir(), "host.db")
	_, err := snapshot.Run(t.Context(), snapshot.Options{Output: path, NoLogs: true, NoHash: true})
	require.NoError(t, err)
	r, err := index.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

// TestPressure brings the kernel under each kind of pressure on loopback, and
// asks the network tracer for it.
func TestPressure(t *testing.T) {
	full, fullPort := listener(t, 11, false)
	connect(t, full, 12) // as many as may wait, and one more
	half, halfPort := listener(t, 128, true)
	connect(t, half, 40)
	leaked := leak(t, 25)

	r := ownStill(t)
	ask := func(port int) *network.Answer {
		a, err := network.Run(r, index.Query{Terms: []index.Term{{Field: "port", Op: index.Is, Value: strconv.Itoa(port)}}})
		require.NoError(t, err)
		return a
	}
	a := ask(fullPort)
	require.EqualValues(t, 12, a.Pressure.Waiting)
	require.Len(t, a.Findings, 1)
	require.Equal(t, "backlog", a.Findings[0].Rule)
	require.Equal(t, []int{os.Getpid()}, a.Findings[0].PIDs)
	if most := a.Pressure.Listeners[0].Backlog; most != nil { // sock_diag(7) needs a kernel with its module
		require.EqualValues(t, 11, *most)
	}

	a = ask(halfPort)
	require.Equal(t, 40, a.Pressure.HalfOpen)
	require.Equal(t, "half_open", a.Findings[0].Rule)
	require.Equal(t, 1, a.Pressure.HalfOpenBy[0].Remotes)

	a = ask(leaked)
	require.Equal(t, 25, a.Pressure.CloseWait)
	require.Equal(t, "close_wait", a.Findings[0].Rule)

	g, err := network.Draw(r, index.Query{Terms: []index.Term{{Field: "port", Op: index.Is, Value: strconv.Itoa(halfPort)}}})
	require.NoError(t, err)
	require.Len(t, g.Edges, 1, "both ends are this process")
	require.Equal(t, 40, g.Edges[0].Count)
	require.Equal(t, []int{os.Getpid()}, g.Nodes[g.Edges[0].From].PIDs)
}

// TestRecentCPU takes two stills of a process that does nothing but work.
func TestRecentCPU(t *testing.T) {
	dir := t.TempDir()
	c := &cast{t: t, dir: dir}
	c.play("busy", &exec.Cmd{Path: "/bin/sh", Args: []string{"sh", "-c", "while :; do :; done"}})
	path := filepath.Join(dir, "host.db")
	// The kernel counts CPU in steps of 10 ms, and a process is read some time after its snapshot began.
	const pause = 2 * time.Second
	for range 2 {
		_, err := snapshot.Run(t.Context(), snapshot.Options{Output: path, NoLogs: true, NoHash: true, Append: true})
		require.NoError(t, err)
		time.Sleep(pause)
	}
	r, err := index.Open(path)
	require.NoError(t, err)
	defer r.Close()
	w, err := process.One(r, 2, c.actors[0].pid)
	require.NoError(t, err)
	before := w.Process.CPU.Before
	require.NotNil(t, before.Percent)
	require.Positive(t, *before.Percent)
	require.LessOrEqual(t, *before.Percent, 110.0, "one thread has one core")
	require.GreaterOrEqual(t, before.MS, pause.Milliseconds())
	require.NotNil(t, w.Process.CPU.Lifetime.Percent)
	require.NotNil(t, w.Process.CPU.Looks.Percent)
	first, err := process.One(r, 1, c.actors[0].pid)
	require.NoError(t, err)
	require.Nil(t, first.Process.CPU.Before.Percent)
}

// TestLoopbackOfNamespaces has one program talk to itself at the same ports in
// two network namespaces. Each connection must be led back to its own.
func TestLoopbackOfNamespaces(t *testing.T) {
	if os.Geteuid() != 0 {
		skipUnlessFull(t, "only root can make a network namespace")
	}
	const port = 17777
	talk := "import socket,subprocess; subprocess.run(['ip','link','set','lo','up'],check=True); l=socket.create_server(('127.0.0.1',17777)); " +
		"c=socket.socket(); c.bind(('127.0.0.1',17778)); c.connect(('127.0.0.1',17777)); s,_=l.accept()"
	c := &cast{t: t}
	for range 2 {
		c.pythonIn(unix.CLONE_NEWNET, "talker", talk)
	}
	r := ownStill(t)
	a, err := network.Run(r, index.Query{Terms: []index.Term{{Field: "port", Op: index.Is, Value: strconv.Itoa(port)}}})
	require.NoError(t, err)
	require.Len(t, a.Totals.Namespaces, 2)
	require.Len(t, a.Sockets, 6, "in each a listener and both ends of a connection")
	for _, s := range a.Sockets {
		if s.State == "LISTEN" {
			continue
		}
		require.Equal(t, s.PIDs, s.PeerPIDs, s.Evidence())
		require.Equal(t, map[bool]network.Direction{true: network.Inbound, false: network.Outbound}[s.LPort == port], s.Direction)
	}
	g, err := network.Draw(r, index.Query{Terms: []index.Term{{Field: "port", Op: index.Is, Value: strconv.Itoa(port)}}})
	require.NoError(t, err)
	require.Len(t, g.Edges, 2)
	require.NotEqual(t, g.Nodes[g.Edges[0].From].NetNS, g.Nodes[g.Edges[1].From].NetNS)
}
