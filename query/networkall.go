package query

import (
	"fmt"
	"strings"

	"stilltrace/index/printable"
	"stilltrace/query/render"
	"stilltrace/tracers/network"
	"stilltrace/tracers/tally"
)

// fewCounts is how many values of one kind a line of totals names.
const fewCounts = 5

// inAll sums up the sockets of an answer in a few lines.
func (s *session) inAll(a *network.Answer) render.Table {
	t := &a.Totals
	list := []fact{{"states", counts(t.States)}, {"services", counts(t.Services)}, {"remotes", counts(t.Remotes)}, {"processes", counts(t.Processes)}}
	if len(t.Namespaces) > 1 {
		list = append(list, fact{"namespaces", counts(t.Namespaces)})
	}
	return facts("", append(list, fact{"pressure", pressure(&a.Pressure)}, fact{"refused", refused(a.Pressure.Counters)})...)
}

func counts(list []tally.Count) string {
	var parts []string
	for _, c := range first(list, fewCounts) {
		parts = append(parts, printable.Grouped(int64(c.Count))+" "+c.Name)
	}
	if more := len(list) - len(parts); more > 0 {
		parts = append(parts, printable.Grouped(int64(more))+" more")
	}
	return strings.Join(parts, ", ")
}

// pressure says what waits; "" where nothing does.
func pressure(p *network.Pressure) string {
	var parts []string
	for _, n := range []struct {
		count uint64
		what  string
	}{
		{uint64(p.HalfOpen), "half open"}, {uint64(p.Opening), "not answered yet"}, {p.Waiting, "not accepted yet"},
		{uint64(p.TimeWait), "in TIME_WAIT"}, {uint64(p.CloseWait), "not closed by the process"},
	} {
		if n.count > 0 {
			parts = append(parts, grouped(n.count)+" "+n.what)
		}
	}
	return strings.Join(parts, ", ")
}

// refused says what the kernel has refused since the namespaces began.
func refused(list []network.Counters) string {
	var parts []string
	for _, c := range list {
		var of []string
		for _, n := range []struct {
			count     uint64
			one, many string
		}{
			{c.Drops, "connection dropped by listeners", "connections dropped by listeners"}, {c.Overflows, "for a full queue", "for a full queue"},
			{c.Cookies, "SYN cookie sent", "SYN cookies sent"}, {c.TimeWait, "TIME_WAIT cut short", "TIME_WAIT cut short"},
		} {
			if n.count > 0 {
				of = append(of, counted64(n.count, n.one, n.many))
			}
		}
		if len(of) > 0 {
			parts = append(parts, fmt.Sprintf("%s in namespace %d", strings.Join(of, ", "), c.NetNS))
		}
	}
	return strings.Join(parts, "; ")
}

// countedSockets is one row of the counts of an answer, as csv and jsonl have it.
type countedSockets struct {
	Kind  string `json:"kind"` // always count
	By    string `json:"by"`
	Value string `json:"value"`
	Count int    `json:"count"`
}

// countSockets shows how many sockets there are by some of their properties.
func (s *session) countSockets(a *network.Answer) (Status, error) {
	answer := &render.Answer{Value: a}
	var all []countedSockets
	var without []string
	for _, by := range s.opt.By {
		list := a.Totals.By(by)
		if n := withoutValue(a, by); n > 0 {
			without = append(without, printable.Counted(int64(n), "socket has", "sockets have")+" no "+by)
		}
		shown := first(list, s.limit())
		t := tallied(by).table(shown, len(list))
		answer.Sections = append(answer.Sections, t)
		for _, c := range shown {
			all = append(all, countedSockets{"count", by, c.Name, c.Count})
		}
	}
	answer.Notes = append(without, s.networkNotes(a)...)
	a.Sockets = first(a.Sockets, s.limit())
	v := view[countedSockets]{valueOf(s.opt.By), "values", []column[countedSockets]{
		{render.Column{Name: "by"}, func(c countedSockets) render.Cell { return render.TextCell(c.By) }},
		{render.Column{Name: "value"}, func(c countedSockets) render.Cell { return render.TextCell(c.Value) }},
		{render.Column{Name: "count", Kind: render.Count}, func(c countedSockets) render.Cell { return render.NumberCell(c.Count) }},
	}}
	answer.Main = v.table(all, len(all))
	status, err := s.print(answer)
	if status == Nothing && !s.format.Program {
		s.sayAll(without)
		s.adviseNetwork(a.Captured, a.Hidden)
	}
	return status, err
}

// withoutValue is how many sockets have no value of that property, as a
// listener has no remote.
func withoutValue(a *network.Answer, by string) (n int) {
	if by == "process" { // a socket counts once under each name
		for i := range a.Sockets {
			if len(a.Sockets[i].Processes) == 0 {
				n++
			}
		}
		return n
	}
	n = a.Totals.Sockets
	for _, c := range a.Totals.By(by) {
		n -= c.Count
	}
	return n
}

func tallied(by string) view[tally.Count] {
	return view[tally.Count]{"value of " + by, "values of " + by, []column[tally.Count]{
		{render.Column{Name: by, Shrink: 1}, func(c tally.Count) render.Cell { return render.TextCell(c.Name) }},
		{render.Column{Name: "sockets", Kind: render.Count}, func(c tally.Count) render.Cell { return render.NumberCell(c.Count) }},
	}}
}

func (s *session) networkFindings(list []network.Finding) render.Table {
	type row = network.Finding
	v := view[row]{"finding", "findings", []column[row]{
		{render.Column{Name: "score", Kind: render.Number}, func(f row) render.Cell { return render.NumberCell(f.Severity) }},
		{render.Column{Name: "pid", Kind: render.Number, Sparse: true}, func(f row) render.Cell {
			if len(f.PIDs) == 0 {
				return render.Cell{}
			}
			return render.NumberCell(f.PIDs[0])
		}},
		{render.Column{Name: "why", Shrink: 1, Fold: true}, func(f row) render.Cell {
			return render.TextCell(f.Title + ": " + strings.Join(f.Reasons, ", "))
		}},
		{render.Column{Name: "evidence", Shrink: 2, From: 130}, func(f row) render.Cell { return render.TextCell(strings.Join(f.Evidence, " ")) }},
	}}
	few := fewFindings
	if s.limit() == 0 {
		few = 0
	}
	return some(v, "What stands out", list, few)
}

func (s *session) networkAdvice(list []network.Recommendation) render.Table {
	v := view[network.Recommendation]{"recommendation", "recommendations", []column[network.Recommendation]{
		{render.Column{Name: "what", Shrink: 1, Fold: true}, func(r network.Recommendation) render.Cell {
			return render.TextCell(strings.ReplaceAll(r.Text, "CASE", s.path))
		}},
	}}
	t := v.list("What to do", list)
	t.Plain = true
	return t
}
