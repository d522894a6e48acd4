package ip

import (
	"iter"
	"net/netip"
	"slices"

	"stilltrace/index"
)

// Found is an answer whose rows are made one by one when they are asked for:
// there may be more of them than the memory of a small machine holds.
type Found struct {
	Answer     // without its Rows
	Total  int // how many rows there are
	// Rows yields the first limit rows in the order of an Answer, all of them where limit is 0. An error ends them.
	Rows func(limit int) iter.Seq2[*Row, error]
}

// Find answers the query. Its memory grows with the number of different
// addresses up to a limit, not with the number of events.
func Find(r *index.Reader, q index.Query) (*Found, error) {
	w, err := split(q.Terms)
	if err != nil {
		return nil, err
	}
	if q.Snapshot == 0 {
		q.Snapshot = r.SnapshotCount()
	}
	q.Terms = w.events
	f, err := summarized(r, q, w)
	if f != nil || err != nil {
		return f, err
	}
	return scan(r, q, w)
}

// scan answers by reading the events.
func scan(r *index.Reader, q index.Query, w *wanted) (*Found, error) {
	t := newTracer(w)
	events := r.Scan(q)
	if w.one.IsValid() {
		// What is told of one address is told in the order of time.
		events = r.Events(q)
	}
	for e, err := range events {
		if err != nil {
			return nil, err
		}
		t.event(e)
	}
	if err := t.sockets(r, q.Snapshot); err != nil {
		return nil, err
	}
	return t.answer(), nil
}

// Run answers the query with all rows at once.
func Run(r *index.Reader, q index.Query) (*Answer, error) {
	f, err := Find(r, q)
	if err != nil {
		return nil, err
	}
	return f.whole()
}

// whole makes all rows.
func (f *Found) whole() (*Answer, error) {
	for row, err := range f.Rows(0) {
		if err != nil {
			return nil, err
		}
		f.Answer.Rows = append(f.Answer.Rows, row)
	}
	return &f.Answer, nil
}

// answer puts what was read in order.
func (t *tracer) answer() *Found {
	f := &Found{Answer: Answer{Schema: Schema, Totals: t.total(), Rows: []*Row{}, Beyond: Beyond{Addresses: t.beyond}}}
	var order []netip.Addr
	for addr, n := range t.entries {
		f.Beyond.Values += n.lost()
		if !t.wanted.asked && (t.own[addr] || fromInside(n.class)) {
			f.Hidden.add(n)
			continue
		}
		order = append(order, addr)
	}
	slices.SortFunc(order, func(a, b netip.Addr) int {
		return compareRanks(rankOf(a, t.entries[a]), rankOf(b, t.entries[b]))
	})
	f.Total = len(order)
	f.Rows = func(limit int) iter.Seq2[*Row, error] {
		return func(yield func(*Row, error) bool) {
			for i, a := range order {
				if limit > 0 && i >= limit || !yield(row(a, t.entries[a], t.own[a]), nil) {
					return
				}
			}
		}
	}
	if n := t.entries[t.wanted.one]; n != nil {
		f.Detail = t.detail.answer(t.wanted.one, n)
	}
	return f
}
