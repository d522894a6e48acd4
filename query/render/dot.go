package render

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Graph is an answer as nodes and edges. A label is several lines.
type Graph struct {
	Nodes []GraphNode
	Edges []GraphEdge
}

// GraphNode is one node.
type GraphNode struct {
	Label []string
	Round bool // an ellipse, not a box
}

// GraphEdge leads from one node to another, by their places in Graph.Nodes.
type GraphEdge struct {
	From, To int
	Label    []string
}

// errNoGraph is the error of an answer that has none.
var errNoGraph = errors.New("--format dot: this answer is no graph: stilltrace network CASE.db --graph has one")

// writeDOT writes the graph in the language of Graphviz
// (graphviz.org/doc/info/lang.html). Nodes without an edge are left out.
func writeDOT(w io.Writer, a *Answer, _ Style) (int64, error) {
	if a.Graph == nil {
		return 0, errNoGraph
	}
	out := bufio.NewWriter(w)
	fmt.Fprint(out, "digraph stilltrace {\n  rankdir=LR;\n  node [shape=box];\n")
	drawn := map[int]bool{}
	for _, e := range a.Graph.Edges {
		drawn[e.From], drawn[e.To] = true, true
	}
	for i, n := range a.Graph.Nodes {
		if !drawn[i] {
			continue
		}
		shape := ""
		if n.Round {
			shape = ", shape=ellipse"
		}
		fmt.Fprintf(out, "  n%d [label=%s%s];\n", i, dotLabel(n.Label), shape)
	}
	for _, e := range a.Graph.Edges {
		fmt.Fprintf(out, "  n%d -> n%d [label=%s];\n", e.From, e.To, dotLabel(e.Label))
	}
	fmt.Fprint(out, "}\n")
	return int64(len(a.Graph.Edges)), out.Flush()
}

// dotLabel quotes lines. What is safe on a terminal has no line break, so that
// only the quote and the backslash mean anything to Graphviz.
func dotLabel(lines []string) string {
	quoted := make([]string, len(lines))
	for i, l := range lines {
		quoted[i] = dotQuote.Replace(clean(l))
	}
	return `"` + strings.Join(quoted, `\n`) + `"`
}

var dotQuote = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
