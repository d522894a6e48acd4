package summary

import (
	"math"
	"net/netip"
	"slices"
)

// seen is where the times of a strand count from: those of the strand before
// it in the row of the same source, and where there is none the earliest of
// its thread in the page. What happens to an address in one log happens close
// together.
type seen struct {
	row         []int // that a source was met in last, by number of its first thread
	first, last []int64
}

func newSeen(list []pageThread) seen {
	return seen{make([]int, len(list)), make([]int64, len(list)), make([]int64, len(list))}
}

// from returns where first and last of a strand count from; own is its first.
func (s *seen) from(row int, t *pageThread) (first, last int64, own bool) {
	if o := t.origin; s.row[o] == row+1 {
		return s.first[o], s.last[o], false
	}
	return t.base, 0, true
}

func (s *seen) note(row int, t *pageThread, sum *Sum) {
	o := t.origin
	s.row[o], s.first[o], s.last[o] = row+1, sum.First, sum.Last
}

// strandWriter writes the strands of the addresses of a page.
type strandWriter struct {
	w    *pageWriter
	list []pageThread
	seen
}

func (e *strandWriter) row(i int, r *AddressRow, set []uint16) (events int64) {
	for j, n := range set {
		s := &r.Strands[j]
		t := &e.list[n]
		u := units[t.unit]
		events += s.Events
		e.w.cols[addrEvents].put(uint64(s.Events) - 1)
		if t.repeats {
			e.w.cols[addrCount].put(uint64(s.Count - s.Events))
		}
		first, last, own := e.from(i, t)
		e.w.cols[addrFirst].signed(s.Sum.First/u - first/u)
		if s.Events > 1 {
			if own {
				last = s.Sum.First
			}
			e.w.cols[addrLast].signed(s.Sum.Last/u - last/u)
		}
		e.note(i, t, &s.Sum)
	}
	return events
}

// strandReader reads what strandWriter wrote.
type strandReader struct {
	p    *pageReader
	list []pageThread
	seen
}

func (d *strandReader) row(i int, strands []Strand, set []uint16) (events int64) {
	cols := d.p.cols
	for j, n := range set {
		s := &strands[j]
		t := &d.list[n]
		u := units[t.unit]
		s.Thread = &t.Thread
		s.Events = d.p.positive(cols[addrEvents].get()) + 1
		s.Count = s.Events
		if t.repeats {
			s.Count += d.p.positive(cols[addrCount].get())
		}
		events += s.Events
		first, last, own := d.from(i, t)
		s.Sum.First = (first/u + cols[addrFirst].signed()) * u
		s.Sum.Last = s.Sum.First
		if s.Events > 1 {
			if own {
				last = s.Sum.First
			}
			s.Sum.Last = (last/u + cols[addrLast].signed()) * u
		}
		d.note(i, t, &s.Sum)
	}
	return events
}

// skip passes over the strands of a row, and reports whether it has several
// events.
func (d *strandReader) skip(set threadSet) (several bool) {
	cols := d.p.cols
	n := len(set.members)
	more := cols[addrEvents].skip(n)
	cols[addrCount].skip(set.repeats)
	cols[addrFirst].skip(n)
	cols[addrLast].skip(more)
	return n > 1 || more > 0
}

// addressReader decodes pages of addresses.
type addressReader struct {
	pick picker
	// reuse takes the memory of the page before for the next one.
	reuse bool
	rows  []AddressRow
	slab  []Strand
}

// picker says which addresses are wanted; nil: all.
type picker func(netip.Addr) bool

func (p picker) wants(a netip.Addr) bool { return p == nil || p(a) }

func (r *addressReader) decode(content []byte) ([]AddressRow, error) {
	p, err := newPageReader(content, addrColumns)
	if err != nil {
		return nil, err
	}
	list, sets := readThreads(p)
	if p.bad || len(p.cols[addrEvents].lens) > maxCells {
		return nil, ErrPage
	}
	if !r.reuse {
		r.rows, r.slab = nil, nil
	}
	if r.pick == nil && cap(r.rows) < p.rows {
		// Each strand has a byte of its own in this column.
		r.rows, r.slab = make([]AddressRow, 0, p.rows), make([]Strand, 0, len(p.cols[addrEvents].lens))
	}
	r.rows, r.slab = r.rows[:0], r.slab[:0]
	d := strandReader{p: p, list: list, seen: newSeen(list)}
	var a netip.Addr
	for i := range p.rows {
		a = getAddress(p.cols[addrFour:], a)
		n := p.cols[addrPattern].get()
		if n >= uint64(len(sets)) || p.bad || p.cols[addrFour].bad {
			return nil, ErrPage
		}
		if !r.pick.wants(a) {
			skipRow(&d, sets[n])
			continue
		}
		if err := r.row(i, a, &d, sets[n]); err != nil {
			return nil, err
		}
	}
	return r.rows, p.end()
}

// row reads the row of an address.
func (r *addressReader) row(i int, a netip.Addr, d *strandReader, set threadSet) error {
	size := len(set.members)
	if size > len(d.p.cols[addrEvents].lens) {
		return ErrPage
	}
	from := len(r.slab)
	r.slab = slices.Grow(r.slab, size)[:from+size]
	strands := r.slab[from : from+size : from+size]
	clear(strands)
	events := d.row(i, strands, set.members)
	row := AddressRow{Addr: a, Strands: strands}
	row.ends()
	p := d.p
	row.First.Line = p.positive(p.cols[addrLine].get())
	row.Last.Line = row.First.Line
	if events > 1 {
		row.Last.Line += p.cols[addrLines].signed()
	}
	if set.limited {
		row.First.Source, row.Last.Source = uint32(p.cols[addrSources].get()), uint32(p.cols[addrSources].get())
	}
	r.rows = append(r.rows, row)
	if p.bad || p.cols[addrLine].bad {
		return ErrPage
	}
	return nil
}

func skipRow(d *strandReader, set threadSet) {
	cols := d.p.cols
	several := d.skip(set)
	cols[addrLine].skip(1)
	if several {
		cols[addrLines].skip(1)
	}
	if set.limited {
		cols[addrSources].skip(2)
	}
}

// ends finds the times and sources of the earliest and the latest event.
func (r *AddressRow) ends() {
	for i := range r.Strands {
		s := &r.Strands[i]
		a, b := Place{Time: s.Sum.First, Source: s.Source}, Place{Time: s.Sum.Last, Source: s.Source}
		if i == 0 || a.before(&r.First) {
			r.First = a
		}
		if i == 0 || r.Last.before(&b) {
			r.Last = b
		}
	}
}

// threadSet is the threads of an address.
type threadSet struct {
	members []uint16
	repeats int  // how many of them repeat
	limited bool // one of them holds what lies beyond the limits
}

// readThreads reads the threads of a page, and which sets of them addresses
// have.
func readThreads(p *pageReader) ([]pageThread, []threadSet) {
	n := p.count()
	if n > math.MaxUint16 {
		p.bad = true
		return nil, nil
	}
	list := make([]pageThread, n)
	for i := range list {
		t := &list[i]
		t.Source = uint32(p.uint())
		t.setBits(p.uint())
		t.Service, t.Jail = p.text(p.uint()), p.text(p.uint())
		b := p.byte()
		if t.unit, t.repeats = b>>1, b&1 != 0; int(t.unit) >= len(units) {
			p.bad, t.unit = true, 0
		}
		t.base = p.int() * units[t.unit]
	}
	findOrigins(list)
	sets := make([]threadSet, min(p.count(), maxRows))
	for i := range sets {
		sets[i] = readSet(p, list)
	}
	return list, sets
}

func readSet(p *pageReader, list []pageThread) (s threadSet) {
	size := p.count()
	s.members = make([]uint16, 0, size)
	for range size {
		m := p.uint()
		if m >= uint64(len(list)) {
			p.bad = true
			return threadSet{}
		}
		s.members = append(s.members, uint16(m))
		s.repeats += int(flag(list[m].repeats))
		s.limited = s.limited || list[m].Source == 0
	}
	return s
}
