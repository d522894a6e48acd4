package text

import (
	"bytes"
	"math/bits"
)

// A table is the lines of a block taken apart: of a text, or of some of the
// paths in it. Its templates and dictionaries live as long as the segment.
type table struct {
	scan    scanner
	schema  schema
	prints  templateTable
	lines   []uint32           // templates of lines
	begins  []uint32           // where they begin in the text of the block
	firsts  []uint32           // where the values of lines begin
	known   [firstPlain]uint32 // how many texts there were when the block began
	history history
	found   []found  // of the classes
	uses    []use    // of the templates
	used    []uint32 // the templates of the block
	plans   []plan
	starts  []uint32 // where the values of a class begin in the arrays below
	codes   []uint64 // what is written for each value, or would be, class by class
	hits    []uint8  // which sources named it, a bit each
	misses  []uint64
	steps   []step
	others  []uint8 // the hits of values that the first source does not name
	out     *columnWriter
}

// A found is what is found in the values of a class.
type found struct {
	first  uint64 // value of the block
	last   uint64
	n      uint32          // values
	next   uint32          // where in the table's codes the next one goes
	at     uint32          // and where in its hits
	varies bool            // not all values are the first
	a, b   uint8           // sources of the plan: values that they name get no code
	asks   uint8           // sources that are asked in the block, a bit each
	named  uint8           // those that ever named a value before there was a plan
	asked  [sources]uint32 // how often those that have a key were asked
}

// A use is what a block has of a template.
type use struct {
	lines, first uint32 // how many, and where the values of the first one begin
	from, to     uint32 // its steps
	same         uint64 // which of its first 64 slots have one value in all lines so far, a bit each
}

// reset begins a segment.
func (t *table) reset() {
	t.scan.dict.reset()
	t.scan.trail.reset(fingerprint(t.scan.dict.mix[0]))
	t.schema.reset()
	t.found, t.plans, t.uses, t.used = t.found[:0], t.plans[:0], t.uses[:0], t.used[:0]
	t.prints.reset()
}

// begin begins a block.
func (t *table) begin() {
	t.lines, t.firsts, t.begins = t.lines[:0], t.firsts[:0], t.begins[:0]
	t.scan.values, t.scan.marks = t.scan.values[:0], t.scan.marks[:0]
	for k := range t.known {
		t.known[k] = t.scan.dict.count(Kind(k))
	}
	for i := range t.found {
		c := &t.found[i]
		c.n, c.varies = 0, false
	}
	for _, n := range t.used {
		t.uses[n] = use{}
	}
	t.used = t.used[:0]
}

// split scans the lines of text.
func (t *table) split(text []byte) {
	whole := len(text)
	for len(text) > 0 {
		t.begins = append(t.begins, uint32(whole-len(text)))
		i := bytes.IndexByte(text, '\n')
		if i < 0 {
			t.line(text, len(text))
			break
		}
		t.line(text, i)
		text = text[i+1:]
	}
}

// line takes in the next line, which is the first n bytes of text and ends there
// or before a newline.
func (t *table) line(text []byte, n int) {
	first := uint32(len(t.scan.values))
	t.firsts = append(t.firsts, first)
	t.scan.scan(text, n)
	number := t.template()
	t.lines = append(t.lines, number)
	u := &t.uses[number]
	if u.lines++; u.lines == 1 {
		u.first, u.same = first, 1<<min(len(t.scan.values)-int(first), 64)-1
		t.used = append(t.used, number)
		return
	}
	values := t.scan.values[first:]
	of := t.scan.values[u.first:][:len(values)]
	for m := u.same; m != 0; m &= m - 1 {
		if i := bits.TrailingZeros64(m); values[i] != of[i] {
			u.same &^= 1 << (i & 63)
		}
	}
}

// settle finds which classes have more than one value in the block.
func (t *table) settle() {
	for _, n := range t.used {
		tpl, u := &t.schema.templates[n], &t.uses[n]
		for i, sl := range t.schema.slots[tpl.first:tpl.last] {
			c, v := &t.found[sl.class], t.scan.values[int(u.first)+i]
			if c.n == 0 {
				c.first = v
			}
			c.varies = c.varies || v != c.first || u.lines > 1 && u.same>>i&1 == 0
			c.n += u.lines
		}
	}
}

// template finds the template of the line that was scanned last.
func (t *table) template() uint32 {
	end := &t.scan.trail.nodes[t.scan.node]
	if end.template > 0 {
		return end.template - 1
	}
	slots := uint32(len(t.scan.values) - t.scan.first)
	n, added := t.prints.find(t.scan.fingerprint(), slots, uint32(len(t.schema.templates)))
	if t.scan.node != noNode {
		end.template = n + 1
	}
	if added {
		text := t.scan.template()
		t.scan.dict.append(KindEscape, text)
		if t.schema.add(text) != nil {
			panic("text: the scanner made a template that no decoder would take")
		}
		for len(t.found) < len(t.schema.classes) {
			t.found, t.plans = append(t.found, found{}), append(t.plans, plan{})
		}
		t.uses = append(t.uses, use{})
	}
	return n
}

func grown[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	return s[:n]
}
