package ip

import (
	"iter"
	"net/netip"
	"slices"

	"stilltrace/index"
	"stilltrace/index/summary"
	"stilltrace/tracers/address"
	"stilltrace/tracers/tally"
)

// maxAsked is how many addresses are looked up one by one; beyond that all are
// walked, which then is faster.
const maxAsked = 64

// summed answers from the summaries of a case. The tracer holds what the
// sockets tell: the host's own addresses and the connections.
type summed struct {
	*tracer
	r      *index.Reader
	s      *summary.Reader
	head   *summary.Head
	prefix netip.Prefix // within which the wanted addresses lie; the zero Prefix: anywhere
	only   []netip.Addr // addresses that only a connection names, in order
	whole  bool         // every address is wanted
	seen   int          // addresses with a row that events name
	hidden Hidden
	looked *waiting // what was looked up last
}

// summarized answers from the summaries where they know all that is asked for;
// else it returns nil.
func summarized(r *index.Reader, q index.Query, w *wanted) (*Found, error) {
	if q.Brute || q.Since != 0 || q.Until != 0 || !w.sockets || !r.Summarized(q.Snapshot) {
		return nil, nil
	}
	s := &summed{tracer: newTracer(w), r: r, s: r.Summary(q.Snapshot), whole: len(w.addresses)+len(w.classes) == 0}
	var err error
	if s.head, err = s.s.Head(); err != nil {
		return nil, err
	}
	// A term compares an address as it was spelled, a row does not.
	if s.head.Odd && len(w.events) > 0 {
		return nil, nil
	}
	if err := s.sockets(r, q.Snapshot); err != nil {
		return nil, err
	}
	s.prefix = w.within()
	exact := true
	if s.whole && len(s.entries)+len(s.own) <= maxAsked {
		err = s.all()
	} else {
		exact, err = s.some()
	}
	if !exact || err != nil {
		return nil, err
	}
	return s.answer(q)
}

// within is a network within which all wanted addresses lie; the zero Prefix
// where they may be anywhere.
func (w *wanted) within() netip.Prefix {
	for i := range w.addresses {
		if c := &w.addresses[i]; !c.Not {
			return c.Prefix()
		}
	}
	return netip.Prefix{}
}

// hides reports whether an address has no row.
func (s *summed) hides(a netip.Addr, c address.Class) bool {
	return !s.wanted.asked && (s.own[a] || fromInside(c))
}

// all counts all addresses without a look at those that have a row.
func (s *summed) all() error {
	for action, times := range s.head.About {
		s.counts.add(index.Action(action), times)
	}
	s.totals.Events, s.totals.First, s.totals.Last = s.head.Named, index.Time(s.head.First), index.Time(s.head.Last)
	s.totals.Addresses = int(s.head.Addresses)
	inside := address.Blocks(fromInside)
	for i, p := range inside {
		if err := s.hideBlock(p, inside[:i]); err != nil {
			return err
		}
	}
	for a := range s.own {
		if fromInside(address.Of(a)) {
			continue
		}
		if row, _, err := s.look(a); err != nil {
			return err
		} else if row != nil {
			s.hide(row)
		}
	}
	s.seen = s.totals.Addresses - s.hidden.Addresses
	for a := range s.entries {
		row, _, err := s.look(a)
		if err != nil {
			return err
		}
		if row == nil {
			s.lone(a)
		}
	}
	return nil
}

// hideBlock counts the addresses of a block that have no row, but for those
// that lie in another block, too.
func (s *summed) hideBlock(p netip.Prefix, others []netip.Prefix) error {
	if b, ok := s.head.Within(p); ok && address.Uniform(p) {
		s.hidden.Addresses += int(b.Addresses)
		s.hidden.FailedLogins += b.Failed
		s.hidden.Events += b.Events
		return nil
	}
	for a, err := range s.s.Addresses(p) {
		if err != nil {
			return err
		}
		known := slices.ContainsFunc(others, func(q netip.Prefix) bool { return q.Contains(a.Addr) })
		if !known && fromInside(address.Of(a.Addr)) {
			s.hide(a)
		}
	}
	return nil
}

// hide counts an address that has no row.
func (s *summed) hide(a *summary.AddressRow) {
	n := &entry{}
	n.count(a)
	s.hidden.add(n)
}

// lone counts an address that only a connection names.
func (s *summed) lone(a netip.Addr) {
	s.totals.Addresses++
	n := s.entries[a]
	if s.hides(a, n.class) {
		s.hidden.add(n)
		return
	}
	s.only = append(s.only, a)
}

// some counts the wanted addresses. It reports false where events name several
// of them and several others: how many events name any of the wanted ones is
// not known then.
func (s *summed) some() (exact bool, err error) {
	sharing, others := 0, 0 // addresses that some event names beside another
	alone := int64(0)       // events that name nothing but an address that is not wanted
	connected := map[netip.Addr]bool{}
	for a, err := range s.s.Addresses(s.prefix) {
		if err != nil {
			return false, err
		}
		class := address.Of(a.Addr)
		shared := int64(0)
		n := &entry{class: class}
		n.count(a)
		for i := range a.Strands {
			if a.Strands[i].Shared {
				shared += a.Strands[i].Events
			}
		}
		if !s.wanted.has(a.Addr, class) {
			others += int(min(shared, 1))
			alone += n.events - shared
			continue
		}
		sharing += int(min(shared, 1))
		s.totals.Addresses++
		s.totals.Events += n.events
		s.totals.First, _ = tally.Span(s.totals.First, s.totals.Last, n.first)
		_, s.totals.Last = tally.Span(s.totals.First, s.totals.Last, n.last)
		s.counts.fold(&n.counts)
		if s.entries[a.Addr] != nil {
			connected[a.Addr] = true
		}
		if s.hides(a.Addr, class) {
			s.hidden.add(n)
			continue
		}
		s.seen++
	}
	for a := range s.entries {
		if !connected[a] {
			s.lone(a)
		}
	}
	switch {
	case sharing <= 1:
	case !s.prefix.IsValid() && others <= 1:
		s.totals.Events = s.head.Named - alone
	default:
		return false, nil
	}
	return true, nil
}

func (c *counts) fold(o *counts) {
	c.failed += o.failed
	c.invalid += o.invalid
	c.logins += o.logins
	c.found += o.found
	c.bans += o.bans
	c.unbans += o.unbans
	c.requests += o.requests
}

// count counts what the summary of an address says, but for its lists.
func (n *entry) count(a *summary.AddressRow) {
	for i := range a.Strands {
		s := &a.Strands[i]
		n.events += s.Events
		if !s.Undated {
			n.first, _ = tally.Span(n.first, n.last, index.Time(s.Sum.First))
			_, n.last = tally.Span(n.first, n.last, index.Time(s.Sum.Last))
		}
		if s.About {
			n.counts.add(index.Action(s.Action), s.Count)
		}
	}
}

// expand makes the entry of an address and of the users that its events name.
func (s *summed) expand(a *summary.AddressRow, tries []summary.TryRow) *entry {
	n := &entry{class: address.Of(a.Addr)}
	if c := s.entries[a.Addr]; c != nil {
		n.connections, n.connected = c.connections, c.connected
	}
	n.count(a)
	n.ends.Put(n.events, a.First, a.Last, s.r.SourcePath)
	room := &tally.Room{Values: maxTries, Bytes: maxBytes}
	for i := range a.Strands {
		d := &a.Strands[i]
		some := rowOf(&d.Sum, d.Undated)
		if d.About && index.Action(d.Action) == index.ActionHTTPRequest && d.Status > 0 && d.Status <= 5 {
			n.statuses[d.Status-1] += d.Count
		}
		if d.Source == 0 {
			n.sources.Lose(d.Count)
			continue
		}
		some.Value = s.r.SourcePath(d.Source)
		n.sources.Put(some, room)
		if some.Value = d.Service; d.Service != "" {
			n.services.Put(some, room)
		}
	}
	for i := range tries {
		t := &tries[i]
		some := rowOf(&t.Sum, false)
		some.Value = t.User
		n.users.Put(some, room)
	}
	return n
}

// maxTries is how many users one address is followed by where the summary has
// them all: a row needs the memory of one address at a time.
const maxTries = 1 << 20

func rowOf(s *summary.Sum, undated bool) tally.Row {
	r := tally.Row{Count: s.Count, Events: s.Events}
	if !undated {
		r.First, r.Last = index.Time(s.First), index.Time(s.Last)
	}
	return r
}

func (s *summed) answer(q index.Query) (*Found, error) {
	slices.SortFunc(s.only, netip.Addr.Compare)
	totals := s.total()
	totals.Addresses = s.totals.Addresses
	f := &Found{Answer: Answer{Schema: Schema, Totals: totals, Hidden: s.hidden, Rows: []*Row{}}, Total: s.seen + len(s.only)}
	f.Rows = func(limit int) iter.Seq2[*Row, error] {
		return func(yield func(*Row, error) bool) {
			if err := s.rows(limit, yield); err != nil {
				yield(nil, err)
			}
		}
	}
	if !s.wanted.one.IsValid() || s.totals.Addresses == 0 {
		return f, nil
	}
	var err error
	f.Detail, err = s.one(q)
	return f, err
}
