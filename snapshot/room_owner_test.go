package snapshot_test

import (
	"net"
	"net/netip"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// socketRow is the part of a row of network that is compared with ss.
type socketRow struct {
	Kind   string     `json:"kind"`
	Proto  string     `json:"proto"`
	Local  netip.Addr `json:"laddr"`
	LPort  uint16     `json:"lport"`
	Remote netip.Addr `json:"raddr"`
	RPort  uint16     `json:"rport"`
	State  string     `json:"state"`
	NetNS  uint64     `json:"netns"`
	PIDs   []int      `json:"pids"`
}

// ends are the two ends of a socket as ss and the case both know them.
type ends struct{ local, remote netip.AddrPort }

var ssPID = regexp.MustCompile(`pid=(\d+)`)

// ss returns the pids that hold each socket of the state, as ss(8) saw them.
func (r *room) ss(state string) map[ends][]int {
	all := map[ends][]int{}
	out := r.run(exec.Command("ss", "--no-header", "--numeric", "--processes", "--tcp", "state", state))
	for line := range strings.Lines(out) {
		f := strings.Fields(line)
		require.GreaterOrEqual(r.t, len(f), 4, line)
		key := ends{r.ssAddress(f[2]), r.ssAddress(f[3])}
		for _, m := range ssPID.FindAllStringSubmatch(line, -1) {
			pid, err := strconv.Atoi(m[1])
			require.NoError(r.t, err)
			all[key] = append(all[key], pid)
		}
		slices.Sort(all[key])
		all[key] = slices.Compact(all[key])
	}
	return all
}

// ssAddress reads one end as ss prints it: * is the wildcard of a socket that
// serves IPv6 and IPv4, and of a port that is none.
func (r *room) ssAddress(s string) netip.AddrPort {
	host, port, err := net.SplitHostPort(s)
	if err != nil { // ss brackets no IPv6 address that it cannot mistake
		i := strings.LastIndexByte(s, ':')
		host, port = s[:i], s[i+1:]
	}
	host, _, _ = strings.Cut(host, "%")
	if host == "*" {
		host = "::"
	}
	if port == "*" {
		port = "0"
	}
	n, err := strconv.ParseUint(port, 10, 16)
	require.NoError(r.t, err, s)
	a, err := netip.ParseAddr(host)
	require.NoError(r.t, err, s)
	return netip.AddrPortFrom(a.Unmap(), uint16(n))
}

// network returns the same as ss, from the case: the sockets of the namespace in
// which it was asked. In others the same addresses and ports may be in use.
func (r *room) network(p *program, state string) map[ends][]int {
	var own unix.Stat_t
	require.NoError(r.t, unix.Stat("/proc/self/ns/net", &own))
	all := map[ends][]int{}
	for _, s := range rows[socketRow](p, "network", "state:"+state) {
		if !strings.HasPrefix(s.Proto, "tcp") || s.NetNS != own.Ino {
			continue
		}
		require.Equal(r.t, "socket", s.Kind)
		require.Equal(r.t, state, s.State)
		key := ends{netip.AddrPortFrom(s.Local, s.LPort), netip.AddrPortFrom(s.Remote, s.RPort)}
		all[key] = append(all[key], s.PIDs...)
		slices.Sort(all[key])
		all[key] = slices.Compact(all[key])
	}
	return all
}

// sockets are the tcp sockets of the machine that stood still from before the
// snapshot to after it.
type sockets struct{ listening, established map[ends][]int }

func (r *room) sockets() sockets {
	return sockets{listening: r.ss("listening"), established: r.ss("established")}
}

// passing reports whether a process came or went, or became another program,
// between two looks. It may have held for a moment all that its parent holds,
// between fork(2) and execve(2).
func passing(before, after map[int]listed) func(pid int) bool {
	return func(pid int) bool { return before[pid] == listed{} || before[pid] != after[pid] }
}

// askOwners compares every listener and every connection with ss, and then the
// ones that the test itself made with what it knows of them.
func (r *room) askOwners(p *program, before, after sockets, passing func(pid int) bool) {
	listening, established := r.network(p, "LISTEN"), r.network(p, "ESTABLISHED")
	r.sameOwners(listening, before.listening, after.listening, passing)
	r.sameOwners(established, before.established, after.established, passing)

	for name, main := range r.daemons {
		port, ok := r.ports[name]
		if !ok {
			continue
		}
		at := netip.AddrPortFrom(netip.MustParseAddr(r.at.listen4), uint16(port))
		any4 := netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
		require.Contains(r.t, listening[ends{at, any4}], main, "%s owns its port", name)
	}
	web := r.connection(established, r.at.browser, "nginx")
	require.Len(r.t, web, 1, "the open connection to nginx is its worker's")
	require.NotEqual(r.t, r.daemons["nginx"], web[0])
	require.Equal(r.t, r.daemons["nginx"], r.parent(web[0]))
	session := r.connection(established, r.at.friend, "sshd")
	require.Len(r.t, session, 2, "the open session is sshd's twice: with and without privilege")
	if r.parent(session[0]) != r.daemons["sshd"] {
		slices.Reverse(session)
	}
	require.Equal(r.t, r.daemons["sshd"], r.parent(session[0]))
	require.Equal(r.t, session[0], r.parent(session[1]))
}

// sameOwners checks that each socket that ss saw twice, with the same owners,
// is in the case with the same owners, and but for those that were passing.
func (r *room) sameOwners(got, before, after map[ends][]int, passing func(pid int) bool) {
	r.t.Helper()
	compared := 0
	for key, pids := range before {
		if slices.Equal(pids, after[key]) && len(pids) > 0 {
			more := func(pid int) bool { return passing(pid) && !slices.Contains(pids, pid) }
			require.Equal(r.t, pids, slices.DeleteFunc(slices.Clone(got[key]), more), "owners of %v", key)
			compared++
		}
	}
	require.NotZero(r.t, compared)
	r.t.Logf("%d of %d sockets compared", compared, len(before))
}

// connection returns the owners of the server's end of the one connection from
// the address to the daemon.
func (r *room) connection(all map[ends][]int, from, daemon string) []int {
	r.t.Helper()
	for key, pids := range all {
		if key.remote.Addr().String() == from && int(key.local.Port()) == r.ports[daemon] {
			return pids
		}
	}
	r.t.Fatalf("no connection from %s to %s in %v", from, daemon, all)
	return nil
}
