package summary

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

// AddressRow is what the events say that name one address. Where the earliest
// and the latest of them stand is part of it.
type AddressRow struct {
	Addr        netip.Addr // without a zone, and IPv4 as such
	Strands     []Strand   // in their order
	First, Last Place
}

// Strand is those events of an address that have all of this in common.
type Strand struct {
	*Thread
	Sum
}

// Thread is what the events of a strand have in common. A strand of source 0
// holds what lies beyond the limits of an address.
type Thread struct {
	Source  uint32
	Action  uint8
	Status  uint8 // class of the answer to a request, 1 to 5; 0 where there is none
	About   bool  // the events are about the address; else they name it beside another, or are about none
	Shared  bool  // the events name other addresses too
	Undated bool  // as in Kind
	Service string
	Jail    string
}

// The limits of one address. What lies beyond them is counted under source 0
// by action and status alone, so that a row has its place in a page whatever
// was logged. Which strands are kept does not depend on the order of events.
const (
	maxStrands = 1000
	maxName    = 255 // bytes of a service or jail
)

func (t *Thread) compare(u *Thread) int {
	if t == u {
		return 0
	}
	if c := cmp.Compare(t.Source, u.Source); c != 0 {
		return c
	}
	if c := cmp.Compare(t.bits(), u.bits()); c != 0 {
		return c
	}
	if c := strings.Compare(t.Service, u.Service); c != 0 {
		return c
	}
	return strings.Compare(t.Jail, u.Jail)
}

func (t *Thread) bits() uint64 {
	return uint64(t.Action)<<6 | uint64(t.Status&7)<<3 | flag(t.About)<<2 | flag(t.Shared)<<1 | flag(t.Undated)
}

func (t *Thread) setBits(bits uint64) {
	t.Action, t.Status, t.About, t.Shared, t.Undated = uint8(bits>>6), uint8(bits>>3&7), bits&4 != 0, bits&2 != 0, bits&1 != 0
}

// beyond is the thread of what is not followed by itself.
func (t Thread) beyond() *Thread {
	t.Source, t.Service, t.Jail = 0, "", ""
	return &t
}

// limit counts what is beyond the limits by action and status alone.
func limit(strands []Strand) []Strand {
	// Those of source 0 come first and do not count.
	rest := 0
	for rest < len(strands) && strands[rest].Source == 0 {
		rest++
	}
	if len(strands)-rest <= maxStrands {
		return strands
	}
	for i := rest + maxStrands; i < len(strands); i++ {
		strands[i].Thread = strands[i].beyond()
	}
	slices.SortFunc(strands, func(a, b Strand) int { return a.compare(b.Thread) })
	return unite(strands)
}

// unite adds up those of one thread, which follow one another.
func unite(strands []Strand) []Strand {
	n := 0
	for i := 1; i < len(strands); i++ {
		if strands[i].compare(strands[n].Thread) == 0 {
			strands[n].fold(&strands[i].Sum)
			continue
		}
		n++
		strands[n] = strands[i]
	}
	return strands[:min(n+1, len(strands))]
}

// foldAddresses adds b to a, whose strands then lie in memory of the slab.
func (s *slab) foldAddresses(a, b *AddressRow) {
	if b.First.before(&a.First) {
		a.First = b.First
	}
	if a.Last.before(&b.Last) {
		a.Last = b.Last
	}
	all := s.take(len(a.Strands) + len(b.Strands))[:0]
	for i, j := 0, 0; i < len(a.Strands) || j < len(b.Strands); {
		order := -1
		if i == len(a.Strands) {
			order = 1
		} else if j < len(b.Strands) {
			order = a.Strands[i].compare(b.Strands[j].Thread)
		}
		switch {
		case order < 0:
			all = append(all, a.Strands[i])
			i++
		case order > 0:
			all = append(all, b.Strands[j])
			j++
		default:
			all = append(all, a.Strands[i])
			all[len(all)-1].fold(&b.Strands[j].Sum)
			i++
			j++
		}
	}
	a.Strands = limit(all)
}

// Key is the address as part of the key of a page: its length, then its bytes,
// so that keys ascend as netip.Addr compares.
func Key(a netip.Addr) []byte {
	b := a.AsSlice()
	return append([]byte{byte(len(b))}, b...)
}

// slab gives memory for strands, many at a time.
type slab struct{ free []Strand }

const slabStrands = 1024

func (s *slab) take(n int) []Strand {
	if n > len(s.free) {
		s.free = make([]Strand, max(n, slabStrands))
	}
	out := s.free[:n:n]
	s.free = s.free[n:]
	return out
}
