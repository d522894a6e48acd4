package index

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"sort"
)

// A posting says in which blocks a term occurs. Terms of events are indexed
// for five fields; each has a letter, so that one order holds them all. An
// address is its 16 bytes, so that a prefix is one run of terms.
const (
	termIP      = 'i'
	termUser    = 'u'
	termService = 's'
	termAction  = 'a'
	termLevel   = 'l'
)

// termSet is the terms of one block.
type termSet struct {
	set map[string]struct{}
	key []byte // memory for the next term
}

func (t *termSet) addEntry(e *Entry) {
	t.addIPs(e.IP, e.IPs)
	t.add(append(append(t.key[:0], termUser), e.User...))
	t.add(append(append(t.key[:0], termService), e.Service...))
	t.addClass(e.Action, e.Level)
}

func (t *termSet) addEvent(e *Event) {
	t.addIPs(e.IP, e.IPs)
	t.add(append(append(t.key[:0], termUser), e.User...))
	t.add(append(append(t.key[:0], termService), e.Service...))
	t.addClass(e.Action, e.Level)
}

func (t *termSet) addIPs(ip netip.Addr, ips []netip.Addr) {
	if ip.IsValid() {
		t.add(addressTerm(t.key[:0], ip))
	}
	for _, a := range ips {
		t.add(addressTerm(t.key[:0], a))
	}
}

func (t *termSet) addClass(a Action, l Level) {
	t.add(append(t.key[:0], termAction, byte(a)))
	t.add(append(t.key[:0], termLevel, byte(l)))
}

func (t *termSet) add(key []byte) {
	t.key = key
	key = cutTerm(key)
	if _, ok := t.set[string(key)]; !ok {
		t.set[string(key)] = struct{}{}
	}
}

func (t *termSet) sorted() []string {
	out := make([]string, 0, len(t.set))
	for k := range t.set {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

func cutTerm(key []byte) []byte { return key[:min(len(key), maxTerm)] }

func addressTerm(buf []byte, a netip.Addr) []byte {
	sixteen := a.As16()
	return append(append(buf, termIP), sixteen[:]...)
}

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
		return []byte{termAction, byte(a)}, []byte{termAction, byte(a)}, known
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

// segment gathers the blocks and terms between two flushes of the writer.
type segment struct {
	blocks   []blockInfo
	terms    map[string][]uint16 // to the blocks' numbers within the segment, ascending
	postings int                 // in terms
}

// full reports whether the segment is to be closed.
func (s *segment) full() bool {
	return len(s.blocks) >= blocksPerSegment || s.postings >= postingsPerSegment
}

func (s *segment) add(b *Block) {
	n := uint16(len(s.blocks))
	s.blocks = append(s.blocks, b.info)
	if s.terms == nil {
		s.terms = map[string][]uint16{}
	}
	for _, t := range b.terms {
		s.terms[t] = append(s.terms[t], n)
	}
	s.postings += len(b.terms)
}

// pages calls put with the first term and the content of each page of terms,
// in order.
func (s *segment) pages(put func(first string, page []byte) error) error {
	terms := make([]string, 0, len(s.terms))
	for t := range s.terms {
		terms = append(terms, t)
	}
	sort.Strings(terms)
	var page []byte
	first, prev := "", ""
	for i, t := range terms {
		if len(page) == 0 {
			first, prev = t, ""
		}
		shared := sharedPrefix(prev, t)
		page = binary.AppendUvarint(page, uint64(shared))
		page = binary.AppendUvarint(page, uint64(len(t)-shared))
		page = append(page, t[shared:]...)
		blocks := s.terms[t]
		page = binary.AppendUvarint(page, uint64(len(blocks)))
		last := uint16(0)
		for _, b := range blocks {
			page = binary.AppendUvarint(page, uint64(b-last))
			last = b
		}
		prev = t
		if len(page) >= termPage || i == len(terms)-1 {
			if err := put(first, page); err != nil {
				return err
			}
			page = page[:0]
		}
	}
	return nil
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
			if block >= blocksPerSegment {
				return false, fmt.Errorf("block beyond its segment: %w", ErrDamaged)
			}
			if wanted {
				hit(int(block))
			}
		}
	}
	return true, in.err
}
