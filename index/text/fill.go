package text

import "math/bits"

// fill puts the values of columns in the order of the lines.
func (t *tableReader) fill(limit int) bool {
	h := &t.history
	h.reset(len(t.schema.slots), len(t.schema.classes))
	var known [firstPlain]uint64
	values, size := t.values[:0], len(t.lines)
	t.firsts = t.firsts[:0]
	for _, n := range t.lines {
		tpl := &t.schema.templates[n]
		t.firsts = append(t.firsts, uint32(len(values)))
		h.line()
		size += int(tpl.tailEnd - t.schema.start(tpl))
		for i := tpl.first; i < tpl.last; i++ {
			sl := &t.schema.slots[i]
			c := &t.columns[sl.class]
			v := c.value
			if c.same {
				if k := sl.kind; k.isText() && v == known[k] {
					known[k]++
				}
			} else if c.a != fromNone && c.fa.next() {
				v = h.get(int(c.a), sl, i)
			} else if c.b != fromNone && c.fb.next() {
				v = h.get(int(c.b), sl, i)
			} else {
				v = t.codes[c.next]
				c.next++
				if k := sl.kind; k.isText() {
					if v > known[k] {
						return false
					}
					v = known[k] - v
					if v == known[k] {
						known[k]++
					}
				}
			}
			size++
			if sl.kind.isText() {
				if v >= uint64(t.count(sl.kind)) {
					return false
				}
				if sl.kind != kindIPv4 {
					size += len(t.texts[sl.kind].get(v)) - 1
				}
			}
			for s := c.tells >> 1; s != 0; {
				n := bits.TrailingZeros8(s)
				s &= s - 1
				if p := h.at(n+1, sl, i); p != nil {
					*p = v
				}
			}
			h.note(sl, v)
			values = append(values, v)
		}
		if size > limit+1 {
			return false
		}
	}
	return true
}

// count is how many texts a kind has.
func (t *tableReader) count(k kind) int {
	if k == kindIPv4 {
		return len(t.texts[k].b) / 4
	}
	return len(t.texts[k].ends)
}

// start returns where the static text of a template begins.
func (s *schema) start(t *template) uint32 {
	if t.first < t.last {
		return s.slots[t.first].static
	}
	return t.tail
}
