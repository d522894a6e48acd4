package process

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"stilltrace/index"
	"stilltrace/tracers/tally"
)

// SchemaUsage names the shape of Shares.
const SchemaUsage = "stilltrace.process.usage/1"

// Shares is what the processes of a query use, divided by one of their
// properties.
type Shares struct {
	Schema   string        `json:"schema"`
	Snapshot int           `json:"snapshot"`
	Captured bool          `json:"captured"` // false: the capture was told to leave out processes and sockets
	By       string        `json:"by"`
	Groups   []Group       `json:"groups"` // by falling CPU time, then memory, then name
	Total    Usage         `json:"total"`
	Gaps     []tally.Count `json:"gaps"` // by reason: what of any process could not be read
}

// Group is the processes that have one property in common.
type Group struct {
	Kind string `json:"kind"` // always usage
	Name string `json:"name"` // "" for those without the property
	Usage
}

// groupings are the properties that processes can be divided by.
var groupings = []struct {
	name string
	of   func(p *Row) string
}{
	{"name", program},
	{"user", userOf},
	{"service", func(p *Row) string { return p.Service }},
	{"container", func(p *Row) string { return cmp.Or(p.ContainerName, p.Container) }},
}

// Groupings returns the names of the properties that processes can be divided by.
func Groupings() []string {
	var names []string
	for _, g := range groupings {
		names = append(names, g.name)
	}
	return names
}

// Divide answers q with what the processes for which all terms hold use,
// divided by one of Groupings.
func Divide(r *index.Reader, q index.Query, by string) (*Shares, error) {
	i := slices.IndexFunc(groupings, func(g struct {
		name string
		of   func(p *Row) string
	}) bool {
		return g.name == by
	})
	if i < 0 {
		return nil, fmt.Errorf("by %q: processes are divided by one of %s", by, strings.Join(Groupings(), ", "))
	}
	a, err := Run(r, q)
	if err != nil {
		return nil, err
	}
	s := &Shares{Schema: SchemaUsage, Snapshot: a.Snapshot, Captured: a.Captured, By: by, Groups: []Group{}, Total: a.Summary.Usage, Gaps: a.Gaps}
	at := map[string]int{}
	for n := range a.Processes {
		name := groupings[i].of(&a.Processes[n])
		g, known := at[name]
		if !known {
			g = len(s.Groups)
			at[name] = g
			s.Groups = append(s.Groups, Group{Kind: "usage", Name: name})
		}
		s.Groups[g].add(&a.Processes[n])
	}
	slices.SortFunc(s.Groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.UserMS+b.SystemMS, a.UserMS+a.SystemMS), cmp.Compare(b.RSS, a.RSS), strings.Compare(a.Name, b.Name))
	})
	return s, nil
}

// program is the name under which processes of one program are counted: comm,
// which its workers share, without what the kernel adds to the names of its own
// workers (kworker/0:1).
func program(p *Row) string {
	if p.Kernel {
		name, _, _ := strings.Cut(p.Comm, "/")
		return "[" + name + "]"
	}
	if p.Comm == "" && p.Exe != "" {
		return path.Base(p.Exe)
	}
	return p.Comm
}
