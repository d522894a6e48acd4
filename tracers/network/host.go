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
	snap       *index.Host
	users      map[uint32]string
	ports      map[port]string
	listeners  map[door]string // to the comm of its owner, "" where that is unknown
	ends       map[end]*index.Socket
	inodes     map[uint64]*index.Socket // of unix sockets
	own        map[netip.Addr]bool      // addresses of the host and of its namespaces
	names      map[netip.Addr]name
	containers map[string]*index.Container
	spaces     map[uint64]*index.NetSpace
	denied     int                // lists of descriptors that could not be read
	providers  *address.Providers // nil until a public address needs them
}

// end is a connection as one of its sides sees it.
type end struct {
	proto         string
	local, remote netip.AddrPort
	netns         uint64 // of loopback addresses, which every namespace has for itself
}

func endOf(s *index.Socket) end {
	e := end{proto: transport(s), local: netip.AddrPortFrom(s.Local, s.LPort), remote: netip.AddrPortFrom(s.Remote, s.RPort)}
	if s.Local.IsLoopback() {
		e.netns = s.NetNS
	}
	return e
}

// other is the same connection as its other side sees it.
func (e end) other() end {
	e.local, e.remote = e.remote, e.local
	return e
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
	n := &host{snap: h, users: map[uint32]string{}, ports: map[port]string{}, listeners: map[door]string{}, ends: map[end]*index.Socket{},
		inodes: map[uint64]*index.Socket{}, own: map[netip.Addr]bool{}, names: map[netip.Addr]name{}, containers: map[string]*index.Container{}, spaces: map[uint64]*index.NetSpace{}}
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
	for i := range h.Containers {
		n.containers[h.Containers[i].ID] = &h.Containers[i]
	}
	for i := range h.NetSpaces {
		n.spaces[h.NetSpaces[i].Inode] = &h.NetSpaces[i]
		for _, f := range h.NetSpaces[i].Interfaces {
			for _, a := range f.Addresses {
				n.own[a.Unmap().WithZone("")] = true
			}
		}
	}
	for _, s := range sockets {
		n.note(s)
	}
	n.nameAddresses()
	return n
}

// note takes in what a socket tells about others.
func (h *host) note(s *index.Socket) {
	switch {
	case s.Proto == "unix":
		h.inodes[s.Inode] = s
	case listens(s):
		if d := doorOf(s, s.Local, s.LPort); h.listeners[d] == "" {
			h.listeners[d] = holder(s)
		}
	case s.LPort != 0 && s.RPort != 0:
		if e := endOf(s); h.ends[e] == nil || h.ends[e].Inode == 0 {
			h.ends[e] = s
		}
	}
	if a := s.Local; a.IsValid() && !a.IsUnspecified() && !a.IsMulticast() {
		h.own[a.WithZone("")] = true
	}
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
	if c := h.containers[s.Container]; c != nil && s.Container != "" {
		r.ContainerName = c.Name
	}
	r.Service, r.Program = h.service(s, r.Direction)
	h.remote(r)
	h.peer(r)
	return r
}

// remote fills in what is known of the remote address.
func (h *host) remote(r *Row) {
	a := r.Remote.WithZone("")
	if r.Class == address.None || r.Class == address.Unspecified {
		return
	}
	r.Own = h.own[a]
	n := h.names[a]
	r.RDNS, r.RDNSFrom = n.text, n.from
	if r.Class == address.Public {
		if h.providers == nil {
			h.providers = address.NewProviders()
		}
		r.Provider = h.providers.Of(a)
	}
}

// peer finds the other end of a socket within this host.
func (h *host) peer(r *Row) {
	var other *index.Socket
	switch {
	case r.Proto == "unix" && r.Peer != 0:
		other = h.inodes[r.Peer]
	case r.RPort != 0:
		other = h.ends[endOf(&r.Socket).other()]
	}
	if other != nil && len(other.Owner) > 0 {
		r.PeerPIDs, r.PeerProcesses = owners(other)
	}
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
	switch transport(s) {
	case "unix", "netlink":
		return Local
	case "raw", "icmp", "packet":
		return Raw
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
// this host. The program is that comm in any case.
func (h *host) service(s *index.Socket, d Direction) (name, program string) {
	addr, number := s.Local, s.LPort
	switch d {
	case Local, Raw:
		return "", ""
	case Outbound:
		addr, number = s.Remote, s.RPort
	}
	if d != Outbound || addr == s.Local || addr.IsLoopback() {
		program, _ = h.listener(s, addr, number)
	}
	if name = h.ports[port{transport(s), number}]; name == "" {
		name = program
	}
	return name, program
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
