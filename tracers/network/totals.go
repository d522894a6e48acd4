package network

import (
	"cmp"
	"slices"
	"strconv"
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
	Directions    []tally.Count `json:"directions"`
	Classes       []tally.Count `json:"classes"` // of remote addresses, the wildcard left out
	Providers     []tally.Count `json:"providers"`
	Users         []tally.Count `json:"users"`
	Exposures     []tally.Count `json:"exposures"`  // of listeners
	Namespaces    []tally.Count `json:"namespaces"` // network namespaces by inode, with the container in it
	Containers    []tally.Count `json:"containers"`
}

// Groupings returns the names of the lists of Totals, as a person asks for them.
func Groupings() []string {
	return []string{"state", "proto", "service", "remote", "process", "direction", "class", "provider", "user", "exposure", "namespace", "container"}
}

// By returns the list of that name, or nil.
func (t *Totals) By(name string) []tally.Count {
	lists := [][]tally.Count{t.States, t.Protos, t.Services, t.Remotes, t.Processes, t.Directions, t.Classes, t.Providers, t.Users, t.Exposures,
		t.Namespaces, t.Containers}
	for i, n := range Groupings() {
		if n == name {
			return lists[i]
		}
	}
	return nil
}

func (h *host) total(rows []Row) Totals {
	counts := make([]map[string]int, len(Groupings()))
	for i := range counts {
		counts[i] = map[string]int{}
	}
	t := Totals{Sockets: len(rows)}
	for i := range rows {
		r := &rows[i]
		remote, class := "", ""
		if r.Class != address.None && r.Class != address.Unspecified {
			remote, class = r.Remote.String(), r.Class.String()
		}
		for n, v := range []string{r.State, r.Proto, r.Service, remote, "", string(r.Direction), class, r.Provider, r.User, string(r.Exposure),
			h.space(r.NetNS), cmp.Or(r.ContainerName, r.Container)} {
			counts[n][v]++
		}
		for _, p := range r.Processes {
			counts[4][p]++
		}
		if r.Ownership == OwnerUnknown {
			t.UnknownOwners++
		}
	}
	lists := []*[]tally.Count{&t.States, &t.Protos, &t.Services, &t.Remotes, &t.Processes, &t.Directions, &t.Classes, &t.Providers, &t.Users, &t.Exposures,
		&t.Namespaces, &t.Containers}
	for i, list := range lists {
		*list = tally.Counts(counts[i])
	}
	return t
}

// space names a network namespace: its inode, and the container that lives in
// it; the one from which the capture looked is the host's. "" for an unknown one.
func (h *host) space(inode uint64) string {
	if inode == 0 {
		return ""
	}
	text := strconv.FormatUint(inode, 10)
	if s := h.spaces[inode]; s != nil {
		return strings.TrimRight(text+" "+s.Whose(h.containers[s.Container]), " ")
	}
	return text
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
			c = cmp.Or(strings.Compare(a.Proto, b.Proto), strings.Compare(a.Path, b.Path), cmp.Compare(a.PortID, b.PortID))
		}
		return cmp.Or(c, cmp.Compare(a.NetNS, b.NetNS), cmp.Compare(a.Inode, b.Inode))
	})
}

func rank(d Direction) int {
	switch d {
	case Listen:
		return 0
	case Raw:
		return 2
	case Local:
		return 3
	}
	return 1
}
