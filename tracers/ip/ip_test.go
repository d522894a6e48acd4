package ip

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
	"stilltrace/tracers/casetest"
)

const attacker, server = "203.0.113.7", "198.51.100.1"

func at(t testing.TB, clock string) index.Time { return casetest.At(t, "2026-03-01T"+clock+"Z") }

// night is one night of a small host: a guessed password with all its traps,
// a ban, some requests, an insider, and the host's own address.
func night(t testing.TB) *index.Reader {
	sshd := func(clock string, a index.Action, user, ip, message string) casetest.Event {
		return casetest.Event{Time: at(t, clock), Service: "sshd", Action: a, User: user, IP: ip, Message: message}
	}
	repeated := sshd("01:00:03", index.ActionLoginFailed, "root", attacker, "message repeated 3 times: [ Failed password for root from 203.0.113.7 port 1 ssh2]")
	repeated.Count = 3
	request := func(clock, ip, status string) casetest.Event {
		return casetest.Event{Time: at(t, clock), Service: "nginx", Action: index.ActionHTTPRequest, IP: ip,
			Message: ip + ` "GET /" ` + status, Fields: []index.Field{{Name: "status", Value: status}}}
	}
	return casetest.Open(t, []casetest.Source{
		{Path: "/var/log/auth.log", Events: []casetest.Event{
			sshd("01:00:01", index.ActionLoginInvalidUser, "a b", attacker, "Invalid user a b from 203.0.113.7 port 1"),
			sshd("01:00:02", index.ActionLoginFailed, "a b", attacker, "Failed password for invalid user a b from 203.0.113.7 port 1 ssh2"),
			repeated,
			sshd("01:00:09", index.ActionLogin, "root", attacker, "Accepted password for root from 203.0.113.7 port 1 ssh2"),
			sshd("01:01:00", index.ActionLoginFailed, "alice", "10.0.0.5", "Failed password for alice from 10.0.0.5 port 1 ssh2"),
			// The entry has no time, and a user who wrote an address into his name.
			{Service: "sshd", Action: index.ActionLoginFailed, User: "x from 192.0.2.9", IP: "2001:db8::1", IPs: []string{"192.0.2.9", "2001:db8::1"},
				Message: "Failed password for invalid user x from 192.0.2.9 from 2001:db8::1 port 1 ssh2"},
		}},
		{Path: "/var/log/ufw.log", Events: []casetest.Event{
			{Time: at(t, "01:02:00"), Service: "kernel", Action: index.ActionFirewallBlock, IP: attacker, IPs: []string{attacker, server},
				Message: "[UFW BLOCK] SRC=203.0.113.7 DST=198.51.100.1"},
			{Time: at(t, "01:02:01"), Service: "app", IPs: []string{attacker}, Message: "peer 203.0.113.7 went away"},
		}},
		{Path: "/var/log/fail2ban.log", Events: []casetest.Event{
			{Time: at(t, "01:00:04"), Service: "fail2ban", Action: index.ActionIPFound, IP: attacker, Message: "[sshd] Found 203.0.113.7"},
			{Time: at(t, "01:00:05"), Service: "fail2ban", Action: index.ActionIPBanned, IP: attacker, Message: "[sshd] Ban 203.0.113.7",
				Fields: []index.Field{{Name: "jail", Value: "sshd"}}},
			{Time: at(t, "01:10:05"), Service: "fail2ban", Action: index.ActionIPUnbanned, IP: attacker, Message: "[sshd] Unban 203.0.113.7",
				Fields: []index.Field{{Name: "jail", Value: "sshd"}}},
		}},
		{Path: "/var/log/nginx/access.log", Events: []casetest.Event{
			request("02:00:00", "192.0.2.9", "200"), request("02:00:01", "192.0.2.9", "404"), request("02:00:02", "192.0.2.9", "502"),
			request("02:00:03", attacker, "200"), request("02:00:04", "127.0.0.1", "200"), request("02:00:05", "192.0.2.9", "odd"),
		}},
	},
		index.Socket{Proto: "tcp", Local: netip.MustParseAddr("0.0.0.0"), LPort: 22, Remote: netip.MustParseAddr("0.0.0.0"), State: "LISTEN"},
		index.Socket{Proto: "tcp", Local: netip.MustParseAddr(server), LPort: 22, Remote: netip.MustParseAddr(attacker), RPort: 4022, State: "ESTABLISHED",
			Owner: []index.Owner{{PID: 812, FD: 4, Comm: "sshd"}}},
		index.Socket{Proto: "tcp", Local: netip.MustParseAddr(server), LPort: 443, Remote: netip.MustParseAddr("192.0.2.77"), RPort: 5000, State: "CLOSE_WAIT"},
		index.Socket{Proto: "tcp", Local: netip.MustParseAddr(server), LPort: 443, Remote: netip.MustParseAddr("192.0.2.78"), RPort: 5001, State: "TIME_WAIT"},
		index.Socket{Proto: "unix", State: "LISTEN", Path: "/run/x"},
	)
}

func run(t testing.TB, r *index.Reader, q index.Query) *Answer {
	t.Helper()
	a, err := Run(r, q)
	require.NoError(t, err)
	return a
}

func addresses(a *Answer) []string {
	out := []string{}
	for _, r := range a.Rows {
		out = append(out, r.IP.String())
	}
	return out
}

func TestRowIsTheContract(t *testing.T) {
	a := run(t, night(t), casetest.Query(t))
	require.Equal(t, []string{attacker, "2001:db8::1", "192.0.2.9", "192.0.2.77"}, addresses(a))
	require.Equal(t, Hidden{Addresses: 3, FailedLogins: 1, Events: 3}, a.Hidden)
	require.Equal(t, Beyond{}, a.Beyond)
	require.Nil(t, a.Detail)
	require.Equal(t, Totals{Addresses: 7, FailedLogins: 6, InvalidUsers: 1, Logins: 1, Found: 1, Bans: 1, Unbans: 1, Requests: 6,
		Events: 17, First: at(t, "01:00:01"), Last: at(t, "02:00:05")}, a.Totals)

	got, err := json.Marshal(a.Rows[0])
	require.NoError(t, err)
	require.JSONEq(t, `{
		"kind": "address", "ip": "203.0.113.7", "class": "documentation", "own": false,
		"failed_logins": 4, "invalid_users": 1, "logins": 1, "found": 1, "bans": 1, "unbans": 1, "requests": 1, "statuses": {"2xx": 1},
		"events": 10, "first": "2026-03-01T01:00:01Z", "last": "2026-03-01T02:00:03Z",
		"users": ["root", "a b"], "distinct_users": 2,
		"services": ["sshd", "fail2ban", "app", "kernel", "nginx"], "distinct_services": 5,
		"sources": ["/var/log/auth.log", "/var/log/fail2ban.log", "/var/log/ufw.log", "/var/log/nginx/access.log"], "distinct_sources": 4,
		"connections": [{"proto": "tcp", "state": "ESTABLISHED", "laddr": "198.51.100.1", "lport": 22, "rport": 4022,
			"owners": [{"pid": 812, "fd": 4, "comm": "sshd"}]}], "connection_count": 1,
		"evidence": ["/var/log/auth.log:1", "/var/log/nginx/access.log:4"]}`, string(got))

	undated := a.Rows[1]
	require.EqualValues(t, 1, undated.FailedLogins)
	require.Equal(t, []string{"x from 192.0.2.9"}, undated.Users)
	require.Zero(t, undated.First)
	require.Equal(t, []string{"/var/log/auth.log:6"}, undated.Evidence)

	web := a.Rows[2]
	require.Zero(t, web.FailedLogins, "an address within a user name is not the client")
	require.EqualValues(t, 5, web.Events)
	require.EqualValues(t, 4, web.Requests)
	require.Equal(t, map[string]int64{"2xx": 1, "4xx": 1, "5xx": 1}, web.Statuses)

	connected := a.Rows[3]
	require.Zero(t, connected.Events)
	require.Empty(t, connected.Evidence)
	require.Equal(t, 1, connected.ConnectionCount)
	require.Equal(t, []index.Owner{}, connected.Connections[0].Owners)
}

func TestTerms(t *testing.T) {
	r := night(t)
	cases := []struct {
		name  string
		terms []string
		want  []string
		check func(t *testing.T, a *Answer)
	}{
		{"a network", []string{"ip:203.0.113.0/24"}, []string{attacker}, func(t *testing.T, a *Answer) {
			require.Nil(t, a.Detail)
			require.EqualValues(t, 10, a.Totals.Events)
			require.EqualValues(t, 4, a.Totals.FailedLogins)
		}},
		{"what is asked for is not hidden", []string{"ip:10.0.0.5"}, []string{"10.0.0.5"}, func(t *testing.T, a *Answer) {
			require.EqualValues(t, 1, a.Rows[0].FailedLogins)
			require.Zero(t, a.Hidden)
		}},
		{"a mapped address", []string{"ip:::ffff:203.0.113.7"}, []string{attacker}, nil},
		{"the host's own", []string{"ip:" + server}, []string{server}, func(t *testing.T, a *Answer) {
			require.True(t, a.Rows[0].Own)
			require.EqualValues(t, 1, a.Rows[0].Events)
			require.Zero(t, a.Totals.Requests)
		}},
		{"a class", []string{"class:private"}, []string{"10.0.0.5"}, nil},
		{"not a class", []string{"-class:documentation", "ip:0.0.0.0/0"}, []string{"10.0.0.5", "127.0.0.1"}, nil},
		{"all but one, whose events count for the others", []string{"-ip:" + attacker}, []string{"2001:db8::1", "192.0.2.9", "192.0.2.77"},
			func(t *testing.T, a *Answer) { require.Equal(t, 3, a.Hidden.Addresses) }},
		{"two addresses at once are none", []string{"ip:" + attacker, "ip:10.0.0.5"}, []string{}, nil},
		{"a network in a network", []string{"ip:203.0.0.0/16", "ip:" + attacker}, []string{attacker}, func(t *testing.T, a *Answer) { require.NotNil(t, a.Detail) }},
		{"events of a user", []string{"user:root"}, []string{attacker}, func(t *testing.T, a *Answer) {
			require.EqualValues(t, 3, a.Rows[0].FailedLogins)
			require.EqualValues(t, 2, a.Rows[0].Events)
			require.Equal(t, 1, a.Rows[0].ConnectionCount)
		}},
		{"events of a service", []string{"service:nginx", "-status:502"}, []string{"192.0.2.9", attacker}, func(t *testing.T, a *Answer) {
			require.EqualValues(t, 3, a.Rows[0].Requests)
		}},
		{"an address that is not there", []string{"ip:192.0.2.200"}, []string{}, func(t *testing.T, a *Answer) {
			require.Nil(t, a.Detail)
			require.Equal(t, Totals{}, a.Totals)
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := run(t, r, casetest.Query(t, c.terms...))
			require.Equal(t, c.want, addresses(a))
			if c.check != nil {
				c.check(t, a)
			}
		})
	}
}

func TestWindow(t *testing.T) {
	q := casetest.Query(t)
	q.Since, q.Until = at(t, "01:00:02"), at(t, "01:00:09")
	a := run(t, night(t), q)
	require.Equal(t, attacker, a.Rows[0].IP.String())
	require.EqualValues(t, 4, a.Rows[0].FailedLogins)
	require.Zero(t, a.Rows[0].InvalidUsers, "before the window")
	require.Zero(t, a.Rows[0].Logins, "at its end, which is not in it")
	require.EqualValues(t, 1, a.Rows[0].Bans)
	require.Equal(t, 1, a.Rows[0].ConnectionCount, "the window does not limit what the still saw")
}

func TestBadTerms(t *testing.T) {
	r := night(t)
	for _, c := range []struct{ term, want string }{
		{"ip:203.0.113.300", "term ip:203.0.113.300: neither an address nor a network such as 203.0.113.0/24"},
		{"ip:", "term ip:: neither"},
		{"class>=public", "term class>=public: class has no order"},
		{"nosuch:field", "nosuch"},
	} {
		_, err := Run(r, casetest.Query(t, c.term))
		require.ErrorContains(t, err, c.want)
	}
}

func TestFields(t *testing.T) {
	r := night(t)
	names := map[string]int{}
	for _, f := range Fields(r) {
		names[f.Name]++
	}
	require.Equal(t, 1, names["class"])
	require.Equal(t, 1, names["ip"])
	require.Equal(t, 1, names["jail"], "a field of one format of this case")
	require.Len(t, names, len(r.EventFields())+1)
}

// The last snapshot is taken where the query names none.
func TestSnapshotLeftOut(t *testing.T) {
	a := run(t, night(t), index.Query{})
	require.Equal(t, 1, a.Rows[0].ConnectionCount)
}

func TestListsAreBounded(t *testing.T) {
	var events []casetest.Event
	for i := range maxValues + 200 {
		events = append(events, casetest.Event{Time: at(t, "01:00:00") + index.Time(i), Service: "sshd", Action: index.ActionLoginFailed,
			User: fmt.Sprintf("u%05d", i), IP: attacker, Message: fmt.Sprintf("Failed password for u%05d", i)})
	}
	var sockets []index.Socket
	for i := range detailConnections + 30 {
		sockets = append(sockets, index.Socket{Proto: "tcp", Local: netip.MustParseAddr(server), LPort: 22, Remote: netip.MustParseAddr(attacker),
			RPort: uint16(4000 + i), State: "FIN_WAIT2"})
	}
	r := casetest.Open(t, []casetest.Source{{Path: "a", Events: events}}, sockets...)
	q := casetest.Query(t, "ip:"+attacker)
	a := run(t, r, q)
	row := a.Rows[0]
	require.Equal(t, maxValues+200, row.DistinctUsers, "the summary has them all")
	require.Equal(t, Beyond{}, a.Beyond)
	q.Brute = true
	a = run(t, r, q)
	row = a.Rows[0]
	require.EqualValues(t, maxValues+200, row.FailedLogins, "the count itself has no limit")
	require.Len(t, row.Users, rowNames)
	require.Equal(t, "u00000", row.Users[0])
	require.Equal(t, maxValues, row.DistinctUsers)
	require.EqualValues(t, 200, a.Beyond.Values)
	require.Len(t, row.Connections, rowConnections)
	require.Equal(t, detailConnections+30, row.ConnectionCount)
	require.Len(t, a.Detail.Connections, detailConnections)
	require.Len(t, a.Detail.Users, detailUsers)
	require.Len(t, a.Detail.Recent, detailRecent)
	require.Equal(t, fmt.Sprintf("a:%d", maxValues+200), a.Detail.Recent[detailRecent-1].Evidence)
	require.Equal(t, fmt.Sprintf("a:%d", maxValues+200-detailRecent+1), a.Detail.Recent[0].Evidence)
}

func TestAddressesAreBounded(t *testing.T) {
	tr := newTracer(&wanted{sockets: true})
	tr.most = 2
	for _, ip := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.1", "192.0.2.3"} {
		a := netip.MustParseAddr(ip)
		tr.event(&index.Event{Source: "a", Action: index.ActionLoginFailed, IP: a, IPs: []netip.Addr{a}})
	}
	a, err := tr.answer().whole()
	require.NoError(t, err)
	require.Equal(t, []string{"192.0.2.1", "192.0.2.2"}, addresses(a))
	require.EqualValues(t, 2, a.Rows[0].FailedLogins, "what has a row is counted to the end")
	require.EqualValues(t, 2, a.Beyond.Addresses)
}

// An address of an interface is the host's own, whether or not a socket is
// bound to it.
func TestAddressOfAnInterface(t *testing.T) {
	host := index.Host{NetSpaces: []index.NetSpace{{Interfaces: []index.Interface{{Name: "eth0", Addresses: []netip.Addr{netip.MustParseAddr(server)}}}}}}
	r := casetest.OpenOf(t, host, []casetest.Source{{Path: "/var/log/ufw.log", Events: []casetest.Event{
		{Time: at(t, "01:02:00"), Service: "kernel", Action: index.ActionFirewallBlock, IP: attacker, IPs: []string{attacker, server}, Message: "[UFW BLOCK] SRC=203.0.113.7 DST=198.51.100.1"},
	}}})
	for _, brute := range []bool{false, true} {
		a := run(t, r, index.Query{Brute: brute})
		require.Equal(t, []string{attacker}, addresses(a))
		require.Equal(t, 1, a.Hidden.Addresses)
	}
}
