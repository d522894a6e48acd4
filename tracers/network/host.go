package network

import (
	"net/netip"
	"slices"
	"strings"

	"stilltrace/index"
	"stilltrace/tracers/address"
)

// host is what one row needs to know of the names and of the other sockets.
type host struct {
	users     map[uint32]string
	ports     map[port]string
	listeners map[door]string // to the comm of its owner, "" where that is unknown
}

// port is a port of services(5): tcp or udp.
type port struct {
	proto  string
	number uint16
}

// door is where a listener waits.
type door struct {
	port
	netns uint64
	addr  netip.Addr
}

func newHost(h *index.Host, sockets []*index.Socket) *host {
	n := &host{users: map[uint32]string{}, ports: map[port]string{}, listeners: map[door]string{}}
	for i := range h.Users {
		if _, known := n.users[h.Users[i].UID]; !known {
			n.users[h.Users[i].UID] = h.Users[i].Name
		}
	}
	for _, p := range h.Ports {
		if k := (port{p.Proto, p.Port}); n.ports[k] == "" {
			n.ports[k] = p.Name
		}
	}
	for _, s := range sockets {
		if !listens(s) {
			continue
		}
		if d := doorOf(s, s.Local, s.LPort); n.listeners[d] == "" {
			n.listeners[d] = holder(s)
		}
	}
	return n
}

// listens reports whether anyone may speak to s first: a tcp listener, or a
// udp socket without a peer, which is what ss(8) calls UNCONN.
func listens(s *index.Socket) bool {
	switch transport(s) {
	case "tcp":
		return s.State == "LISTEN"
	case "udp":
		return s.State == "UNCONN"
	}
	return false
}

// transport is the protocol of s without its address family: tcp, udp, unix.
func transport(s *index.Socket) string { return strings.TrimSuffix(s.Proto, "6") }

func doorOf(s *index.Socket, a netip.Addr, number uint16) door {
	return door{port{transport(s), number}, s.NetNS, a}
}

// holder is the comm of the owner that serves s. With socket activation
// (systemd.socket(5)) init holds the listener beside the service: the service
// is the one meant.
func holder(s *index.Socket) string {
	var best *index.Owner
	for i := range s.Owner {
		o := &s.Owner[i]
		if best == nil || best.PID == 1 || o.PID != 1 && o.PID < best.PID {
			best = o
		}
	}
	if best == nil {
		return ""
	}
	return best.Comm
}

func (h *host) row(s *index.Socket) *Row {
	r := &Row{Kind: "socket", Socket: *s, Class: address.Of(s.Remote), Direction: h.direction(s)}
	r.PIDs, r.Processes = owners(s)
	switch {
	case len(r.PIDs) > 0:
		r.Ownership = OwnerKnown
	case s.Inode == 0:
		r.Ownership = OwnerNone
	default:
		r.Ownership = OwnerUnknown
	}
	if s.UID != nil {
		r.User = h.users[*s.UID]
	}
	if r.Direction == Listen {
		r.Exposure = exposure(s.Local)
	}
	r.Service = h.service(s, r.Direction)
	return r
}

func owners(s *index.Socket) (pids []int, comms []string) {
	list := slices.Clone(s.Owner)
	slices.SortStableFunc(list, func(a, b index.Owner) int { return a.PID - b.PID })
	pids, comms = []int{}, []string{}
	seen := map[string]bool{}
	for _, o := range list {
		if len(pids) == 0 || pids[len(pids)-1] != o.PID {
			pids = append(pids, o.PID)
		}
		if o.Comm != "" && !seen[o.Comm] {
			seen[o.Comm] = true
			comms = append(comms, o.Comm)
		}
	}
	return pids, comms
}

func (h *host) direction(s *index.Socket) Direction {
	if s.Proto == "unix" {
		return Local
	}
	if listens(s) {
		return Listen
	}
	if _, ok := h.listener(s, s.Local, s.LPort); ok {
		return Inbound
	}
	return Outbound
}

// listener finds who waits at a and number in the namespace of s, at that very
// address or at the wildcard. The wildcard of IPv6 takes IPv4 as well unless
// the listener forbids it (ipv6(7), IPV6_V6ONLY), which /proc does not tell.
func (h *host) listener(s *index.Socket, a netip.Addr, number uint16) (comm string, ok bool) {
	if comm, ok = h.listeners[doorOf(s, a, number)]; ok {
		return comm, true
	}
	if a.Is4() {
		if comm, ok = h.listeners[doorOf(s, netip.IPv4Unspecified(), number)]; ok {
			return comm, true
		}
	}
	comm, ok = h.listeners[doorOf(s, netip.IPv6Unspecified(), number)]
	return comm, ok
}

// service names what is served on the listening side of s: the name that the
// host's services(5) gives the port, else the comm of the process that listens
// there, which for an outbound connection is known only where it leads back to
// this host.
func (h *host) service(s *index.Socket, d Direction) string {
	addr, number := s.Local, s.LPort
	switch d {
	case Local:
		return ""
	case Outbound:
		addr, number = s.Remote, s.RPort
	}
	if name := h.ports[port{transport(s), number}]; name != "" {
		return name
	}
	if d == Outbound && addr != s.Local && !addr.IsLoopback() {
		return ""
	}
	comm, _ := h.listener(s, addr, number)
	return comm
}

func exposure(a netip.Addr) Exposure {
	switch address.Of(a) {
	case address.Unspecified:
		return ExposedAll
	case address.Loopback:
		return ExposedLoopback
	case address.Private, address.Shared, address.LinkLocal, address.Multicast:
		return ExposedPrivate
	case address.None:
		return ""
	}
	return ExposedPublic
}
