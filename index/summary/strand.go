package summary

import "math"

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
		s.Thread = t.Thread
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

func decodeAddresses(content []byte) ([]AddressRow, error) {
	p, err := newPageReader(content, addrColumns)
	if err != nil {
		return nil, err
	}
	list, sets := readThreads(p)
	d := strandReader{p: p, list: list, seen: newSeen(list)}
	// Each strand has a byte of its own in this column.
	cells := len(p.cols[addrEvents].lens)
	if p.bad || cells > maxCells {
		return nil, ErrPage
	}
	slab := make([]Strand, cells)
	rows := make([]AddressRow, p.rows)
	for i := range rows {
		r := &rows[i]
		if i > 0 {
			r.Addr = rows[i-1].Addr
		}
		r.Addr = getAddress(p.cols[addrFour:], r.Addr)
		n := p.cols[addrPattern].get()
		if n >= uint64(len(sets)) || len(sets[n]) > len(slab) {
			return nil, ErrPage
		}
		size := len(sets[n])
		r.Strands, slab = slab[:size:size], slab[size:]
		events := d.row(i, r.Strands, sets[n])
		r.ends()
		r.First.Line = p.positive(p.cols[addrLine].get())
		r.Last.Line = r.First.Line
		if events > 1 {
			r.Last.Line += p.cols[addrLines].signed()
		}
		if size > 0 && r.Strands[0].Source == 0 {
			r.First.Source, r.Last.Source = uint32(p.cols[addrSources].get()), uint32(p.cols[addrSources].get())
		}
		if p.bad || p.cols[addrFour].bad {
			return nil, ErrPage
		}
	}
	return rows, p.end()
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

// readThreads reads the threads of a page, and which sets of them addresses
// have.
func readThreads(p *pageReader) ([]pageThread, [][]uint16) {
	n := p.count()
	if n > math.MaxUint16 {
		p.bad = true
		return nil, nil
	}
	list := make([]pageThread, n)
	for i := range list {
		t := &list[i]
		t.Source = uint32(p.uint())
		bits := p.uint()
		t.Action, t.Status, t.About, t.Shared, t.Undated = uint8(bits>>6), uint8(bits>>3&7), bits&4 != 0, bits&2 != 0, bits&1 != 0
		t.Service, t.Jail = p.text(p.uint()), p.text(p.uint())
		b := p.byte()
		if t.unit, t.repeats = b>>1, b&1 != 0; int(t.unit) >= len(units) {
			p.bad, t.unit = true, 0
		}
		t.base = p.int() * units[t.unit]
	}
	findOrigins(list)
	sets := make([][]uint16, min(p.count(), maxRows))
	for i := range sets {
		size := p.count()
		sets[i] = make([]uint16, 0, size)
		for range size {
			m := p.uint()
			if m >= uint64(len(list)) {
				p.bad = true
				return nil, nil
			}
			sets[i] = append(sets[i], uint16(m))
		}
	}
	return list, sets
}
