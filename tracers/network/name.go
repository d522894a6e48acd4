package network

import (
	"net/netip"

	"stilltrace/index"
)

// name is what an address was called at the moment of the still, and who says so.
type name struct {
	text string
	from string // hosts, container or resolver
}

// nameAddresses gathers the names of addresses that the capture froze. What
// the host itself wrote down comes before what others answered: whoever owns an
// address writes the answer of the name service.
func (h *host) nameAddresses() {
	put := func(a netip.Addr, text, from string) {
		a = a.Unmap().WithZone("")
		if _, known := h.names[a]; !known && a.IsValid() && text != "" {
			h.names[a] = name{text, from}
		}
	}
	for _, n := range h.snap.Names {
		if len(n.Names) > 0 {
			put(n.Addr, n.Names[0], "hosts")
		}
	}
	for i := range h.snap.NetSpaces {
		space := &h.snap.NetSpaces[i]
		c := h.containers[space.Container]
		if c == nil || space.Container == "" || c.Name == "" {
			continue
		}
		for _, f := range space.Interfaces {
			for _, a := range f.Addresses {
				if !a.IsLoopback() && !a.IsLinkLocalUnicast() {
					put(a, c.Name, "container")
				}
			}
		}
	}
	for i := range h.snap.Resolved {
		put(h.snap.Resolved[i].Addr, first(&h.snap.Resolved[i]), "resolver")
	}
}

func first(r *index.Resolved) string {
	if len(r.Names) == 0 {
		return ""
	}
	return r.Names[0]
}
