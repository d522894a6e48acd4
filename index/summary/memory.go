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
	return &cursor[R]{fill: func() ([]R, error) {
		var rows []R
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

func (b *Builder) kindRows() *cursor[KindRow] {
	list := order(len(b.kinds), func(i, j int) int { return compareKinds(&b.kinds[i].row, &b.kinds[j].row) })
	// A kind whose events all turned out to be without a time has none itself.
	list = slices.DeleteFunc(list, func(i uint32) bool { return b.kinds[i].row.Events == 0 })
	return batches(len(list), func(rows []KindRow, i int) []KindRow {
		k := &b.kinds[list[i]]
		r := k.row
		r.Example = string(k.example)
		return append(rows, r)
	})
}

func (b *Builder) userRows() *cursor[UserRow] {
	list := order(len(b.users), func(i, j int) int { return strings.Compare(b.users[i].Name, b.users[j].Name) })
	list = slices.DeleteFunc(list, func(i uint32) bool { return b.users[i].Events == 0 })
	return batches(len(list), func(rows []UserRow, i int) []UserRow { return append(rows, b.users[list[i]]) })
}

func (b *Builder) minuteRows() *cursor[MinuteRow] {
	c := minuteCodec()
	list := order(len(b.cells), func(i, j int) int { return c.compare(&b.cells[i], &b.cells[j]) })
	return batches(len(list), func(rows []MinuteRow, i int) []MinuteRow { return append(rows, b.cells[list[i]]) })
}

// addressOrder is the addresses in their order.
func (b *Builder) addressOrder() []uint32 {
	return order(len(b.addresses), func(i, j int) int { return b.addresses[i].addr.Compare(b.addresses[j].addr) })
}

// byAddress lists the rows of p address by address: those of address a are
// list[start[a]:start[a+1]].
func (b *Builder) byAddress(p *pairs) (list, start []uint32) {
	start = make([]uint32, len(b.addresses)+1)
	for i := range p.rows {
		start[p.rows[i].a+1]++
	}
	for a := range b.addresses {
		start[a+1] += start[a]
	}
	list = make([]uint32, len(p.rows))
	next := slices.Clone(start)
	for i := range p.rows {
		a := p.rows[i].a
		list[next[a]] = uint32(i)
		next[a]++
	}
	return list, start
}

func (b *Builder) addressRows(sorted []uint32) *cursor[AddressRow] {
	list, start := b.byAddress(&b.strands)
	return batches(len(sorted), func(rows []AddressRow, i int) []AddressRow {
		n := sorted[i]
		a := &b.addresses[n]
		if start[n] == start[n+1] {
			return rows
		}
		r := AddressRow{Addr: a.addr, First: a.first, Last: a.last}
		for _, s := range list[start[n]:start[n+1]] {
			p := &b.strands.rows[s]
			t := b.threads[p.b>>2]
			t.About, t.Shared = p.b&2 != 0, p.b&1 != 0
			r.Strands = append(r.Strands, Strand{t, p.Sum})
		}
		r.Strands = tidy(r.Strands)
		return append(rows, r)
	})
}

func (b *Builder) tryRows(sorted []uint32) *cursor[TryRow] {
	list, start := b.byAddress(&b.tries)
	return batches(len(sorted), func(rows []TryRow, i int) []TryRow {
		n := sorted[i]
		own := list[start[n]:start[n+1]]
		slices.SortFunc(own, func(i, j uint32) int {
			return strings.Compare(b.users[b.tries.rows[i].b].Name, b.users[b.tries.rows[j].b].Name)
		})
		for _, t := range own {
			p := &b.tries.rows[t]
			rows = append(rows, TryRow{b.addresses[n].addr, b.users[p.b].Name, p.Sum})
		}
		return rows
	})
}

func (b *Builder) deedRows() *cursor[DeedRow] {
	var with []int
	for n := range b.deeds {
		with = append(with, n)
	}
	slices.SortFunc(with, func(i, j int) int {
		return cmp.Or(b.addresses[i].addr.Compare(b.addresses[j].addr), cmp.Compare(i, j))
	})
	return batches(len(with), func(rows []DeedRow, i int) []DeedRow {
		d := b.deeds[with[i]]
		return append(append(rows, d.bans...), d.logins...)
	})
}
