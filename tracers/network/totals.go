package network

import (
	"cmp"
	"slices"
	"strings"

	"stilltrace/tracers/address"
	"stilltrace/tracers/tally"
)

// Totals count sockets, each list by falling count, then by name. A socket
// without the thing counted is in Sockets alone.
type Totals struct {
	Sockets       int           `json:"sockets"`
	UnknownOwners int           `json:"unknown_owners"` // of Ownership unknown
	States        []tally.Count `json:"states"`
	Protos        []tally.Count `json:"protos"`
	Services      []tally.Count `json:"services"`
	Remotes       []tally.Count `json:"remotes"`   // remote addresses, the wildcard left out
	Processes     []tally.Count `json:"processes"` // names of owners; a socket counts once under each name
}

func total(rows []Row) Totals {
	states, protos, services := map[string]int{}, map[string]int{}, map[string]int{}
	remotes, processes := map[string]int{}, map[string]int{}
	t := Totals{Sockets: len(rows)}
	for i := range rows {
		r := &rows[i]
		states[r.State]++
		protos[r.Proto]++
		services[r.Service]++
		if r.Class != address.None && r.Class != address.Unspecified {
			remotes[r.Remote.String()]++
		}
		for _, p := range r.Processes {
			processes[p]++
		}
		if r.Ownership == OwnerUnknown {
			t.UnknownOwners++
		}
	}
	t.States, t.Protos, t.Services = tally.Counts(states), tally.Counts(protos), tally.Counts(services)
	t.Remotes, t.Processes = tally.Counts(remotes), tally.Counts(processes)
	return t
}

// sortRows orders rows as Answer promises. Where all that a person sees is
// equal, namespace and inode decide, so that the order is the same every time.
func sortRows(rows []*Row) {
	slices.SortStableFunc(rows, func(a, b *Row) int {
		if c := cmp.Compare(rank(a.Direction), rank(b.Direction)); c != 0 {
			return c
		}
		var c int
		switch rank(a.Direction) {
		case 0:
			c = cmp.Or(cmp.Compare(a.LPort, b.LPort), strings.Compare(a.Proto, b.Proto), a.Local.Compare(b.Local))
		case 1:
			c = cmp.Or(a.Remote.Compare(b.Remote), cmp.Compare(a.RPort, b.RPort), strings.Compare(a.Proto, b.Proto),
				a.Local.Compare(b.Local), cmp.Compare(a.LPort, b.LPort))
		default:
			c = strings.Compare(a.Path, b.Path)
		}
		return cmp.Or(c, cmp.Compare(a.NetNS, b.NetNS), cmp.Compare(a.Inode, b.Inode))
	})
}

func rank(d Direction) int {
	switch d {
	case Listen:
		return 0
	case Local:
		return 2
	}
	return 1
}
