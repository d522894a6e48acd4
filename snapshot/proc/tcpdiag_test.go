package proc

import (
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

// The monitor says of the sockets of TCP what the files tcp and tcp6 do.
func TestMonitorSaysWhatTheFilesSay(t *testing.T) {
	ports := map[uint16]bool{} // of the listeners: others use this machine too
	connect := func(network, address string) (net.Listener, net.Conn, net.Conn) {
		l, err := net.Listen(network, address)
		if err != nil && network == "tcp6" {
			t.Skipf("no IPv6 here: %v", err)
		}
		require.NoError(t, err)
		ports[uint16(l.Addr().(*net.TCPAddr).Port)] = true
		there, err := net.Dial(network, l.Addr().String())
		require.NoError(t, err)
		here, err := l.Accept()
		require.NoError(t, err)
		t.Cleanup(func() { _, _, _ = l.Close(), there.Close(), here.Close() })
		return l, there, here
	}
	for _, c := range []struct{ network, address string }{{"tcp4", "127.0.0.1:0"}, {"tcp6", "[::1]:0"}, {"tcp", "[::]:0"}} {
		_, there, _ := connect(c.network, c.address)
		_, err := there.Write(make([]byte, 1000)) // which waits to be read
		require.NoError(t, err)
		_, there, _ = connect(c.network, c.address)
		require.NoError(t, there.(*net.TCPConn).CloseWrite())
		_, there, here := connect(c.network, c.address)
		require.NoError(t, there.Close()) // and waits for its time to be over
		require.NoError(t, here.Close())
		l, _, _ := connect(c.network, c.address)
		pending, err := net.Dial(c.network, l.Addr().String()) // that nobody accepts
		require.NoError(t, err)
		t.Cleanup(func() { _ = pending.Close() })
	}

	tree, err := openTree("/proc", "/proc")
	require.NoError(t, err)
	defer tree.close()
	dir, _ := netDirectory(tree, true)
	files := func() map[socketKey]index.Socket {
		r := &tableReader{tree: tree, options: live(), dir: dir, gap: func(g index.Gap) { t.Errorf("%v", g) }}
		require.NoError(t, r.table("tcp"))
		require.NoError(t, r.table("tcp6"))
		return byEnds(r.sockets)
	}
	r := &tableReader{tree: tree, options: live(), dir: dir, gap: func(g index.Gap) { t.Errorf("%v", g) }}
	a := r.openAskers(0)
	defer a.close()
	monitor := a.monitor
	require.GreaterOrEqual(t, monitor, 0)
	unified := unifiedMount(hostMounts(t))
	require.NotEmpty(t, unified, "a host without groups of version 2")
	_, group, _ := strings.Cut("\n"+string(demandFile(t, "/proc/self/cgroup")), "\n0::")
	group, _, _ = strings.Cut(group, "\n")
	var cgroup uint64
	for id, path := range cgroupIDs(unified, map[string]bool{group: true}) {
		if path == group {
			cgroup = id
		}
	}
	require.NotZero(t, cgroup)
	states := map[string]int{}
	missing := func() bool {
		return slices.ContainsFunc([]string{"tcp LISTEN", "tcp ESTABLISHED", "tcp TIME_WAIT", "tcp FIN_WAIT2", "tcp CLOSE_WAIT", "tcp6 LISTEN", "tcp6 ESTABLISHED", "tcp6 TIME_WAIT"},
			func(one string) bool { return states[one] == 0 })
	}
	// What changes between two looks at the files is not compared: not all are at rest at once.
	for try := 0; missing() && try < 500; try++ {
		time.Sleep(20 * time.Millisecond)
		before := files()
		r.sockets = nil
		require.True(t, r.askTCP(monitor))
		said, after := byEnds(r.sockets), files()
		for key, want := range before {
			if !ports[want.LPort] && !ports[want.RPort] || !sameSocket(want, after[key]) {
				continue
			}
			got, ok := said[key]
			require.True(t, ok, "%v", want)
			if want.State == synReceived {
				want.UID = got.UID // only the files know it
			}
			if got.Inode != 0 && want.State != synReceived {
				require.Equal(t, cgroup, got.CgroupID)
			}
			got.CgroupID = 0 // only the monitor does
			require.Equal(t, want.State == "LISTEN", got.Backlog != nil)
			require.True(t, sameSocket(want, got), "%+v\n%+v", want, got)
			states[want.Proto+" "+want.State]++
		}
	}
	require.False(t, missing(), "%v", states)
}

func TestMonitorThatDoesNotAnswer(t *testing.T) {
	var gaps []index.Gap
	r := &tableReader{options: live(), place: "/proc/net", gap: func(g index.Gap) { gaps = append(gaps, g) }}
	null, err := os.Open("/dev/null")
	require.NoError(t, err)
	defer null.Close()
	require.False(t, r.askTCP(int(null.Fd())))
	require.Empty(t, r.sockets)
	require.Len(t, gaps, 1)
	require.Contains(t, gaps[0].Detail, "backlogs of listeners")
}

func byEnds(sockets []index.Socket) map[socketKey]index.Socket {
	all := map[socketKey]index.Socket{}
	for _, s := range sockets {
		key := keyOfSocket(&s)
		key.path = s.Proto
		all[key] = s
	}
	return all
}

// sameSocket compares but the time of the timer, which runs.
func sameSocket(a, b index.Socket) bool {
	uid := func(s *index.Socket) int64 {
		if s.UID == nil {
			return -1
		}
		return int64(*s.UID)
	}
	return a.State == b.State && uid(&a) == uid(&b) && a.RecvQ == b.RecvQ && a.SendQ == b.SendQ && a.Timer == b.Timer && a.Retransmits == b.Retransmits && a.Probes == b.Probes
}

func hostMounts(t *testing.T) []index.Mount {
	t.Helper()
	h := hostReader{gap: func(g index.Gap) { t.Errorf("%v", g) }}
	return each(&h, "/proc/self/mountinfo", demandFile(t, "/proc/self/mountinfo"), parseMount)
}

func demandFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	return data
}
