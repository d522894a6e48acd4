package summary

import "strings"

// UserRow is the events that name one user. Of its times 0 is unknown.
type UserRow struct {
	Name string
	Sum
}

const (
	userName = iota
	userEvents
	userCount
	userTimes   // four columns, see stamps
	userColumns = userTimes + stampColumns
)

func userCodec() codec[UserRow] {
	return codec[UserRow]{
		table:   Users,
		compare: func(a, b *UserRow) int { return strings.Compare(a.Name, b.Name) },
		fold:    func(a, b *UserRow) { a.span(&b.Sum) },
		weight:  func(r *UserRow) int { return 10 + len(r.Name) },
		encode:  encodeUsers, decode: decodeUsers,
	}
}

func encodeUsers(rows []UserRow) Page {
	w := newPageWriter(len(rows), userColumns)
	var s stamps
	for i := range rows {
		s.fit(&rows[i].Sum)
	}
	w.byte(s.unit)
	for i := range rows {
		r := &rows[i]
		w.cols[userName].put(w.dict.addOther(r.Name))
		w.cols[userEvents].put(uint64(r.Events))
		w.cols[userCount].put(uint64(r.Count))
		s.put(w.cols[userTimes:], &r.Sum)
	}
	return w.finish(Users, nil)
}

func decodeUsers(content []byte) ([]UserRow, error) {
	p, err := newPageReader(content, userColumns)
	if err != nil {
		return nil, err
	}
	s := stampReader{unit: readUnit(&p.parser)}
	rows := make([]UserRow, p.rows)
	for i := range rows {
		r := &rows[i]
		r.Name = p.text(p.cols[userName].get())
		r.Events, r.Count = p.positive(p.cols[userEvents].get()), p.positive(p.cols[userCount].get())
		s.get(p.cols[userTimes:], &r.Sum)
		if p.bad || p.cols[userName].bad {
			return nil, ErrPage
		}
	}
	return rows, p.end()
}

// stamps writes the times of sums of which 0 is unknown: seconds and the rest
// apart, because many logs have seconds only.
type stamps struct {
	unit byte
	prev int64 // second of the first before
}

// The columns of stamps.
const (
	stampFirst    = iota // 0: unknown; else 1 + zigzag of the seconds since the first before
	stampRest            // units of it beyond the second
	stampLast            // seconds since the first
	stampLastRest        // units beyond the second
	stampColumns
)

func (s *stamps) fit(r *Sum) { s.unit = unit(unit(s.unit, r.First), r.Last) }

func (s *stamps) put(cols []column, r *Sum) {
	if r.First == 0 {
		cols[stampFirst].put(0)
		return
	}
	first, rest := seconds(r.First)
	last, lastRest := seconds(r.Last)
	cols[stampFirst].put(zigzag(first-s.prev) + 1)
	cols[stampRest].put(uint64(rest / units[s.unit]))
	cols[stampLast].put(uint64(last - first))
	cols[stampLastRest].put(uint64(lastRest / units[s.unit]))
	s.prev = first
}

// seconds takes a time apart.
func seconds(t int64) (s, rest int64) {
	s, rest = t/units[0], t%units[0]
	if rest < 0 {
		s, rest = s-1, rest+units[0]
	}
	return s, rest
}

// skipStamps passes over the times of n rows.
func skipStamps(cols []input, n int) {
	known := cols[stampFirst].skip(n)
	cols[stampRest].skip(known)
	cols[stampLast].skip(known)
	cols[stampLastRest].skip(known)
}

type stampReader struct{ unit, prev int64 }

func (s *stampReader) get(cols []input, r *Sum) {
	d := cols[stampFirst].get()
	if d == 0 {
		return
	}
	s.prev += unzigzag(d - 1)
	r.First = s.prev*units[0] + int64(cols[stampRest].get())*s.unit
	r.Last = (s.prev+int64(cols[stampLast].get()))*units[0] + int64(cols[stampLastRest].get())*s.unit
}
