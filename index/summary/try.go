package summary

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// TryRow is the events about an address that name a user. Its Count is how
// often a credential of that user was used, good or bad; of its times 0 is
// unknown.
type TryRow struct {
	Addr netip.Addr
	User string
	Sum
}

const (
	tryFour = iota // the address, as in a page of addresses; only where it is a new one
	tryHigh
	tryLow
	tryMore // how many more users of this address follow in the page
	tryUser // number of the user's name
	tryEvents
	tryCount   // ± to events
	tryTimes   // four columns, see stamps
	tryColumns = tryTimes + stampColumns
)

func tryCodec() codec[TryRow] {
	return codec[TryRow]{
		table: Tries,
		compare: func(a, b *TryRow) int {
			if c := a.Addr.Compare(b.Addr); c != 0 {
				return c
			}
			return strings.Compare(a.User, b.User)
		},
		fold:     func(a, b *TryRow) { a.span(&b.Sum) },
		weight:   func(r *TryRow) int { return 8 + len(r.User)/4 },
		together: anyOrder[TryRow],
		encode:   encodeTries, decode: decodeTries,
	}
}

func encodeTries(rows []TryRow) Page {
	w := newPageWriter(len(rows), tryColumns)
	frequentFirst(&w.dict, rows)
	// Within an address the users come in the order in which they were tried: a list of names is worked off in seconds.
	rows = slices.Clone(rows)
	var s stamps
	for i := range rows {
		s.fit(&rows[i].Sum)
	}
	w.byte(s.unit)
	var prev netip.Addr
	for i := 0; i < len(rows); {
		a := rows[i].Addr
		end := i
		for end < len(rows) && rows[end].Addr == a {
			end++
		}
		putAddress(w.cols[tryFour:], prev, a)
		prev = a
		w.cols[tryMore].put(uint64(end - i - 1))
		slices.SortStableFunc(rows[i:end], func(a, b TryRow) int { return cmp.Compare(a.First, b.First) })
		for ; i < end; i++ {
			r := &rows[i]
			w.cols[tryUser].put(w.dict.add(r.User))
			w.cols[tryEvents].put(uint64(r.Events) - 1)
			w.cols[tryCount].signed(r.Count - r.Events)
			s.put(w.cols[tryTimes:], &r.Sum)
		}
	}
	return w.finish(Tries, Key(rows[0].Addr))
}

// frequentFirst numbers the users of a page, the most frequent first.
func frequentFirst(t *texts, rows []TryRow) {
	uses := map[string]int{}
	for i := range rows {
		uses[rows[i].User]++
	}
	names := slices.SortedFunc(maps.Keys(uses), func(a, b string) int {
		return cmp.Or(cmp.Compare(uses[b], uses[a]), strings.Compare(a, b))
	})
	for _, name := range names {
		t.add(name)
	}
}

func decodeTries(content []byte) ([]TryRow, error) {
	p, err := newPageReader(content, tryColumns)
	if err != nil {
		return nil, err
	}
	s := stampReader{unit: readUnit(&p.parser)}
	rows := make([]TryRow, p.rows)
	var a netip.Addr
	more, from := uint64(0), 0
	for i := range rows {
		r := &rows[i]
		if more == 0 {
			inOrder(rows[from:i])
			a, from = getAddress(p.cols[tryFour:], a), i
			more = p.cols[tryMore].get() + 1
		}
		more--
		r.Addr, r.User = a, p.text(p.cols[tryUser].get())
		r.Events = p.positive(p.cols[tryEvents].get()) + 1
		r.Count = r.Events + p.cols[tryCount].signed()
		s.get(p.cols[tryTimes:], &r.Sum)
		if p.bad || p.cols[tryUser].bad {
			return nil, ErrPage
		}
	}
	inOrder(rows[from:])
	return rows, p.end()
}

// inOrder puts the rows of one address into the order of the table.
func inOrder(rows []TryRow) {
	slices.SortFunc(rows, func(a, b TryRow) int { return strings.Compare(a.User, b.User) })
}
