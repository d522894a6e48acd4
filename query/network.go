package query

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"stilltrace/index"
	"stilltrace/index/printable"
	"stilltrace/query/render"
	"stilltrace/tracers/network"
	"stilltrace/tracers/tally"
)

func networkFields(*index.Reader) []index.FieldSpec { return network.Fields() }

// Network shows the sockets of the snapshot with their owners, how many there
// are of each kind, or who talks to whom.
func Network(ctx context.Context, env *Env, o *Options, args []string) (Status, error) {
	if err := o.oneNetworkShape(); err != nil {
		return Trouble, err
	}
	s, err := ask(ctx, env, o, args, "network", networkFields, bareSocket)
	if err != nil {
		return StatusOf(err), err
	}
	defer s.close()
	if err := s.whole(); err != nil {
		return StatusOf(err), err
	}
	s.momentary("sockets")
	if o.Graph {
		return s.networkGraph()
	}
	a, err := network.Run(s.reader, s.query)
	if err != nil {
		return StatusOf(err), err
	}
	if len(o.By) > 0 {
		return s.countSockets(a)
	}
	v := sockets(s.asksListeners())
	if err := v.order(a.Sockets, o.Sort); err != nil {
		return Trouble, err
	}
	total := len(a.Sockets)
	a.Sockets = first(a.Sockets, s.limit())
	flows, beside := len(a.Flows), besideSockets(a)
	a.Flows = first(a.Flows, s.limit())
	answer := &render.Answer{Main: v.table(a.Sockets, total), Value: a, Notes: s.networkNotes(a), Records: socketsAndFlows(a)}
	if total+beside > 0 {
		answer.Sections = []render.Table{answer.Main}
		if total > fewCounts {
			answer.Sections = append(answer.Sections, s.inAll(a))
		}
		answer.Sections = append(answer.Sections, trackedFlows(a.Flows, flows), s.interfaces(a.Interfaces), s.chains(a.Chains))
		answer.Sections = append(answer.Sections, s.networkFindings(a.Findings), s.networkAdvice(a.Recommendations))
	}
	status, err := s.print(answer)
	switch {
	case status == Nothing && beside > 0:
		status = Found // in json and csv the rows are the sockets
	case status == Nothing && !s.format.Program:
		s.adviseNetwork(a.Captured, a.Hidden)
	}
	return status, err
}

// oneNetworkShape refuses flags that ask for several shapes of one answer.
func (o *Options) oneNetworkShape() error {
	switch {
	case o.Graph && len(o.By) > 0:
		return errors.New("--graph, --by: one at a time")
	case o.Sort != "" && (o.Graph || len(o.By) > 0):
		return errors.New("--sort: counts and graphs are ordered by themselves, the most frequent first: leave out --sort")
	case o.formatName() == "dot" && !o.Graph:
		return errors.New("--format dot: only graphs are written so: stilltrace network CASE.db --graph")
	}
	for _, by := range o.By {
		if !slices.Contains(network.Groupings(), by) {
			return fmt.Errorf("--by %s: sockets are not counted by that%s: one of %s", by, didYouMean(by, network.Groupings()), strings.Join(network.Groupings(), ", "))
		}
	}
	return nil
}

// asksListeners reports whether the question is for listeners alone.
func (s *session) asksListeners() bool {
	return slices.ContainsFunc(s.query.Terms, func(t index.Term) bool {
		return !t.Not && (t.Field == "direction" && t.Value == string(network.Listen) || t.Field == "state" && t.Value == "LISTEN" || t.Field == "exposure")
	})
}

func (s *session) networkNotes(a *network.Answer) (notes []string) {
	if a.Hidden > 0 {
		notes = append(notes, hiddenSockets(a.Hidden))
	}
	if len(a.Legacy) > 0 {
		notes = append(notes, "the rules of iptables-legacy were not read: "+legacy(a.Legacy))
	}
	return append(notes, s.socketGaps(a.DeniedFDLists, a.Gaps)...)
}

func hiddenSockets(n int) string {
	return printable.Counted(int64(n), "unix or netlink socket", "unix and netlink sockets") + " left out: direction:local shows them"
}

func (s *session) socketGaps(denied int, gaps []tally.Count) (notes []string) {
	if denied > 0 {
		note := "owners may be missing: the open files of " + printable.Counted(int64(denied), "process", "processes") + " could not be read"
		if s.snap.Capturer.EUID != 0 {
			note += ": capture as root to see them"
		}
		notes = append(notes, note)
	}
	return append(notes, s.gapNote("not all sockets are here", gaps)...)
}

// adviseNetwork helps where nothing was found: why, and what to ask instead.
func (s *session) adviseNetwork(captured bool, hidden int) {
	switch {
	case !captured:
		s.env.say("the snapshot was told to leave out processes and sockets (--no-proc)")
	case hidden > 0:
		s.env.say("%s", hiddenSockets(hidden))
	}
	for _, t := range s.query.Terms {
		if t.Field == "service" && !t.Not {
			s.env.say("service: is what a port is for; by the name of who holds it: process:%s", t.Value)
			if strings.Contains(t.Value, ".") {
				s.env.say("by the name of the remote address: rdns:%s", t.Value)
			}
		}
	}
}

// sockets shows rows; of listeners also from where they can be reached,
// however narrow the terminal is.
func sockets(listeners bool) view[network.Row] {
	type row = network.Row
	exposed := 130
	if listeners {
		exposed = 0
	}
	text := textColumn[row]
	return view[row]{"socket", "sockets", []column[row]{
		text(render.Column{Name: "proto"}, func(r *row) string { return r.Proto }),
		text(render.Column{Name: "state", Shrink: 2}, func(r *row) string { return r.State }),
		text(render.Column{Name: "local", Shrink: 1}, func(r *row) string { return endpoint(&r.Socket, r.Local, r.LPort) }),
		text(render.Column{Name: "remote", Shrink: 1}, func(r *row) string { return endpoint(nil, r.Remote, r.RPort) }),
		text(render.Column{Name: "service", Shrink: 3, From: 90}, func(r *row) string { return r.Service }),
		{render.Column{Name: "pid", Kind: render.Number}, func(r row) render.Cell {
			switch {
			case len(r.PIDs) > 0:
				return render.NumberCell(r.PIDs[0])
			case r.Ownership == network.OwnerUnknown:
				return render.TextCell("?")
			}
			return render.Cell{}
		}},
		text(render.Column{Name: "process", Shrink: 3}, func(r *row) string {
			return partyName(r.Processes, r.PIDs)
		}),
		text(render.Column{Name: "exposure", From: exposed, Sparse: true}, func(r *row) string { return string(r.Exposure) }),
		text(render.Column{Name: "user", Shrink: 3, From: 100}, func(r *row) string { return r.User }),
		text(render.Column{Name: "container", Shrink: 4, From: 120, Sparse: true}, func(r *row) string { return shortContainer(r.ContainerName, r.Container) }),
		text(render.Column{Name: "rdns", Shrink: 4, From: 120, Sparse: true}, func(r *row) string { return r.RDNS }),
		text(render.Column{Name: "provider", Shrink: 4, From: 130, Sparse: true}, func(r *row) string { return r.Provider }),
		text(render.Column{Name: "peer", Shrink: 4, From: 130, Sparse: true}, func(r *row) string { return partyName(r.PeerProcesses, r.PeerPIDs) }),
		text(render.Column{Name: "direction", From: 110}, func(r *row) string { return string(r.Direction) }),
		text(render.Column{Name: "class", From: 150}, func(r *row) string { return r.Class.String() }),
		{render.Column{Name: "recvq", Kind: render.Count, From: 100, Sparse: true}, func(r row) render.Cell { return render.NumberCell(r.RecvQ) }},
		{render.Column{Name: "sendq", Kind: render.Count, From: 100, Sparse: true}, func(r row) render.Cell { return render.NumberCell(r.SendQ) }},
		text(render.Column{Name: "pids", From: render.Never}, func(r *row) string { return joinInts(r.PIDs) }),
		{render.Column{Name: "backlog", Kind: render.Count, From: render.Never}, func(r row) render.Cell {
			if r.Backlog == nil {
				return render.Cell{}
			}
			return render.NumberCell(*r.Backlog)
		}},
		text(render.Column{Name: "program", From: render.Never}, func(r *row) string { return r.Program }),
		{render.Column{Name: "uid", Kind: render.Number, From: render.Never}, func(r row) render.Cell { return optional(r.UID) }},
		{render.Column{Name: "inode", Kind: render.Number, From: render.Never}, func(r row) render.Cell { return render.NumberCell(r.Inode) }},
		{render.Column{Name: "netns", Kind: render.Number, From: render.Never}, func(r row) render.Cell { return render.NumberCell(r.NetNS) }},
	}}
}

// partyName names the owners of a socket: sshd +1.
func partyName(names []string, pids []int) string {
	text := strings.Join(names, ",")
	if more := len(pids) - 1; more > 0 {
		text += " +" + strconv.Itoa(more)
	}
	return text
}

// shortContainer is how the runtime shows a container: its name, else the
// first digits of its id.
func shortContainer(name, id string) string {
	if name != "" {
		return name
	}
	return id[:min(len(id), 12)]
}

// endpoint writes one end of a socket as ss(8) does: * for any address, and
// the path of a unix socket.
func endpoint(unix *index.Socket, a netip.Addr, port uint16) string {
	if unix != nil && (unix.Proto == "packet" || unix.Proto == "netlink") {
		return cmp.Or(unix.Protocol, "?")
	}
	if unix != nil && unix.Proto == "unix" {
		if unix.Path == "" {
			return "inode:" + strconv.FormatUint(unix.Inode, 10) // a term that finds it
		}
		return unix.Path
	}
	if !a.IsValid() {
		return ""
	}
	number := strconv.Itoa(int(port))
	if port == 0 {
		number = "*"
	}
	host := a.String()
	if a.Is6() {
		host = "[" + host + "]"
	}
	if port == 0 && a.IsUnspecified() {
		host = "*"
	}
	return host + ":" + number
}

func optional(n *uint32) render.Cell {
	if n == nil {
		return render.Cell{}
	}
	return render.NumberCell(*n)
}

func joinInts(list []int) string {
	var b strings.Builder
	for i, n := range list {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}
