package text

import "bytes"

// A table is the lines of a text taken apart: what Encoder knows of a block,
// or of the paths in it.
type table struct {
	scan    scanner
	schema  schema
	lines   []uint32 // templates of lines
	marked  []uint32 // where the marks of lines begin
	history history
	starts  []uint32 // where the values of a class begin in the arrays below
	next    []uint32
	codes   []uint64 // what would be written for each value, class by class
	hits    []uint8  // which sources named it, a bit each
	misses  []uint64
	flags   []bool
	out     *columnWriter
}

// split scans the lines of text.
func (t *table) split(text []byte) {
	t.scan.dict.reset()
	t.schema.reset()
	t.lines, t.scan.values = t.lines[:0], t.scan.values[:0]
	t.marked, t.scan.marks = t.marked[:0], t.scan.marks[:0]
	for len(text) > 0 {
		line := text
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			line, text = text[:i], text[i+1:]
		} else {
			text = nil
		}
		t.marked = append(t.marked, uint32(len(t.scan.marks)))
		t.scan.scan(line)
		n := t.scan.dict.add(0, t.scan.text)
		if int(n) == len(t.schema.templates) {
			if t.schema.add(t.scan.text) != nil {
				panic("text: the scanner made a template that no decoder would take")
			}
		}
		tpl := &t.schema.templates[n]
		slots := t.schema.slots[tpl.first:tpl.last]
		for i, v := range t.scan.values[t.scan.first:] {
			c := &t.schema.classes[slots[i].class]
			if c.n == 0 {
				c.first = v
			}
			c.varies = c.varies || v != c.first
			c.n++
		}
		t.lines = append(t.lines, n)
	}
}

// survey sorts the values by class and asks every source about each.
func (t *table) survey() {
	t.starts, t.next = t.starts[:0], t.next[:0]
	total := uint32(0)
	for i := range t.schema.classes {
		t.starts = append(t.starts, total)
		total += t.schema.classes[i].n
	}
	t.next = append(t.next, t.starts...)
	t.codes, t.hits = grown(t.codes, int(total)), grown(t.hits, int(total))
	h := &t.history
	h.reset(len(t.schema.slots), len(t.schema.classes))
	var known [firstPlain]uint64
	values := t.scan.values
	for _, n := range t.lines {
		tpl := &t.schema.templates[n]
		h.line()
		for i := tpl.first; i < tpl.last; i++ {
			sl := &t.schema.slots[i]
			c := &t.schema.classes[sl.class]
			v := values[0]
			values = values[1:]
			code := v
			if sl.kind.isText() {
				if code = known[sl.kind] - v; code == 0 {
					known[sl.kind]++
				}
			}
			if c.varies {
				at := t.next[sl.class]
				t.next[sl.class]++
				t.codes[at] = code
				t.hits[at] = h.ask(c, sl, i, v)
			}
			h.note(sl, v)
		}
	}
}

func grown[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	return s[:n]
}
