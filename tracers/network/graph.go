package network

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"stilltrace/index"
	"stilltrace/tracers/address"
	"stilltrace/tracers/tally"
)

// SchemaGraph names the shape of Graph.
const SchemaGraph = "stilltrace.network.graph/1"

// Graph is who talks to whom: connections of one program to one party for one
// service are one edge, which leads from the side that began to the side that
// serves.
type Graph struct {
	Schema   string `json:"schema"`
	Snapshot int    `json:"snapshot"`
	Captured bool   `json:"captured"`
	Nodes    []Node `json:"nodes"` // in the order in which Edges name them
	Edges    []Edge `json:"edges"` // most connections first
	// Findings are those of the sockets of the graph.
	Findings []Finding     `json:"findings"`
	Gaps     []tally.Count `json:"gaps"`

	DeniedFDLists int `json:"denied_fd_lists"`
}

// Node is one party: a program of the host, with all its processes in one
// network namespace, or an address.
type Node struct {
	Kind      NodeKind      `json:"node"`
	Name      string        `json:"name"`           // comm, or the address; ? for a program that is not known
	PIDs      []int         `json:"pids,omitempty"` // ascending
	NetNS     uint64        `json:"netns,omitzero"`
	Container string        `json:"container,omitzero"` // its name, else its id
	Class     address.Class `json:"class"`
	Provider  string        `json:"provider,omitzero"`
	RDNS      string        `json:"rdns,omitzero"`
}

// NodeKind says what a node is.
type NodeKind string

// The kinds.
const (
	NodeProcess NodeKind = "process"
	NodeAddress NodeKind = "address"
)

// Edge is the connections from one node to another for one service.
type Edge struct {
	Kind     string        `json:"kind"` // always edge
	From     int           `json:"from"` // in Nodes
	To       int           `json:"to"`
	Proto    string        `json:"proto"` // tcp or udp
	Port     uint16        `json:"port"`  // at which To serves, the lowest of them
	Ports    int           `json:"ports"` // how many
	Service  string        `json:"service"`
	Count    int           `json:"count"`
	States   []tally.Count `json:"states"`
	Evidence string        `json:"evidence"` // of the first of them
}

// Draw answers q like Run, as a graph of the connections. Listeners, raw and
// unix sockets are not in it. A connection both of whose ends are sockets of
// the host is one edge, as the side sees it that began.
func Draw(r *index.Reader, q index.Query) (*Graph, error) {
	a, err := Run(r, q)
	if err != nil {
		return nil, err
	}
	g := &Graph{Schema: SchemaGraph, Snapshot: a.Snapshot, Captured: a.Captured, Nodes: []Node{}, Edges: []Edge{}, Findings: a.Findings,
		Gaps: a.Gaps, DeniedFDLists: a.DeniedFDLists}
	d := drawing{graph: g, nodes: map[nodeKey]int{}, edges: map[edgeKey]int{}, asked: map[end]bool{}}
	for i := range a.Sockets {
		if s := &a.Sockets[i]; s.Direction == Outbound {
			d.asked[endOf(&s.Socket)] = true
		}
	}
	for i := range a.Sockets {
		d.add(&a.Sockets[i])
	}
	d.finish()
	return g, nil
}

type nodeKey struct {
	kind  NodeKind
	name  string
	netns uint64
}

// edgeKey tells edges apart: by the service, where it has a name.
type edgeKey struct {
	from, to int
	proto    string
	service  string
	port     uint16 // of a service without a name
}

type drawing struct {
	graph  *Graph
	nodes  map[nodeKey]int
	edges  map[edgeKey]int
	states []map[string]int
	ports  []map[uint16]bool
	asked  map[end]bool // connections of which the side that began is drawn
}

func (d *drawing) add(r *Row) {
	if r.Direction != Inbound && r.Direction != Outbound || r.RPort == 0 {
		return
	}
	from, to, port := -1, -1, r.RPort
	if r.Direction == Inbound {
		if d.asked[endOf(&r.Socket).other()] {
			return
		}
		from, to, port = d.party(r), d.process(r), r.LPort
	} else {
		from, to = d.process(r), d.party(r)
	}
	k := edgeKey{from, to, transport(&r.Socket), r.Service, port}
	if k.service != "" {
		k.port = 0
	}
	i, known := d.edges[k]
	if !known {
		i = len(d.graph.Edges)
		d.edges[k] = i
		d.graph.Edges = append(d.graph.Edges, Edge{Kind: "edge", From: from, To: to, Proto: k.proto, Port: port, Service: r.Service, Evidence: r.Evidence()})
		d.states, d.ports = append(d.states, map[string]int{}), append(d.ports, map[uint16]bool{})
	}
	e := &d.graph.Edges[i]
	e.Count++
	e.Port = min(e.Port, port)
	d.ports[i][port] = true
	d.states[i][r.State]++
}

// process is the node of the program on this side of a connection. What no
// process holds any more is laid to the program that listens there.
func (d *drawing) process(r *Row) int {
	n := Node{Kind: NodeProcess, Name: cmp.Or(holder(&r.Socket), r.listens(), "?"), PIDs: r.PIDs, NetNS: r.NetNS, Container: cmp.Or(r.ContainerName, r.Container)}
	return d.node(n)
}

func (r *Row) listens() string {
	if r.Direction == Inbound {
		return r.Program
	}
	return ""
}

// party is the node of the other side: a program where that is on this host
// too, else the address.
func (d *drawing) party(r *Row) int {
	switch {
	case len(r.PeerProcesses) > 0:
		return d.node(Node{Kind: NodeProcess, Name: r.PeerProcesses[0], PIDs: r.PeerPIDs, NetNS: r.NetNS})
	case r.Direction == Outbound && r.Program != "":
		return d.node(Node{Kind: NodeProcess, Name: r.Program, NetNS: r.NetNS})
	case r.Class == address.Loopback:
		return d.node(Node{Kind: NodeProcess, Name: "?", NetNS: r.NetNS})
	}
	return d.node(Node{Kind: NodeAddress, Name: r.Remote.String(), Class: r.Class, Provider: r.Provider, RDNS: r.RDNS})
}

func (d *drawing) node(n Node) int {
	k := nodeKey{n.Kind, n.Name, n.NetNS}
	i, known := d.nodes[k]
	if !known {
		i = len(d.graph.Nodes)
		d.nodes[k] = i
		n.PIDs = slices.Clone(n.PIDs)
		d.graph.Nodes = append(d.graph.Nodes, n)
		return i
	}
	have := &d.graph.Nodes[i]
	have.PIDs = append(have.PIDs, n.PIDs...)
	have.Container = cmp.Or(have.Container, n.Container)
	return i
}

// finish sorts what was gathered, and numbers the nodes in the order of the edges.
func (d *drawing) finish() {
	g := d.graph
	for i := range g.Edges {
		g.Edges[i].States, g.Edges[i].Ports = tally.Counts(d.states[i]), len(d.ports[i])
	}
	for i := range g.Nodes {
		slices.Sort(g.Nodes[i].PIDs)
		g.Nodes[i].PIDs = slices.Compact(g.Nodes[i].PIDs)
	}
	name := func(i int) string { return fmt.Sprintf("%s %s %d", g.Nodes[i].Kind, g.Nodes[i].Name, g.Nodes[i].NetNS) }
	slices.SortStableFunc(g.Edges, func(a, b Edge) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(name(a.From), name(b.From)), strings.Compare(name(a.To), name(b.To)),
			cmp.Compare(a.Port, b.Port), strings.Compare(a.Proto, b.Proto))
	})
	order := make([]int, len(g.Nodes))
	var nodes []Node
	number := func(i int) int {
		if order[i] == 0 {
			nodes = append(nodes, g.Nodes[i])
			order[i] = len(nodes)
		}
		return order[i] - 1
	}
	for i := range g.Edges {
		e := &g.Edges[i]
		e.From, e.To = number(e.From), number(e.To)
	}
	g.Nodes = append([]Node{}, nodes...)
}
