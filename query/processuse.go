package query

import (
	"math"

	"stilltrace/index/printable"
	"stilltrace/query/render"
	"stilltrace/tracers/process"
)

// fewTop is how many processes a table of --top shows on a screen unless told
// otherwise: it is asked for the first of them.
const fewTop = 10

// topProcesses shows of each process what it is measured by.
func topProcesses(by string) view[process.Row] {
	type row = process.Row
	col := func(name string, kind render.Kind, from int, f func(r *row) render.Cell) column[row] {
		return column[row]{render.Column{Name: name, Kind: kind, From: from, Sparse: true}, func(r row) render.Cell { return f(&r) }}
	}
	text := textColumn[row]
	of := map[string][]column[row]{
		"cpu": {
			col("cpu%", render.Percent, 0, func(r *row) render.Cell { return render.PercentCell(r.CPU.Lifetime.Percent) }),
			col("lately%", render.Percent, 0, func(r *row) render.Cell { return render.PercentCell(r.CPU.Recent().Percent) }),
			col("in user", render.Span, 0, func(r *row) render.Cell { return render.NumberCell(r.UserMS) }),
			col("in kernel", render.Span, 0, func(r *row) render.Cell { return render.NumberCell(r.SystemMS) }),
			col("age", render.Span, 90, func(r *row) render.Cell { return known(r.CPU.Lifetime.MS) }),
		},
		"rss": {
			col("rss", render.Bytes, 0, func(r *row) render.Cell { return render.NumberCell(r.RSS) }),
			col("virtual", render.Bytes, 0, func(r *row) render.Cell { return render.NumberCell(r.VSize) }),
			col("swapped", render.Bytes, 0, func(r *row) render.Cell {
				if r.Swap == nil {
					return render.Cell{}
				}
				return render.NumberCell(*r.Swap)
			}),
		},
		"io": {
			col("read", render.Bytes, 0, func(r *row) render.Cell { return render.NumberCell(r.IO.ReadBytes) }),
			col("written", render.Bytes, 0, func(r *row) render.Cell { return render.NumberCell(r.IO.WriteBytes) }),
			col("in calls", render.Bytes, 100, func(r *row) render.Cell { return render.NumberCell(saturated(r.IO.ReadChars, r.IO.WriteChars)) }),
			col("calls", render.Count, 90, func(r *row) render.Cell { return render.NumberCell(saturated(r.IO.ReadCalls, r.IO.WriteCalls)) }),
		},
		"fds": {
			col("fds", render.Count, 0, func(r *row) render.Cell { return render.NumberCell(*r.FDs) }),
			col("limit", render.Count, 0, func(r *row) render.Cell { return fdLimit(r) }),
			col("used%", render.Percent, 0, func(r *row) render.Cell { return render.PercentCell(fdShare(r)) }),
		},
		"threads": {
			col("threads", render.Count, 0, func(r *row) render.Cell { return render.NumberCell(r.Threads) }),
		},
		"switches": {
			col("voluntary", render.Count, 0, func(r *row) render.Cell { return render.NumberCell(r.Switches.Voluntary) }),
			col("involuntary", render.Count, 0, func(r *row) render.Cell { return render.NumberCell(r.Switches.Involuntary) }),
		},
	}[by]
	columns := []column[row]{
		col("pid", render.Number, 0, func(r *row) render.Cell { return render.NumberCell(r.PID) }),
		text(render.Column{Name: "user", Shrink: 1}, func(r *row) string { return userOf(&r.Process) }),
	}
	columns = append(columns, of...)
	return view[row]{"process", "processes", append(columns,
		text(render.Column{Name: "service", Shrink: 1, From: 110}, func(r *row) string { return r.Service }),
		text(render.Column{Name: "command", Shrink: 2}, func(r *row) string { return commandLine(&r.Process) }))}
}

func known(ms int64) render.Cell {
	if ms == 0 {
		return render.Cell{}
	}
	return render.NumberCell(ms)
}

// saturated adds without running over, which only numbers of a forged case do.
func saturated(a, b uint64) uint64 {
	if a > math.MaxUint64-b {
		return math.MaxUint64
	}
	return a + b
}

// nofile is the soft limit of descriptors; 0 where it is unknown or there is none.
func nofile(r *process.Row) int64 {
	for _, l := range r.Limits {
		if l.Name == "nofile" && l.Soft > 0 {
			return l.Soft
		}
	}
	return 0
}

func fdLimit(r *process.Row) render.Cell {
	if n := nofile(r); n > 0 {
		return render.NumberCell(n)
	}
	return render.Cell{}
}

func fdShare(r *process.Row) *float64 {
	limit := nofile(r)
	if r.FDs == nil || limit == 0 {
		return nil
	}
	p := float64(*r.FDs) / float64(limit) * 100
	return &p
}

func size(n uint64) string   { return printable.Size(int64(min(n, math.MaxInt64))) }
func lasted(n uint64) string { return printable.Span(int64(min(n, math.MaxInt64))) }

// dividedProcesses shows what processes use together, by one of their properties.
func (s *session) dividedProcesses() (Status, error) {
	a, err := process.Divide(s.reader, s.query, s.opt.Divide)
	if err != nil {
		return StatusOf(err), err
	}
	v := groups(s.opt.Divide)
	if err := v.order(a.Groups, s.opt.Sort); err != nil {
		return Trouble, err
	}
	total := len(a.Groups)
	a.Groups = first(a.Groups, s.limit())
	answer := &render.Answer{Main: v.table(a.Groups, total), Value: a, Notes: s.processGaps(a.Gaps)}
	if total > 0 {
		answer.Sections = []render.Table{answer.Main, facts("", fact{"together",
			printable.Counted(int64(a.Total.Processes), "process", "processes") + ", " + together(&a.Total)})}
	}
	return s.print(answer)
}

func groups(by string) view[process.Group] {
	type row = process.Group
	col := func(name string, kind render.Kind, from int, f func(r *row) render.Cell) column[row] {
		return column[row]{render.Column{Name: name, Kind: kind, From: from, Sparse: true}, func(r row) render.Cell { return f(&r) }}
	}
	// A sum to which some could not be added is marked in none of its digits, but left out where nothing is known.
	unless := func(unknown func(r *row) int, f func(r *row) render.Cell) func(r *row) render.Cell {
		return func(r *row) render.Cell {
			if unknown(r) == r.Processes {
				return render.Cell{}
			}
			return f(r)
		}
	}
	io := func(r *row) int { return r.Unknown.IO }
	return view[row]{by, by + "s", []column[row]{
		{render.Column{Name: by, Shrink: 1}, func(r row) render.Cell {
			if r.Name == "" {
				return render.TextCell("(none)")
			}
			return render.TextCell(r.Name)
		}},
		col("processes", render.Count, 0, func(r *row) render.Cell { return render.NumberCell(r.Processes) }),
		col("threads", render.Count, 90, func(r *row) render.Cell { return render.NumberCell(r.Threads) }),
		col("cpu", render.Span, 0, func(r *row) render.Cell { return render.NumberCell(saturated(r.UserMS, r.SystemMS)) }),
		col("lately%", render.Percent, 100, func(r *row) render.Cell { return render.PercentCell(r.Recent) }),
		col("rss", render.Bytes, 0, func(r *row) render.Cell { return render.NumberCell(r.RSS) }),
		col("swapped", render.Bytes, 120, unless(func(r *row) int { return r.Unknown.Swap }, func(r *row) render.Cell { return render.NumberCell(r.Swap) })),
		col("read", render.Bytes, 0, unless(io, func(r *row) render.Cell { return render.NumberCell(r.IO.ReadBytes) })),
		col("written", render.Bytes, 0, unless(io, func(r *row) render.Cell { return render.NumberCell(r.IO.WriteBytes) })),
		col("fds", render.Count, 0, unless(func(r *row) int { return r.Unknown.FDs }, func(r *row) render.Cell { return render.NumberCell(r.FDs) })),
		col("switches", render.Count, 120, unless(func(r *row) int { return r.Unknown.Switches }, func(r *row) render.Cell {
			return render.NumberCell(saturated(r.Switches.Voluntary, r.Switches.Involuntary))
		})),
	}}
}
