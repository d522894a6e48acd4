package summary

import (
	"bytes"
	"errors"
	"iter"
	"net/netip"
)

// Walker yields the pages of one table of one run in order: the key of the
// next one and how to unpack it; a nil key behind the last. What it unpacks is
// valid until the next page.
type Walker func() (key []byte, unpack func() ([]byte, error), err error)

// Reader answers from runs. Several runs answer as one would that had seen all
// of their events.
type Reader struct {
	// Runs is how many there are.
	Runs int
	// Small is how many of them, the last ones, hold so few addresses that each is better looked up than merged.
	Small int
	// Actions are those that the leaders of small runs are ordered by.
	Actions Actions
	// Pages walks a table of a run, counted from 0, beginning with the last page whose key is not above from.
	Pages func(run int, t Table, from []byte) (Walker, error)
	// Fault says of an error whose case it is about.
	Fault func(error) error
}

// Head is what the runs say of all addresses together.
func (r *Reader) Head() (*Head, error) {
	all, large, err := r.heads()
	switch {
	case err != nil:
		return nil, r.Fault(err)
	case r.isOneAndSmall():
		all.Addresses, all.Blocks = large.Addresses, large.Blocks
		err = r.addSmall(all)
	case r.Runs > 1:
		for _, err := range r.Addresses(netip.Prefix{}) {
			if err != nil {
				return nil, err
			}
			all.Addresses++
		}
	}
	if err != nil {
		return nil, err
	}
	return all, nil
}

// heads folds the heads of all runs, and returns the first one as it was, too.
func (r *Reader) heads() (all *Head, first Head, err error) {
	for run := range r.Runs {
		content, err := r.first(run, Heads)
		if err != nil {
			return nil, first, err
		}
		h, err := decodeHead(content)
		if err != nil {
			return nil, first, err
		}
		if all == nil {
			all, first = h, *h
			continue
		}
		all.fold(h)
	}
	if all == nil {
		return nil, first, ErrPage
	}
	return all, first, nil
}

// Leaders yields the addresses with most refused logins, then requests, then
// events, in that order: the first 256 of one run, about as many where there
// are small ones beside it, none of several large ones.
func (r *Reader) Leaders() iter.Seq2[*LeaderRow, error] {
	if r.Runs == 1 {
		return rows(r, leaderCodec, nil, nil)
	}
	return func(yield func(*LeaderRow, error) bool) {
		if !r.isOneAndSmall() {
			return
		}
		all, err := r.allLeaders()
		if err != nil {
			yield(nil, err)
			return
		}
		for i := range all {
			if !yield(&all[i].row, nil) {
				return
			}
		}
	}
}

func (r *Reader) first(run int, t Table) ([]byte, error) {
	walk, err := r.Pages(run, t, nil)
	if err != nil {
		return nil, err
	}
	key, unpack, err := walk()
	if err != nil {
		return nil, err
	}
	if key == nil {
		return nil, ErrPage
	}
	return unpack()
}

// Kinds yields the kinds of events whose class is wanted, in the order of
// classes, then signatures. A row is valid until the next one.
func (r *Reader) Kinds(want func(Class) bool) iter.Seq2[*KindRow, error] {
	all := rows(r, func() codec[KindRow] { return kindCodec(kindReader{reuse: true}) }, nil, func(key []byte) (bool, bool, error) {
		first, last, err := classesOf(key)
		return first != last || want(first), true, err
	})
	return func(yield func(*KindRow, error) bool) {
		for k, err := range all {
			if (err != nil || want(k.Class)) && !yield(k, err) {
				return
			}
		}
	}
}

// Users yields the users that events name, in the order of their bytes.
func (r *Reader) Users() iter.Seq2[*UserRow, error] { return rows(r, userCodec, nil, nil) }

// Addresses yields the addresses within p, all where p is the zero Prefix, in
// their order.
func (r *Reader) Addresses(p netip.Prefix) iter.Seq2[*AddressRow, error] { return r.Pick(p, nil) }

// Pick yields those of them for which pick holds, which may be asked about any
// address at any time. A row and its strands are valid until the next one.
func (r *Reader) Pick(p netip.Prefix, pick func(netip.Addr) bool) iter.Seq2[*AddressRow, error] {
	return rows(r, func() codec[AddressRow] { return addressCodec(addressReader{pick: both(p, pick), reuse: true}) }, lowest(p), beyond(p))
}

// both is the picker of addresses within p for which pick holds.
func both(p netip.Prefix, pick picker) picker {
	switch {
	case !p.IsValid():
		return pick
	case pick == nil:
		return p.Contains
	}
	return func(a netip.Addr) bool { return p.Contains(a) && pick(a) }
}

// Tries yields, for each address within p, the users that events about it
// name, in their order.
func (r *Reader) Tries(p netip.Prefix) iter.Seq2[*TryRow, error] { return r.PickTries(p, nil) }

// PickTries yields those of them for whose address pick holds.
func (r *Reader) PickTries(p netip.Prefix, pick func(netip.Addr) bool) iter.Seq2[*TryRow, error] {
	return rows(r, func() codec[TryRow] { return tryCodec(tryReader{pick: both(p, pick), reuse: true}) }, lowest(p), beyond(p))
}

// Deeds yields, for each address within p, its earliest bans and the ends of
// bans, then its earliest logins, in the order of time.
func (r *Reader) Deeds(p netip.Prefix) iter.Seq2[*DeedRow, error] {
	all := rows(r, deedCodec, lowest(p), beyond(p))
	return func(yield func(*DeedRow, error) bool) {
		var cut deedLimit
		for row, err := range all {
			if (err != nil || (!p.IsValid() || p.Contains(row.Addr)) && cut.keep(row)) && !yield(row, err) {
				return
			}
		}
	}
}

// Minutes yields the minutes from from up to until, which is out, some hours
// at a time and in each of them source by source.
func (r *Reader) Minutes(from, until int64) iter.Seq2[*MinuteRow, error] {
	end := MinuteKey(until)
	all := rows(r, minuteCodec, MinuteKey(from), func(key []byte) (bool, bool, error) { return true, bytes.Compare(key, end) <= 0, nil })
	return func(yield func(*MinuteRow, error) bool) {
		for row, err := range all {
			if (err != nil || row.Minute >= from && row.Minute < until) && !yield(row, err) {
				return
			}
		}
	}
}

func lowest(p netip.Prefix) []byte {
	if !p.IsValid() {
		return nil
	}
	return Key(p.Addr())
}

// beyond says of a page's key whether the page may hold addresses of p.
func beyond(p netip.Prefix) func(key []byte) (want, more bool, err error) {
	if !p.IsValid() {
		return nil
	}
	return func(key []byte) (bool, bool, error) {
		if len(key) == 0 {
			return false, false, ErrPage
		}
		a, ok := netip.AddrFromSlice(key[1:])
		in := ok && (p.Contains(a) || a.Less(p.Addr()))
		return in, in, nil
	}
}

var errStop = errors.New("stop")

// rows yields the rows of a table from the page on that may hold from. page,
// unless it is nil, says of a page's key whether its rows are wanted, and
// whether those of later ones may be.
func rows[R any](r *Reader, newCodec func() codec[R], from []byte, page func(key []byte) (want, more bool, err error)) iter.Seq2[*R, error] {
	return func(yield func(*R, error) bool) {
		var cursors []*cursor[R]
		c := newCodec()
		for run := range r.Runs {
			decode := newCodec().decode
			walk, err := r.Pages(run, c.table, from)
			if err != nil {
				yield(nil, r.Fault(err))
				return
			}
			cursors = append(cursors, &cursor[R]{fill: func() ([]R, error) { return fill(walk, decode, page) }})
		}
		err := c.merge(cursors, func(row *R) error {
			if !yield(row, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(nil, r.Fault(err))
		}
	}
}

func fill[R any](walk Walker, decode func([]byte) ([]R, error), page func(key []byte) (want, more bool, err error)) ([]R, error) {
	for {
		key, unpack, err := walk()
		if key == nil || err != nil {
			return nil, err
		}
		if page != nil {
			want, more, err := page(key)
			if err != nil || !more {
				return nil, err
			}
			if !want {
				continue
			}
		}
		content, err := unpack()
		if err != nil {
			return nil, err
		}
		rows, err := decode(content)
		// Of a page, no row may have been picked.
		if err != nil || len(rows) > 0 {
			return rows, err
		}
	}
}
