package query

import (
	"fmt"
	"strconv"

	"stilltrace/index"
	"stilltrace/index/printable"
	"stilltrace/query/render"
	"stilltrace/tracers/process"
)

func (s *session) oneProcess(pid int) (Status, error) {
	w, err := process.One(s.reader, s.snap.ID, pid)
	if err != nil {
		return StatusOf(err), err
	}
	if w == nil {
		none, err := process.Run(s.reader, s.query)
		if err != nil {
			return StatusOf(err), err
		}
		return s.print(&render.Answer{Main: processes(false).table(nil, 0), Value: none})
	}
	p := &w.Process
	a := &render.Answer{Main: processes(false).table([]process.Row{w.Process}, 1), Value: w}
	a.Sections = []render.Table{
		s.identity(p),
		s.resources(p),
		s.belonging(p),
		relatives().list(ancestryTitle(w.AncestryEnd), w.Ancestry),
		relatives().list("Children", w.Children),
		socketsOf().list("Sockets", w.Sockets),
		openFiles(p, first(p.Files, s.limit())),
		limits().list("Limits", p.Limits),
		findings().list("What stands out", w.Findings),
		gaps().list("What could not be read", w.Gaps),
	}
	return s.print(a)
}

func (s *session) stamp(t index.Time) string {
	if t == 0 {
		return ""
	}
	return render.Stamp(t, s.zone) + " " + s.zone.String()
}

func (s *session) identity(p *process.Row) render.Table {
	exe := p.Exe
	if p.ExeGone {
		exe += " (deleted)"
	}
	kind := ""
	switch {
	case p.Self:
		kind = "it took this snapshot"
	case p.Kernel:
		kind = "a thread of the kernel"
	}
	return facts(fmt.Sprintf("Process %d", p.PID),
		fact{"command", commandLine(&p.Process)},
		fact{"name", p.Comm},
		fact{"executable", exe},
		fact{"sha256", p.ExeSHA256},
		fact{"state", state(p.State)},
		fact{"note", kind},
		fact{"started", s.stamp(p.Started)},
		fact{"user", who(p)},
		fact{"logged in as", named(p.LoginUser, p.LoginUID)},
		fact{"directory", p.Cwd},
		fact{"root", notRoot(p.Root)},
		fact{"terminal", p.TTY},
	)
}

func (s *session) resources(p *process.Row) render.Table {
	fds, swap, io, switches := "", "", "", ""
	if p.FDs != nil {
		fds = printable.Grouped(int64(*p.FDs))
	}
	if p.Swap != nil && *p.Swap > 0 {
		swap = printable.Size(int64(*p.Swap))
	}
	if p.IO != nil {
		io = printable.Size(int64(p.IO.ReadBytes)) + " read, " + printable.Size(int64(p.IO.WriteBytes)) + " written to devices"
	}
	if p.Switches != nil {
		switches = printable.Grouped(int64(p.Switches.Voluntary)) + " voluntary, " + printable.Grouped(int64(p.Switches.Involuntary)) + " not"
	}
	return facts("Resources",
		fact{"cpu", fmt.Sprintf("%.2f s user, %.2f s system", float64(p.UserMS)/1000, float64(p.SystemMS)/1000)},
		fact{"memory", printable.Size(int64(p.RSS)) + " resident, " + printable.Size(int64(p.VSize)) + " virtual"},
		fact{"swapped", swap},
		fact{"input, output", io},
		fact{"threads", printable.Grouped(int64(p.Threads))},
		fact{"switches", switches},
		fact{"open files", fds},
	)
}

func (s *session) belonging(p *process.Row) render.Table {
	spaces := ""
	if n := p.Spaces; n != (index.Namespaces{}) {
		spaces = fmt.Sprintf("pid %d, net %d, mnt %d, user %d, uts %d, ipc %d, cgroup %d, time %d",
			n.PID, n.Net, n.Mnt, n.User, n.UTS, n.IPC, n.Cgroup, n.Time)
	}
	inside := ""
	if len(p.NSPID) > 1 {
		inside = joinInts(p.NSPID)
	}
	security := ""
	if c := p.Security; c != nil {
		security = fmt.Sprintf("capabilities %016x, no new privileges %v, seccomp %d", c.CapEffective, c.NoNewPrivs, c.Seccomp)
	}
	tracer := ""
	if p.Tracer != 0 {
		tracer = strconv.Itoa(p.Tracer)
	}
	return facts("Where it belongs",
		fact{"service", p.Service},
		fact{"container", p.Container},
		fact{"cgroup", p.Cgroup},
		fact{"namespaces", spaces},
		fact{"pids inside", inside},
		fact{"rights", security},
		fact{"traced by", tracer},
		fact{"evidence", p.Evidence()},
	)
}

// state spells out the letter of proc_pid_stat(5).
func state(letter string) string {
	words := map[string]string{
		"R": "running", "S": "sleeping", "D": "waiting, cannot be interrupted", "Z": "zombie: ended, its parent has not asked",
		"T": "stopped", "t": "stopped by a tracer", "X": "dead", "I": "idle",
	}
	if w := words[letter]; w != "" {
		return letter + ", " + w
	}
	return letter
}

func who(p *process.Row) string {
	effective := named(p.User, p.EUID)
	if real := named(p.RealUser, p.UID); real != effective && real != "" {
		return effective + ", started by " + real
	}
	return effective
}

// named writes a user as id(1) does: 33(www-data).
func named(name string, id *uint32) string {
	switch {
	case id == nil:
		return name
	case name == "":
		return strconv.FormatUint(uint64(*id), 10)
	}
	return strconv.FormatUint(uint64(*id), 10) + "(" + name + ")"
}

func notRoot(root string) string {
	if root == "/" {
		return ""
	}
	return root
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
		{render.Column{Name: "command", Shrink: 2}, func(r row) render.Cell {
			return render.TextCell(commandLine(&index.Process{Comm: r.Comm, Cmdline: r.Cmdline}))
		}},
	}}
}

func socketsOf() view[index.Socket] {
	type row = index.Socket
	return view[row]{"socket", "sockets", []column[row]{
		{render.Column{Name: "proto"}, func(r row) render.Cell { return render.TextCell(r.Proto) }},
		{render.Column{Name: "state"}, func(r row) render.Cell { return render.TextCell(r.State) }},
		{render.Column{Name: "local", Shrink: 1}, func(r row) render.Cell { return render.TextCell(endpoint(&r, r.Local, r.LPort)) }},
		{render.Column{Name: "remote", Shrink: 1}, func(r row) render.Cell { return render.TextCell(endpoint(nil, r.Remote, r.RPort)) }},
		{render.Column{Name: "inode", Kind: render.Number}, func(r row) render.Cell { return render.NumberCell(r.Inode) }},
	}}
}

func openFiles(p *process.Row, shown []index.OpenFile) render.Table {
	type row = index.OpenFile
	v := view[row]{"open file", "open files", []column[row]{
		{render.Column{Name: "fd", Kind: render.Number}, func(f row) render.Cell { return render.NumberCell(f.FD) }},
		{render.Column{Name: "type"}, func(f row) render.Cell { return render.TextCell(f.Type) }},
		{render.Column{Name: "target", Shrink: 1}, func(f row) render.Cell {
			if f.Deleted {
				return render.TextCell(f.Target + " (deleted)")
			}
			return render.TextCell(f.Target)
		}},
	}}
	t := v.table(shown, len(p.Files))
	t.Title = "Open files"
	if len(shown) == len(p.Files) {
		t.Total = nil
	}
	return t
}

func limits() view[index.Limit] {
	type row = index.Limit
	value := func(n int64) render.Cell {
		if n == -1 {
			return render.TextCell("unlimited")
		}
		return render.NumberCell(n)
	}
	return view[row]{"limit", "limits", []column[row]{
		{render.Column{Name: "limit"}, func(l row) render.Cell { return render.TextCell(l.Name) }},
		{render.Column{Name: "soft", Kind: render.Number}, func(l row) render.Cell { return value(l.Soft) }},
		{render.Column{Name: "hard", Kind: render.Number}, func(l row) render.Cell { return value(l.Hard) }},
	}}
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
