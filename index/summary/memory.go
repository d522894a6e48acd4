package summary

import (
	"cmp"
	"slices"
	"strings"
)

// batch is how many rows are made of a Builder's memory at once: as rows they
// take several times as much.
const batch = 256

// batches yields rows 0 to n, some at a time; make appends row i.
func batches[R any](n int, add func(rows []R, i int) []R) *cursor[R] {
	at := 0
	var rows []R
	return &cursor[R]{fill: func() ([]R, error) {
		rows = slices.Grow(rows[:0], batch)
		for ; at < n && len(rows) < batch; at++ {
			rows = add(rows, at)
		}
		return rows, nil
	}}
}

// order returns the numbers below n in the order of compare.
func order(n int, compare func(i, j int) int) []uint32 {
	list := make([]uint32, n)
	for i := range list {
		list[i] = uint32(i)
	}
	slices.SortFunc(list, func(i, j uint32) int { return compare(int(i), int(j)) })
	return list
}

// ranks is the other way round: the place of each number in a list.
func ranks(list []uint32) []uint32 {
	out := make([]uint32, len(list))
	for place, n := range list {
		out[n] = uint32(place)
	}
	return out
}

// keyed is a number and what orders it.
type keyed struct {
	key uint64
	n   uint32
}

// ordered returns the places of pairs in the order of key.
func ordered(rows []pair, key func(p *pair) uint64) []keyed {
	list := make([]keyed, len(rows))
	for i := range rows {
		list[i] = keyed{key(&rows[i]), uint32(i)}
	}
	sortKeyed(list)
	return list
}

func sortKeyed(list []keyed) {
	slices.SortFunc(list, func(a, b keyed) int { return cmp.Compare(a.key, b.key) })
}

// sortedRows is a Builder's memory put in order. It is made once, before rows
// are taken from it.
type sortedRows struct {
	*Builder
	kindList, userList  []uint32
	deedList            []uint32
	strandList, tryList []uint64 // see orderTallies
	minuteList          []keyed
}

func (b *Builder) sort() *sortedRows {
	s := &sortedRows{Builder: b}
	b.endBurst()
	s.kindList = order(len(b.kinds), func(i, j int) int { return compareKinds(&b.kinds[i].row, &b.kinds[j].row) })
	s.userList = order(len(b.users), func(i, j int) int { return strings.Compare(b.users[i].Name, b.users[j].Name) })
	s.strandList = orderTallies(b.strands, ranks(order(len(b.threads), func(i, j int) int { return b.threads[i].compare(b.threads[j]) })))
	s.tryList = orderTallies(b.tries, ranks(s.userList))
	s.deedList = order(len(b.deeds), func(i, j int) int { return b.deeds[i].compare(&b.deeds[j]) })
	s.minuteList = ordered(b.minutes.rows, func(p *pair) uint64 {
		m := int64(int32(p.b))
		// Group, source, and minute within the group, as MinuteRow is ordered: 24, 32 and 8 bits.
		return uint64(groupOf(m)+1<<23)<<40 | uint64(p.a)<<8 | uint64(m)&(group-1)
	})
	return s
}

func (s *sortedRows) kindRows() *cursor[KindRow] {
	// A kind whose events all turned out to be without a time has none itself.
	list := slices.DeleteFunc(s.kindList, func(i uint32) bool { return s.kinds[i].row.Events == 0 })
	return batches(len(list), func(rows []KindRow, i int) []KindRow {
		k := &s.kinds[list[i]]
		r := k.row
		r.Example = string(k.example)
		return append(rows, r)
	})
}

func (s *sortedRows) userRows() *cursor[UserRow] {
	list := slices.DeleteFunc(s.userList, func(i uint32) bool { return s.users[i].Events == 0 })
	return batches(len(list), func(rows []UserRow, i int) []UserRow { return append(rows, s.users[list[i]]) })
}

func (s *sortedRows) minuteRows() *cursor[MinuteRow] {
	return batches(len(s.minuteList), func(rows []MinuteRow, i int) []MinuteRow {
		p := &s.minutes.rows[s.minuteList[i].n]
		return append(rows, MinuteRow{Minute: int64(int32(p.b)), Source: p.a, Sum: p.Sum})
	})
}

func (s *sortedRows) strandTallies() *tallies[*Thread] {
	return someTallies(s.strands, s.strandList, s.threads, threadWording())
}

func (s *sortedRows) tryTallies() *tallies[string] {
	names := make([]string, len(s.users))
	for i := range names {
		names[i] = s.users[i].Name
	}
	return someTallies(s.tries, s.tryList, names, userWording())
}

func (s *sortedRows) deedRows() *cursor[DeedRow] {
	return batches(len(s.deedList), func(rows []DeedRow, i int) []DeedRow {
		d := &s.deeds[s.deedList[i]]
		k := &s.kinds[d.kind].row
		r := DeedRow{Addr: d.addr(), Place: d.Place, Action: k.Action, Login: d.login, Service: k.Service, Jail: k.Jail}
		if d.login && d.user != None {
			r.User = s.users[d.user].Name
		}
		return append(rows, r)
	})
}
