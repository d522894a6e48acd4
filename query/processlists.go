package query

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"stilltrace/index"
	"stilltrace/index/printable"
	"stilltrace/query/render"
	"stilltrace/tracers/network"
	"stilltrace/tracers/process"
)

// some shows the first rows under a title, and says how many there are
// where these are not all.
func some[T any](v view[T], title string, rows []T, limit int) render.Table {
	shown := first(rows, limit)
	t := v.table(shown, len(rows))
	t.Title = title
	if len(shown) == len(rows) {
		t.Total = nil
	}
	return t
}

func (s *session) resources(p *process.Row) render.Table {
	fds, io, switches, oom, faults := "", "", "", "", ""
	if p.FDs != nil {
		fds = printable.Grouped(int64(*p.FDs))
		if limit := nofile(p); limit > 0 {
			fds += fmt.Sprintf(" of %s (%.1f %%)", printable.Grouped(limit), *fdShare(p))
		}
	}
	if p.IO != nil {
		io = fmt.Sprintf("%s read, %s written to devices; %s in %s and %s in %s", size(p.IO.ReadBytes), size(p.IO.WriteBytes),
			size(p.IO.ReadChars), counted64(p.IO.ReadCalls, "read call", "read calls"),
			size(p.IO.WriteChars), counted64(p.IO.WriteCalls, "write call", "write calls"))
	}
	if p.Switches != nil {
		switches = grouped(p.Switches.Voluntary) + " voluntary, " + grouped(p.Switches.Involuntary) + " not"
	}
	if p.OOM != nil {
		oom = fmt.Sprintf("score %d, adjusted by %d", p.OOM.Score, p.OOM.Adj)
	}
	if p.Faults != nil {
		faults = grouped(p.Faults.Minor) + " minor, " + grouped(p.Faults.Major) + " from disk"
	}
	return facts("Resources",
		fact{"cpu", cpuLine(p)},
		fact{"memory", memoryOf(p)},
		fact{"input, output", io},
		fact{"threads", printable.Grouped(int64(p.Threads))},
		fact{"switches", switches},
		fact{"page faults", faults},
		fact{"open files", fds},
		fact{"out of memory", oom},
	)
}

func cpuLine(p *process.Row) string {
	text := lasted(p.UserMS) + " user, " + lasted(p.SystemMS) + " kernel"
	if l := p.CPU.Lifetime; l.Percent != nil {
		text += fmt.Sprintf("; %.1f %% of a core since it started", *l.Percent)
	}
	if b := p.CPU.Before; b.Percent != nil {
		text += fmt.Sprintf(", %.1f %% in the %s since the snapshot before", *b.Percent, printable.Span(b.MS))
	}
	if l := p.CPU.Looks; l.Percent != nil {
		text += fmt.Sprintf(", %.1f %% in %s between two looks", *l.Percent, printable.Span(l.MS))
	}
	return text
}

func memoryOf(p *process.Row) string {
	text := size(p.RSS) + " resident"
	if p.Memory != nil && p.Memory.PeakResident > 0 {
		text += " (at most " + size(p.Memory.PeakResident) + ")"
	}
	text += ", " + size(p.VSize) + " virtual"
	if p.Swap != nil {
		text += ", " + size(*p.Swap) + " swapped"
	}
	return text
}

func grouped(n uint64) string { return printable.Grouped(int64(min(n, 1<<63-1))) }

func counted64(n uint64, one, many string) string {
	return printable.Counted(int64(min(n, 1<<63-1)), one, many)
}

func ancestryTitle(end process.AncestryEnd) string {
	switch end {
	case process.AncestryMissing:
		return "Parents (the last one's own parent was not captured)"
	case process.AncestryCircle:
		return "Parents (they lead in a circle, which no kernel tells)"
	}
	return "Parents"
}

func relatives() view[process.Relative] {
	type row = process.Relative
	return view[row]{"process", "processes", []column[row]{
		{render.Column{Name: "pid", Kind: render.Number}, func(r row) render.Cell { return render.NumberCell(r.PID) }},
		{render.Column{Name: "user", Shrink: 1}, func(r row) render.Cell { return render.TextCell(r.User) }},
		{render.Column{Name: "started", Kind: render.Time}, func(r row) render.Cell { return render.TimeCell(r.Started) }},
		{render.Column{Name: "service", Shrink: 1, From: 140}, func(r row) render.Cell { return render.TextCell(r.Service) }},
		{render.Column{Name: "command", Shrink: 2}, func(r row) render.Cell {
			return render.TextCell(commandLine(&index.Process{Comm: r.Comm, Cmdline: r.Cmdline}))
		}},
	}}
}

func threads(of *index.Process) view[index.Thread] {
	type row = index.Thread
	return view[row]{"thread", "threads", []column[row]{
		{render.Column{Name: "tid", Kind: render.Number}, func(t row) render.Cell { return render.NumberCell(t.TID) }},
		{render.Column{Name: "name", Shrink: 1}, func(t row) render.Cell { return render.TextCell(t.Comm) }},
		{render.Column{Name: "s"}, func(t row) render.Cell { return render.TextCell(t.State) }},
		{render.Column{Name: "user", Kind: render.Span}, func(t row) render.Cell { return render.NumberCell(t.UserMS) }},
		{render.Column{Name: "kernel", Kind: render.Span}, func(t row) render.Cell { return render.NumberCell(t.SystemMS) }},
		{render.Column{Name: "but with", Shrink: 1, Sparse: true}, func(t row) render.Cell { return render.TextCell(ownRights(of, t.Rights)) }},
	}}
}

func socketsOf() view[network.Row] {
	type row = network.Row
	text := textColumn[row]
	return view[row]{"socket", "sockets", []column[row]{
		text(render.Column{Name: "proto"}, func(r *row) string { return r.Proto }),
		text(render.Column{Name: "state"}, func(r *row) string { return r.State }),
		text(render.Column{Name: "local", Shrink: 1}, func(r *row) string { return endpoint(&r.Socket, r.Local, r.LPort) }),
		text(render.Column{Name: "remote", Shrink: 1}, func(r *row) string { return endpoint(nil, r.Remote, r.RPort) }),
		text(render.Column{Name: "direction", From: 90}, func(r *row) string {
			if r.Exposure != "" {
				return string(r.Direction) + ", " + string(r.Exposure)
			}
			return string(r.Direction)
		}),
		text(render.Column{Name: "service", Shrink: 2, From: 100, Sparse: true}, func(r *row) string { return r.Service }),
		text(render.Column{Name: "peer", Shrink: 2, Sparse: true}, func(r *row) string { return peerOf(r) }),
		text(render.Column{Name: "rdns", Shrink: 2, From: 110, Sparse: true}, func(r *row) string { return r.RDNS }),
		{render.Column{Name: "inode", Kind: render.Number}, func(r row) render.Cell { return render.NumberCell(r.Inode) }},
	}}
}

// peerOf names who holds the other end: redis-server (440).
func peerOf(r *network.Row) string {
	if len(r.PeerPIDs) == 0 {
		return ""
	}
	return party(&network.Node{Kind: network.NodeProcess, Name: strings.Join(r.PeerProcesses, ","), PIDs: r.PeerPIDs})
}

func openFiles() view[index.OpenFile] {
	type row = index.OpenFile
	return view[row]{"open file", "open files", []column[row]{
		{render.Column{Name: "fd", Kind: render.Number}, func(f row) render.Cell { return render.NumberCell(f.FD) }},
		{render.Column{Name: "type"}, func(f row) render.Cell { return render.TextCell(f.Type) }},
		{render.Column{Name: "mode", Sparse: true}, func(f row) render.Cell { return render.TextCell(f.Access) }},
		{render.Column{Name: "at", Kind: render.Count, From: 90, Sparse: true}, func(f row) render.Cell {
			if f.Pos == nil || f.Type != "file" {
				return render.Cell{}
			}
			return render.NumberCell(*f.Pos)
		}},
		{render.Column{Name: "target", Shrink: 1}, func(f row) render.Cell {
			target := f.Target
			if f.Deleted {
				target += " (deleted)"
			}
			if f.Detail != "" {
				target += ", " + f.Detail
			}
			return render.TextCell(target)
		}},
	}}
}

func mappings() view[index.Mapping] {
	type row = index.Mapping
	return view[row]{"map", "maps", []column[row]{
		{render.Column{Name: "perms"}, func(m row) render.Cell { return render.TextCell(m.Perms) }},
		{render.Column{Name: "size", Kind: render.Bytes}, func(m row) render.Cell { return render.NumberCell(m.Size) }},
		{render.Column{Name: "file", Shrink: 1}, func(m row) render.Cell {
			switch {
			case m.Path == "":
				return render.TextCell("anonymous memory")
			case m.Deleted:
				return render.TextCell(m.Path + " (deleted)")
			}
			return render.TextCell(m.Path)
		}},
	}}
}

// oddFirst puts before the libraries what is none: only the first of many maps
// are shown. A plain one has no address (index.Mapping).
func oddFirst(maps []index.Mapping) []index.Mapping {
	plain := func(m index.Mapping) int {
		if m.Start == 0 && (strings.HasPrefix(m.Path, "/usr/") || strings.HasPrefix(m.Path, "/lib")) {
			return 1
		}
		return 0
	}
	maps = slices.Clone(maps)
	slices.SortStableFunc(maps, func(a, b index.Mapping) int { return cmp.Compare(plain(a), plain(b)) })
	return maps
}

// environment shows the variables whose values were kept, a line each, and the
// names of the others together.
func environment(p *process.Row) render.Table {
	var list []fact
	var names []string
	for _, e := range p.Environ {
		if e.Value == nil {
			names = append(names, e.Name)
		} else {
			list = append(list, fact{e.Name, *e.Value})
		}
	}
	if len(names) > 0 {
		list = append(list, fact{"not kept", strings.Join(names, " ")})
	}
	return facts("Environment, as it was when the program started", list...)
}

// limits shows those that there are: most are unlimited on most hosts.
func limits(all []index.Limit) render.Table {
	type row = index.Limit
	var list []row
	for _, l := range all {
		if l.Soft != -1 || l.Hard != -1 {
			list = append(list, l)
		}
	}
	value := func(n int64) render.Cell {
		if n == -1 {
			return render.TextCell("unlimited")
		}
		return render.NumberCell(n)
	}
	title := "Limits"
	if len(list) < len(all) {
		title = "Limits (the others are unlimited)"
	}
	return view[row]{"limit", "limits", []column[row]{
		{render.Column{Name: "limit"}, func(l row) render.Cell { return render.TextCell(l.Name) }},
		{render.Column{Name: "soft", Kind: render.Number}, func(l row) render.Cell { return value(l.Soft) }},
		{render.Column{Name: "hard", Kind: render.Number}, func(l row) render.Cell { return value(l.Hard) }},
	}}.list(title, list)
}

func gaps() view[index.Gap] {
	type row = index.Gap
	return view[row]{"gap", "gaps", []column[row]{
		{render.Column{Name: "place", Shrink: 1}, func(g row) render.Cell { return render.TextCell(g.Place) }},
		{render.Column{Name: "reason"}, func(g row) render.Cell { return render.TextCell(string(g.Reason)) }},
		{render.Column{Name: "count", Kind: render.Count}, func(g row) render.Cell { return render.NumberCell(max(g.Count, 1)) }},
		{render.Column{Name: "detail", Shrink: 2}, func(g row) render.Cell { return render.TextCell(g.Detail) }},
	}}
}
