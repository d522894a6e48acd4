package summary

import (
	"cmp"
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
	tryMore  // how many more users of this address follow in the page
	tryUser  // number of the user's name
	tryForm  // number of its form
	tryTimes // four columns, see stamps
)

const tryColumns = tryTimes + stampColumns

func tryCodec(r tryReader) codec[TryRow] {
	return codec[TryRow]{
		table: Tries,
		compare: func(a, b *TryRow) int {
			if c := a.Addr.Compare(b.Addr); c != 0 {
				return c
			}
			return strings.Compare(a.User, b.User)
		},
		fold:   func(a, b *TryRow) { a.span(&b.Sum) },
		weight: func(r *TryRow) int { return 8 + len(r.User)/4 },
		encode: encodeTries, decode: r.decode,
	}
}

func encodeTries(rows []TryRow) Page {
	w := newPageWriter(len(rows), tryColumns)
	user := frequentFirst(&w.dict, rows)
	var s stamps
	for i := range rows {
		s.fit(&rows[i].Sum)
	}
	w.byte(s.unit)
	number := putForms(w, rows)
	base := s.base(rows)
	w.int(base)
	var prev netip.Addr
	var order []timed
	for i := 0; i < len(rows); {
		a := rows[i].Addr
		order = order[:0]
		for ; i < len(rows) && rows[i].Addr == a; i++ {
			order = append(order, timed{rows[i].First, i})
		}
		putAddress(w.cols[tryFour:], prev, a)
		prev = a
		w.cols[tryMore].put(uint64(len(order) - 1))
		// Within an address the users come in the order in which they were tried: a list of names is worked off in seconds.
		slices.SortFunc(order, timed.compare)
		s.prev = base
		for _, o := range order {
			w.cols[tryUser].put(uint64(user[o.row]))
			w.cols[tryForm].put(number[o.row])
			s.put(w.cols[tryTimes:], &rows[o.row].Sum)
		}
	}
	return w.finish(Tries, Key(rows[0].Addr))
}

// timed is a row of a page and its time.
type timed struct {
	first int64
	row   int
}

func (a timed) compare(b timed) int {
	if a.first != b.first {
		return cmp.Compare(a.first, b.first)
	}
	return cmp.Compare(a.row, b.row)
}

// frequentFirst numbers the users of a page, the most frequent first, and
// returns the number of each row's.
func frequentFirst(t *texts, rows []TryRow) []uint32 {
	of := make([]uint32, len(rows))
	found := make(map[string]uint32, len(rows)/4)
	var names []string
	var uses []int
	for i := range rows {
		n, ok := found[rows[i].User]
		if !ok {
			n = uint32(len(names))
			found[rows[i].User] = n
			names, uses = append(names, rows[i].User), append(uses, 0)
		}
		uses[n]++
		of[i] = n
	}
	list := order(len(names), func(a, b int) int {
		if uses[a] != uses[b] {
			return cmp.Compare(uses[b], uses[a])
		}
		return strings.Compare(names[a], names[b])
	})
	for _, n := range list {
		t.addOther(names[n])
	}
	number := ranks(list)
	for i := range of {
		of[i] = number[of[i]]
	}
	return of
}

// form is how many events a row has, and their count: most rows of a page
// share a few of them.
type form struct{ events, count int64 }

// putForms writes the forms of a page, the most frequent first, and returns the
// number of each row's.
func putForms(w *pageWriter, rows []TryRow) []uint64 {
	of := make([]uint64, len(rows))
	found := map[form]uint64{}
	var forms []form
	var uses []int
	for i := range rows {
		f := form{rows[i].Events, rows[i].Count}
		if i > 0 && f == forms[of[i-1]] {
			of[i] = of[i-1]
			uses[of[i]]++
			continue
		}
		n, ok := found[f]
		if !ok {
			n = uint64(len(forms))
			found[f] = n
			forms, uses = append(forms, f), append(uses, 0)
		}
		uses[n]++
		of[i] = n
	}
	list := order(len(forms), func(i, j int) int {
		a, b := &forms[i], &forms[j]
		return cmp.Or(cmp.Compare(uses[j], uses[i]), cmp.Compare(a.events, b.events), cmp.Compare(a.count, b.count))
	})
	w.uint(uint64(len(list)))
	for _, n := range list {
		w.uint(uint64(forms[n].events))
		w.uint(uint64(forms[n].count))
	}
	number := ranks(list)
	for i := range of {
		of[i] = uint64(number[of[i]])
	}
	return of
}

func readForms(p *pageReader) []form {
	list := make([]form, min(p.count(), maxRows))
	for i := range list {
		list[i] = form{p.positive(p.uint()), p.positive(p.uint())}
	}
	return list
}

// base is the earliest second of the rows, 0 where none has a time.
func (s *stamps) base(rows []TryRow) (base int64) {
	known := false
	for i := range rows {
		if rows[i].First == 0 {
			continue
		}
		if at, _ := seconds(rows[i].First); !known || at < base {
			base, known = at, true
		}
	}
	return base
}

// tryReader decodes pages of tries.
type tryReader struct {
	pick  picker
	reuse bool
	rows  []TryRow
}

func (r *tryReader) decode(content []byte) ([]TryRow, error) {
	p, err := newPageReader(content, tryColumns)
	if err != nil {
		return nil, err
	}
	unit := readUnit(&p.parser)
	forms := readForms(p)
	base := p.int()
	if !r.reuse {
		r.rows = nil
	}
	r.rows = r.rows[:0]
	var a netip.Addr
	for left := p.rows; left > 0; {
		a = getAddress(p.cols[tryFour:], a)
		more := p.cols[tryMore].get()
		if p.bad || p.cols[tryMore].bad || more >= uint64(left) {
			return nil, ErrPage
		}
		n := int(more) + 1
		left -= n
		if !r.pick.wants(a) {
			p.cols[tryUser].skip(n)
			p.cols[tryForm].skip(n)
			skipStamps(p.cols[tryTimes:], n)
			continue
		}
		from := len(r.rows)
		s := stampReader{unit: unit, prev: base}
		for range n {
			row := TryRow{Addr: a, User: p.text(p.cols[tryUser].get())}
			f := p.cols[tryForm].get()
			if f >= uint64(len(forms)) || p.cols[tryUser].bad {
				return nil, ErrPage
			}
			row.Events, row.Count = forms[f].events, forms[f].count
			s.get(p.cols[tryTimes:], &row.Sum)
			r.rows = append(r.rows, row)
		}
		inOrder(r.rows[from:])
	}
	return r.rows, p.end()
}

// inOrder puts the rows of one address into the order of the table.
func inOrder(rows []TryRow) {
	slices.SortFunc(rows, func(a, b TryRow) int { return strings.Compare(a.User, b.User) })
}
