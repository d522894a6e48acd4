package index

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
)

// termList is terms, numbered from 0. They lie behind one another: a list of
// a hundred thousand strings would cost the collector more than they are.
type termList struct {
	all    []byte
	ends   []uint32 // of each term in all
	hashes []uint32
}

func (l *termList) len() int { return len(l.ends) }

func (l *termList) term(n uint32) []byte {
	start := uint32(0)
	if n > 0 {
		start = l.ends[n-1]
	}
	return l.all[start:l.ends[n]]
}

// termTable numbers terms in the order of their first use: a table of open
// addressing.
type termTable struct {
	termList
	seed  maphash.Seed
	slots []uint64 // the hash of a term above its number plus one; 0 is free
}

// hash is that of a term, in all tables of the same seed.
func (t *termTable) hash(term []byte) uint32 { return uint32(maphash.Bytes(t.seed, term)) }

// add gives a term another number, whether it has one or not.
func (t *termTable) add(term []byte, h uint32) (n uint32) {
	n = uint32(t.len())
	t.all = append(t.all, term...)
	t.ends = append(t.ends, uint32(len(t.all)))
	t.hashes = append(t.hashes, h)
	return n
}

// find returns a number of a term whose hash is h.
func (t *termTable) find(term []byte, h uint32) (n uint32, found bool) {
	if t.len() >= len(t.slots)/4*3 {
		t.grow()
	}
	mask := uint32(len(t.slots) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		slot := t.slots[i]
		if slot == 0 {
			t.slots[i] = uint64(h)<<32 | uint64(t.len()+1)
			return t.add(term, h), false
		}
		if n = uint32(slot) - 1; uint32(slot>>32) == h && bytes.Equal(t.term(n), term) {
			return n, true
		}
	}
}

// warm asks for the memory that find will need for terms of these hashes: up to
// termsAtOnce. What it returns means nothing.
func (t *termTable) warm(hashes []uint32) (sum uint32) {
	if len(t.slots) == 0 {
		return 0
	}
	var numbers [termsAtOnce]uint32
	mask := uint32(len(t.slots) - 1)
	for i, h := range hashes {
		numbers[i] = uint32(t.slots[h&mask])
	}
	var ends [termsAtOnce]uint32
	for i, n := range numbers[:len(hashes)] {
		if n > 0 {
			ends[i] = t.ends[n-1]
		}
	}
	for _, end := range ends[:len(hashes)] {
		if end > 0 {
			sum += uint32(t.all[end-1])
		}
	}
	return sum
}

// grow makes room for all terms and as many again: add takes none of it, so there
// may be more of them than doubling the room would do for.
func (t *termTable) grow() {
	slots := max(1024, 2*len(t.slots))
	for slots < 2*t.len() {
		slots *= 2
	}
	t.slots = make([]uint64, slots)
	// A page of new memory that is read first and written then is set up twice, and the second time all processors have to forget the first.
	clear(t.slots)
	mask := uint32(len(t.slots) - 1)
	for n, h := range t.hashes {
		i := h & mask
		for t.slots[i] != 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = uint64(h)<<32 | uint64(n+1)
	}
}

// reset forgets all terms. Who holds the list keeps it.
func (t *termTable) reset() {
	clear(t.slots)
	// The next list will be about as long.
	t.termList = termList{make([]byte, 0, len(t.all)), make([]uint32, 0, len(t.ends)), make([]uint32, 0, len(t.ends))}
}

// keyedTerm is a term and a number that is in the order of the terms: whether
// two differ is nearly always told by it.
type keyedTerm struct {
	key uint64
	n   uint32
	use uint32 // in how many blocks it is
}

// appendTo appends the term, if the key says all of it: it does of IPv4
// addresses and of process ids, which most terms are.
func (t *keyedTerm) appendTo(out []byte) (_ []byte, ok bool) {
	switch letter, side := byte(t.key>>56), byte(t.key>>48); {
	case letter == termPID:
		out = append(out, termPID)
	case letter == termIP && side == 1:
		out = append(out, fourInSix...)
	default:
		return out, false
	}
	return binary.BigEndian.AppendUint32(out, uint32(t.key>>16)), true
}

// fourTermSize is how long the term of an IPv4 address is.
const fourTermSize = len(fourInSix) + 4

// fourInSix is what the term of an IPv4 address begins with.
const fourInSix = string(termIP) + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff"

// termOrder ascends with the terms; different terms may have the same. It is
// the letter of the term, whether it is behind, of, or before those of IPv4
// addresses, and the next six bytes that can differ.
func termOrder(term []byte) uint64 {
	rest, side := term[1:], 0
	if term[0] == termIP {
		if side = 1 + bytes.Compare(term[:min(len(term), len(fourInSix))], []byte(fourInSix)); side == 1 {
			rest = term[len(fourInSix):]
		}
	}
	head := [8]byte{term[0], byte(side)} // see appendTo
	copy(head[2:], rest)
	return binary.BigEndian.Uint64(head[:])
}
