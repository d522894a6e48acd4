package index

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
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
		if c.Value == "" {
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
	rows     []segmentRow
	blocks   int
	number   map[string]uint32
	terms    []groupTerm
	postings int // in terms
}

// groupTerm is a term, and the numbers of its blocks within the group,
// ascending.
type groupTerm struct {
	name   string
	blocks []uint16
}

// full reports whether the group is to be closed.
func (g *termGroup) full() bool {
	return g.blocks >= blocksPerGroup || g.postings >= postingsPerGroup
}

// add takes in a segment, and the terms of its blocks.
func (g *termGroup) add(row segmentRow, t *segmentTerms) {
	g.rows = append(g.rows, row)
	if g.number == nil {
		g.number = map[string]uint32{}
	}
	numbers := make([]uint32, len(t.names))
	for i, name := range t.names {
		n, ok := g.number[name]
		if !ok {
			n = uint32(len(g.terms))
			g.number[name] = n
			g.terms = append(g.terms, groupTerm{name: name})
		}
		numbers[i] = n
	}
	for i := range t.blocks {
		for _, n := range t.blocks[i] {
			of := &g.terms[numbers[n]]
			of.blocks = append(of.blocks, uint16(g.blocks+i))
		}
		g.postings += len(t.blocks[i])
	}
	g.blocks += len(row.Blocks)
}

// pages calls put with the first term and the content of each page of terms,
// in order.
func (g *termGroup) pages(put func(first string, page []byte) error) error {
	slices.SortFunc(g.terms, func(a, b groupTerm) int { return strings.Compare(a.name, b.name) })
	var page []byte
	first, prev := "", ""
	for i := range g.terms {
		t, blocks := g.terms[i].name, g.terms[i].blocks
		if len(blocks) == 0 {
			continue // of a segment, and yet of none of its blocks
		}
		if len(page) == 0 {
			first, prev = t, ""
		}
		shared := sharedPrefix(prev, t)
		page = binary.AppendUvarint(page, uint64(shared))
		page = binary.AppendUvarint(page, uint64(len(t)-shared))
		page = append(page, t[shared:]...)
		page = binary.AppendUvarint(page, uint64(len(blocks)))
		last := uint16(0)
		for _, b := range blocks {
			page = binary.AppendUvarint(page, uint64(b-last))
			last = b
		}
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

func sharedPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// readPage calls hit for each block of each term of the page within first and
// last. It reports whether terms behind the page can still be within.
func readPage(page, first, last []byte, hit func(block int)) (more bool, err error) {
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
				hit(int(block))
			}
		}
	}
	return true, in.err
}
