package ip

import (
	"fmt"
	"net/netip"

	"stilltrace/index"
	"stilltrace/tracers/address"
)

// wanted is what a query's terms ask for.
type wanted struct {
	addresses []index.Condition // on ip
	classes   []index.Condition // on class
	events    []index.Term      // for the Reader
	asked     bool              // a term names addresses or a class to be listed, so none of them is hidden
	sockets   bool              // an address that only a connection names is wanted too
	one       netip.Addr        // the one address that is asked for, or invalid
}

// split tells the terms about the address from those about events. A term that
// asks for an address goes to the Reader as well: an event that names no such
// address cannot count for it. A term that leaves an address out does not: the
// event may name others that are wanted.
func split(terms []index.Term) (*wanted, error) {
	w := &wanted{sockets: true}
	for _, t := range terms {
		switch t.Field {
		case "ip":
			c, ok := t.Compile(index.Address)
			if !ok {
				return nil, fmt.Errorf("term %s: neither an address nor a network such as 203.0.113.0/24", t)
			}
			w.addresses = append(w.addresses, c)
			if !t.Not {
				w.asked = true
				w.events = append(w.events, t)
				if c.Prefix().IsSingleIP() {
					w.one = c.Prefix().Addr()
				}
			}
		case "class":
			c, ok := t.Compile(index.Exact)
			if !ok {
				return nil, fmt.Errorf("term %s: class has no order: class:public", t)
			}
			w.classes = append(w.classes, c)
			w.asked = w.asked || !t.Not
		default:
			w.sockets = false
			w.events = append(w.events, t)
		}
	}
	return w, nil
}

func (w *wanted) has(a netip.Addr, class address.Class) bool {
	for i := range w.addresses {
		if !w.addresses[i].Addr(a) {
			return false
		}
	}
	for i := range w.classes {
		if !w.classes[i].Text(class.String()) {
			return false
		}
	}
	return true
}

// plain is the address without what differs between two spellings of it: the
// IPv4-mapped form, and the zone, which names an interface of this host.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// fromInside reports whether no host of the internet can have an address of
// the class.
func fromInside(c address.Class) bool {
	switch c {
	case address.Unspecified, address.Loopback, address.Private, address.LinkLocal, address.Multicast:
		return true
	}
	return false
}
