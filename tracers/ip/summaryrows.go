package ip

import (
	"cmp"
	"errors"
	"net/netip"
	"slices"

	"stilltrace/index"
	"stilltrace/index/summary"
	"stilltrace/tracers/address"
	"stilltrace/tracers/tally"
)

// windowBytes is about how much memory rows take that wait to be expanded, one
// after the other: more of it means fewer walks over all addresses.
const windowBytes = 8 << 20

// What a waiting row costs, beside its strands and users.
const (
	waitingBytes = 150
	strandBytes  = 110
	tryBytes     = 70
)

var errStop = errors.New("stop")

// rows yields the first rows in order.
func (s *summed) rows(limit int, yield func(*Row, error) bool) error {
	if limit == 0 || limit > s.seen+len(s.only) {
		limit = s.seen + len(s.only)
	}
	give := func(a netip.Addr, n *entry) error {
		if !yield(row(a, n, s.own[a]), nil) {
			return errStop
		}
		return nil
	}
	named := min(limit, s.seen)
	err := s.leading(named, give)
	if errors.Is(err, errFew) {
		err = s.ranked(named, give)
	}
	for i := 0; err == nil && i < limit-named; i++ {
		err = give(s.only[i], s.entries[s.only[i]])
	}
	if errors.Is(err, errStop) {
		return nil
	}
	return err
}

// errFew: there are too few leading addresses to answer from them.
var errFew = errors.New("too few leading addresses")

// leading gives the first rows: that of the one address that is asked for, or
// those that the summary has in order.
func (s *summed) leading(n int, give func(netip.Addr, *entry) error) error {
	if n == 0 {
		return nil
	}
	if s.wanted.one.IsValid() && n == 1 {
		r, tries, err := s.look(s.wanted.one)
		if err != nil {
			return err
		}
		if r == nil {
			return s.r.Damaged("an address comes and goes")
		}
		return give(r.Addr, s.expand(r, tries))
	}
	if !s.whole {
		return errFew
	}
	var list []summary.LeaderRow
	for r, err := range s.s.Leaders() {
		if err != nil {
			return err
		}
		if !s.hides(r.Addr, address.Of(r.Addr)) {
			if list = append(list, *r); len(list) == n {
				break
			}
		}
	}
	if len(list) < n {
		return errFew
	}
	for i := range list {
		r := &list[i]
		e := s.expand(&r.AddressRow, nil)
		e.names, e.distinct = r.Names, int(r.Users)
		if err := give(r.Addr, e); err != nil {
			return err
		}
	}
	return nil
}

// look returns what the summary knows of one address, nil where it knows none.
func (s *summed) look(a netip.Addr) (*summary.AddressRow, []summary.TryRow, error) {
	if s.looked != nil && s.looked.Addr == a {
		return &s.looked.AddressRow, s.looked.tries, nil
	}
	p := netip.PrefixFrom(a, a.BitLen())
	var w *waiting
	for r, err := range s.s.Addresses(p) {
		if err != nil {
			return nil, nil, err
		}
		w = &waiting{AddressRow: *r}
		w.Strands = slices.Clone(r.Strands)
	}
	if w == nil {
		return nil, nil, nil
	}
	if slices.ContainsFunc(w.Strands, func(s summary.Strand) bool { return s.About }) {
		for t, err := range s.s.Tries(p) {
			if err != nil {
				return nil, nil, err
			}
			w.tries = append(w.tries, *t)
		}
	}
	s.looked = w
	return &w.AddressRow, w.tries, nil
}

// place is where an address stands among those with a row: what it is ordered
// by, its number in the order of addresses, and what its row costs to keep.
type place struct {
	failed, requests, events int64
	number                   uint32
	bytes                    uint32
}

// ranked gives the first rows. It puts all addresses in order, and then makes
// the rows of some of them at a time.
func (s *summed) ranked(n int, give func(netip.Addr, *entry) error) error {
	addrs, places, err := s.places()
	if err != nil {
		return err
	}
	if len(places) < n {
		return s.r.Damaged("it has fewer addresses than it says")
	}
	places = places[:n]
	for len(places) > 0 {
		end, bytes := 0, 0
		for end < len(places) && (end == 0 || bytes < windowBytes) {
			bytes += int(places[end].bytes)
			end++
		}
		if err := s.window(addrs, places[:end], give); err != nil {
			return err
		}
		places = places[end:]
	}
	return nil
}

// visible reports whether an address has a row.
func (s *summed) visible(a netip.Addr) bool {
	class := address.Of(a)
	return s.wanted.has(a, class) && !s.hides(a, class)
}

// places returns the addresses with a row, and their places in order.
func (s *summed) places() ([]netip.Addr, []place, error) {
	list := make([]place, 0, s.seen)
	addrs := make([]netip.Addr, 0, s.seen)
	for a, err := range s.s.Pick(s.prefix, s.visible) {
		if err != nil {
			return nil, nil, err
		}
		var n entry
		n.count(a)
		list = append(list, place{n.failed, n.requests, n.events, uint32(len(addrs)), uint32(waitingBytes + strandBytes*len(a.Strands))})
		addrs = append(addrs, a.Addr)
	}
	at := 0
	for t, err := range s.s.Tries(s.prefix) {
		if err != nil {
			return nil, nil, err
		}
		for at < len(addrs) && addrs[at].Less(t.Addr) {
			at++
		}
		if at < len(addrs) && addrs[at] == t.Addr {
			list[at].bytes += tryBytes
		}
	}
	slices.SortFunc(list, func(a, b place) int {
		return cmp.Or(cmp.Compare(b.failed, a.failed), cmp.Compare(b.requests, a.requests), cmp.Compare(b.events, a.events), cmp.Compare(a.number, b.number))
	})
	return addrs, list, nil
}

// waiting is an address whose row is not made yet.
type waiting struct {
	summary.AddressRow
	tries []summary.TryRow
}

// window gives the rows of some addresses that follow one another in order.
func (s *summed) window(addrs []netip.Addr, places []place, give func(netip.Addr, *entry) error) error {
	at := make(map[netip.Addr]int, len(places))
	for i := range places {
		at[addrs[places[i].number]] = i
	}
	wanted := func(a netip.Addr) bool {
		_, ok := at[a]
		return ok
	}
	list := make([]waiting, len(places))
	for a, err := range s.s.Pick(s.prefix, wanted) {
		if err != nil {
			return err
		}
		own := *a
		own.Strands = slices.Clone(a.Strands)
		list[at[a.Addr]].AddressRow = own
	}
	for t, err := range s.s.PickTries(s.prefix, wanted) {
		if err != nil {
			return err
		}
		w := &list[at[t.Addr]]
		w.tries = append(w.tries, *t)
	}
	for i := range list {
		if err := give(list[i].Addr, s.expand(&list[i].AddressRow, list[i].tries)); err != nil {
			return err
		}
		list[i] = waiting{}
	}
	return nil
}

// one tells what the case knows of the one address that is asked for; nil
// where it knows nothing.
func (s *summed) one(q index.Query) (*Detail, error) {
	a := s.wanted.one
	row, tries, err := s.look(a)
	if err != nil {
		return nil, err
	}
	d := &detail{}
	n := s.entries[a]
	if row != nil {
		n = s.expand(row, tries)
		if err := s.detail(d, row, q); err != nil {
			return nil, err
		}
	}
	if n == nil {
		return nil, nil
	}
	return d.answer(a, n), nil
}

func (s *summed) detail(d *detail, row *summary.AddressRow, q index.Query) error {
	room := &tally.Room{Values: maxValues, Bytes: maxBytes}
	for i := range row.Strands {
		t := &row.Strands[i]
		if !t.About {
			d.mentioned += t.Events
			continue
		}
		some := rowOf(&t.Sum, t.Undated)
		some.Value = index.Action(t.Action).String()
		d.actions.Put(some, room)
	}
	for deed, err := range s.s.Deeds(netip.PrefixFrom(row.Addr, row.Addr.BitLen())) {
		if err != nil {
			return err
		}
		evidence := (&index.Event{Source: s.r.SourcePath(deed.Source), Line: deed.Line}).Place()
		if deed.Login {
			d.logins = append(d.logins, Login{Time: index.Time(deed.Time), User: deed.User, Service: deed.Service, Evidence: evidence})
		} else {
			d.bans = append(d.bans, Ban{Time: index.Time(deed.Time), Action: index.Action(deed.Action), Jail: deed.Jail, Evidence: evidence})
		}
	}
	var err error
	d.recent, err = s.r.Last(q, detailRecent)
	return err
}
