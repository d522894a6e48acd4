package text

import "math/bits"

// withKey is the sources that have a key, a bit each.
const withKey = 1<<fromKey | 1<<fromText

// fill puts the values of columns in the order of the lines, and finds where
// the lines start.
func (t *tableReader) fill(limit int) bool {
	h := &t.history
	h.reset(len(t.schema.slots))
	known, keyed, planes := t.known, t.asked&withKey != 0, t.in.planes
	columns, codes := t.columns, t.codes
	at, size := uint32(0), uint64(0)
	t.firsts, t.starts = grown(t.firsts, len(t.lines)), grown(t.starts, len(t.lines)+1)
	for k, n := range t.lines {
		tpl := &t.schema.templates[n]
		t.firsts[k], t.starts[k] = at, uint32(size)
		size += uint64(tpl.fixed) + 1
		h.line()
		slots, lasts := t.schema.slots[tpl.first:tpl.last], h.slots[tpl.first:tpl.last]
		values := t.values[at:][:len(slots)]
		at += uint32(len(slots))
		for i := range slots {
			sl := &slots[i]
			c := &columns[sl.class]
			v, tells := c.value, c.tells
			if c.same {
				if k := sl.kind; k.IsText() && v == known[k&15] {
					known[k&15]++
				}
			} else {
				source := uint8(fromNone)
				if c.a != fromNone {
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
					v = codes[c.next]
					c.next++
					if k := sl.kind; k.IsText() {
						if v > known[k&15] {
							return false
						}
						v = known[k&15] - v
						if v == known[k&15] {
							known[k&15]++
						}
					}
				case fromTemplate:
					v = lasts[i]
				case fromClass:
					v = c.last
				default:
					v = h.get(source, sl)
				}
				lasts[i], c.last = v, v
				// Who names a value need not be told.
				if tells &^= 1 << source; tells&withKey != 0 {
					h.tell(tells, sl, v)
				}
			}
			if sl.kind.isVaried() {
				long, ok := t.length(sl, v)
				if !ok {
					return false
				}
				size += long
			}
			if keyed {
				h.note(sl, v)
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

// length returns how many bytes the value of a slot takes in the line, which
// are not the same for all of its values; false where it is no value of the kind.
func (t *tableReader) length(sl *slot, v uint64) (uint64, bool) {
	switch sl.kind {
	case KindNumber:
		return uint64(decimals(v&(1<<zeroShift-1))) + min(v>>zeroShift, maxDigits), true
	case KindDecimal:
		return uint64(decimals(divide(v, sl.a))) + 1 + uint64(sl.a), true
	}
	tx := &t.texts[sl.kind]
	if v >= uint64(tx.n) {
		return 0, false
	}
	if sl.kind == KindIPv4 {
		n := uint64(3)
		for _, part := range tx.bytes[4*v:][:4] {
			n += uint64(octets[part].n)
		}
		return n, true
	}
	return uint64(tx.starts[v+1] - tx.starts[v]), true
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
