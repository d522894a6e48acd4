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
	for c := range t.found {
		if t.found[c].n > 0 {
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
	class, kind := &t.found[c], t.schema.classes[c].kind
	if !class.varies {
		t.out.out[sectionHeads] = binary.AppendUvarint(append(t.out.out[sectionHeads], isSame), class.first)
		return
	}
	codes, hits := t.codes[t.starts[c]:class.next], t.hits[t.starts[c]:][:class.n]
	p := &t.plans[c]
	if p.left > 0 {
		p.left--
		p.layout = t.out.again(kind, p.layout, codes)
	} else {
		*p = plan{layout: t.out.choose(kind, codes)}
		for _, h := range hits {
			class.named |= h
		}
		if t.source(p, kind, codes, hits) {
			t.miss(codes, hits, p.a, p.b)
			codes = t.misses
		}
		if class.n >= planFrom {
			p.left = planFor
		}
	}
	t.out.out[sectionHeads] = append(t.out.out[sectionHeads], byte(p.a|p.b<<4))
	t.named(hits, p.a, p.b)
	t.out.write(p.layout, codes)
}

// source finds the sources of a plan, and reports whether there are any. Those
// that have a key are asked with every value, here and by whoever reads: of what
// a column takes they have to save more than a fifth.
func (t *table) source(p *plan, kind Kind, codes []uint64, hits []uint8) bool {
	best := p.layout.cost
	for _, of := range [...]uint8{0xFF, 0xFF &^ withKey} {
		a, b := pick(hits, of)
		if a == fromNone {
			break
		}
		flags := t.miss(codes, hits, a, b)
		l := t.out.choose(kind, t.misses)
		keyed, cost := (withKey>>a|withKey>>b)&1 != 0, l.cost+flags
		if keyed {
			cost += cost / 4
		}
		if cost < best {
			best, p.layout, p.a, p.b = cost, l, a, b
		}
		if !keyed {
			break
		}
	}
	return p.a != fromNone
}

// A plan is how the values of a class were best written. To find that out takes
// longer than to write them, and it is mostly the same in the next blocks.
type plan struct {
	left   int // blocks in which it is not looked for a better one
	a, b   int // sources
	layout layout
}

// toAsk returns the sources that may help a class, a bit each.
func (t *table) toAsk(c int) (asks uint8) {
	if p := &t.plans[c]; p.left > 0 {
		return (1<<p.a | 1<<p.b) &^ (1 << fromNone)
	}
	if t.schema.classes[c].kind.isShared() {
		asks = 1 << fromKey
	}
	of := &t.found[c]
	for s := fromKey; s < sources; s++ {
		if of.asked[s] < patience || of.named>>s&1 != 0 {
			asks |= 1 << s
		}
	}
	return asks
}

const (
	planFor  = 63 // blocks that a plan is kept for
	planFrom = 16 // values that it is made for at least
)

// pick returns of some sources, a bit each, the one that named the most values,
// and the one that named most of the others.
func pick(hits []uint8, of uint8) (a, b int) {
	var counts [1 << sources]uint32
	for _, h := range hits {
		counts[h&of&(1<<sources-1)]++
	}
	var all [sources]uint32
	for h := 2; h < len(counts); h += 2 {
		for s := 1; s < sources; s++ {
			all[s] += counts[h] & -uint32(h>>s&1)
		}
	}
	a = most(&all)
	if a == fromNone {
		return a, a
	}
	var others [sources]uint32
	for h := 2; h < len(counts); h += 2 {
		for s := 1; s < sources; s++ {
			others[s] += counts[h] & -uint32(h>>s&1) & (uint32(h>>a&1) - 1)
		}
	}
	return a, most(&others)
}

// most returns which of the counts is the highest, the first of them, or
// fromNone where all are 0.
func most(counts *[sources]uint32) int {
	best := fromNone
	for s := range counts {
		if counts[s] > counts[best] {
			best = s
		}
	}
	return best
}

// miss leaves in t.misses the codes that sources a and b do not name, and
// returns what their flags cost.
func (t *table) miss(codes []uint64, hits []uint8, a, b int) uint64 {
	t.misses = grown(t.misses, len(codes))
	misses := t.misses
	first, second, n := 0, 0, 0
	codes = codes[:len(hits)]
	for i, h := range hits {
		// Source 0 is none and has no bit: the shifts are of all the others.
		one, two := int(h>>(a&7)&1), int(h>>(b&7)&1)
		misses[n] = codes[i]
		first += one
		second += two &^ one
		n += 1 &^ (one | two)
	}
	t.misses = misses[:n]
	all := uint64(len(hits))
	return entropy(uint64(first), all) + entropy(uint64(second), all-uint64(first)) + 16<<8
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
	if a != fromNone {
		t.out.flags(hits, a)
	}
	if b == fromNone {
		return
	}
	t.others = grown(t.others, len(hits))
	others, n := t.others, 0
	for _, h := range hits {
		others[n] = h
		n += 1 - int(h>>(a&7)&1)
	}
	t.out.flags(others[:n], b)
}
