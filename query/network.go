package query

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"stilltrace/index"
	"stilltrace/index/printable"
	"stilltrace/query/render"
	"stilltrace/tracers/network"
)

func networkFields(*index.Reader) []index.FieldSpec { return network.Fields() }

// Network shows the sockets of the snapshot, with their owners.
func Network(ctx context.Context, env *Env, o *Options, args []string) (Status, error) {
	s, err := ask(ctx, env, o, args, "network", networkFields, bareSocket)
	if err != nil {
		return StatusOf(err), err
	}
	defer s.close()
	s.momentary("sockets")
	a, err := network.Run(s.reader, s.query)
	if err != nil {
		return StatusOf(err), err
	}
	v := sockets()
	if err := v.order(a.Sockets, o.Sort); err != nil {
		return Trouble, err
	}
	total := len(a.Sockets)
	a.Sockets = first(a.Sockets, s.limit())
	answer := &render.Answer{Main: v.table(a.Sockets, total), Value: a, Notes: s.networkNotes(a)}
	status, err := s.print(answer)
	if status == Nothing && !s.format.Program {
		s.adviseNetwork(a)
	}
	return status, err
}

func (s *session) networkNotes(a *network.Answer) (notes []string) {
	if a.Hidden > 0 {
		notes = append(notes, printable.Counted(int64(a.Hidden), "unix socket", "unix sockets")+" left out: proto:unix shows them")
	}
	if a.DeniedFDLists > 0 {
		note := "owners may be missing: the open files of " + printable.Counted(int64(a.DeniedFDLists), "process", "processes") + " could not be read"
		if s.snap.Capturer.EUID != 0 {
			note += ": capture as root to see them"
		}
		notes = append(notes, note)
	}
	for _, g := range a.Gaps {
		notes = append(notes, fmt.Sprintf("not all sockets are here: %s %s: stilltrace info %s", printable.Grouped(int64(g.Count)), g.Name, s.path))
	}
	return notes
}

// adviseNetwork helps where nothing was found: why, and what to ask instead.
func (s *session) adviseNetwork(a *network.Answer) {
	switch {
	case !a.Captured:
		s.env.say("the snapshot was told to leave out processes and sockets (--no-proc)")
	case a.Hidden > 0:
		s.env.say("%s left out: proto:unix shows them", printable.Counted(int64(a.Hidden), "unix socket", "unix sockets"))
	}
	for _, t := range s.query.Terms {
		if t.Field == "service" && !t.Not {
			s.env.say("service: is the name of a port; by the name of who holds it: process:%s", t.Value)
		}
	}
}

func sockets() view[network.Row] {
	type row = network.Row
	text := func(c render.Column, f func(r *row) string) column[row] {
		return column[row]{c, func(r row) render.Cell { return render.TextCell(f(&r)) }}
	}
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
			names := strings.Join(r.Processes, ",")
			if more := len(r.PIDs) - 1; more > 0 {
				names += " +" + strconv.Itoa(more)
			}
			return names
		}),
		text(render.Column{Name: "user", Shrink: 3, From: 100}, func(r *row) string { return r.User }),
		text(render.Column{Name: "direction", From: 120}, func(r *row) string { return string(r.Direction) }),
		text(render.Column{Name: "class", From: 140}, func(r *row) string { return r.Class.String() }),
		{render.Column{Name: "recvq", Kind: render.Count, From: 160}, func(r row) render.Cell { return render.NumberCell(r.RecvQ) }},
		{render.Column{Name: "sendq", Kind: render.Count, From: 160}, func(r row) render.Cell { return render.NumberCell(r.SendQ) }},
		text(render.Column{Name: "pids", From: render.Never}, func(r *row) string { return joinInts(r.PIDs) }),
		text(render.Column{Name: "exposure", From: render.Never}, func(r *row) string { return string(r.Exposure) }),
		{render.Column{Name: "uid", Kind: render.Number, From: render.Never}, func(r row) render.Cell { return optional(r.UID) }},
		{render.Column{Name: "inode", Kind: render.Number, From: render.Never}, func(r row) render.Cell { return render.NumberCell(r.Inode) }},
		{render.Column{Name: "netns", Kind: render.Number, From: render.Never}, func(r row) render.Cell { return render.NumberCell(r.NetNS) }},
	}}
}

// endpoint writes one end of a socket as ss(8) does: * for any address, and
// the path of a unix socket.
func endpoint(unix *index.Socket, a netip.Addr, port uint16) string {
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
