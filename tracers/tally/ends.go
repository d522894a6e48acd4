package tally

import (
	"stilltrace/index"
	"stilltrace/index/summary"
)

// Ends are the earliest and the latest of some events, in whatever order they
// come. Its zero value is empty and ready.
type Ends struct {
	first, last end
	events      int64
}

// end is where one event stands, in time and in the evidence. Of events of a
// summary the line stands for the offset.
type end struct {
	time   index.Time
	id     uint32
	offset int64
	source string
	line   int64
}

func (a *end) before(b *end) bool {
	if a.time != b.time {
		return a.time < b.time
	}
	if a.id != b.id {
		return a.id < b.id
	}
	return a.offset < b.offset
}

// See takes in an event and reports whether it is the earliest so far.
func (n *Ends) See(e *index.Event) (earliest bool) {
	at := end{e.Time, e.SourceID, e.Offset, e.Source, e.Line}
	if earliest = n.events == 0 || at.before(&n.first); earliest {
		n.first = at
	}
	if n.events == 0 || n.last.before(&at) {
		n.last = at
	}
	n.events++
	return earliest
}

// Put takes in some events: where the earliest and the latest of them stand. It
// reports whether the earliest is the earliest so far. path names a source.
func (n *Ends) Put(events int64, first, last summary.Place, path func(source uint32) string) (earliest bool) {
	a := end{index.Time(first.Time), first.Source, first.Line, path(first.Source), first.Line}
	b := end{index.Time(last.Time), last.Source, last.Line, path(last.Source), last.Line}
	if earliest = n.events == 0 || a.before(&n.first); earliest {
		n.first = a
	}
	if n.events == 0 || n.last.before(&b) {
		n.last = b
	}
	n.events += events
	return earliest
}

// Evidence is the places of the earliest and the latest event; one place where
// there was but one event. It is never nil.
func (n *Ends) Evidence() []string {
	out := []string{}
	if n.events > 0 {
		out = append(out, n.first.place())
	}
	if n.events > 1 {
		out = append(out, n.last.place())
	}
	return out
}

func (a *end) place() string { return (&index.Event{Source: a.source, Line: a.line}).Place() }
