package text

import "bytes"

// A tableReader is the lines of a text as they are read: of a block, or of the
// paths in it.
type tableReader struct {
	in      *columnReader
	schema  schema
	history history
	texts   [firstPlain]texts
	lines   []uint32
	firsts  []uint32 // values of lines
	values  []uint64
	codes   []uint64
	columns []columnState
	marks   []Mark // of the lines that were turned into text, if marking
	marking bool
}

// texts is a dictionary: one text after the other, and where each ends.
type texts struct {
	b    []byte
	ends []uint32
}

func (t *texts) get(n uint64) []byte {
	from := uint32(0)
	if n > 0 {
		from = t.ends[n-1] + 1
	}
	return t.b[from:t.ends[n]]
}

// columnState is where the reader of a column stands.
type columnState struct {
	a, b   uint8 // its sources
	tells  uint8 // the sources that hear of its values, a bit each
	same   bool  // all are value
	value  uint64
	fa, fb flagReader
	next   uint32 // code
}

// read reads a table of lines with at most limit bytes.
func (t *tableReader) read(in *columnReader, limit int) bool {
	t.in = in
	t.schema.reset()
	n := in.in[sectionHeads].uint()
	if n > uint64(limit)+1 || !t.readTexts() || !t.readLines(int(n)) {
		return false
	}
	total := uint64(0)
	for _, n := range t.lines {
		tpl := &t.schema.templates[n]
		total += uint64(tpl.last - tpl.first)
		if total > uint64(limit) {
			return false
		}
		for _, sl := range t.schema.slots[tpl.first:tpl.last] {
			t.schema.classes[sl.class].n++
		}
	}
	t.codes, t.values = grown(t.codes, int(total)), grown(t.values, int(total))
	return t.readColumns() && t.fill(limit)
}

// readTexts reads templates and dictionaries.
func (t *tableReader) readTexts() bool {
	heads, in := &t.in.in[sectionHeads], &t.in.in[sectionTexts]
	for k := range t.texts {
		if kind(k) == kindPath {
			continue
		}
		tx := &t.texts[k]
		tx.b, tx.ends = in.b, tx.ends[:0]
		n, at := heads.uint(), uint32(0)
		if kind(k) == kindIPv4 {
			tx.b = t.in.in[sectionNoise].bytes(n * 4)
			if n > 1<<30 || uint64(len(tx.b)) != n*4 {
				return false
			}
			continue
		}
		for ; n > 0; n-- {
			i := bytes.IndexByte(tx.b[at:], '\n')
			if i < 0 || i == 0 && k > 0 {
				return false
			}
			if k == 0 && t.schema.add(tx.b[at:int(at)+i]) != nil {
				return false
			}
			tx.ends = append(tx.ends, at+uint32(i))
			at += uint32(i) + 1
		}
		in.bytes(uint64(at))
	}
	return !t.in.bad()
}

// readLines reads the templates of n lines.
func (t *tableReader) readLines(n int) bool {
	t.codes = grown(t.codes, n)
	if !t.in.read(t.codes) {
		return false
	}
	t.lines = grown(t.lines, n)
	for i, v := range t.codes {
		if v >= uint64(len(t.schema.templates)) {
			return false
		}
		t.lines[i] = uint32(v)
	}
	return true
}

// readColumns reads the columns of all classes.
func (t *tableReader) readColumns() bool {
	t.columns = grown(t.columns, len(t.schema.classes))
	at := uint32(0)
	for i := range t.schema.classes {
		class := &t.schema.classes[i]
		source := t.in.in[sectionHeads].byte()
		if source == isSame {
			t.columns[i] = columnState{same: true, value: t.in.in[sectionHeads].uint()}
			continue
		}
		c := columnState{a: source & 15, b: source >> 4, next: at}
		if c.a >= sources || c.b >= sources || c.a == fromNone && c.b != fromNone {
			return false
		}
		n, set, ok := class.n, uint32(0), true
		if c.a != fromNone {
			if c.fa, set, ok = t.in.flags(n); !ok {
				return false
			}
			n -= set
		}
		if c.b != fromNone {
			if c.fb, set, ok = t.in.flags(n); !ok {
				return false
			}
			n -= set
		}
		if !t.in.read(t.codes[at : at+n]) {
			return false
		}
		at += n
		c.tells = (1<<c.a | 1<<c.b) &^ 1
		t.schema.groups[class.group].sources |= c.tells
		t.columns[i] = c
	}
	const shared = 1 << fromKey
	for i := range t.schema.classes {
		if t.columns[i].same {
			continue
		}
		t.columns[i].tells |= t.schema.groups[t.schema.classes[i].group].sources & shared
	}
	return !t.in.bad()
}
