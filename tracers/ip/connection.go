package ip

import (
	"net/netip"

	"stilltrace/index"
)

// sockets takes in what the snapshot knows beside the events: the addresses of
// the host's interfaces, and its sockets.
func (t *tracer) sockets(r *index.Reader, snapshot int) error {
	snap, err := r.Snapshot(snapshot)
	if err != nil {
		return err
	}
	for i := range snap.Host.NetSpaces {
		for _, n := range snap.Host.NetSpaces[i].Interfaces {
			for _, a := range n.Addresses {
				t.isOwn(a)
			}
		}
	}
	for s, err := range r.Sockets(snapshot) {
		if err != nil {
			return err
		}
		t.socket(s)
	}
	return nil
}

func (t *tracer) isOwn(a netip.Addr) {
	if a = plain(a); a.IsValid() && !a.IsUnspecified() && len(t.own) < t.most {
		t.own[a] = true
	}
}

// socket takes in one socket of the snapshot: its local end is an address of
// this host, and its remote end a connection of that address. An address that
// no event names gets a row by it, unless a term asks for events.
func (t *tracer) socket(s *index.Socket) {
	t.isOwn(s.Local)
	remote := plain(s.Remote)
	// TIME_WAIT is what the kernel remembers of a connection that is over.
	if !remote.IsValid() || remote.IsUnspecified() || s.State == "TIME_WAIT" {
		return
	}
	n := t.entries[remote]
	if n == nil && t.wanted.sockets {
		n = t.entry(remote)
	}
	if n == nil {
		return
	}
	n.connected++
	keep := rowConnections
	if remote == t.wanted.one {
		keep = detailConnections
	}
	if len(n.connections) >= keep || t.kept >= maxConnections {
		return
	}
	t.kept++
	c := Connection{Proto: s.Proto, State: s.State, Local: s.Local, LPort: s.LPort, RPort: s.RPort, Owners: s.Owner}
	if c.Owners == nil {
		c.Owners = []index.Owner{}
	}
	n.connections = append(n.connections, c)
}
