package event

import (
	"math"
	"net/netip"
	"slices"

	"stilltrace/index"
	"stilltrace/index/summary"
	"stilltrace/tracers/tally"
)

// summed counts from the summaries of a case.
type summed struct {
	r        *index.Reader
	q        index.Query
	counters []*counter
	room     *tally.Room
	totals   Totals
}

// count reports false where the events themselves have to be read: the
// summaries know what events of a kind have in common, and, of all events
// together, their users and addresses; of a window, its whole minutes by source.
func (s *summed) count() (done bool, err error) {
	if s.q.Brute || !s.r.Summarized(s.q.Snapshot) {
		return false, nil
	}
	holds, ok, err := s.r.KindFilter(s.q.Terms)
	if !ok || err != nil {
		return false, err
	}
	if s.q.Since != 0 || s.q.Until != 0 {
		return s.window(holds)
	}
	var others []*counter // by what is not part of a kind
	for _, c := range s.counters {
		if ofKind(c.name) == nil {
			others = append(others, c)
		}
	}
	if len(others) > 0 {
		if len(s.q.Terms) > 0 || slices.ContainsFunc(others, func(c *counter) bool { return c.name != "user" && c.name != "ip" && c.name != "ips" }) {
			return false, nil
		}
		h, err := s.r.Summary(s.q.Snapshot).Head()
		if err != nil || h.Odd && slices.ContainsFunc(others, func(c *counter) bool { return c.name != "user" }) {
			return false, err
		}
		if err := s.others(others, h); err != nil {
			return false, err
		}
	}
	for k, err := range s.r.Summary(s.q.Snapshot).Kinds(func(summary.Class) bool { return true }) {
		if err != nil {
			return false, err
		}
		if holds(&k.Kind) {
			s.kind(k)
		}
	}
	for _, c := range others {
		// Each other event has none, so what is missing is all that there are, less those that were counted.
		c.none += s.totals.Count
	}
	return true, nil
}

// ofKind returns how the value of a grouping follows from the kind of events,
// or nil where it does not.
func ofKind(by string) func(r *index.Reader, k *summary.KindRow) string {
	type kind = *summary.KindRow
	switch by {
	case "service":
		return func(_ *index.Reader, k kind) string { return k.Service }
	case "host":
		return func(_ *index.Reader, k kind) string { return k.Host }
	case "action":
		return func(_ *index.Reader, k kind) string { return index.Action(k.Action).String() }
	case "level":
		return func(_ *index.Reader, k kind) string { return index.Level(k.Level).String() }
	case "outcome":
		return func(_ *index.Reader, k kind) string { return index.Outcome(k.Outcome).String() }
	case "clock":
		return func(_ *index.Reader, k kind) string { return index.Clock(k.Clock).String() }
	case "source":
		return func(r *index.Reader, k kind) string { return r.SourcePath(k.Source) }
	case "signature":
		return func(_ *index.Reader, k kind) string { return k.Signature }
	case "jail":
		return func(_ *index.Reader, k kind) string { return k.Jail }
	}
	return nil
}

func (s *summed) kind(k *summary.KindRow) {
	some := tally.Row{Count: k.Count, Events: k.Events}
	if !k.Undated {
		some.First, some.Last = index.Time(k.First), index.Time(k.Last)
	}
	s.totals.add(some)
	for _, c := range s.counters {
		if value := ofKind(c.name); value != nil {
			c.put(value(s.r, k), some, s.room)
		}
	}
}

// put counts some events of one value, "" being none.
func (c *counter) put(value string, some tally.Row, room *tally.Room) {
	if value == "" {
		c.none += some.Count
		return
	}
	some.Value = value
	c.tally.Put(some, room)
}

// others counts users and addresses. Their none is less than nothing until all
// events are counted.
func (s *summed) others(counters []*counter, h *summary.Head) error {
	for _, c := range counters {
		switch c.name {
		case "user":
			for u, err := range s.r.Summary(s.q.Snapshot).Users() {
				if err != nil {
					return err
				}
				c.none -= u.Count
				c.tally.Put(tally.Row{Value: u.Name, Count: u.Count, Events: u.Events, First: index.Time(u.First), Last: index.Time(u.Last)}, s.room)
			}
		case "ips":
			c.none -= h.Times
		}
	}
	if !slices.ContainsFunc(counters, func(c *counter) bool { return c.name != "user" }) {
		return nil
	}
	for a, err := range s.r.Summary(s.q.Snapshot).Addresses(netip.Prefix{}) {
		if err != nil {
			return err
		}
		for _, c := range counters {
			if c.name != "user" {
				c.address(a, s.room)
			}
		}
	}
	return nil
}

// address counts the events of an address: all that name it, or those that are
// about it.
func (c *counter) address(a *summary.AddressRow, room *tally.Room) {
	row := tally.Row{Value: a.Addr.String()}
	for i := range a.Strands {
		s := &a.Strands[i]
		if c.name == "ip" && !s.About {
			continue
		}
		some := tally.Row{Count: s.Count, Events: s.Events}
		if !s.Undated {
			some.First, some.Last = index.Time(s.Sum.First), index.Time(s.Sum.Last)
		}
		row.Fold(&some)
	}
	if row.Events == 0 {
		return
	}
	if c.name == "ip" {
		c.none -= row.Count
	}
	c.tally.Put(row, room)
}

// minute is how many nanoseconds one has.
const minute = 60_000_000_000

// window counts the events of whole minutes by source.
func (s *summed) window(holds func(*summary.Kind) bool) (done bool, err error) {
	if s.q.Since%minute != 0 || s.q.Until%minute != 0 {
		return false, nil
	}
	for _, c := range s.counters {
		if c.name != "source" {
			return false, nil
		}
	}
	for _, t := range s.q.Terms {
		if t.Field != "source" {
			return false, nil
		}
	}
	from, until := int64(math.MinInt64/minute)-1, int64(math.MaxInt64/minute)+1
	if s.q.Since != 0 {
		from = summary.MinuteOf(int64(s.q.Since))
	}
	if s.q.Until != 0 {
		until = summary.MinuteOf(int64(s.q.Until))
	}
	for m, err := range s.r.Summary(s.q.Snapshot).Minutes(from, until) {
		if err != nil {
			return false, err
		}
		if !holds(&summary.Kind{Source: m.Source}) {
			continue
		}
		some := tally.Row{Count: m.Count, Events: m.Events, First: index.Time(m.First), Last: index.Time(m.Last)}
		s.totals.add(some)
		for _, c := range s.counters {
			c.put(s.r.SourcePath(m.Source), some, s.room)
		}
	}
	return true, nil
}
