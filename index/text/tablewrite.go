package text

import "encoding/binary"

// write writes the lines that were taken in since the block began.
func (t *table) write(w *columnWriter, open bool) {
	t.out = w
	t.survey()
	heads := w.out[sectionHeads]
	if open {
		heads = append(heads, 1)
	} else {
		heads = append(heads, 0)
	}
	heads = binary.AppendUvarint(heads, uint64(len(t.lines)))
	for k := KindIPv4; k < firstPlain; k++ {
		heads = binary.AppendUvarint(heads, uint64(t.known[k]))
	}
	w.out[sectionHeads] = heads
	t.templates()
	for c := range t.schema.classes {
		if t.schema.classes[c].n > 0 {
			t.column(c)
		}
	}
}

// templates writes the numbers of the lines' templates.
func (t *table) templates() {
	t.misses = t.misses[:0]
	for _, n := range t.lines {
		t.misses = append(t.misses, uint64(n))
	}
	t.out.write(t.out.choose(KindLine, t.misses), t.misses)
}

// column writes the values of a class: up to two sources, whether they named
// each value, and those that were not.
func (t *table) column(c int) {
	class := &t.schema.classes[c]
	if !class.varies {
		t.out.out[sectionHeads] = binary.AppendUvarint(append(t.out.out[sectionHeads], isSame), class.first)
		return
	}
	codes, hits := t.codes[t.starts[c]:][:class.n], t.hits[t.starts[c]:][:class.n]
	best := t.out.choose(class.kind, codes)
	a, b := fromNone, fromNone
	if a, b = pick(hits); a != fromNone {
		if l, flags := t.predicted(class.kind, codes, hits, a, b); l.cost+flags < best.cost {
			best, codes = l, t.misses
		} else {
			a, b = fromNone, fromNone
		}
	}
	t.out.out[sectionHeads] = append(t.out.out[sectionHeads], byte(a|b<<4))
	t.named(hits, a, b)
	t.out.write(best, codes)
}

// pick returns the source that named the most values, and the one that named
// most of the others.
func pick(hits []uint8) (a, b int) {
	var counts [1 << sources]uint32
	for _, h := range hits {
		counts[h]++
	}
	most := func(but uint8) int {
		var n [sources]uint32
		for h, count := range counts {
			if uint8(h)&but == 0 {
				for s := range n {
					n[s] += count * uint32(h>>s&1)
				}
			}
		}
		best := fromNone
		for s := range n {
			if n[s] > n[best] {
				best = s
			}
		}
		return best
	}
	if a = most(0); a != fromNone {
		b = most(1 << a)
	}
	return a, b
}

// predicted returns the layout of what sources a and b do not name, which it
// leaves in t.misses, and the cost of their flags.
func (t *table) predicted(k Kind, codes []uint64, hits []uint8, a, b int) (layout, uint64) {
	t.misses = t.misses[:0]
	first, second := uint64(0), uint64(0)
	for i, h := range hits {
		switch {
		case h>>a&1 != 0 && a != fromNone:
			first++
		case h>>b&1 != 0 && b != fromNone:
			second++
		default:
			t.misses = append(t.misses, codes[i])
		}
	}
	n := uint64(len(hits))
	return t.out.choose(k, t.misses), entropy(first, n) + entropy(second, n-first) + 16<<8
}

// entropy returns what n flags cost of which k are set.
func entropy(k, n uint64) uint64 {
	if k == 0 || k == n {
		return 0
	}
	return n*log2(n) - k*log2(k) - (n-k)*log2(n-k)
}

// named writes the flags of the two sources.
func (t *table) named(hits []uint8, a, b int) {
	t.flags = t.flags[:0]
	for _, h := range hits {
		t.flags = append(t.flags, h>>a&1 != 0)
	}
	if a != fromNone {
		t.out.flags(t.flags)
	}
	if b == fromNone {
		return
	}
	t.flags = t.flags[:0]
	for _, h := range hits {
		if h>>a&1 == 0 {
			t.flags = append(t.flags, h>>b&1 != 0)
		}
	}
	t.out.flags(t.flags)
}
