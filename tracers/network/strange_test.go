package network

import (
	"encoding/json"
	"math"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

// whole makes every row and conclusion of these sockets, and writes them as JSON.
func whole(t *testing.T, snap *index.Host, sockets []*index.Socket) {
	t.Helper()
	h := newHost(snap, sockets)
	var rows []*Row
	for _, s := range sockets {
		r := h.row(s)
		rows = append(rows, r)
		for _, f := range fields {
			for _, value := range []string{"1", "x*", "::/0"} {
				if c, ok := (index.Term{Field: f.Name, Op: index.Is, Value: value}).Compile(f.Kind); ok {
					f.Holds(&c, r)
				}
			}
		}
	}
	sortRows(rows)
	a := &Answer{}
	d := drawing{graph: &Graph{}, nodes: map[nodeKey]int{}, edges: map[edgeKey]int{}, asked: map[end]bool{}}
	for _, r := range rows {
		require.NotEmpty(t, r.Evidence())
		a.Sockets = append(a.Sockets, *r)
		d.add(r)
	}
	d.finish()
	for _, e := range d.graph.Edges {
		require.Less(t, e.From, len(d.graph.Nodes))
		require.Less(t, e.To, len(d.graph.Nodes))
	}
	a.Totals = h.total(a.Sockets)
	a.Pressure = h.pressure(a.Sockets)
	a.Findings = h.findings(a.Sockets, &a.Pressure)
	a.Recommendations = recommend(a.Findings)
	h.ofSpaces(a, nil, func(*Row) bool { return true })
	var err error
	a.Flows, err = h.flows([]index.Term{{Field: "raddr", Op: index.Is, Value: "127.0.0.1", Not: true}, {Field: "port", Op: index.AtMost, Value: "65535"}})
	require.NoError(t, err)
	for i := range a.Flows {
		f := &a.Flows[i]
		require.Equal(t, f.Translated, f.SeenAs() != netip.AddrPort{} || f.LeadsTo() != netip.AddrPort{})
	}
	_, err = json.Marshal(a)
	require.NoError(t, err)
}

func FuzzRows(f *testing.F) {
	f.Add("tcp", "LISTEN", "nginx", "/run/x", []byte{10, 0, 0, 5}, uint16(80), uint64(0))
	f.Add("tcp6", "SYN_RECV", "\x1b[2J", "", []byte{127, 0, 0, 1}, uint16(0), uint64(math.MaxUint64))
	f.Add("packet", "", "bash", "all", make([]byte, 16), uint16(1), uint64(7))
	f.Fuzz(func(t *testing.T, proto, state, comm, path string, address []byte, port uint16, number uint64) {
		a, _ := netip.AddrFromSlice(address)
		zoned := a.WithZone(path)
		one := &index.Socket{Proto: proto, State: state, Local: a, LPort: port, Remote: zoned, RPort: port ^ 1, Inode: number, NetNS: number, RecvQ: number, SendQ: number,
			Path: path, Peer: number, Container: path, Protocol: path, Backlog: &number, Orphan: number%2 == 0,
			Owner: []index.Owner{{PID: int(number), Comm: comm}, {PID: -1}, {PID: int(port), Comm: path}}}
		other := &index.Socket{Proto: "tcp", State: state, Local: a, LPort: port ^ 1, Remote: a, RPort: port, NetNS: number}
		third := &index.Socket{Proto: "unix", Path: path, Inode: number}
		snap := &index.Host{
			Ports: []index.ServicePort{{Name: comm, Port: port, Proto: "tcp"}}, Containers: []index.Container{{ID: path, Name: comm}},
			NetSpaces: []index.NetSpace{{Inode: number, Container: path, Counters: map[string]uint64{"TcpExt.SyncookiesSent": number},
				Interfaces: []index.Interface{{Addresses: []netip.Addr{a, zoned}, Name: comm, Index: int(number), Master: int(number), Kind: "bridge", Listeners: uint32(number), Flags: uint32(number)}},
				Chains:     []index.FilterChain{{Name: comm, Hook: path, Type: state, Policy: proto, Rules: int(number)}}, LegacyTables: []string{path},
				Flows: []index.Flow{{Proto: proto, State: state, Source: a, SPort: port, To: zoned, ToPort: port, FromPort: port}, {}}}},
			Names: []index.HostName{{Addr: zoned, Names: []string{path}}, {}}, Resolved: []index.Resolved{{Addr: a, Names: []string{comm}}, {}},
			Sysctl: map[string]string{"net.ipv4.ip_local_port_range": path},
		}
		whole(t, snap, []*index.Socket{one, other, third, {}})
	})
}
