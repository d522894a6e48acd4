package index

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"math"
)

// span returns the first and last term that can hold for c, and whether the
// index can answer c at all. Both may find too much, never too little.
func (c *Condition) span() (first, last []byte, ok bool) {
	if c.Not {
		return nil, nil, false
	}
	letter := byte(0)
	switch c.Field {
	case "ip":
		first = addressTerm(nil, c.prefix.Addr())
		last = append([]byte(nil), first...)
		// An IPv4 prefix lies in the last 4 of the 16 bytes.
		bits := c.prefix.Bits() + (128 - c.prefix.Addr().BitLen())
		for i := bits; i < 128; i++ {
			last[1+i/8] |= 1 << (7 - i%8)
		}
		return first, last, true
	case "level":
		// The condition turns the order round: level>=err is a smaller number.
		lo, hi := byte(LevelEmerg), byte(LevelDebug)
		switch c.Op {
		case Is:
			lo, hi = byte(c.level), byte(c.level)
		case AtLeast, Above:
			hi = byte(c.level)
		case AtMost, Below:
			lo = byte(c.level)
		}
		return []byte{termLevel, lo}, []byte{termLevel, hi}, true
	case "action":
		a, known := ParseAction(c.Value)
		known = known && c.Op == Is
		return []byte{termAction, byte(a)}, []byte{termAction, byte(a)}, known
	case "pid":
		if c.Op != Is || c.number <= 0 || c.upto > math.MaxUint32 {
			return nil, nil, false
		}
		return pidTerm(nil, int(c.number)), pidTerm(nil, int(c.upto)), true
	case sessionField:
		if c.Value == "" || c.ranged {
			return nil, nil, false
		}
		letter = termSession
	case "user":
		letter = termUser
	case "service":
		letter = termService
	default:
		return nil, nil, false
	}
	if c.Op != Is || c.parts != nil {
		return nil, nil, false
	}
	first = cutTerm(append([]byte{letter}, c.Value...))
	return first, first, true
}

// termGroup gathers segments and their terms between two flushes of the writer.
type termGroup struct {
	table  termTable
	rows   []segmentRow
	uses   []termUse // of each term
	hits   []uint32  // the terms of one block after the other
	ends   []int     // of each block in hits
	number []uint32  // memory for the numbers of a segment's terms
	warm   uint32    // see find
}

// termUse is in how many blocks a term is, and behind how many the last one of
// them ends.
type termUse struct{ n, last uint32 }

// newTermGroup returns an empty group of terms that were hashed with the seed.
func newTermGroup(seed maphash.Seed) termGroup { return termGroup{table: termTable{seed: seed}} }

// reset empties the group.
func (g *termGroup) reset() {
	t := &g.table
	clear(t.slots)
	t.all, t.ends, t.hashes = t.all[:0], t.ends[:0], t.hashes[:0]
	g.rows, g.uses, g.hits, g.ends = nil, g.uses[:0], g.hits[:0], g.ends[:0]
}

// full reports whether the group is to be closed.
func (g *termGroup) full() bool {
	return len(g.ends) >= blocksPerGroup || len(g.hits) >= postingsPerGroup
}

// add takes in a segment, and the terms of its blocks.
func (g *termGroup) add(row segmentRow, t *segmentTerms) {
	g.rows = append(g.rows, row)
	g.find(t)
	for _, terms := range t.blocks {
		block := uint32(len(g.ends)) + 1
		for _, i := range terms {
			n := g.number[i]
			if u := &g.uses[n]; u.last != block {
				u.n, u.last = u.n+1, block
				g.hits = append(g.hits, n)
			}
		}
		g.ends = append(g.ends, len(g.hits))
	}
}

// termsAtOnce is how many terms are looked for at once.
const termsAtOnce = 32

// find finds the numbers in the group of a segment's terms. The table lies in
// megabytes, so the time goes into waiting for memory; when the slots of some
// terms are asked for at once, and then what they lead to, most of the waiting
// is done once.
func (g *termGroup) find(t *segmentTerms) {
	g.number = g.number[:0]
	for from := 0; from < len(t.hashes); from += termsAtOnce {
		some := t.hashes[from:min(from+termsAtOnce, len(t.hashes))]
		g.warm += g.table.warm(some)
		for i, h := range some {
			n, found := g.table.find(t.term(uint32(from+i)), h)
			if !found {
				g.uses = append(g.uses, termUse{})
			}
			g.number = append(g.number, n)
		}
	}
}

// order returns the terms that are in some block, in their order.
func (g *termGroup) order() []keyedTerm {
	list := make([]keyedTerm, 0, len(g.uses))
	for n := range g.uses {
		// A term may be one of a segment, and yet of none of its blocks.
		if use := g.uses[n].n; use > 0 {
			list = append(list, keyedTerm{termOrder(g.table.term(uint32(n))), uint32(n), use})
		}
	}
	g.table.sort(list)
	return list
}

// blocks returns for each term, in the given order, the numbers of its blocks
// within the group, ascending and behind one another.
func (g *termGroup) blocks(order []keyedTerm) []uint16 {
	next := make([]uint32, len(g.uses)) // where the next block of a term goes
	at := uint32(0)
	for i := range order {
		next[order[i].n] = at
		at += order[i].use
	}
	out := make([]uint16, len(g.hits))
	from := 0
	for block, end := range g.ends {
		for _, n := range g.hits[from:end] {
			out[next[n]] = uint16(block)
			next[n]++
		}
		from = end
	}
	return out
}

// term returns a term of the group. The terms lie in megabytes and in another
// order, so one that the key says is written to the memory that is given.
func (g *termGroup) term(t *keyedTerm, memory *[fourTermSize]byte) []byte {
	if own, ok := t.appendTo(memory[:0]); ok {
		return own
	}
	return g.table.term(t.n)
}

// pages calls put with the first term and the content of each page of terms,
// in order. It borrows both.
func (g *termGroup) pages(put func(first, page []byte) error) error {
	order := g.order()
	rest := g.blocks(order)
	var page, first, prev []byte
	var memory [2][fourTermSize]byte // of this term and of the one before
	for i := range order {
		t, n := g.term(&order[i], &memory[i%2]), order[i].use
		if len(page) == 0 {
			first, prev = append(first[:0], t...), nil
		}
		shared := sharedPrefix(prev, t)
		page = binary.AppendUvarint(page, uint64(shared))
		page = binary.AppendUvarint(page, uint64(len(t)-shared))
		page = append(page, t[shared:]...)
		page = binary.AppendUvarint(page, uint64(n))
		last := uint16(0)
		for _, b := range rest[:n] {
			page = binary.AppendUvarint(page, uint64(b-last))
			last = b
		}
		rest = rest[n:]
		prev = t
		if len(page) >= termPage {
			if err := put(first, page); err != nil {
				return err
			}
			page = page[:0]
		}
	}
	if len(page) == 0 {
		return nil
	}
	return put(first, page)
}

func sharedPrefix(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// readPage calls hit for each term of the page within first and last, and each
// block of it. It reports whether terms behind the page can still be within.
func readPage(page, first, last []byte, hit func(term []byte, block int)) (more bool, err error) {
	in := &input{b: page}
	var term []byte
	for len(in.b) > 0 && in.err == nil {
		shared := in.uint()
		suffix := in.bytes(in.uint())
		if shared > uint64(len(term)) || int(shared)+len(suffix) > maxTerm {
			return false, fmt.Errorf("term too long: %w", ErrDamaged)
		}
		term = append(term[:shared], suffix...)
		if bytes.Compare(term, last) > 0 {
			return false, in.err
		}
		wanted := bytes.Compare(term, first) >= 0
		block := uint64(0)
		for range in.count() {
			block += in.uint()
			if block >= maxGroup {
				return false, fmt.Errorf("block beyond its group: %w", ErrDamaged)
			}
			if wanted {
				hit(term, int(block))
			}
		}
	}
	return true, in.err
}
