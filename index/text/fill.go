package text

import "math/bits"

// withKey is the sources that have a key, a bit each.
const withKey = 1<<fromKey | 1<<fromText

// fill puts the values of columns in the order of the lines, and finds where
// the lines start.
func (t *tableReader) fill(limit int) bool {
	h := &t.history
	h.reset()
	columns, codes := t.columns, t.codes
	at, size := uint32(0), uint64(0)
	t.firsts, t.starts = grown(t.firsts, len(t.lines)), grown(t.starts, len(t.lines)+1)
	for k, n := range t.lines {
		tpl := &t.schema.templates[n]
		t.firsts[k], t.starts[k] = at, uint32(size)
		size += uint64(tpl.fixed) + 1
		h.line()
		slots := t.schema.slots[tpl.first:tpl.last]
		values := t.values[at:][:len(slots)]
		at += uint32(len(slots))
		for i := range slots {
			sl := &slots[i]
			c := &columns[sl.class]
			var v uint64
			switch c.way {
			case waySame, wayText:
				v = c.value
			case wayCode:
				v = codes[c.next]
				c.next++
			default:
				var ok bool
				if v, ok = t.value(sl, c); !ok {
					return false
				}
			}
			if sl.kind.isVaried() {
				long, ok := t.length(sl, v)
				if !ok {
					return false
				}
				size += long
			}
			values[i] = v
		}
		if size > uint64(limit)+1 {
			return false
		}
	}
	if t.unended {
		size--
	}
	t.starts[len(t.lines)] = uint32(size)
	return size <= uint64(limit)
}

// value returns the next value of a column, which is at a slot, and notes it where
// it is a key.
func (t *tableReader) value(sl *slot, c *columnState) (v uint64, ok bool) {
	if c.same {
		if sl.kind.IsText() && c.value == t.known[sl.kind&15] {
			t.known[sl.kind&15]++
		}
		if c.notes {
			t.history.note(sl, c.value)
		}
		return c.value, true
	}
	source := uint8(fromNone)
	if c.a != fromNone {
		planes := t.in.planes
		if planes[c.fa>>3]>>(c.fa&7)&1 != 0 {
			source = c.a
		} else if c.b != fromNone {
			if planes[c.fb>>3]>>(c.fb&7)&1 != 0 {
				source = c.b
			}
			c.fb++
		}
		c.fa++
	}
	switch source {
	case fromNone:
		v = t.codes[c.next]
		c.next++
		if sl.kind.IsText() {
			known := &t.known[sl.kind&15]
			if v > *known {
				return 0, false
			}
			if v = *known - v; v == *known {
				*known++
			}
		}
	case fromTemplate:
		v = sl.last
	case fromClass:
		v = c.last
	default:
		v = t.history.get(source, sl)
	}
	sl.last, c.last = v, v
	// Who names a value need not be told.
	if tells := c.tells &^ (1 << source); tells&withKey != 0 {
		t.history.tell(tells, sl, v)
	}
	if c.notes {
		t.history.note(sl, v)
	}
	return v, true
}

// length returns how many bytes the value of a slot takes in the line, which
// are not the same for all of its values; false where it is no value of the kind.
// Whoever writes a value takes its end from the same functions and tables: a text
// that comes back whole is a proof of these lengths, too.
func (t *tableReader) length(sl *slot, v uint64) (uint64, bool) {
	switch sl.kind {
	case KindNumber:
		if v < 1e8 {
			return uint64(shortDecimals(uint32(v))), true
		}
		return uint64(longLength(v)), true
	case KindDecimal:
		return uint64(decimalLength(v, sl.a)), true
	}
	tx := &t.texts[sl.kind]
	if v >= uint64(tx.n) {
		return 0, false
	}
	if sl.kind == KindIPv4 {
		return uint64(tx.address(v)[15]), true
	}
	return uint64(tx.starts[v+1] - tx.starts[v]), true
}

// longLength is the length of a number that is long or has leading zeros.
func longLength(v uint64) int {
	return decimals(v&(1<<zeroShift-1)) + int(min(v>>zeroShift, maxDigits))
}

// decimalLength is the length of a number with so many digits after its point.
func decimalLength(v uint64, digits byte) int {
	return decimals(divide(v, digits)) + 1 + int(digits)
}

// decimals returns how many decimal digits v has.
func decimals(v uint64) int {
	n := bits.Len64(v|1) * 1233 >> 12
	if n < len(tens) && v >= tens[n] {
		n++
	}
	return max(n, 1)
}

var tens = func() (t [20]uint64) {
	v := uint64(1)
	for i := range t {
		t[i] = v
		v *= 10
	}
	return t
}()

// shortDecimals is decimals for a number of 32 bits, and does not branch.
func shortDecimals(v uint32) int {
	return int((uint64(v) + carries[bits.Len32(v|1)&63]) >> 32)
}

// carries has for the numbers of so many bits what, added to one of them, makes
// how many digits it has of the high 32 bits.
var carries = func() (t [64]uint64) {
	for n := 1; n <= 32; n++ {
		digits := decimals(1 << (n - 1))
		t[n] = uint64(digits) << 32
		if most := uint64(1)<<n - 1; decimals(most) > digits {
			t[n] += 1<<32 - tens[digits]
		}
	}
	return t
}()
