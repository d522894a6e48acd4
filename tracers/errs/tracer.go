package errs

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"stilltrace/index"
	"stilltrace/tracers/tally"
)

// maxErrors is how many different errors get a row. A host in trouble has
// hundreds; a hundred thousand signatures are text that was made up.
const maxErrors = 100_000

// maxText bounds the memory of the rows' signatures, types and examples.
const maxText = 128 << 20

// maxExample is how much of a message a row keeps: the head of a long
// traceback. The whole of it stands at the place that the evidence names.
const maxExample = 2000

// maxValues is how many services or sources one error is followed by.
const maxValues = 200

// maxBytes bounds the memory of all such lists.
const maxBytes = 64 << 20

// key is what makes two errors the same.
type key struct {
	signature string
	category  Category
	kind      string // the row's type
}

// group is one error while the events are read.
type group struct {
	row      Row
	ends     tally.Ends
	services tally.Tally
	sources  tally.Tally
}

// tracer reads events and then answers.
type tracer struct {
	wanted     *wanted
	table      map[index.Action]kind
	groups     map[key]*group
	text       int // bytes of text in the groups
	room       *tally.Room
	totals     Totals
	more       More
	categories tally.Tally
}

func newTracer(w *wanted) *tracer {
	return &tracer{
		wanted: w, table: kinds(), groups: map[key]*group{},
		room: &tally.Room{Values: maxValues, Bytes: maxBytes},
	}
}

func (t *tracer) event(e *index.Event) {
	k, ok := classify(t.table, e)
	if !ok {
		return
	}
	id := key{e.Sign, k.category, typeOf(e)}
	if !t.wanted.has(id.category, id.kind) {
		return
	}
	at := tally.When(e)
	some := tally.Row{Count: tally.Times(e), Events: 1, First: at, Last: at}
	example := shorten(e.Message)
	if g := t.count(id, k, example, some); g != nil {
		g.add(e.Level, e.Source, e.Service, some, t.room)
		if g.ends.See(e) {
			g.row.Example, g.row.Hint = strings.Clone(example), k.hint
		}
	}
}

// count counts some events that are one error, and returns its group, or nil
// where there is no more room.
func (t *tracer) count(id key, k kind, example string, some tally.Row) *group {
	some.Value = string(k.category)
	t.categories.Put(some, t.room)
	t.totals.Count += some.Count
	t.totals.Events += some.Events
	t.totals.First, _ = tally.Span(t.totals.First, t.totals.Last, some.First)
	_, t.totals.Last = tally.Span(t.totals.First, t.totals.Last, some.Last)
	g := t.group(id, example)
	if g == nil {
		t.more.Count += some.Count
		t.more.Events += some.Events
	}
	return g
}

// group returns the group of id, or nil where there is no more room.
func (t *tracer) group(id key, example string) *group {
	if g, ok := t.groups[id]; ok {
		return g
	}
	size := len(id.signature) + len(id.kind) + len(example)
	if len(t.groups) >= maxErrors || t.text+size > maxText {
		return nil
	}
	t.text += size
	// The event's texts may be parts of a much larger one, which must not stay in memory with them.
	id.signature, id.kind = strings.Clone(id.signature), strings.Clone(id.kind)
	g := &group{row: Row{
		Kind: Kind, Signature: id.signature, Category: id.category, Type: id.kind,
	}}
	t.groups[id] = g
	return g
}

// add counts some events of one level, source and service.
func (g *group) add(level index.Level, source, service string, some tally.Row, room *tally.Room) {
	r := &g.row
	r.Count += some.Count
	r.Events += some.Events
	r.First, _ = tally.Span(r.First, r.Last, some.First)
	_, r.Last = tally.Span(r.First, r.Last, some.Last)
	if r.Severity == index.LevelUnknown || level.AtLeast(r.Severity) {
		r.Severity = level
	}
	some.Value = source
	g.sources.Put(some, room)
	if service != "" {
		some.Value = service
		g.services.Put(some, room)
	}
}

// shorten cuts s at a whole character.
func shorten(s string) string {
	if len(s) <= maxExample {
		return s
	}
	n := maxExample
	for n > maxExample-utf8.UTFMax && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// answer puts what was read in order.
func (t *tracer) answer() *Answer {
	a := &Answer{Schema: Schema, Totals: t.totals, Categories: t.categories.Top(0), More: t.more, Rows: []*Row{}}
	a.Totals.Errors = len(t.groups)
	for _, g := range t.groups {
		a.Rows = append(a.Rows, g.answer())
	}
	slices.SortFunc(a.Rows, func(a, b *Row) int {
		return cmp.Or(
			cmp.Compare(b.Count, a.Count),
			cmp.Compare(a.First, b.First),
			strings.Compare(a.Signature, b.Signature),
			strings.Compare(string(a.Category), string(b.Category)),
			strings.Compare(a.Type, b.Type))
	})
	return a
}

func (g *group) answer() *Row {
	r := &g.row
	r.Services, r.DistinctServices = g.services.Names(rowNames), g.services.Distinct()
	r.Sources, r.DistinctSources = g.sources.Names(rowNames), g.sources.Distinct()
	r.Evidence = g.ends.Evidence()
	return r
}
