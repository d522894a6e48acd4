package text

import "math/bits"

// A fingerprint is the hash of a template: of its static text, piece by piece,
// and of the slots between. Lines are taken for those of one template by it,
// since to make the text of the template and to compare that takes as long as
// all else that is done with a line's static text.
//
// Two templates with one fingerprint would give back another text than the one
// that was packed. Whoever packs has to prove what he packed; and that will not
// happen: the hash has 64 bits and is seeded, so nobody can look for such lines.
type fingerprint uint64

// fold multiplies and adds the halves of the product up.
func fold(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high ^ low
}

// maxPiece is how many bytes are hashed at once. There must be room for the
// slot beside those that are more than eight.
const maxPiece = 12

// add takes in b[from:end], behind which there are maxPiece bytes more, and the
// slot that follows. Each sequence of pieces and slots is another sequence of
// factors.
func (f fingerprint) add(b []byte, from, end int, s slotCode, mix uint64) fingerprint {
	for ; end-from > maxPiece; from += maxPiece {
		x, y := load64(b, from), uint64(load32(b, from+8))
		f = fingerprint(fold(x^uint64(f), y^0xFF<<56^mix))
	}
	n := uint(end - from)
	x := load64(b, from) & (1<<(8*n) - 1)
	y := uint64(load32(b, from+8)) & (1<<(8*max(n, 8)-64) - 1)
	return fingerprint(fold(x^uint64(f), y^uint64(s)<<32^uint64(n)<<56^mix))
}

// A slotCode is the kind of a slot, and its parameters in the bytes above; 0
// stands for the end of a template.
type slotCode uint32

func (k Kind) code(a, b byte) slotCode { return slotCode(k) | slotCode(a)<<8 | slotCode(b)<<16 }

// templateTable finds templates by their fingerprints.
type templateTable struct {
	cells []templateCell
	used  int
}

type templateCell struct {
	print  fingerprint
	number uint32 // plus one; 0 is an empty cell
	slots  uint32
}

func (t *templateTable) reset() {
	if t.cells == nil {
		t.cells = make([]templateCell, 1<<8)
	}
	clear(t.cells)
	t.used = 0
}

// find returns the number of the template with so many slots, or takes it in
// with the number next and reports that.
func (t *templateTable) find(f fingerprint, slots, next uint32) (number uint32, added bool) {
	mask := uint64(len(t.cells) - 1)
	i := uint64(f) & mask
	for ; t.cells[i].number != 0; i = (i + 1) & mask {
		if c := &t.cells[i]; c.print == f && c.slots == slots {
			return c.number - 1, false
		}
	}
	t.cells[i] = templateCell{f, next + 1, slots}
	if t.used++; t.used > len(t.cells)/2 {
		t.grow()
	}
	return next, true
}

func (t *templateTable) grow() {
	old := t.cells
	t.cells = make([]templateCell, 4*len(old))
	mask := uint64(len(t.cells) - 1)
	for _, c := range old {
		if c.number == 0 {
			continue
		}
		i := uint64(c.print) & mask
		for t.cells[i].number != 0 {
			i = (i + 1) & mask
		}
		t.cells[i] = c
	}
}
