package network_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
	"stilltrace/tracers/address"
	"stilltrace/tracers/network"
	"stilltrace/tracers/tally"
)

// openCase writes a case with these records and opens it.
func openCase(t testing.TB, snap index.Snapshot, sockets []index.Socket, gaps []index.Gap) *index.Reader {
	t.Helper()
	path := filepath.Join(t.TempDir(), "case.db")
	w, err := index.Create(path, index.CreateOptions{Tool: "test"})
	require.NoError(t, err)
	defer w.Abort()
	for i := range sockets {
		require.NoError(t, w.AddSocket(&sockets[i]))
	}
	for i := range gaps {
		require.NoError(t, w.AddGap(&gaps[i]))
	}
	_, err = w.Commit(snap)
	require.NoError(t, err)
	r, err := index.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

// socket makes one from "10.0.0.5:22" and "203.0.113.7:51000".
func socket(proto, state, local, remote string, inode uint64, uid uint32, owners ...index.Owner) index.Socket {
	l, r := netip.MustParseAddrPort(local), netip.MustParseAddrPort(remote)
	return index.Socket{
		Proto: proto, State: state, Local: l.Addr(), LPort: l.Port(), Remote: r.Addr(), RPort: r.Port(),
		Inode: inode, UID: &uid, NetNS: 4026531840, Owner: owners,
	}
}

func unix(state, path string, inode uint64, owners ...index.Owner) index.Socket {
	return index.Socket{Proto: "unix", Type: "stream", State: state, Path: path, Inode: inode, NetNS: 4026531840, Owner: owners}
}

func owner(pid, fd int, comm string) index.Owner { return index.Owner{PID: pid, FD: fd, Comm: comm} }

// web is a small web server, its sockets in no helpful order.
func web() (index.Snapshot, []index.Socket) {
	snap := index.Snapshot{Host: index.Host{
		Users: []index.User{{Name: "root", UID: 0}, {Name: "toor", UID: 0}, {Name: "www-data", UID: 33}},
		Ports: []index.ServicePort{
			{Name: "ssh", Port: 22, Proto: "tcp"}, {Name: "http", Port: 80, Proto: "tcp"}, {Name: "www", Port: 80, Proto: "tcp"},
			{Name: "https", Port: 443, Proto: "tcp"}, {Name: "domain", Port: 53, Proto: "udp"}, {Name: "bootpc", Port: 68, Proto: "udp"},
		},
	}}
	elsewhere := socket("tcp", "ESTABLISHED", "172.17.0.2:22", "10.0.0.5:40300", 112, 0, owner(960, 3, "nc"))
	elsewhere.NetNS, elsewhere.Container = 4026532500, "4e2f00000000beef"
	snap.Host.Containers = []index.Container{{ID: "4e2f00000000beef", Name: "shop"}}
	snap.Host.NetSpaces = []index.NetSpace{
		{Inode: 4026531840, Interfaces: []index.Interface{{Name: "eth0", Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.5")}}}},
		{Inode: 4026532500, Container: "4e2f00000000beef", Interfaces: []index.Interface{{Name: "eth0", Addresses: []netip.Addr{netip.MustParseAddr("172.17.0.2")}}}},
	}
	snap.Host.Names = []index.HostName{{Addr: netip.MustParseAddr("203.0.113.7"), Names: []string{"gate", "gate.example"}}}
	snap.Host.Resolved = []index.Resolved{{Addr: netip.MustParseAddr("203.0.113.7"), Names: []string{"evil.example"}},
		{Addr: netip.MustParseAddr("9.9.9.9"), Names: []string{"dns9.example"}}, {Addr: netip.MustParseAddr("93.184.216.34"), Error: "NXDOMAIN"}}
	return snap, []index.Socket{
		unix("LISTEN", "/run/docker.sock", 200, owner(1, 40, "systemd"), owner(750, 4, "dockerd")),
		unix("UNCONNECTED", "@agent", 201),
		unix("CONNECTED", "", 202, owner(700, 5, "sshd")),
		socket("tcp", "ESTABLISHED", "10.0.0.5:22", "203.0.113.7:51000", 101, 0, owner(901, 4, "sshd-session"), owner(900, 4, "sshd-session")),
		socket("tcp", "TIME_WAIT", "10.0.0.5:22", "203.0.113.7:51001", 0, 0),
		socket("tcp", "CLOSE_WAIT", "10.0.0.5:40000", "198.51.100.9:443", 102, 33, owner(950, 7, "curl")),
		socket("tcp", "ESTABLISHED", "10.0.0.5:40100", "93.184.216.34:4444", 103, 1001),
		socket("tcp", "LISTEN", "0.0.0.0:22", "0.0.0.0:0", 100, 0, owner(700, 3, "sshd")),
		socket("tcp6", "LISTEN", "[::]:80", "[::]:0", 104, 0, owner(801, 6, "nginx"), owner(800, 6, "nginx")),
		socket("tcp6", "ESTABLISHED", "10.0.0.5:80", "100.64.1.1:33000", 105, 33, owner(801, 9, "nginx")),
		socket("tcp", "LISTEN", "127.0.0.1:8000", "0.0.0.0:0", 106, 33, owner(820, 5, "gunicorn")),
		socket("tcp", "ESTABLISHED", "127.0.0.1:45000", "127.0.0.1:8000", 107, 33, owner(801, 12, "nginx")),
		socket("tcp", "ESTABLISHED", "127.0.0.1:8000", "127.0.0.1:45000", 108, 33, owner(820, 8, "gunicorn")),
		socket("tcp6", "LISTEN", "[fd00::5]:9100", "[::]:0", 109, 0, owner(1, 50, "systemd"), owner(830, 3, "node_exporter")),
		socket("udp", "UNCONN", "0.0.0.0:68", "0.0.0.0:0", 110, 0, owner(600, 6, "dhclient")),
		socket("udp", "ESTABLISHED", "10.0.0.5:50000", "9.9.9.9:53", 111, 0, owner(610, 12, "resolver")),
		elsewhere,
		socket("udp6", "UNCONN", "[ff02::fb]:5353", "[::]:0", 113, 0, owner(620, 12, "avahi")),
		socket("tcp6", "LISTEN", "[2a00:1450::5]:7000", "[::]:0", 114, 0, owner(840, 3, "bot")),
	}
}

// label names a row for the tables below.
func label(r *network.Row) string {
	if r.Proto == "unix" {
		return "unix " + r.Path
	}
	return fmt.Sprintf("%s %d>%d", r.Proto, r.LPort, r.RPort)
}

func labels(a *network.Answer) []string {
	out := []string{}
	for i := range a.Sockets {
		out = append(out, label(&a.Sockets[i]))
	}
	return out
}

func TestRun(t *testing.T) {
	snap, sockets := web()
	a, err := network.Run(openCase(t, snap, sockets, nil), index.Query{Snapshot: 1})
	require.NoError(t, err)
	require.Equal(t, network.Schema, a.Schema)
	require.Equal(t, 1, a.Snapshot)
	require.True(t, a.Captured)
	require.Equal(t, 3, a.Hidden)

	var got []string
	for i := range a.Sockets {
		r := &a.Sockets[i]
		require.Equal(t, "socket", r.Kind)
		got = append(got, fmt.Sprintf("%s | %s %s %s | %q %q | %s %v %v",
			label(r), r.Direction, r.Exposure, r.Class, r.Service, r.User, r.Ownership, r.PIDs, r.Processes))
	}
	require.Equal(t, []string{
		`tcp 22>0 | listen all unspecified | "ssh" "root" | known [700] [sshd]`,
		`udp 68>0 | listen all unspecified | "bootpc" "root" | known [600] [dhclient]`,
		`tcp6 80>0 | listen all unspecified | "http" "root" | known [800 801] [nginx]`,
		`udp6 5353>0 | listen private unspecified | "avahi" "root" | known [620] [avahi]`,
		`tcp6 7000>0 | listen public unspecified | "bot" "root" | known [840] [bot]`,
		`tcp 8000>0 | listen loopback unspecified | "gunicorn" "www-data" | known [820] [gunicorn]`,
		`tcp6 9100>0 | listen private unspecified | "node_exporter" "root" | known [1 830] [systemd node_exporter]`,
		`udp 50000>53 | outbound  public | "domain" "root" | known [610] [resolver]`,
		`tcp 22>40300 | outbound  private | "" "root" | known [960] [nc]`,
		`tcp 40100>4444 | outbound  public | "" "" | unknown [] []`,
		`tcp6 80>33000 | inbound  shared | "http" "www-data" | known [801] [nginx]`,
		`tcp 45000>8000 | outbound  loopback | "gunicorn" "www-data" | known [801] [nginx]`,
		`tcp 8000>45000 | inbound  loopback | "gunicorn" "www-data" | known [820] [gunicorn]`,
		`tcp 40000>443 | outbound  documentation | "https" "www-data" | known [950] [curl]`,
		`tcp 22>51000 | inbound  documentation | "ssh" "root" | known [900 901] [sshd-session]`,
		`tcp 22>51001 | inbound  documentation | "ssh" "root" | none [] []`,
	}, got)
}

// TestServiceOfOutbound: what listens on this host says nothing about the same
// port of another one.
func TestServiceOfOutbound(t *testing.T) {
	r := openCase(t, index.Snapshot{}, []index.Socket{
		socket("tcp", "LISTEN", "0.0.0.0:9999", "0.0.0.0:0", 1, 0, owner(5, 3, "agent")),
		socket("tcp", "ESTABLISHED", "10.0.0.5:40000", "203.0.113.8:9999", 2, 0),
		socket("tcp", "ESTABLISHED", "10.0.0.5:40001", "10.0.0.5:9999", 3, 0),
		socket("tcp", "ESTABLISHED", "127.0.0.1:40002", "127.0.0.1:9999", 4, 0),
		socket("udp", "ESTABLISHED", "127.0.0.1:40003", "127.0.0.1:9999", 5, 0),
	}, nil)
	a, err := network.Run(r, index.Query{Terms: []index.Term{is("service", "agent")}})
	require.NoError(t, err)
	require.Equal(t, []string{"tcp 9999>0", "tcp 40001>9999", "tcp 40002>9999"}, labels(a))
}

func TestTotals(t *testing.T) {
	snap, sockets := web()
	a, err := network.Run(openCase(t, snap, sockets, nil), index.Query{})
	require.NoError(t, err)
	require.Equal(t, network.Totals{
		Sockets: 16, UnknownOwners: 1,
		States: counted("ESTABLISHED", 7, "LISTEN", 5, "UNCONN", 2, "CLOSE_WAIT", 1, "TIME_WAIT", 1),
		Protos: counted("tcp", 9, "tcp6", 4, "udp", 2, "udp6", 1),
		Services: counted("gunicorn", 3, "ssh", 3, "http", 2, "avahi", 1, "bootpc", 1, "bot", 1,
			"domain", 1, "https", 1, "node_exporter", 1),
		Remotes: counted("127.0.0.1", 2, "203.0.113.7", 2, "10.0.0.5", 1, "100.64.1.1", 1, "198.51.100.9", 1,
			"9.9.9.9", 1, "93.184.216.34", 1),
		Processes: counted("nginx", 3, "gunicorn", 2, "avahi", 1, "bot", 1, "curl", 1, "dhclient", 1, "nc", 1,
			"node_exporter", 1, "resolver", 1, "sshd", 1, "sshd-session", 1, "systemd", 1),
		Directions: counted("listen", 7, "outbound", 5, "inbound", 4),
		Classes:    counted("documentation", 3, "loopback", 2, "public", 2, "private", 1, "shared", 1),
		Providers:  []tally.Count{},
		Users:      counted("root", 10, "www-data", 5),
		Exposures:  counted("all", 3, "private", 2, "loopback", 1, "public", 1),
		Namespaces: counted("4026531840 host", 15, "4026532500 shop", 1),
		Containers: counted("shop", 1),
	}, a.Totals)
	for _, name := range network.Groupings() {
		require.NotNil(t, a.Totals.By(name), name)
	}
	require.Nil(t, a.Totals.By("luck"))
}

func is(field, value string) index.Term { return index.Term{Field: field, Op: index.Is, Value: value} }

func not(t index.Term) index.Term { t.Not = true; return t }

func TestTerms(t *testing.T) {
	snap, sockets := web()
	r := openCase(t, snap, sockets, nil)
	ssh := []string{"tcp 22>51000", "tcp 22>51001"}
	for _, c := range []struct {
		name   string
		terms  []index.Term
		want   []string
		hidden int
	}{
		{"proto takes both families", []index.Term{is("proto", "udp")}, []string{"udp 68>0", "udp6 5353>0", "udp 50000>53"}, 0},
		{"proto of one family", []index.Term{is("proto", "udp6")}, []string{"udp6 5353>0"}, 0},
		{"proto of the other family", []index.Term{is("proto", "udp"), not(is("proto", "udp6"))}, []string{"udp 68>0", "udp 50000>53"}, 0},
		{"proto unix", []index.Term{is("proto", "unix")}, []string{"unix ", "unix /run/docker.sock", "unix @agent"}, 0},
		{"state", []index.Term{is("state", "TIME_WAIT")}, ssh[1:], 0},
		{"state in small letters", []index.Term{is("state", "close_wait")}, []string{"tcp 40000>443"}, 0},
		{"state pattern", []index.Term{is("state", "*_WAIT")}, []string{"tcp 40000>443", "tcp 22>51001"}, 0},
		{"ip local or remote", []index.Term{is("ip", "127.0.0.1")}, []string{"tcp 8000>0", "tcp 45000>8000", "tcp 8000>45000"}, 0},
		{"ip prefix", []index.Term{is("ip", "203.0.113.0/24")}, ssh, 0},
		{"ip of IPv6", []index.Term{is("ip", "fd00::/8")}, []string{"tcp6 9100>0"}, 0},
		{"ip mapped", []index.Term{is("ip", "::ffff:100.64.1.1")}, []string{"tcp6 80>33000"}, 0},
		{"laddr", []index.Term{is("laddr", "10.0.0.0/8"), is("direction", "inbound")}, []string{"tcp6 80>33000", ssh[0], ssh[1]}, 0},
		{"raddr", []index.Term{is("raddr", "10.0.0.5")}, []string{"tcp 22>40300"}, 0},
		{"raddr negated", []index.Term{is("port", "22"), not(is("raddr", "203.0.113.7"))}, []string{"tcp 22>0", "tcp 22>40300"}, 0},
		{"port", []index.Term{is("port", "8000")}, []string{"tcp 8000>0", "tcp 45000>8000", "tcp 8000>45000"}, 0},
		{"port 0 is none", []index.Term{is("port", "0")}, []string{}, 0},
		{"lport", []index.Term{is("lport", "80")}, []string{"tcp6 80>0", "tcp6 80>33000"}, 0},
		{"lport range", []index.Term{{Field: "lport", Op: index.AtLeast, Value: "45000"}, {Field: "lport", Op: index.Below, Value: "50000"}}, []string{"tcp 45000>8000"}, 0},
		{"rport", []index.Term{{Field: "rport", Op: index.AtMost, Value: "443"}}, []string{"udp 50000>53", "tcp 40000>443"}, 0},
		{"rport negated", []index.Term{not(index.Term{Field: "rport", Op: index.Above, Value: "1"}), is("lport", "22")}, []string{"tcp 22>0"}, 0},
		{"pid of any owner", []index.Term{is("pid", "901")}, ssh[:1], 0},
		{"pid hides unix", []index.Term{is("pid", "700")}, []string{"tcp 22>0"}, 1},
		{"process", []index.Term{is("process", "node_exporter")}, []string{"tcp6 9100>0"}, 0},
		{"process pattern", []index.Term{is("process", "ssh*")}, []string{"tcp 22>0", "tcp 22>51000"}, 1},
		{"process negated keeps orphans", []index.Term{not(is("process", "*")), not(is("proto", "unix"))}, []string{"tcp 40100>4444", "tcp 22>51001"}, 0},
		{"no owner", []index.Term{is("process", ""), is("proto", "tcp")}, []string{"tcp 40100>4444", "tcp 22>51001"}, 0},
		{"an owner", []index.Term{not(is("name", "")), is("lport", "22")}, []string{"tcp 22>0", "tcp 22>40300", "tcp 22>51000"}, 0},
		{"no peer", []index.Term{is("peer", ""), is("lport", "8000")}, []string{"tcp 8000>0"}, 0},
		{"user", []index.Term{is("user", "www-data"), is("direction", "outbound")}, []string{"tcp 45000>8000", "tcp 40000>443"}, 0},
		{"first name of a uid", []index.Term{is("user", "toor")}, []string{}, 0},
		{"no user name", []index.Term{not(is("user", "*")), is("proto", "tcp")}, []string{"tcp 40100>4444"}, 0},
		{"uid", []index.Term{is("uid", "1001")}, []string{"tcp 40100>4444"}, 0},
		{"service", []index.Term{is("service", "ssh")}, []string{"tcp 22>0", ssh[0], ssh[1]}, 0},
		{"class", []index.Term{is("class", "public")}, []string{"udp 50000>53", "tcp 40100>4444"}, 0},
		{"direction", []index.Term{is("direction", "listen"), is("proto", "udp")}, []string{"udp 68>0", "udp6 5353>0"}, 0},
		{"direction local", []index.Term{is("direction", "local"), is("pid", "750")}, []string{"unix /run/docker.sock"}, 0},
		{"path", []index.Term{is("path", "*docker*")}, []string{"unix /run/docker.sock"}, 0},
		{"path abstract", []index.Term{is("path", "@agent")}, []string{"unix @agent"}, 0},
		{"path negated does not ask", []index.Term{not(is("path", "@agent")), is("process", "sshd")}, []string{"tcp 22>0"}, 1},
		{"inode", []index.Term{is("inode", "201")}, []string{"unix @agent"}, 0},
		{"inode 0", []index.Term{is("inode", "0")}, ssh[1:], 0},
		{"netns", []index.Term{is("netns", "4026532500")}, []string{"tcp 22>40300"}, 0},
		{"ports", []index.Term{is("lport", "40000-49999"), is("class", "public")}, []string{"tcp 40100>4444"}, 0},
		{"service by its program", []index.Term{is("service", "nginx")}, []string{"tcp6 80>0", "tcp6 80>33000"}, 0},
		{"service that a program is known for", []index.Term{is("service", "http"), is("port", "8000")}, []string{"tcp 8000>0", "tcp 45000>8000", "tcp 8000>45000"}, 0},
		{"no service", []index.Term{is("service", ""), is("proto", "tcp")}, []string{"tcp 22>40300", "tcp 40100>4444"}, 0},
		{"class local", []index.Term{is("class", "local")}, []string{"tcp 22>40300", "tcp 45000>8000", "tcp 8000>45000"}, 0},
		{"rdns", []index.Term{{Field: "rdns", Op: index.Matches, Value: `\.example$`}}, []string{"udp 50000>53"}, 0},
		{"rdns of the host's own", []index.Term{is("rdns", "gate")}, ssh, 0},
		{"peer", []index.Term{is("peer", "gunicorn")}, []string{"tcp 45000>8000"}, 0},
		{"exposure", []index.Term{is("exposure", "loopback")}, []string{"tcp 8000>0"}, 0},
		{"container by name", []index.Term{is("container", "shop")}, []string{"tcp 22>40300"}, 0},
		{"container by a short id", []index.Term{is("container", "4e2f00000000")}, []string{"tcp 22>40300"}, 0},
		{"recvq", []index.Term{{Field: "recvq", Op: index.Above, Value: "0"}}, []string{}, 0},
		{"everything", []index.Term{is("proto", "*"), is("process", "sshd")}, []string{"tcp 22>0", "unix "}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := network.Run(r, index.Query{Snapshot: 1, Terms: c.terms})
			require.NoError(t, err)
			require.Equal(t, c.want, labels(a))
			require.Equal(t, c.hidden, a.Hidden)
			require.Equal(t, len(c.want), a.Totals.Sockets)
		})
	}
}

// TestEveryFieldHasWords holds the fields against those that this tracer promises.
func TestEveryFieldHasWords(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range network.Fields() {
		require.NotEmpty(t, f.Doc, f.Name)
		require.False(t, seen[f.Name], f.Name)
		seen[f.Name] = true
	}
	for _, name := range []string{"proto", "state", "ip", "laddr", "raddr", "port", "lport", "rport", "pid", "process", "user", "uid",
		"service", "class", "direction", "path", "inode", "netns", "peer", "provider", "rdns", "exposure", "container", "recvq", "sendq", "name"} {
		require.True(t, seen[name], name)
	}
	require.Len(t, seen, 26)
}

func TestBadTerms(t *testing.T) {
	r := openCase(t, index.Snapshot{}, nil, nil)
	for _, c := range []struct{ term, want string }{
		{"colour", `term colour:x: network has no field "colour"`},
		{"port", `term port:x: not a value or a comparison that port can have`},
		{"ip", `term ip:x: not a value or a comparison that ip can have`},
	} {
		_, err := network.Run(r, index.Query{Terms: []index.Term{is(c.term, "x")}})
		require.EqualError(t, err, c.want)
	}
	_, err := network.Run(r, index.Query{Terms: []index.Term{{Field: "state", Op: index.AtLeast, Value: "LISTEN"}}})
	require.Error(t, err)
	_, err = network.Run(r, index.Query{Snapshot: 2})
	require.ErrorContains(t, err, "case.db@2: no such snapshot: the case holds 1")
}

func TestEmpty(t *testing.T) {
	r := openCase(t, index.Snapshot{Options: index.Options{NoProc: true}}, nil, nil)
	a, err := network.Run(r, index.Query{})
	require.NoError(t, err)
	b, err := json.Marshal(a)
	require.NoError(t, err)
	require.JSONEq(t, `{"schema":"stilltrace.network/1","snapshot":1,"captured":false,"sockets":[],"hidden":0,
		"totals":{"sockets":0,"unknown_owners":0,"states":[],"protos":[],"services":[],"remotes":[],"processes":[],
			"directions":[],"classes":[],"providers":[],"users":[],"exposures":[],"namespaces":[],"containers":[]},
		"pressure":{"half_open":0,"opening":0,"waiting":0,"time_wait":0,"close_wait":0,"listeners":[],"half_open_by":[],"ports":[],"counters":[]},
		"findings":[],"recommendations":[],"denied_fd_lists":0,"gaps":[]}`, string(b))
}

func TestGapsExplainOrphans(t *testing.T) {
	snap, sockets := web()
	a, err := network.Run(openCase(t, snap, sockets, []index.Gap{
		{Area: "process", Place: "/proc/1/fd", Reason: index.ReasonPermission, PID: 1, Count: 291},
		{Area: "process", Place: "/proc/700/fd", Reason: index.ReasonPermission, PID: 700, Count: 1},
		{Area: "process", Place: "/proc/701/fd", Reason: index.ReasonVanished, PID: 701, Count: 1},
		{Area: "process", Place: "/proc/700/exe", Reason: index.ReasonPermission, PID: 700, Count: 1},
		{Area: "socket", Place: "/proc/net/tcp:4", Reason: index.ReasonTorn, Count: 3},
		{Area: "log", Place: "/var/log/fd", Reason: index.ReasonPermission, Count: 1},
	}), index.Query{Terms: []index.Term{is("inode", "103")}})
	require.NoError(t, err)
	require.Equal(t, network.OwnerUnknown, a.Sockets[0].Ownership)
	require.Equal(t, 1, a.Totals.UnknownOwners)
	require.Equal(t, 2, a.DeniedFDLists)
	require.Equal(t, counted("torn", 3), a.Gaps)
}

func TestJSON(t *testing.T) {
	snap, sockets := web()
	a, err := network.Run(openCase(t, snap, sockets, nil), index.Query{Terms: []index.Term{is("pid", "900")}})
	require.NoError(t, err)
	b, err := json.Marshal(a.Sockets)
	require.NoError(t, err)
	require.Equal(t, `[{"kind":"socket","proto":"tcp","laddr":"10.0.0.5","lport":22,"raddr":"203.0.113.7","rport":51000,`+
		`"state":"ESTABLISHED","uid":0,"inode":101,"netns":4026531840,"recv_q":0,"send_q":0,`+
		`"owners":[{"pid":901,"fd":4,"comm":"sshd-session"},{"pid":900,"fd":4,"comm":"sshd-session"}],`+
		`"pids":[900,901],"processes":["sshd-session"],"ownership":"known","user":"root","service":"ssh","program":"sshd","class":"documentation",`+
		`"rdns":"gate","rdns_from":"hosts","direction":"inbound"}]`, string(b))
	require.Equal(t, address.Documentation, a.Sockets[0].Class)
	require.Equal(t, "/proc/net/tcp inode 101", a.Sockets[0].Evidence())

	a, err = network.Run(openCase(t, snap, sockets, nil), index.Query{Terms: []index.Term{is("state", "TIME_WAIT")}})
	require.NoError(t, err)
	require.Equal(t, "/proc/net/tcp 10.0.0.5:22 203.0.113.7:51001", a.Sockets[0].Evidence())
}

// TestSameAnswer: the order of the records in the case is that of the kernel's
// hash tables, and changes nothing.
func TestSameAnswer(t *testing.T) {
	snap, sockets := web()
	// Several workers may listen at one address (SO_REUSEPORT of socket(7)).
	sockets = append(sockets, socket("tcp", "LISTEN", "0.0.0.0:22", "0.0.0.0:0", 99, 0), socket("tcp", "LISTEN", "0.0.0.0:22", "0.0.0.0:0", 98, 0))
	answer := func(list []index.Socket) string {
		a, err := network.Run(openCase(t, snap, list, nil), index.Query{Terms: []index.Term{is("proto", "*")}})
		require.NoError(t, err)
		b, err := json.Marshal(a)
		require.NoError(t, err)
		return string(b)
	}
	first := answer(sockets)
	require.Equal(t, first, answer(sockets))
	turned := make([]index.Socket, 0, len(sockets))
	for i := len(sockets) - 1; i >= 0; i-- {
		turned = append(turned, sockets[i])
	}
	require.Equal(t, first, answer(turned))
}

func TestStrangeRecords(t *testing.T) {
	a, err := network.Run(openCase(t, index.Snapshot{}, []index.Socket{
		{},
		{Proto: "sctp", State: "\x1b[2J", Owner: []index.Owner{{PID: -1}, {PID: -1}, {PID: 5, Comm: "a\xffb\n"}}},
		{Proto: "tcp", State: "LISTEN"},
		{Proto: "unix", State: "LISTEN", Path: "/a\nb"},
	}, nil), index.Query{Terms: []index.Term{not(is("port", "1")), not(is("ip", "::/0")), not(is("uid", "0"))}})
	require.NoError(t, err)
	require.Len(t, a.Sockets, 3)
	require.Equal(t, 1, a.Hidden)
	require.Equal(t, []int{-1, 5}, a.Sockets[2].PIDs)
	require.Empty(t, a.Sockets[0].Exposure)
}

// counted is a list of names and how often each occurs.
func counted(pairs ...any) []tally.Count {
	var out []tally.Count
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, tally.Count{Name: pairs[i].(string), Count: pairs[i+1].(int)})
	}
	return out
}
