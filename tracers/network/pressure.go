package network

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Pressure is where connections wait, and where ports run out.
type Pressure struct {
	HalfOpen  int    `json:"half_open"`  // begun from outside, and not confirmed yet: SYN_RECV, NEW_SYN_RECV
	Opening   int    `json:"opening"`    // begun from here, and not answered yet: SYN_SENT
	Waiting   uint64 `json:"waiting"`    // in the queues of listeners, not accepted yet
	TimeWait  int    `json:"time_wait"`  // over; the kernel keeps their ports for a minute
	CloseWait int    `json:"close_wait"` // over for the other side, and not closed by the process
	// Listeners are those in whose queue a connection waits, the longest queue first.
	Listeners []Queue `json:"listeners"`
	// HalfOpenBy and TimeWaitBy say where: the fullest first.
	HalfOpenBy []Door     `json:"half_open_by"`
	Ports      []PortUse  `json:"ports"`
	Counters   []Counters `json:"counters"` // of the namespaces of the sockets, those that count what was refused
}

// Queue is a listener whose process does not keep up.
type Queue struct {
	Proto   string     `json:"proto"`
	Local   netip.Addr `json:"laddr"`
	LPort   uint16     `json:"lport"`
	NetNS   uint64     `json:"netns"`
	PIDs    []int      `json:"pids"`
	Process string     `json:"process"`
	Waiting uint64     `json:"waiting"`
	Backlog *uint64    `json:"backlog"` // how many may wait; nil where it is unknown
}

// Door is a port at which half-open connections knock.
type Door struct {
	NetNS    uint64 `json:"netns"`
	LPort    uint16 `json:"lport"`
	HalfOpen int    `json:"half_open"`
	Remotes  int    `json:"remotes"` // different addresses
	Evidence string `json:"evidence"`
}

// PortUse is how many of the host's own ports connections to one remote port
// use: each takes one, and they are used up together.
type PortUse struct {
	NetNS    uint64     `json:"netns"`
	Local    netip.Addr `json:"laddr"`
	Remote   netip.Addr `json:"raddr"`
	RPort    uint16     `json:"rport"`
	Used     int        `json:"used"`
	TimeWait int        `json:"time_wait"` // of these
	Of       int        `json:"of"`        // the range of ports that the kernel takes from (ip(7), ip_local_port_range)
	Evidence string     `json:"evidence"`
}

// Counters are those of one namespace that count what was refused since its
// beginning (proc_pid_net(5), netstat).
type Counters struct {
	NetNS     uint64 `json:"netns"`
	Overflows uint64 `json:"listen_overflows"` // a listener's queue was full
	Drops     uint64 `json:"listen_drops"`     // connections that were refused for that or another reason
	Cookies   uint64 `json:"syncookies_sent"`  // the queue of half-open connections was full
	TimeWait  uint64 `json:"time_wait_overflow"`
}

// fewPlaces is how many places of one kind a Pressure names: the fullest are
// the ones to look at.
const fewPlaces = 10

func (h *host) pressure(rows []Row) Pressure {
	p := Pressure{Listeners: []Queue{}, HalfOpenBy: []Door{}, Ports: []PortUse{}, Counters: []Counters{}}
	doors := map[[2]uint64]*Door{}
	knocked := map[[2]uint64]map[netip.Addr]bool{}
	ports := map[PortUse]*PortUse{}
	spaces := map[uint64]bool{}
	for i := range rows {
		r := &rows[i]
		if r.Direction != Local { // unix sockets refuse nothing that is counted there
			spaces[r.NetNS] = true
		}
		switch r.State {
		case "SYN_RECV", "NEW_SYN_RECV":
			p.HalfOpen++
			k := [2]uint64{r.NetNS, uint64(r.LPort)}
			if doors[k] == nil {
				doors[k], knocked[k] = &Door{NetNS: r.NetNS, LPort: r.LPort, Evidence: r.Evidence()}, map[netip.Addr]bool{}
			}
			doors[k].HalfOpen++
			knocked[k][r.Remote] = true
			doors[k].Remotes = len(knocked[k])
		case "SYN_SENT":
			p.Opening++
		case "TIME_WAIT":
			p.TimeWait++
		case "CLOSE_WAIT":
			p.CloseWait++
		}
		if r.Direction == Listen && transport(&r.Socket) == "tcp" && r.RecvQ > 0 {
			p.Waiting += r.RecvQ
			p.Listeners = append(p.Listeners, Queue{r.Proto, r.Local, r.LPort, r.NetNS, r.PIDs, holder(&r.Socket), r.RecvQ, r.Backlog})
		}
		if r.Direction == Outbound && transport(&r.Socket) == "tcp" {
			k := PortUse{NetNS: r.NetNS, Local: r.Local, Remote: r.Remote, RPort: r.RPort}
			if ports[k] == nil {
				use := k
				use.Of, use.Evidence = h.portRange(), r.Evidence()
				ports[k] = &use
			}
			ports[k].Used++
			if r.State == "TIME_WAIT" {
				ports[k].TimeWait++
			}
		}
	}
	p.fill(doors, ports)
	for inode := range spaces {
		if c := h.counters(inode); c != (Counters{NetNS: inode}) {
			p.Counters = append(p.Counters, c)
		}
	}
	slices.SortFunc(p.Counters, func(a, b Counters) int { return cmp.Compare(a.NetNS, b.NetNS) })
	return p
}

// fill puts the places in order, the fullest first, and keeps the first few.
func (p *Pressure) fill(doors map[[2]uint64]*Door, ports map[PortUse]*PortUse) {
	for _, d := range doors {
		p.HalfOpenBy = append(p.HalfOpenBy, *d)
	}
	for _, u := range ports {
		if u.TimeWait > 0 {
			p.Ports = append(p.Ports, *u)
		}
	}
	slices.SortFunc(p.HalfOpenBy, func(a, b Door) int {
		return cmp.Or(cmp.Compare(b.HalfOpen, a.HalfOpen), cmp.Compare(a.NetNS, b.NetNS), cmp.Compare(a.LPort, b.LPort))
	})
	slices.SortFunc(p.Ports, func(a, b PortUse) int {
		return cmp.Or(cmp.Compare(b.Used, a.Used), cmp.Compare(a.NetNS, b.NetNS), a.Remote.Compare(b.Remote), cmp.Compare(a.RPort, b.RPort), a.Local.Compare(b.Local))
	})
	slices.SortStableFunc(p.Listeners, func(a, b Queue) int { return cmp.Compare(b.Waiting, a.Waiting) })
	p.HalfOpenBy = p.HalfOpenBy[:min(len(p.HalfOpenBy), fewPlaces)]
	p.Ports = p.Ports[:min(len(p.Ports), fewPlaces)]
	p.Listeners = p.Listeners[:min(len(p.Listeners), fewPlaces)]
}

func (h *host) counters(inode uint64) Counters {
	c := Counters{NetNS: inode}
	if s := h.spaces[inode]; s != nil {
		c.Overflows, c.Drops = s.Counters["TcpExt.ListenOverflows"], s.Counters["TcpExt.ListenDrops"]
		c.Cookies, c.TimeWait = s.Counters["TcpExt.SyncookiesSent"], s.Counters["TcpExt.TCPTimeWaitOverflow"]
	}
	return c
}

// usualPorts is how many ports the kernel takes its own from unless told
// otherwise: 32768 to 60999 (Documentation/networking/ip-sysctl.rst).
const usualPorts = 60999 - 32768 + 1

// portRange is how many ports the host takes its own from.
func (h *host) portRange() int { return parseRange(h.snap.Sysctl["net.ipv4.ip_local_port_range"]) }

// parseRange reads two ports and counts those from the first to the second.
func parseRange(text string) int {
	parts := strings.Fields(text)
	if len(parts) != 2 {
		return usualPorts
	}
	from, err := strconv.ParseUint(parts[0], 10, 16)
	to, err2 := strconv.ParseUint(parts[1], 10, 16)
	if err != nil || err2 != nil || from > to {
		return usualPorts
	}
	return int(to-from) + 1
}

// busy reports whether a listener's queue is half full, or long where nobody
// knows how long it may be.
func (q *Queue) busy() bool {
	if q.Backlog != nil && *q.Backlog > 0 {
		return q.Waiting >= (*q.Backlog+1)/2
	}
	return q.Waiting >= longQueue
}

// longQueue is a queue that no process leaves waiting that keeps up.
const longQueue = 10
