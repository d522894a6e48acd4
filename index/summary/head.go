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
	// Blocks are the addresses within some networks that many questions tell from others.
	Blocks []Block
}

// Block is the addresses within one network.
type Block struct {
	Prefix    netip.Prefix
	Addresses int64
	Events    int64 // of each address; an event that names two of them counts twice
	Failed    int64 // refused credentials
}

// Within returns the addresses of a network, if the run keeps them apart.
func (h *Head) Within(p netip.Prefix) (Block, bool) {
	for _, b := range h.Blocks {
		if b.Prefix == p {
			return b, true
		}
	}
	return Block{}, false
}

// counts is a number for each action.
type counts [256]int64

// add takes in one address, whole, and what it is ordered by; about counts what
// About will say.
func (h *Head) add(r *AddressRow, k *rank, about *counts) {
	h.Addresses++
	for i := range h.Blocks {
		if b := &h.Blocks[i]; b.Prefix.Contains(r.Addr) {
			b.Addresses++
			b.Events += k.events
			b.Failed += k.failed
		}
	}
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
			about[s.Action] += s.Count
		}
	}
}

// fold adds what another run says. What counts addresses is not known by that:
// both may name the same.
func (h *Head) fold(o *Head) {
	sum := Sum{First: h.First, Last: h.Last}
	sum.span(&Sum{First: o.First, Last: o.Last})
	h.First, h.Last = sum.First, sum.Last
	h.Named += o.Named
	h.Times += o.Times
	h.Odd = h.Odd || o.Odd
	for a, n := range o.About {
		h.About[a] += n
	}
	h.Addresses, h.Blocks = 0, nil
}

const (
	blockFour = iota
	blockHigh
	blockLow
	blockBits
	blockAddresses
	blockEvents
	blockFailed
	blockColumns
)

func encodeHead(h *Head) Page {
	w := newPageWriter(len(h.Blocks), blockColumns)
	w.uint(uint64(h.Addresses))
	w.uint(uint64(h.Named))
	w.uint(uint64(h.Times))
	w.byte(byte(flag(h.Odd)))
	w.int(h.First)
	w.int(h.Last)
	w.uint(uint64(len(h.About)))
	for _, a := range slices.Sorted(maps.Keys(h.About)) {
		w.byte(a)
		w.uint(uint64(h.About[a]))
	}
	var prev netip.Addr
	for _, b := range h.Blocks {
		putAddress(w.cols[blockFour:], prev, b.Prefix.Addr())
		prev = b.Prefix.Addr()
		w.cols[blockBits].put(uint64(b.Prefix.Bits()))
		w.cols[blockAddresses].put(uint64(b.Addresses))
		w.cols[blockEvents].put(uint64(b.Events))
		w.cols[blockFailed].put(uint64(b.Failed))
	}
	return w.finish(Heads, nil)
}

// decodeHead reads the page of Heads.
func decodeHead(content []byte) (*Head, error) {
	p, err := newPageReader(content, blockColumns)
	if err != nil {
		return nil, err
	}
	h := &Head{Addresses: p.positive(p.uint()), Named: p.positive(p.uint()), Times: p.positive(p.uint()), Odd: p.byte() != 0,
		First: p.int(), Last: p.int(), About: map[uint8]int64{}}
	for range p.count() {
		a := p.byte()
		h.About[a] = p.positive(p.uint())
	}
	var prev netip.Addr
	for range p.rows {
		prev = getAddress(p.cols[blockFour:], prev)
		b := Block{Prefix: netip.PrefixFrom(prev, int(min(p.cols[blockBits].get(), 129)))}
		b.Addresses, b.Events = p.positive(p.cols[blockAddresses].get()), p.positive(p.cols[blockEvents].get())
		b.Failed = p.positive(p.cols[blockFailed].get())
		if p.bad || p.cols[blockFour].bad || !b.Prefix.IsValid() {
			return nil, ErrPage
		}
		h.Blocks = append(h.Blocks, b)
	}
	return h, p.end()
}
