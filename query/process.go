package query

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"stilltrace/index"
	"stilltrace/index/printable"
	"stilltrace/query/render"
	"stilltrace/tracers/process"
	"stilltrace/tracers/tally"
)

func processFields(*index.Reader) []index.FieldSpec { return process.Fields() }

// Process shows the processes of the snapshot: a list, their tree, those that
// use most, what they use together, or all that is known of one pid.
func Process(ctx context.Context, env *Env, o *Options, args []string) (Status, error) {
	if err := o.oneShape(); err != nil {
		return Trouble, err
	}
	s, err := ask(ctx, env, o, args, "process", processFields, bareProcess)
	if err != nil {
		return StatusOf(err), err
	}
	defer s.close()
	s.momentary("processes")
	if o.Divide != "" {
		return s.dividedProcesses()
	}
	if pid, ok := s.onePID(); ok && !o.Tree && o.Top == "" {
		return s.oneProcess(pid)
	}
	run, v := process.Run, processes(false)
	switch {
	case o.Tree:
		run, v = process.Tree, processes(true)
	case o.Top != "":
		run, v = func(r *index.Reader, q index.Query) (*process.Answer, error) { return process.Top(r, q, o.Top) }, topProcesses(o.Top)
	}
	a, err := run(s.reader, s.query)
	if err != nil {
		return StatusOf(err), err
	}
	return s.processList(a, v)
}

// oneShape refuses flags that ask for several shapes of one answer.
func (o *Options) oneShape() error {
	var shapes []string
	for _, f := range []struct {
		name string
		set  bool
	}{{"--tree", o.Tree}, {"--top", o.Top != ""}, {"--by", o.Divide != ""}} {
		if f.set {
			shapes = append(shapes, f.name)
		}
	}
	switch {
	case len(shapes) > 1:
		return fmt.Errorf("%s: one at a time", strings.Join(shapes, ", "))
	case o.Sort != "" && o.Tree:
		return errors.New("--sort: the tree has its own order: leave out --tree or --sort")
	case o.Sort != "" && o.Top != "":
		return fmt.Errorf("--sort: --top %s has its own order: leave out --top or --sort", o.Top)
	case o.Top != "" && !slices.Contains(process.Measures(), o.Top):
		return fmt.Errorf("--top %s: one of %s", o.Top, strings.Join(process.Measures(), ", "))
	case o.Divide != "" && !slices.Contains(process.Groupings(), o.Divide):
		return fmt.Errorf("--by %s: one of %s", o.Divide, strings.Join(process.Groupings(), ", "))
	}
	return nil
}

func (s *session) processList(a *process.Answer, v view[process.Row]) (Status, error) {
	if err := v.order(a.Processes, s.opt.Sort); err != nil {
		return Trouble, err
	}
	if s.opt.Sort == "" && a.Top == "" && !s.opt.Tree && !s.format.Program {
		kernelLast(a.Processes)
	}
	total := len(a.Processes)
	limit := s.limit()
	if a.Top != "" && limit == screenful && s.opt.Limit == unlimited {
		limit = fewTop
	}
	a.Processes = first(a.Processes, limit)
	answer := &render.Answer{Main: v.table(a.Processes, total), Value: a, Notes: s.processNotes(a)}
	answer.Sections = []render.Table{answer.Main}
	if a.Summary.Processes > 1 {
		answer.Sections = append(answer.Sections, facts("", fact{"together", together(&a.Summary.Usage) + inTrouble(a.Summary.States)}))
	}
	if a.Top == "" {
		answer.Sections = append(answer.Sections, s.standsOut(a.Findings), s.whatToDo(a.Recommendations))
	}
	if total == 0 && len(a.Findings) == 0 {
		answer.Sections = nil
	}
	status, err := s.print(answer)
	if status == Nothing && !a.Captured && !s.format.Program {
		s.env.say("the snapshot was told to leave out processes and sockets (--no-proc)")
	}
	return status, err
}

// kernelLast puts the kernel's own threads behind the processes: most hosts
// have more of them than fit a screen, and they say least.
func kernelLast(rows []process.Row) {
	var kernel []process.Row
	n := 0
	for i := range rows {
		if rows[i].Kernel {
			kernel = append(kernel, rows[i])
		} else {
			rows[n] = rows[i]
			n++
		}
	}
	copy(rows[n:], kernel)
}

// inTrouble counts the processes in states that a healthy host has few of.
func inTrouble(states []tally.Count) (text string) {
	for _, s := range []struct{ letter, one, many string }{{"D", "blocked", "blocked"}, {"Z", "zombie", "zombies"}, {"T", "stopped", "stopped"}, {"t", "stopped by a tracer", "stopped by tracers"}} {
		for _, c := range states {
			if c.Name == s.letter {
				text += "; " + printable.Counted(int64(c.Count), s.one, s.many)
			}
		}
	}
	return text
}

// together says in a line what some processes use.
func together(u *process.Usage) string {
	line := printable.Counted(int64(u.Threads), "thread", "threads") + ", " + size(u.RSS) + " resident"
	if u.Swap > 0 {
		line += ", " + size(u.Swap) + " swapped"
	}
	line += ", " + lasted(u.UserMS+u.SystemMS) + " of CPU"
	if u.Recent != nil {
		line += fmt.Sprintf(" (%.1f %% of a core lately)", *u.Recent)
	}
	if u.Unknown.FDs < u.Processes {
		line += ", " + printable.Counted(int64(u.FDs), "descriptor", "descriptors")
	}
	if u.Unknown.IO < u.Processes {
		line += ", " + size(u.IO.ReadBytes) + " read and " + size(u.IO.WriteBytes) + " written"
	}
	return line
}

func (s *session) processNotes(a *process.Answer) (notes []string) {
	if a.TopUnknown > 0 {
		what := map[string]string{"io": "input and output", "fds": "descriptors", "switches": "switches"}[a.Top]
		notes = append(notes, "left out: "+printable.Counted(int64(a.TopUnknown), "process", "processes")+" whose "+what+" are not known")
	}
	if c := a.Coverage; c != nil && len(s.query.Terms) == 0 && a.Top == "" && c.Began+c.Ended > 0 {
		notes = append(notes, fmt.Sprintf("%s began and %s ended between the two looks at the process table; the kernel counted %s",
			printable.Grouped(int64(c.Began)), printable.Grouped(int64(c.Ended)), printable.Counted(int64(c.Forks), "fork", "forks")))
	}
	return append(notes, s.processGaps(a.Gaps)...)
}

func (s *session) processGaps(gaps []tally.Count) []string {
	return s.gapNote("not all of every process could be read", gaps)
}

// gapNote says what is not there, and why, in a line; nothing where there is no gap.
func (s *session) gapNote(what string, gaps []tally.Count) []string {
	if len(gaps) == 0 {
		return nil
	}
	var reasons []string
	for _, g := range gaps {
		reasons = append(reasons, printable.Grouped(int64(g.Count))+" "+index.Reason(g.Name).Words())
	}
	return []string{what + ": " + strings.Join(reasons, ", ") + ": stilltrace info " + s.path}
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
	text := textColumn[row]
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
		number(render.Column{Name: "cpu%", Kind: render.Percent, From: 100}, func(r *row) render.Cell { return render.PercentCell(r.CPU.Lifetime.Percent) }),
		number(render.Column{Name: "fds", Kind: render.Count, From: 120}, func(r *row) render.Cell {
			if r.FDs == nil {
				return render.Cell{}
			}
			return render.NumberCell(*r.FDs)
		}),
		text(render.Column{Name: "service", Shrink: 1, From: 150}, func(r *row) string { return r.Service }),
		command,
		text(render.Column{Name: "comm", From: render.Never}, func(r *row) string { return r.Comm }),
		text(render.Column{Name: "exe", From: render.Never}, func(r *row) string { return r.Exe }),
		text(render.Column{Name: "deleted", From: render.Never}, func(r *row) string { return strconv.FormatBool(r.ExeGone) }),
		text(render.Column{Name: "cwd", From: render.Never}, func(r *row) string { return r.Cwd }),
		number(render.Column{Name: "uid", Kind: render.Number, From: render.Never}, func(r *row) render.Cell { return optional(r.UID) }),
		number(render.Column{Name: "gid", Kind: render.Number, From: render.Never}, func(r *row) render.Cell { return optional(r.GID) }),
		number(render.Column{Name: "threads", Kind: render.Count, From: render.Never}, func(r *row) render.Cell { return render.NumberCell(r.Threads) }),
		number(render.Column{Name: "cpu_ms", Kind: render.Count, From: render.Never}, func(r *row) render.Cell { return render.NumberCell(r.UserMS + r.SystemMS) }),
		number(render.Column{Name: "score", Kind: render.Number, From: render.Never}, func(r *row) render.Cell { return render.NumberCell(r.Score) }),
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
