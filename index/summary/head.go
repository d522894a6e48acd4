package summary

import (
	"maps"
	"net/netip"
	"slices"
)

// Head is what a run says of all its addresses together.
type Head struct {
	Addresses int64 // different ones
	Named     int64 // events that name an address, each once
	Times     int64 // occurrences of these
	// Odd tells that some address was spelled otherwise than it is kept: with a zone, or as IPv4 within IPv6.
	Odd   bool
	First int64 // times of the events that name an address; 0 where none has a time
	Last  int64
	// About counts, by action, the occurrences of events that are about an address.
	About map[uint8]int64
	// Octets4 and Octets6 tell with which first byte there are addresses, by family: bit n of them is that for byte n.
	Octets4, Octets6 [32]byte
	// Leading are the addresses with most refused logins, then requests, then events: the first thousand.
	Leading []netip.Addr
}

// maxLeading is how many addresses are kept in order: more than a person reads.
const maxLeading = 1000

const (
	headFour = iota
	headHigh
	headLow
	headColumns
)

// add takes in one address, whole.
func (h *Head) add(r *AddressRow) {
	h.Addresses++
	octets, first := &h.Octets6, Key(r.Addr)[1]
	if r.Addr.Is4() {
		octets = &h.Octets4
	}
	octets[first/8] |= 1 << (first % 8)
	for i := range r.Strands {
		s := &r.Strands[i]
		if !s.Undated {
			if h.First == 0 || s.Sum.First < h.First {
				h.First = s.Sum.First
			}
			if h.Last == 0 || s.Sum.Last > h.Last {
				h.Last = s.Sum.Last
			}
		}
		if s.About {
			if h.About == nil {
				h.About = map[uint8]int64{}
			}
			h.About[s.Action] += s.Count
		}
	}
}

// May reports whether there may be an address within p.
func (h *Head) May(p netip.Prefix) bool {
	octets, first := &h.Octets6, Key(p.Addr())[1]
	if p.Addr().Is4() {
		octets = &h.Octets4
	}
	for n := int(first); n < int(first)+1<<max(0, 8-p.Bits()) && n < 256; n++ {
		if octets[n/8]&(1<<(n%8)) != 0 {
			return true
		}
	}
	return false
}

// Fold adds what another run says. The leading addresses of both together are
// not known by that, so none are.
func (h *Head) Fold(o *Head) {
	sum := Sum{First: h.First, Last: h.Last}
	sum.span(&Sum{First: o.First, Last: o.Last})
	h.First, h.Last = sum.First, sum.Last
	h.Named += o.Named
	h.Times += o.Times
	h.Odd = h.Odd || o.Odd
	h.Leading = nil
	for i := range h.Octets4 {
		h.Octets4[i] |= o.Octets4[i]
		h.Octets6[i] |= o.Octets6[i]
	}
	about := maps.Clone(h.About)
	if about == nil {
		about = map[uint8]int64{}
	}
	for a, n := range o.About {
		about[a] += n
	}
	h.About = about
}

func encodeHead(h *Head) Page {
	w := newPageWriter(len(h.Leading), headColumns)
	w.uint(uint64(h.Addresses))
	w.uint(uint64(h.Named))
	w.uint(uint64(h.Times))
	w.byte(byte(flag(h.Odd)))
	w.int(h.First)
	w.int(h.Last)
	w.head = append(append(w.head, h.Octets4[:]...), h.Octets6[:]...)
	w.uint(uint64(len(h.About)))
	for _, a := range slices.Sorted(maps.Keys(h.About)) {
		w.byte(a)
		w.uint(uint64(h.About[a]))
	}
	var prev netip.Addr
	for _, a := range h.Leading {
		putAddress(w.cols[headFour:], prev, a)
		prev = a
	}
	return w.finish(Heads, nil)
}

// DecodeHead reads the page of Heads.
func DecodeHead(content []byte) (*Head, error) {
	p, err := newPageReader(content, headColumns)
	if err != nil {
		return nil, err
	}
	h := &Head{Addresses: p.positive(p.uint()), Named: p.positive(p.uint()), Times: p.positive(p.uint()), Odd: p.byte() != 0, First: p.int(), Last: p.int(), About: map[uint8]int64{}}
	copy(h.Octets4[:], p.bytes(32))
	copy(h.Octets6[:], p.bytes(32))
	for range p.count() {
		a := p.byte()
		h.About[a] = p.positive(p.uint())
	}
	var prev netip.Addr
	for range p.rows {
		prev = getAddress(p.cols[headFour:], prev)
		if p.cols[headFour].bad {
			return nil, ErrPage
		}
		h.Leading = append(h.Leading, prev)
	}
	if p.rows > maxLeading {
		return nil, ErrPage
	}
	return h, p.end()
}

// leaders keeps the addresses that come first.
type leaders struct {
	actions Actions
	list    []rank // a heap once it is full, the last of them on top
}

func (l *leaders) add(r *AddressRow) {
	k := rank{addr: r.Addr}
	for i := range r.Strands {
		s := &r.Strands[i]
		k.events += s.Events
		switch {
		case s.About && s.Action == l.actions.LoginFailed:
			k.failed += s.Count
		case s.About && s.Action == l.actions.Request:
			k.requests += s.Count
		}
	}
	if len(l.list) < maxLeading {
		l.list = append(l.list, k)
		if len(l.list) == maxLeading {
			for i := maxLeading/2 - 1; i >= 0; i-- {
				l.sink(i)
			}
		}
		return
	}
	if compareRanks(&k, &l.list[0]) < 0 {
		l.list[0] = k
		l.sink(0)
	}
}

func (l *leaders) sink(i int) {
	for {
		worst := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(l.list); c++ {
			if compareRanks(&l.list[c], &l.list[worst]) > 0 {
				worst = c
			}
		}
		if worst == i {
			return
		}
		l.list[i], l.list[worst] = l.list[worst], l.list[i]
		i = worst
	}
}

func (l *leaders) addresses() []netip.Addr {
	slices.SortFunc(l.list, func(a, b rank) int { return compareRanks(&a, &b) })
	var out []netip.Addr
	for i := range l.list {
		out = append(out, l.list[i].addr)
	}
	return out
}
