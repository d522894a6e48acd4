package query

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"slices"

	"stilltrace/index"
	"stilltrace/index/printable"
	"stilltrace/query/render"
	"stilltrace/tracers/event"
	"stilltrace/tracers/tally"
)

// maxSorted is how many events --sort holds in memory where no limit says that
// fewer are wanted: some gigabyte of log lines.
const maxSorted = 1_000_000

// schemaEvents names the shape of the list of events as JSON. It is written
// while the events are read: there is no struct that holds them all.
const schemaEvents = "stilltrace.events/1"

// Event lists the events of the logs, or counts them.
func Event(ctx context.Context, env *Env, o *Options, args []string) (Status, error) {
	s, err := ask(ctx, env, o, args, "event", (*index.Reader).EventFields, bareEvent)
	if err != nil {
		return StatusOf(err), err
	}
	defer s.close()
	if len(o.By) > 0 {
		return s.countEvents()
	}
	v := events()
	compare, err := v.comparer(o.Sort)
	if err != nil {
		return Trouble, err
	}
	var total int64
	rows := s.events(&total)
	if compare != nil {
		rows = sorted(rows, compare, s.limit())
	}
	a := &render.Answer{Main: v.empty(), Stream: "events", Schema: schemaEvents}
	a.Main.Total = func() int64 { return total }
	row := v.row
	if s.format.Records {
		row = func(r *event.Row) render.Row { return render.Row{Record: r} }
	}
	a.Main.Rows = limited(rows, s.limit(), !s.format.Program, row)
	return s.print(a)
}

// events yields the events that are asked for and counts them.
func (s *session) events(total *int64) iter.Seq2[*event.Row, error] {
	return func(yield func(*event.Row, error) bool) {
		for r, err := range event.List(s.reader, s.query) {
			if err != nil {
				yield(nil, err)
				return
			}
			*total++
			if !yield(r, nil) {
				return
			}
		}
	}
}

// limited yields the first rows. For a table it reads on to the end, which
// counts the rest.
func limited[T any](rows iter.Seq2[T, error], limit int, count bool, row func(T) render.Row) iter.Seq2[render.Row, error] {
	return func(yield func(render.Row, error) bool) {
		n := 0
		for r, err := range rows {
			if err != nil {
				yield(render.Row{}, err)
				return
			}
			if n++; limit > 0 && n > limit {
				if count {
					continue
				}
				return
			}
			if !yield(row(r), nil) {
				return
			}
		}
	}
}

// sorted yields the rows in order: with a limit the first ones only, in the
// memory of these.
func sorted[T any](rows iter.Seq2[T, error], compare func(a, b T) int, limit int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		best := &worstFirst[T]{compare: compare}
		n := 0
		for r, err := range rows {
			if err == nil && limit == 0 && n >= maxSorted {
				err = fmt.Errorf("--sort: more than %s events: narrow them with terms or times, or set --limit", printable.Grouped(maxSorted))
			}
			if err != nil {
				yield(r, err)
				return
			}
			n++
			best.take(ranked[T]{r, n}, limit)
		}
		slices.SortFunc(best.rows, best.order)
		for _, r := range best.rows {
			if !yield(r.row, nil) {
				return
			}
		}
	}
}

// ranked is a row and its place before sorting, which decides between equals.
type ranked[T any] struct {
	row   T
	place int
}

// worstFirst is a heap of the best rows so far, the worst of them on top.
type worstFirst[T any] struct {
	compare func(a, b T) int
	rows    []ranked[T]
}

func (h *worstFirst[T]) order(a, b ranked[T]) int {
	if c := h.compare(a.row, b.row); c != 0 {
		return c
	}
	return a.place - b.place
}

func (h *worstFirst[T]) take(r ranked[T], limit int) {
	switch {
	case limit == 0:
		h.rows = append(h.rows, r)
	case len(h.rows) < limit:
		heap.Push(h, r)
	case h.order(r, h.rows[0]) < 0:
		h.rows[0] = r
		heap.Fix(h, 0)
	}
}

func (h *worstFirst[T]) Len() int           { return len(h.rows) }
func (h *worstFirst[T]) Swap(i, j int)      { h.rows[i], h.rows[j] = h.rows[j], h.rows[i] }
func (h *worstFirst[T]) Less(i, j int) bool { return h.order(h.rows[i], h.rows[j]) > 0 }
func (h *worstFirst[T]) Push(x any)         { h.rows = append(h.rows, x.(ranked[T])) }
func (h *worstFirst[T]) Pop() any {
	last := h.rows[len(h.rows)-1]
	h.rows = h.rows[:len(h.rows)-1]
	return last
}

func events() view[*event.Row] {
	type row = *event.Row
	text := func(c render.Column, f func(r row) string) column[row] {
		return column[row]{c, func(r row) render.Cell { return render.TextCell(f(r)) }}
	}
	number := func(c render.Column, f func(r row) int64) column[row] {
		return column[row]{c, func(r row) render.Cell { return render.NumberCell(f(r)) }}
	}
	return view[row]{"event", "events", []column[row]{
		{render.Column{Name: "time", Kind: render.Time}, func(r row) render.Cell { return eventTime(r) }},
		text(render.Column{Name: "level", Kind: render.Severity, From: 140}, func(r row) string { return r.Level.String() }),
		text(render.Column{Name: "service", Shrink: 1}, func(r row) string { return r.Service }),
		text(render.Column{Name: "action", Shrink: 1, From: 100}, func(r row) string { return r.Action.String() }),
		text(render.Column{Name: "ip", From: 100}, func(r row) string { return addressText(r.IP) }),
		text(render.Column{Name: "user", Shrink: 1, From: 150}, func(r row) string { return r.User }),
		text(render.Column{Name: "message", Shrink: 2}, func(r row) string { return r.Message }),
		text(render.Column{Name: "evidence", Shrink: 1, From: 160}, func(r row) string { return r.Evidence() }),
		text(render.Column{Name: "clock", From: render.Never}, func(r row) string { return r.Clock.String() }),
		text(render.Column{Name: "host", From: render.Never}, func(r row) string { return r.Host }),
		number(render.Column{Name: "pid", Kind: render.Number, From: render.Never}, func(r row) int64 { return int64(r.PID) }),
		text(render.Column{Name: "outcome", From: render.Never}, func(r row) string { return r.Outcome.String() }),
		number(render.Column{Name: "count", Kind: render.Count, From: render.Never}, func(r row) int64 { return int64(r.Count) }),
		text(render.Column{Name: "signature", From: render.Never}, func(r row) string { return r.Signature }),
		text(render.Column{Name: "source", From: render.Never}, func(r row) string { return r.Source }),
		number(render.Column{Name: "line", Kind: render.Number, From: render.Never}, func(r row) int64 { return r.Line }),
		text(render.Column{Name: "id", From: render.Never}, func(r row) string { return r.ID }),
	}}
}

// eventTime leaves out the time of the capture where it merely stands in for one.
func eventTime(r *event.Row) render.Cell {
	if r.Clock == index.ClockCapture {
		return render.TextCell("no stamp")
	}
	return render.TimeCell(r.Time)
}

func addressText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// counted is one row of counts as csv and jsonl have it.
type counted struct {
	Kind string `json:"kind"` // always count
	By   string `json:"by"`
	tally.Row
}

func (s *session) countEvents() (Status, error) {
	for _, by := range s.opt.By {
		if names := event.Groupings(s.reader); !slices.Contains(names, by) {
			return Trouble, fmt.Errorf("--by %s: events are not counted by that%s: one of %v", by, didYouMean(by, names), names)
		}
	}
	if s.opt.Sort != "" {
		return Trouble, errors.New("--sort: counts are ordered by themselves, the most frequent first: leave out --by or --sort")
	}
	a, err := event.Count(s.reader, s.query, s.opt.By)
	if err != nil {
		return StatusOf(err), err
	}
	answer := &render.Answer{Value: a}
	var all []counted
	for i := range a.Counts {
		c := &a.Counts[i]
		total := len(c.Rows)
		c.Rows = first(c.Rows, s.limit())
		t := values(c.By).table(c.Rows, total)
		t.One, t.Many = "value of "+c.By, "values of "+c.By
		answer.Sections = append(answer.Sections, t)
		if c.None > 0 {
			answer.Notes = append(answer.Notes, printable.Counted(c.None, "event names", "events name")+" no "+c.By)
		}
		if c.More > 0 {
			answer.Notes = append(answer.Notes, printable.Grouped(c.More)+" more are of values of "+c.By+" beyond those that were followed")
		}
		for _, r := range c.Rows {
			all = append(all, counted{"count", c.By, r})
		}
	}
	v := view[counted]{valueOf(s.opt.By), "values", []column[counted]{
		{render.Column{Name: "by"}, func(c counted) render.Cell { return render.TextCell(c.By) }},
		{render.Column{Name: "value"}, func(c counted) render.Cell { return render.TextCell(c.Value) }},
		{render.Column{Name: "count", Kind: render.Count}, func(c counted) render.Cell { return render.NumberCell(c.Count) }},
		{render.Column{Name: "events", Kind: render.Count}, func(c counted) render.Cell { return render.NumberCell(c.Events) }},
		{render.Column{Name: "first", Kind: render.Time}, func(c counted) render.Cell { return render.TimeCell(c.First) }},
		{render.Column{Name: "last", Kind: render.Time}, func(c counted) render.Cell { return render.TimeCell(c.Last) }},
	}}
	answer.Main = v.table(all, len(all))
	status, err := s.print(answer)
	if status == Nothing && !s.format.Program {
		s.sayAll(answer.Notes)
	}
	return status, err
}
