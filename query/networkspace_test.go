package query

import (
	"bytes"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

// routed is a case of a host that routes for a container, and has a socket.
func routed(t *testing.T) string {
	t.Helper()
	addr := netip.MustParseAddr
	path := filepath.Join(t.TempDir(), "case.db")
	w, err := index.Create(path, index.CreateOptions{Tool: "test"})
	require.NoError(t, err)
	defer w.Abort()
	require.NoError(t, w.AddSocket(&index.Socket{Proto: "tcp", State: "LISTEN", Local: addr("0.0.0.0"), LPort: 22, Remote: addr("0.0.0.0"), Inode: 5, NetNS: 4026531840,
		Owner: []index.Owner{{PID: 7, FD: 3, Comm: "sshd"}}}))
	_, err = w.Commit(index.Snapshot{Host: index.Host{
		Containers: []index.Container{{ID: "4e2f00000000beef", Name: "shop"}},
		NetSpaces: []index.NetSpace{
			{
				Inode: 4026531840, LegacyTables: []string{"ip filter", "ip6 filter"},
				Interfaces: []index.Interface{
					{Name: "lo", Index: 1, Flags: 9, Addresses: []netip.Addr{addr("127.0.0.1")}},
					{Name: "eth0", Index: 2, Flags: 0x1003, Addresses: []netip.Addr{addr("192.0.2.10"), addr("2001:db8::10"), addr("fe80::1")}, XDP: true},
					{Name: "docker0", Index: 3, Flags: 0x1002, Kind: "bridge", Addresses: []netip.Addr{addr("172.17.0.1")}},
					{Name: "veth1a2b\x1b[2J", Index: 4, Flags: 1, Kind: "veth", Master: 3, Listeners: 2},
					{Addresses: []netip.Addr{addr("198.51.100.10")}},
				},
				Chains: []index.FilterChain{
					{Family: "inet", Table: "filter", Name: "input", Type: "filter", Hook: "input", Policy: "drop", Rules: 1234,
						Text: []string{"ct state established,related accept", "ip saddr @banned counter drop", `tcp dport { 22, 80 } comment "from \x1b[2J anywhere" accept`}},
					{Family: "inet", Table: "filter", Name: "allowed", Rules: 2},
					{Family: "ip", Table: "nat", Name: "PREROUTING", Type: "nat", Hook: "prerouting", Policy: "accept", Rules: 1},
				},
				Sets: []index.FilterSet{{Family: "inet", Table: "filter", Name: "banned", Key: "ipv4_addr", Count: 2, Elements: []string{"198.51.100.0/24", "203.0.113.7"}}},
				Flows: []index.Flow{
					{Proto: "tcp", State: "ESTABLISHED", Source: addr("203.0.113.7"), SPort: 50000, Dest: addr("192.0.2.10"), DPort: 8080, From: addr("172.17.0.2"), FromPort: 80,
						To: addr("203.0.113.7"), ToPort: 50000, Bytes: 2048, Replied: 5 << 20},
					{Proto: "icmp", Source: addr("203.0.113.7"), Dest: addr("192.0.2.10"), From: addr("192.0.2.10"), To: addr("203.0.113.7"), Unreplied: true},
				},
			},
			{Inode: 4026532500, Container: "4e2f00000000beef", Chains: []index.FilterChain{{Family: "ip", Table: "nat", Name: "DOCKER", Rules: 1, Text: []string{"tcp dport 80 dnat to 10.0.0.2:8080"}}}, Interfaces: []index.Interface{{Name: "eth0", Index: 8, Flags: 1, Addresses: []netip.Addr{addr("172.17.0.2")}}}},
		},
	}})
	require.NoError(t, err)
	return path
}

// What no socket shows of the namespaces: read by eye.
func TestNetworkSpaces(t *testing.T) {
	path := routed(t)
	for _, c := range []struct {
		name   string
		width  int
		screen bool
		args   []string
		status Status
		want   string
	}{
		{"overview", 80, true, nil, Found, `
PROTO  STATE   LOCAL       REMOTE  PID  PROCESS
tcp    LISTEN  0.0.0.0:22  *:*       7  sshd

1 socket

Interfaces
INTERFACE        KIND    PART OF  ADDRESSES       NAMESPACE       STANDS OUT
eth0                              192.0.2.10      4026531…0 host  XDP program
                                  2001:db8::10                    attached
veth1a2b\x1b[2J  veth    docker0                  4026531…0 host  promiscuous
docker0          bridge           172.17.0.1      4026531…0 host
?                                 198.51.100.10   4026531…0 host
eth0                              172.17.0.2      4026532…0 shop

Packet filter
HOOK        POLICY  RULES  TYPE    CHAIN
input       drop    1,234  filter  inet filter input
prerouting  accept      1  nat     ip nat PREROUTING

the rules of iptables-legacy were not read: ip filter, ip6 filter
`},
		{"a namespace, wide", 130, true, []string{"netns:4026531840"}, Found, `
PROTO  STATE   LOCAL       REMOTE  SERVICE  PID  PROCESS  EXPOSURE  USER  DIRECTION
tcp    LISTEN  0.0.0.0:22  *:*     sshd       7  sshd     all             listen

1 socket

Interfaces
INTERFACE        KIND    PART OF  STATE  ADDRESSES                STANDS OUT
eth0                              up     192.0.2.10 2001:db8::10  XDP program attached
veth1a2b\x1b[2J  veth    docker0  up                              promiscuous
docker0          bridge           down   172.17.0.1
?                                        198.51.100.10

Packet filter
HOOK        POLICY  RULES  TYPE    CHAIN
input       drop    1,234  filter  inet filter input
prerouting  accept      1  nat     ip nat PREROUTING

the rules of iptables-legacy were not read: ip filter, ip6 filter
`},
		{"an address", 80, true, []string{"203.0.113.7"}, Found, `
Connections that the kernel tracks
PROTO  STATE        FROM               TO               TRANSLATED
icmp   unanswered   203.0.113.7        192.0.2.10
tcp    ESTABLISHED  203.0.113.7:50000  192.0.2.10:8080  to 172.17.0.2:80

2 tracked connections
`},
		{"a port, wide", 130, true, []string{":8080"}, Found, `
Connections that the kernel tracks
PROTO  STATE        FROM               TO               TRANSLATED           SENT  RECEIVED
tcp    ESTABLISHED  203.0.113.7:50000  192.0.2.10:8080  to 172.17.0.2:80  2.0 KiB   5.0 MiB

1 tracked connection
`},
		{"an address for a program", 80, false, []string{"203.0.113.7", "--format", "jsonl"}, Found, `
{"kind":"flow","netns":4026531840,"namespace":"4026531840 host","proto":"icmp","src":"203.0.113.7","dst":"192.0.2.10","reply_src":"192.0.2.10","reply_dst":"203.0.113.7","unreplied":true}
{"kind":"flow","netns":4026531840,"namespace":"4026531840 host","proto":"tcp","state":"ESTABLISHED","src":"203.0.113.7","sport":50000,"dst":"192.0.2.10","dport":8080,"reply_src":"172.17.0.2","reply_sport":80,"reply_dst":"203.0.113.7","reply_dport":50000,"bytes":2048,"reply_bytes":5242880,"translated":true}
`},
		{"an address at most once", 80, false, []string{"203.0.113.7", "--limit", "1"}, Found, `
Connections that the kernel tracks
PROTO  STATE       FROM         TO
icmp   unanswered  203.0.113.7  192.0.2.10

1 of 2 tracked connections; --limit 0 shows all
`},
		{"an address as sockets", 80, false, []string{"203.0.113.7", "--format", "csv"}, Found, `
proto,state,local,remote,service,pid,process,exposure,user,container,rdns,provider,peer,direction,class,recvq,sendq,pids,backlog,program,uid,inode,netns
`},
		{"a namespace without sockets", 80, true, []string{"netns:4026532500"}, Found, `
Interfaces
INTERFACE  ADDRESSES
eth0       172.17.0.2
`},
		{"no namespace", 80, true, []string{"netns:7"}, Nothing, "\n"},
		{"nobody", 80, false, []string{"203.0.113.8"}, Nothing, "\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out, talk bytes.Buffer
			var o Options
			flags := pflag.NewFlagSet("network", pflag.ContinueOnError)
			o.NetworkFlags(flags)
			require.NoError(t, flags.Parse(append([]string{path}, c.args...)))
			status, err := Network(t.Context(), &Env{Stdout: &out, Stderr: &talk, Width: c.width, Screen: c.screen}, &o, flags.Args())
			require.NoError(t, err)
			require.Equal(t, c.want, "\n"+out.String(), talk.String())
			require.Equal(t, c.status, status)
		})
	}
}

// What is there, and not in an answer without rows, is said.
func TestNothingToCount(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		said string
	}{
		{"a graph of listeners", []string{"direction:listen", "--graph"}, "no edge for direction:listen\nwho only listens talks to nobody: leave out --graph\n"},
		{"what a listener has none of", []string{"port:22", "--by", "remote"}, "no value of remote for port:22\n1 socket has no remote\n"},
		{"nor a socket", []string{"port:23", "--by", "remote,user"}, "no value of remote or user for port:23\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := routed(t)
			var out, talk bytes.Buffer
			var o Options
			flags := pflag.NewFlagSet("network", pflag.ContinueOnError)
			o.NetworkFlags(flags)
			require.NoError(t, flags.Parse(append([]string{path}, c.args...)))
			status, err := Network(t.Context(), &Env{Stdout: &out, Stderr: &talk}, &o, flags.Args())
			require.NoError(t, err)
			require.Equal(t, Nothing, status)
			require.Empty(t, out.String())
			require.Equal(t, c.said, strings.ReplaceAll(talk.String(), "stilltrace: ", "")[len(path)+2:])
		})
	}
}
