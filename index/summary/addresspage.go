package summary

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"
)

// The columns of a page of addresses.
const (
	addrFour    = iota // IPv4: distance to the one before
	addrHigh           // others: likewise, of the upper half
	addrLow            // and the lower half
	addrPattern        // which threads the address has
	addrEvents         // of each strand, less one
	addrCount          // above events, of threads that repeat
	addrFirst          // ± units, see strandWriter
	addrLast           // likewise; only where there are several events
	addrLine           // of the earliest event
	addrLines          // ± from there to that of the latest; only where there are several
	addrSources        // of the earliest and of the latest, only of addresses beyond the limits
	addrColumns
)

func addressCodec(r addressReader) codec[AddressRow] {
	return codec[AddressRow]{
		table: Addresses, fold: (&slab{}).foldAddresses,
		compare: func(a, b *AddressRow) int { return a.Addr.Compare(b.Addr) },
		weight:  func(r *AddressRow) int { return 12 + 8*len(r.Strands) },
		encode:  encodeAddresses, decode: r.decode,
	}
}

// copyAddress is for rows whose strands are used again: those of the copy lie
// where its strands were before.
func copyAddress(to, from *AddressRow) {
	own := append(to.Strands[:0], from.Strands...)
	*to = *from
	to.Strands = own
}

// pageThread is a thread and how its strands are written.
type pageThread struct {
	Thread
	unit    byte
	repeats bool  // some strand counts more than it has events
	base    int64 // earliest of its times in the page
	// origin is the number of the first thread of the page with the same source, dated or not like this one.
	origin int
}

// pageThreads finds the threads of a page.
type pageThreads struct {
	list   []pageThread
	of     map[*Thread]int // place in list, before that is put in order
	byText map[Thread]int  // likewise: rows of several origins have threads of their own
	places []uint16        // in list, of the thread of each strand
}

func (p *pageThreads) find(t *Thread) int {
	n, ok := p.of[t]
	if !ok {
		if n, ok = p.byText[*t]; !ok {
			n = len(p.list)
			p.byText[*t] = n
			p.list = append(p.list, pageThread{Thread: *t})
		}
		p.of[t] = n
	}
	return n
}

// threadsOf returns what the strands of a page have in common, in order, and
// the place of each in that order.
func threadsOf(rows []AddressRow) *pageThreads {
	strands := 0
	for i := range rows {
		strands += len(rows[i].Strands)
	}
	p := &pageThreads{of: map[*Thread]int{}, byText: map[Thread]int{}, places: make([]uint16, 0, strands)}
	for i := range rows {
		for j := range rows[i].Strands {
			s := &rows[i].Strands[j]
			known := len(p.list)
			n := p.find(s.Thread)
			p.places = append(p.places, uint16(n))
			t := &p.list[n]
			if n == known || s.Sum.First < t.base {
				t.base = s.Sum.First
			}
			t.unit = unit(unit(t.unit, s.Sum.First), s.Sum.Last)
			t.repeats = t.repeats || s.Count != s.Events
		}
	}
	order := make([]int, len(p.list))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return p.list[a].compare(&p.list[b].Thread) })
	sorted, place := make([]pageThread, len(order)), make([]int, len(order))
	for to, from := range order {
		sorted[to], place[from] = p.list[from], to
	}
	for i, n := range p.places {
		p.places[i] = uint16(place[n])
	}
	p.list = sorted
	findOrigins(p.list)
	return p
}

func findOrigins(list []pageThread) {
	type key struct {
		source  uint32
		undated bool
	}
	first := map[key]int{}
	for i := range list {
		k := key{list[i].Source, list[i].Undated}
		if _, ok := first[k]; !ok {
			first[k] = i
		}
		list[i].origin = first[k]
	}
}

// patterns returns, for each row, the number of the set of threads that it
// has, and the sets: the most frequent have the smallest numbers.
func (p *pageThreads) patterns(rows []AddressRow) (of []int, sets [][]uint16) {
	found := map[string]int{}
	var uses []int
	var key []byte
	of = make([]int, len(rows))
	rest := p.places
	for i := range rows {
		key = key[:0]
		for _, n := range rest[:len(rows[i].Strands)] {
			key = binary.LittleEndian.AppendUint16(key, n)
		}
		rest = rest[len(rows[i].Strands):]
		n, ok := found[string(key)]
		if !ok {
			n = len(sets)
			found[string(key)] = n
			members := make([]uint16, len(rows[i].Strands))
			for j := range members {
				members[j] = binary.LittleEndian.Uint16(key[2*j:])
			}
			sets, uses = append(sets, members), append(uses, 0)
		}
		uses[n]++
		of[i] = n
	}
	order := make([]int, len(sets))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(uses[b], uses[a]) })
	sorted, place := make([][]uint16, len(sets)), make([]int, len(sets))
	for to, from := range order {
		sorted[to], place[from] = sets[from], to
	}
	for i := range of {
		of[i] = place[of[i]]
	}
	return of, sorted
}

func encodeAddresses(rows []AddressRow) Page {
	w := newPageWriter(len(rows), addrColumns)
	threads := threadsOf(rows)
	list := threads.list
	w.uint(uint64(len(list)))
	for i := range list {
		t := &list[i]
		w.uint(uint64(t.Source))
		w.uint(t.bits())
		w.uint(w.dict.add(t.Service))
		w.uint(w.dict.add(t.Jail))
		w.byte(t.unit<<1 | byte(flag(t.repeats)))
		w.int(t.base / units[t.unit])
	}
	of, sets := threads.patterns(rows)
	w.uint(uint64(len(sets)))
	for _, s := range sets {
		w.uint(uint64(len(s)))
		for _, n := range s {
			w.uint(uint64(n))
		}
	}
	e := strandWriter{w: w, list: list, seen: newSeen(list)}
	var prev netip.Addr
	for i := range rows {
		r := &rows[i]
		putAddress(w.cols[addrFour:], prev, r.Addr)
		prev = r.Addr
		w.cols[addrPattern].put(uint64(of[i]))
		events := e.row(i, r, sets[of[i]])
		w.cols[addrLine].put(uint64(r.First.Line))
		if events > 1 {
			w.cols[addrLines].signed(r.Last.Line - r.First.Line)
		}
		if len(r.Strands) > 0 && r.Strands[0].Source == 0 {
			w.cols[addrSources].put(uint64(r.First.Source))
			w.cols[addrSources].put(uint64(r.Last.Source))
		}
	}
	return w.finish(Addresses, Key(rows[0].Addr))
}

// putAddress writes an address as its distance to the one before it.
func putAddress(cols []column, prev, a netip.Addr) {
	if a.Is4() {
		cols[0].put(uint64(low4(a) - low4(prev)))
		return
	}
	high, low := halves(a)
	prevHigh, prevLow := halves(prev)
	// A distance of 0 says that the next half is one, too; and an IPv4 address has none, so it says which kind follows.
	cols[0].put(1 << 32)
	cols[1].put(high - prevHigh)
	if high == prevHigh {
		low -= prevLow
	}
	cols[2].put(low)
}

func getAddress(cols []input, prev netip.Addr) netip.Addr {
	d := cols[0].get()
	if d < 1<<32 {
		return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, low4(prev)+uint32(d))))
	}
	prevHigh, prevLow := halves(prev)
	up := cols[1].get()
	low := cols[2].get()
	if up == 0 {
		low += prevLow
	}
	b := binary.BigEndian.AppendUint64(nil, prevHigh+up)
	return netip.AddrFrom16([16]byte(binary.BigEndian.AppendUint64(b, low)))
}

// low4 is an IPv4 address as a number, 0 of any other.
func low4(a netip.Addr) uint32 {
	if !a.Is4() {
		return 0
	}
	b := a.As4()
	return binary.BigEndian.Uint32(b[:])
}

// halves are the halves of an IPv6 address as numbers, 0 of any other.
func halves(a netip.Addr) (high, low uint64) {
	if !a.Is6() {
		return 0, 0
	}
	b := a.As16()
	return binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
}
