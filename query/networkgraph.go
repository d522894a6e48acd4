package query

import (
	"fmt"
	"strings"

	"stilltrace/index/printable"
	"stilltrace/query/render"
	"stilltrace/tracers/network"
	"stilltrace/tracers/tally"
)

// linked is one edge of a graph with its two ends, as csv and jsonl have it.
type linked struct {
	Kind     string       `json:"kind"` // always edge
	From     network.Node `json:"from"`
	To       network.Node `json:"to"`
	Proto    string       `json:"proto"`
	Port     uint16       `json:"port"`
	Ports    int          `json:"ports"`
	Service  string       `json:"service"`
	Count    int          `json:"count"`
	States   string       `json:"states"`
	Evidence string       `json:"evidence"`
}

// networkGraph shows who talks to whom.
func (s *session) networkGraph() (Status, error) {
	g, err := network.Draw(s.reader, s.query)
	if err != nil {
		return StatusOf(err), err
	}
	total := len(g.Edges)
	g.Edges = first(g.Edges, s.limit())
	rows := make([]linked, len(g.Edges))
	for i := range g.Edges {
		e := &g.Edges[i]
		rows[i] = linked{"edge", g.Nodes[e.From], g.Nodes[e.To], e.Proto, e.Port, e.Ports, e.Service, e.Count, edgeStates(e.States), e.Evidence}
	}
	answer := &render.Answer{Main: links().table(rows, total), Value: g, Notes: s.socketGaps(g.DeniedFDLists, g.Gaps), Graph: dot(g)}
	status, err := s.print(answer)
	if status == Nothing && !s.format.Program {
		if s.asksListeners() {
			s.env.say("who only listens talks to nobody: leave out --graph")
		}
		s.adviseNetwork(g.Captured, 0)
	}
	return status, err
}

func links() view[linked] {
	type row = linked
	text := func(c render.Column, f func(r row) string) column[row] {
		return column[row]{c, func(r row) render.Cell { return render.TextCell(f(r)) }}
	}
	return view[row]{"edge", "edges", []column[row]{
		text(render.Column{Name: "from", Shrink: 1}, func(r row) string { return party(&r.From) }),
		text(render.Column{Name: "to", Shrink: 1}, func(r row) string { return "-> " + party(&r.To) }),
		text(render.Column{Name: "port"}, func(r row) string { return portsOf(r.Proto, r.Port, r.Ports) }),
		text(render.Column{Name: "service", Shrink: 2}, func(r row) string { return r.Service }),
		{render.Column{Name: "count", Kind: render.Count}, func(r row) render.Cell { return render.NumberCell(r.Count) }},
		text(render.Column{Name: "states", Shrink: 3}, func(r row) string { return r.States }),
		text(render.Column{Name: "container", Shrink: 4, From: 100, Sparse: true}, func(r row) string {
			return strings.TrimSpace(r.From.Container + " " + r.To.Container)
		}),
		text(render.Column{Name: "provider", Shrink: 4, From: 120, Sparse: true}, func(r row) string { return strings.TrimSpace(r.From.Provider + " " + r.To.Provider) }),
	}}
}

// portsOf is where an edge leads: tcp/8000 +2 for three ports.
func portsOf(proto string, port uint16, ports int) string {
	text := fmt.Sprintf("%s/%d", proto, port)
	if ports > 1 {
		text += " +" + printable.Grouped(int64(ports-1))
	}
	return text
}

// party is one end of an edge: sshd (536 +1), 203.0.113.7 gate.example.
func party(n *network.Node) string {
	switch {
	case n.RDNS != "":
		return n.Name + " " + n.RDNS
	case n.Kind == network.NodeAddress || len(n.PIDs) == 0:
		return n.Name
	case len(n.PIDs) == 1:
		return fmt.Sprintf("%s (%d)", n.Name, n.PIDs[0])
	}
	return fmt.Sprintf("%s (%d +%d)", n.Name, n.PIDs[0], len(n.PIDs)-1)
}

// dot is the graph as Graphviz draws it: programs as boxes, addresses round.
func dot(g *network.Graph) *render.Graph {
	out := &render.Graph{}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		label := []string{n.Name}
		for _, more := range []string{n.RDNS, n.Provider, n.Container} {
			if more != "" {
				label = append(label, more)
			}
		}
		if len(n.PIDs) > 0 {
			label = append(label, pidsOf(n.PIDs))
		}
		out.Nodes = append(out.Nodes, render.GraphNode{Label: label, Round: n.Kind == network.NodeAddress})
	}
	for i := range g.Edges {
		e := &g.Edges[i]
		label := portsOf(e.Proto, e.Port, e.Ports)
		if e.Service != "" {
			label = e.Service + " " + label
		}
		if e.Count > 1 {
			label += " x" + printable.Grouped(int64(e.Count))
		}
		out.Edges = append(out.Edges, render.GraphEdge{From: e.From, To: e.To, Label: []string{label, edgeStates(e.States)}})
	}
	return out
}

// edgeStates says in which states the connections of an edge are, and how many
// in each where they differ.
func edgeStates(list []tally.Count) string {
	if len(list) == 1 {
		return list[0].Name
	}
	return counts(list)
}

// pidsOf lists a few process ids: all of a hundred workers say no more.
func pidsOf(pids []int) string {
	text := "pid " + joinInts(first(pids, fewCounts))
	if more := len(pids) - fewCounts; more > 0 {
		text += fmt.Sprintf(" +%d", more)
	}
	return text
}
