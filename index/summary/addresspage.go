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
	addrFirst          // ± units, see encodeStrands
	addrLast           // likewise; only where there are several events
	addrLine           // of the earliest event
	addrLines          // ± from there to that of the latest; only where there are several
	addrSources        // of the earliest and of the latest, only of addresses beyond the limits
	addrColumns
)

func addressCodec(r addressReader) codec[AddressRow] {
	return codec[AddressRow]{
		table: Addresses, fold: foldAddresses,
		compare: func(a, b *AddressRow) int { return a.Addr.Compare(b.Addr) },
		weight:  func(r *AddressRow) int { return 12 + 8*len(r.Strands) },
		encode:  encodeAddresses, decode: r.decode,
	}
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

// threadsOf returns what the strands of a page have in common, each once.
func threadsOf(rows []AddressRow) []pageThread {
	found := map[Thread]*pageThread{}
	for i := range rows {
		for j := range rows[i].Strands {
			s := &rows[i].Strands[j]
			t := found[s.Thread]
			if t == nil {
				t = &pageThread{Thread: s.Thread, base: s.Sum.First}
				found[s.Thread] = t
			}
			t.unit = unit(unit(t.unit, s.Sum.First), s.Sum.Last)
			t.repeats = t.repeats || s.Count != s.Events
			t.base = min(t.base, s.Sum.First)
		}
	}
	var list []pageThread
	for _, t := range found {
		list = append(list, *t)
	}
	slices.SortFunc(list, func(a, b pageThread) int { return a.Thread.compare(&b.Thread) })
	findOrigins(list)
	return list
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
func patterns(rows []AddressRow, list []pageThread) (of []int, sets [][]uint16) {
	number := map[Thread]uint16{}
	for i := range list {
		number[list[i].Thread] = uint16(i)
	}
	type set struct {
		members []uint16
		place   int
		uses    int
	}
	found := map[string]*set{}
	var all []*set
	used := make([]*set, len(rows))
	var key []byte
	for i := range rows {
		key = key[:0]
		var members []uint16
		for j := range rows[i].Strands {
			n := number[rows[i].Strands[j].Thread]
			members = append(members, n)
			key = binary.AppendUvarint(key, uint64(n))
		}
		s := found[string(key)]
		if s == nil {
			s = &set{members: members, place: len(all)}
			found[string(key)] = s
			all = append(all, s)
		}
		s.uses++
		used[i] = s
	}
	slices.SortStableFunc(all, func(a, b *set) int { return cmp.Compare(b.uses, a.uses) })
	for i, s := range all {
		s.place = i
		sets = append(sets, s.members)
	}
	of = make([]int, len(rows))
	for i, s := range used {
		of[i] = s.place
	}
	return of, sets
}

func encodeAddresses(rows []AddressRow) Page {
	w := newPageWriter(len(rows), addrColumns)
	list := threadsOf(rows)
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
	of, sets := patterns(rows, list)
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
