package summary

import (
	"cmp"
	"net/netip"
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

// byAddress returns the places of pairs in the order of the places of their
// addresses, and then of what else they are about.
func byAddress(rows []pair, address, other []uint32) []keyed {
	// Each address has few pairs: these are put beside one another first.
	next := make([]uint32, len(address)+1) // where the next pair of an address goes
	for i := range rows {
		next[address[rows[i].a]+1]++
	}
	for i := range address {
		next[i+1] += next[i]
	}
	list := make([]keyed, len(rows))
	for i := range rows {
		p := &rows[i]
		n := address[p.a]
		list[next[n]] = keyed{uint64(n)<<32 | uint64(other[p.b]), uint32(i)}
		next[n]++
	}
	from := uint32(0)
	for _, end := range next[:len(address)] {
		if end > from+1 {
			sortKeyed(list[from:end])
		}
		from = end
	}
	return list
}

// orderAddresses returns the numbers of addresses in their order.
func orderAddresses(all []netip.Addr) []uint32 {
	list := make([]keyed, len(all))
	for i := range all {
		a := all[i]
		key := uint64(low4(a))
		if high, _ := halves(a); a.Is6() {
			key = 1<<63 | high>>1
		}
		list[i] = keyed{key, uint32(i)}
	}
	slices.SortFunc(list, func(a, b keyed) int {
		if a.key != b.key {
			return cmp.Compare(a.key, b.key)
		}
		return all[a.n].Compare(all[b.n])
	})
	out := make([]uint32, len(list))
	for i := range list {
		out[i] = list[i].n
	}
	return out
}

// sortedRows is a Builder's memory put in order. It is made once, before rows
// are taken from it.
type sortedRows struct {
	*Builder
	kindList, userList []uint32
	addressList        []uint32
	strandList         []keyed // by place of the address, then of the thread
	tryList            []keyed // by place of the address, then of the user
	minuteList         []keyed
}

func (b *Builder) sort() *sortedRows {
	s := &sortedRows{Builder: b}
	b.settle()
	for _, p := range [...]*pairs{&b.tries, &b.minutes} {
		p.flush()
	}
	s.kindList = order(len(b.kinds), func(i, j int) int { return compareKinds(&b.kinds[i].row, &b.kinds[j].row) })
	s.userList = order(len(b.users), func(i, j int) int { return strings.Compare(b.users[i].Name, b.users[j].Name) })
	s.addressList = orderAddresses(b.addrs)
	address, user := ranks(s.addressList), ranks(s.userList)
	thread := ranks(order(len(b.threads), func(i, j int) int { return b.threads[i].compare(b.threads[j]) }))
	s.strandList = byAddress(b.strands.gather(), address, thread)
	s.tryList = byAddress(b.tries.rows(), address, user)
	s.minuteList = ordered(b.minutes.rows(), func(p *pair) uint64 {
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
	list := slices.DeleteFunc(slices.Clone(s.userList), func(i uint32) bool { return s.users[i].Events == 0 })
	return batches(len(list), func(rows []UserRow, i int) []UserRow { return append(rows, s.users[list[i]]) })
}

func (s *sortedRows) minuteRows() *cursor[MinuteRow] {
	return batches(len(s.minuteList), func(rows []MinuteRow, i int) []MinuteRow {
		p := &s.minutes.rows()[s.minuteList[i].n]
		return append(rows, MinuteRow{Minute: int64(int32(p.b)), Source: p.a, Sum: p.Sum})
	})
}

func (s *sortedRows) addressRows() *cursor[AddressRow] {
	at := 0
	var strands slab
	return batches(len(s.addressList), func(rows []AddressRow, i int) []AddressRow {
		n := s.addressList[i]
		a := &s.addresses[n]
		end := at
		for end < len(s.strandList) && s.strandList[end].key>>32 == uint64(i) {
			end++
		}
		if end == at {
			return rows
		}
		r := AddressRow{Addr: s.addrs[n], First: a.first, Last: a.last, Strands: strands.take(end - at)}
		for i := range r.Strands {
			p := &s.strands.rows[s.strandList[at+i].n]
			r.Strands[i] = Strand{s.threads[p.b], p.Sum}
		}
		at = end
		r.Strands = tidy(r.Strands)
		return append(rows, r)
	})
}

func (s *sortedRows) tryRows() *cursor[TryRow] {
	return batches(len(s.tryList), func(rows []TryRow, i int) []TryRow {
		p := &s.tries.rows()[s.tryList[i].n]
		return append(rows, TryRow{s.addrs[p.a], s.users[p.b].Name, p.Sum})
	})
}

func (s *sortedRows) deedRows() *cursor[DeedRow] {
	return batches(len(s.addressList), func(rows []DeedRow, i int) []DeedRow {
		n := s.addressList[i]
		d := s.Builder.deeds[n]
		if d == nil {
			return rows
		}
		a := s.addrs[n]
		for _, e := range d.bans {
			rows = append(rows, s.deedRow(a, &e, false))
		}
		for _, e := range d.logins {
			rows = append(rows, s.deedRow(a, &e, true))
		}
		return rows
	})
}

func (s *sortedRows) deedRow(a netip.Addr, e *deed, login bool) DeedRow {
	k := &s.kinds[e.kind].row
	r := DeedRow{Addr: a, Place: e.Place, Action: k.Action, Login: login, Service: k.Service, Jail: k.Jail}
	if login && e.user != None {
		r.User = s.users[e.user].Name
	}
	return r
}
