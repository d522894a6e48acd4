package proc

import (
	"net/netip"

	"stilltrace/index"
)

// socketKey tells the sockets of one table apart. The kernel hands a table
// out in pieces and may show a socket twice.
type socketKey struct {
	inode         uint64
	local, remote netip.AddrPort
	path          string
	portID        uint32
}

func keyOfSocket(s *index.Socket) socketKey {
	return socketKey{s.Inode, netip.AddrPortFrom(s.Local, s.LPort), netip.AddrPortFrom(s.Remote, s.RPort), s.Path, s.PortID}
}

// collector takes the sockets of one table in, each once.
type collector struct {
	*tableReader
	proto string
	first map[uint64]int32   // of an inode, its place in sockets
	seen  map[socketKey]bool // those without an inode, and those of a table that has one twice, as no kernel writes it
	over  int
}

func (r *tableReader) collect(proto string) *collector {
	if r.first == nil {
		r.first, r.seen = map[uint64]int32{}, map[socketKey]bool{}
	}
	clear(r.first)
	clear(r.seen)
	return &collector{tableReader: r, proto: proto, first: r.first, seen: r.seen}
}

func (c *collector) add(s index.Socket) {
	switch {
	case c.known(&s):
	case len(c.sockets) >= maxSockets:
		c.over++
	default:
		s.Proto = c.proto
		c.sockets = append(c.sockets, s)
	}
}

// known reports whether a socket was taken in, and takes note of it.
func (c *collector) known(s *index.Socket) bool {
	if s.Inode == 0 && c.proto == "unix" {
		return false // connections that wait for accept(2): nothing tells them apart
	}
	if s.Inode != 0 {
		at, ok := c.first[s.Inode]
		if !ok {
			c.first[s.Inode] = int32(len(c.sockets))
			return false
		}
		if int(at) < len(c.sockets) && keyOfSocket(&c.sockets[at]) == keyOfSocket(s) {
			return true
		}
	}
	key := keyOfSocket(s)
	was := c.seen[key]
	c.seen[key] = true
	return was
}

func (c *collector) done() {
	if c.over > 0 {
		c.gap(index.Gap{Area: areaSocket, Place: c.place + "/" + c.proto, Reason: index.ReasonTooLarge, Detail: "more sockets than the limit", Count: c.over})
	}
}
