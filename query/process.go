package query

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"stilltrace/index"
	"stilltrace/index/printable"
	"stilltrace/query/render"
	"stilltrace/tracers/process"
	"stilltrace/tracers/tally"
)

func processFields(*index.Reader) []index.FieldSpec { return process.Fields() }

// Process shows the processes of the snapshot: a list, their tree, or all that
// is known of one pid.
func Process(ctx context.Context, env *Env, o *Options, args []string) (Status, error) {
	s, err := ask(ctx, env, o, args, "process", processFields, bareProcess)
	if err != nil {
		return StatusOf(err), err
	}
	defer s.close()
	s.momentary("processes")
	if pid, ok := s.onePID(); ok && !o.Tree {
		return s.oneProcess(pid)
	}
	run, v := process.Run, processes(false)
	if o.Tree {
		if o.Sort != "" {
			return Trouble, errors.New("--sort: the tree has its own order: leave out --tree or --sort")
		}
		run, v = process.Tree, processes(true)
	}
	a, err := run(s.reader, s.query)
	if err != nil {
		return StatusOf(err), err
	}
	if err := v.order(a.Processes, o.Sort); err != nil {
		return Trouble, err
	}
	total := len(a.Processes)
	a.Processes = first(a.Processes, s.limit())
	answer := &render.Answer{Main: v.table(a.Processes, total), Value: a, Notes: s.processNotes(a.Gaps)}
	if len(a.Findings) > 0 && total > 0 {
		answer.Sections = []render.Table{answer.Main, s.standsOut(a.Findings)}
	}
	status, err := s.print(answer)
	if status == Nothing && !a.Captured && !s.format.Program {
		env.say("the snapshot was told to leave out processes and sockets (--no-proc)")
	}
	return status, err
}

func (s *session) processNotes(gaps []tally.Count) []string {
	if len(gaps) == 0 {
		return nil
	}
	note := "not all of every process could be read:"
	for i, g := range gaps {
		if i > 0 {
			note += ","
		}
		note += " " + printable.Grouped(int64(g.Count)) + " " + index.Reason(g.Name).Words()
	}
	return []string{note + ": stilltrace info " + s.path}
}

// onePID is the pid where the question is for one process and nothing else.
func (s *session) onePID() (int, bool) {
	if len(s.query.Terms) != 1 {
		return 0, false
	}
	t := s.query.Terms[0]
	pid, err := strconv.Atoi(t.Value)
	return pid, err == nil && t.Field == "pid" && t.Op == index.Is && !t.Not
}

func processes(tree bool) view[process.Row] {
	type row = process.Row
	text := func(c render.Column, f func(r *row) string) column[row] {
		return column[row]{c, func(r row) render.Cell { return render.TextCell(f(&r)) }}
	}
	number := func(c render.Column, f func(r *row) render.Cell) column[row] {
		return column[row]{c, func(r row) render.Cell { return f(&r) }}
	}
	command := text(render.Column{Name: "command", Shrink: 2}, func(r *row) string { return commandLine(&r.Process) })
	if tree {
		command.cell = func(r row) render.Cell { return render.TextCell(branch(r.Depth) + commandLine(&r.Process)) }
	}
	return view[row]{"process", "processes", []column[row]{
		number(render.Column{Name: "pid", Kind: render.Number}, func(r *row) render.Cell { return render.NumberCell(r.PID) }),
		number(render.Column{Name: "ppid", Kind: render.Number, From: 90}, func(r *row) render.Cell { return render.NumberCell(r.PPID) }),
		text(render.Column{Name: "user", Shrink: 1}, func(r *row) string { return userOf(&r.Process) }),
		text(render.Column{Name: "s", From: 90}, func(r *row) string { return r.State }),
		number(render.Column{Name: "started", Kind: render.Time}, func(r *row) render.Cell { return render.TimeCell(r.Started) }),
		number(render.Column{Name: "rss", Kind: render.Bytes, From: 110}, func(r *row) render.Cell { return render.NumberCell(r.RSS) }),
		number(render.Column{Name: "fds", Kind: render.Count, From: 120}, func(r *row) render.Cell {
			if r.FDs == nil {
				return render.Cell{}
			}
			return render.NumberCell(*r.FDs)
		}),
		text(render.Column{Name: "service", Shrink: 3, From: 150}, func(r *row) string { return r.Service }),
		command,
		text(render.Column{Name: "comm", From: render.Never}, func(r *row) string { return r.Comm }),
		text(render.Column{Name: "exe", From: render.Never}, func(r *row) string { return r.Exe }),
		text(render.Column{Name: "deleted", From: render.Never}, func(r *row) string { return strconv.FormatBool(r.ExeGone) }),
		text(render.Column{Name: "cwd", From: render.Never}, func(r *row) string { return r.Cwd }),
		number(render.Column{Name: "uid", Kind: render.Number, From: render.Never}, func(r *row) render.Cell { return optional(r.UID) }),
		number(render.Column{Name: "gid", Kind: render.Number, From: render.Never}, func(r *row) render.Cell { return optional(r.GID) }),
		number(render.Column{Name: "threads", Kind: render.Count, From: render.Never}, func(r *row) render.Cell { return render.NumberCell(r.Threads) }),
		number(render.Column{Name: "cpu_ms", Kind: render.Count, From: render.Never}, func(r *row) render.Cell { return render.NumberCell(r.UserMS + r.SystemMS) }),
		text(render.Column{Name: "container", From: render.Never}, func(r *row) string { return r.Container }),
		text(render.Column{Name: "tty", From: render.Never}, func(r *row) string { return r.TTY }),
		number(render.Column{Name: "depth", Kind: render.Count, From: render.Never}, func(r *row) render.Cell { return render.NumberCell(r.Depth) }),
	}}
}

// deepest is where a tree stops to indent: what is deeper has no room to say
// more than that it is deep.
const deepest = 20

func branch(depth int) string {
	if depth == 0 {
		return ""
	}
	return strings.Repeat("  ", min(depth, deepest)-1) + "└ "
}

// commandLine is what a person takes for the command: the arguments, else the
// executable, else the name. Brackets mark the kernel's own threads and nothing
// else: ps(1) puts them also around a process that has wiped its arguments.
func commandLine(p *index.Process) string {
	// A daemon that writes a title over its arguments leaves empty ones behind it.
	line := strings.TrimRight(strings.Join(p.Cmdline, " "), " ")
	switch {
	case p.Kernel:
		return "[" + p.Comm + "]"
	case line != "":
		return line
	case p.Exe != "":
		return p.Exe
	}
	return p.Comm
}

func userOf(p *index.Process) string {
	switch {
	case p.User != "":
		return p.User
	case p.EUID != nil:
		return strconv.FormatUint(uint64(*p.EUID), 10)
	}
	return "?"
}

// fewFindings is how many findings a table of processes is followed by.
const fewFindings = 10

func (s *session) standsOut(list []process.Finding) render.Table {
	few := fewFindings
	if s.limit() == 0 {
		few = 0
	}
	t := findings().table(first(list, few), len(list))
	t.Title = "What stands out"
	return t
}

func findings() view[process.Finding] {
	type row = process.Finding
	return view[row]{"finding", "findings", []column[row]{
		{render.Column{Name: "severity", Kind: render.Number}, func(f row) render.Cell { return render.NumberCell(f.Severity) }},
		{render.Column{Name: "pid", Kind: render.Number}, func(f row) render.Cell { return render.NumberCell(f.PID) }},
		{render.Column{Name: "finding", Shrink: 2, Fold: true}, func(f row) render.Cell {
			return render.TextCell(f.Title + ": " + strings.Join(f.Reasons, ", "))
		}},
		{render.Column{Name: "evidence", Shrink: 1, From: 100}, func(f row) render.Cell { return render.TextCell(strings.Join(f.Evidence, " ")) }},
	}}
}
