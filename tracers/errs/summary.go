package errs

import (
	"strings"

	"stilltrace/index"
	"stilltrace/index/summary"
	"stilltrace/tracers/tally"
)

// summaries answers from the summaries of the case, where all that the query
// asks for is part of what events of one kind have in common. It reports false
// where the events themselves have to be read.
func (t *tracer) summaries(r *index.Reader, q index.Query) (done bool, err error) {
	if q.Brute || q.Since != 0 || q.Until != 0 || !r.Summarized(q.Snapshot) {
		return false, nil
	}
	holds, ok, err := r.KindFilter(q.Terms)
	if !ok || err != nil {
		return false, err
	}
	for k, err := range r.Summary(q.Snapshot).Kinds(t.mayBe) {
		if err != nil {
			return false, err
		}
		if holds(&k.Kind) && !t.kinds(r, k) {
			return false, nil
		}
	}
	return true, nil
}

// mayBe reports whether events of the class may be errors.
func (t *tracer) mayBe(c summary.Class) bool {
	_, ok := classOf(c).classify(t.table, func() bool { return true })
	return ok
}

func classOf(c summary.Class) class {
	return class{index.Action(c.Action), index.Level(c.Level), index.Outcome(c.Outcome)}
}

// kinds counts the events of one kind. It reports false where their example
// was not kept.
func (t *tracer) kinds(r *index.Reader, row *summary.KindRow) bool {
	c := classOf(row.Class)
	k, ok := c.classify(t.table, func() bool { return row.Status == 5 })
	if !ok {
		return true
	}
	id := key{row.Signature, k.category, row.Type}
	if id.kind == "" {
		id.kind = c.action.String()
	}
	if !t.wanted.has(id.category, id.kind) {
		return true
	}
	some := tally.Row{Count: row.Count, Events: row.Events}
	if !row.Undated {
		some.First, some.Last = index.Time(row.First), index.Time(row.Last)
	}
	example := shorten(row.Example)
	g := t.count(id, k, example, some)
	if g == nil {
		return row.Kept
	}
	g.add(c.level, r.SourcePath(row.Source), row.Service, some, t.room)
	first, last := row.End()
	if g.ends.Put(row.Events, first, last, r.SourcePath) {
		g.row.Example, g.row.Hint = strings.Clone(example), k.hint
	}
	return row.Kept
}
