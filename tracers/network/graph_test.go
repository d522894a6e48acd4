package network_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
	"stilltrace/tracers/network"
)

func drawn(g *network.Graph) []string {
	var out []string
	for _, e := range g.Edges {
		from, to := g.Nodes[e.From], g.Nodes[e.To]
		out = append(out, fmt.Sprintf("%s %v -> %s %v %s/%d %q x%d", from.Name, from.PIDs, to.Name, to.PIDs, e.Proto, e.Port, e.Service, e.Count))
	}
	return out
}

func TestDraw(t *testing.T) {
	snap, sockets := web()
	r := openCase(t, snap, sockets, nil)
	g, err := network.Draw(r, index.Query{})
	require.NoError(t, err)
	require.Equal(t, network.SchemaGraph, g.Schema)
	require.Equal(t, []string{
		`100.64.1.1 [] -> nginx [801] tcp/80 "http" x1`,
		`203.0.113.7 [] -> sshd [] tcp/22 "ssh" x1`,
		`203.0.113.7 [] -> sshd-session [900 901] tcp/22 "ssh" x1`,
		`? [] -> 93.184.216.34 [] tcp/4444 "" x1`,
		`curl [950] -> 198.51.100.9 [] tcp/443 "https" x1`,
		`nc [960] -> 10.0.0.5 [] tcp/40300 "" x1`,
		`nginx [801] -> gunicorn [820] tcp/8000 "gunicorn" x1`,
		`resolver [610] -> 9.9.9.9 [] udp/53 "domain" x1`,
	}, drawn(g))

	g, err = network.Draw(r, index.Query{Terms: []index.Term{is("process", "gunicorn")}})
	require.NoError(t, err)
	require.Equal(t, []string{`nginx [801] -> gunicorn [820] tcp/8000 "gunicorn" x1`}, drawn(g), "the side that began was not asked for")

	g, err = network.Draw(r, index.Query{Terms: []index.Term{is("port", "1")}})
	require.NoError(t, err)
	b, err := json.Marshal(g)
	require.NoError(t, err)
	require.JSONEq(t, `{"schema":"stilltrace.network.graph/1","snapshot":1,"captured":true,"nodes":[],"edges":[],"findings":[],"gaps":[],"denied_fd_lists":0}`, string(b))
}

// TestDrawMany: workers of one program are one node, their connections one edge.
func TestDrawMany(t *testing.T) {
	var list []index.Socket
	for i := range 5000 {
		list = append(list, socket("tcp", []string{"ESTABLISHED", "TIME_WAIT"}[i%2], fmt.Sprintf("10.0.0.5:%d", 10000+i), "203.0.113.7:443", uint64(i+1), 0,
			owner(100+i%3, i, "worker")))
	}
	g, err := network.Draw(openCase(t, index.Snapshot{}, list, nil), index.Query{})
	require.NoError(t, err)
	require.Equal(t, []string{`worker [100 101 102] -> 203.0.113.7 [] tcp/443 "" x5000`}, drawn(g))
	require.Equal(t, counted("ESTABLISHED", 2500, "TIME_WAIT", 2500), g.Edges[0].States)
}

// TestDrawOver: whoever spoke over loopback is a process of the host, and one
// that is not known any more, whichever side keeps the connection in TIME_WAIT.
func TestDrawOver(t *testing.T) {
	g, err := network.Draw(openCase(t, index.Snapshot{}, []index.Socket{
		socket("tcp", "LISTEN", "127.0.0.1:8000", "0.0.0.0:0", 1, 0, owner(5, 3, "gunicorn")),
		socket("tcp", "TIME_WAIT", "127.0.0.1:8000", "127.0.0.1:45000", 0, 0),
		socket("tcp", "TIME_WAIT", "127.0.0.1:45001", "127.0.0.1:8000", 0, 0),
	}, nil), index.Query{})
	require.NoError(t, err)
	require.Equal(t, []string{`? [] -> gunicorn [] tcp/8000 "gunicorn" x2`}, drawn(g))
}

// TestLoopbackOfNamespaces: every namespace has a loopback of its own.
func TestLoopbackOfNamespaces(t *testing.T) {
	elsewhere := socket("tcp", "ESTABLISHED", "127.0.0.1:8000", "127.0.0.1:45000", 2, 0, owner(9, 3, "other"))
	elsewhere.NetNS = 7
	a, err := network.Run(openCase(t, index.Snapshot{}, []index.Socket{
		socket("tcp", "ESTABLISHED", "127.0.0.1:45000", "127.0.0.1:8000", 1, 0, owner(5, 3, "client")), elsewhere,
	}, nil), index.Query{})
	require.NoError(t, err)
	require.Empty(t, a.Sockets[0].PeerPIDs)
	require.Empty(t, a.Sockets[1].PeerPIDs)
}

// TestThousandsOfOwners: a socket that thousands of processes hold, and
// thousands of sockets with one inode.
func TestThousandsOfOwners(t *testing.T) {
	var owners []index.Owner
	for i := range 5000 {
		owners = append(owners, owner(10000-i, 3, "worker"), owner(10000-i, 4, "worker"))
	}
	list := []index.Socket{socket("tcp", "LISTEN", "0.0.0.0:80", "0.0.0.0:0", 5, 0, owners...)}
	for i := range 5000 {
		list = append(list, socket("tcp", "ESTABLISHED", "10.0.0.5:80", fmt.Sprintf("203.0.113.7:%d", 1000+i), 5, 0, owner(10000, 3, "worker")))
	}
	r := openCase(t, index.Snapshot{}, list, nil)
	a, err := network.Run(r, index.Query{})
	require.NoError(t, err)
	require.Len(t, a.Sockets, 5001)
	require.Len(t, a.Sockets[0].PIDs, 5000)
	require.Equal(t, []string{"worker"}, a.Sockets[0].Processes)
	g, err := network.Draw(r, index.Query{})
	require.NoError(t, err)
	require.Len(t, g.Edges, 1)
}
