package text

import (
	"bytes"
	"encoding/binary"
)

// A tableReader is the lines of a block as they are read: of a text, or of some
// of the paths in it. Its templates and texts live as long as the segment.
type tableReader struct {
	in      columnReader
	schema  schema // of the templates that were read so far
	said    int    // how many there are
	unread  []byte // the others
	history history
	texts   [firstPlain]texts
	lines   []uint32 // templates of lines
	counts  []uint32 // lines of templates
	starts  []uint32 // of lines in the text; one more for its end
	firsts  []uint32 // values of lines
	values  []uint64
	codes   []uint64
	columns []columnState
	asked   uint8 // the sources that columns have, a bit each
	unended bool  // the last line ends without a newline
	known   [firstPlain]uint64
}

// texts is the dictionary of a kind.
type texts struct {
	n      int
	bytes  []byte // of addresses: four for each
	made   []addressText
	starts []uint32 // of the others: where each starts behind the one before, and one more for the end
	page   int      // the part that is the first page
	first  []uint32 // where the first text of each page starts
	pages  [][]byte // those that were asked for
}

// columnState is where the reader of a column stands.
type columnState struct {
	value  uint64 // of all
	last   uint64 // value
	fa, fb int    // the next flags of its sources, in bits of the planes
	next   uint32 // code
	same   bool   // all are value
	a, b   uint8  // its sources
	tells  uint8  // the sources that hear of its values, a bit each
	way    uint8  // how its values are found
	n      uint8  // how long text is
	notes  bool   // its values are keys for what follows in their lines
	text   uint64 // of all values, the first byte the lowest
}

// How the values of a column are found.
const (
	wayAny  = iota // value knows
	wayCode        // all are its codes
	waySame        // all are one
	wayText        // likewise, and it is a number whose text is known
)

// count is how many texts a kind has.
func (t *tableReader) count(k Kind) int { return t.texts[k].n }

// open reads what the head and the lengths say of the table, and takes its
// addresses and the numbers of its pages.
func (t *tableReader) open(head, lengths *reader, addresses *[]byte, page *int, limit int) bool {
	t.schema.reset()
	n := head.uint()
	if n > uint64(len(head.b)) {
		return false
	}
	t.said, t.unread = int(n), head.b
	for range n {
		i := bytes.IndexByte(head.b, '\n')
		if i < 0 {
			return false
		}
		head.bytes(uint64(i) + 1)
	}
	t.schema.reserve(len(t.unread) - len(head.b))
	for k := KindIPv4; k < firstPlain; k++ {
		tx := &t.texts[k]
		n := head.uint()
		if k == KindIPv4 {
			if n > uint64(len(*addresses)/4) {
				return false
			}
			tx.n, tx.bytes, *addresses = int(n), (*addresses)[:4*n], (*addresses)[4*n:]
			tx.made = refill(tx.made, int(n), addressText{})
			continue
		}
		// A length takes a byte at least.
		if n > uint64(len(lengths.b)) {
			return false
		}
		tx.n = int(n)
		if !tx.measure(lengths, limit) {
			return false
		}
		if k != KindPath {
			tx.paginate(page)
		}
	}
	return !head.bad && !lengths.bad
}

// learn reads the first n templates. They are numbered as they were met, so the
// first blocks of a segment need few; and most of what it takes to open one would
// go into the many that occur once.
func (t *tableReader) learn(n int) bool {
	for len(t.schema.templates) < n {
		i := bytes.IndexByte(t.unread, '\n')
		if i < 0 || t.schema.add(t.unread[:i]) != nil {
			return false
		}
		t.unread = t.unread[i+1:]
	}
	return true
}

// maxTexts bounds the texts of a kind in a segment, as a multiple of the limit
// of a block.
const maxTexts = 64

// measure reads the lengths of the texts.
func (tx *texts) measure(lengths *reader, limit int) bool {
	tx.starts = append(tx.starts[:0], 0)
	at := uint64(0)
	for range tx.n {
		size := lengths.uint()
		if size == 0 || size > uint64(limit) {
			return false
		}
		if at += size; at > min(uint64(limit)*maxTexts, 1<<30) {
			return false
		}
		tx.starts = append(tx.starts, uint32(at))
	}
	return !lengths.bad
}

// paginate finds the pages of the texts, as pages makes them.
func (tx *texts) paginate(page *int) {
	tx.page, tx.first = *page, tx.first[:0]
	for _, from := range tx.starts[:tx.n] {
		for int(from>>pageBits) >= len(tx.first) {
			tx.first = append(tx.first, from)
		}
	}
	tx.pages = grown(tx.pages, len(tx.first))
	clear(tx.pages)
	*page += len(tx.first)
}

// read reads the columns of a block with at most limit bytes of text.
func (t *tableReader) read(parts [BlockParts][]byte, limit int) bool {
	t.in.begin(parts)
	heads := &t.in.in[sectionHeads]
	unended, n := heads.byte(), heads.uint()
	t.unended = unended == 1
	if unended > 1 || n > uint64(limit)+1 || n == 0 && t.unended {
		return false
	}
	for k := KindIPv4; k < firstPlain; k++ {
		if t.known[k] = heads.uint(); t.known[k] > uint64(t.count(k)) {
			return false
		}
	}
	if heads.bad || !t.readLines(int(n)) {
		return false
	}
	for i := range t.schema.classes {
		t.schema.classes[i].n = 0
	}
	t.counts = refill(t.counts, len(t.schema.templates), 0)
	for _, n := range t.lines {
		t.counts[n]++
	}
	total := uint64(0)
	for n, count := range t.counts {
		if count == 0 {
			continue
		}
		tpl := &t.schema.templates[n]
		total += uint64(count) * uint64(tpl.last-tpl.first)
		if total > uint64(limit) {
			return false
		}
		slots := t.schema.slots[tpl.first:tpl.last]
		for i := range slots {
			t.schema.classes[slots[i].class].n += count
			slots[i].last = none
		}
	}
	t.codes, t.values = grown(t.codes, int(total)), grown(t.values, int(total))
	if !t.readColumns() {
		return false
	}
	for i := range t.in.in {
		if len(t.in.in[i].b) > 0 {
			return false
		}
	}
	return true
}

// readLines reads the templates of n lines.
func (t *tableReader) readLines(n int) bool {
	t.codes = grown(t.codes, n)
	if !t.in.read(t.codes) {
		return false
	}
	t.lines = grown(t.lines, n)
	last := uint64(0)
	for i, v := range t.codes {
		last = max(last, v)
		t.lines[i] = uint32(v)
	}
	return n == 0 || last < uint64(t.said) && t.learn(int(last)+1)
}

// readColumns reads the columns of all classes.
func (t *tableReader) readColumns() bool {
	t.columns = grown(t.columns, len(t.schema.classes))
	for i := range t.schema.groups {
		t.schema.groups[i].sources = 0
	}
	at := uint32(0)
	for i := range t.schema.classes {
		class := &t.schema.classes[i]
		if class.n == 0 {
			continue
		}
		source := t.in.in[sectionHeads].byte()
		if source == isSame {
			t.columns[i] = columnState{same: true, value: t.in.in[sectionHeads].uint()}
			continue
		}
		c := columnState{a: source & 15, b: source >> 4, next: at, last: none}
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
	t.asked = 0
	for i := range t.schema.classes {
		if t.schema.classes[i].n > 0 && !t.columns[i].same {
			t.columns[i].tells |= t.schema.groups[t.schema.classes[i].group].sources & shared
			t.asked |= t.columns[i].tells
		}
	}
	for i := range t.schema.classes {
		if class := &t.schema.classes[i]; class.n > 0 {
			c := &t.columns[i]
			c.notes = class.notes && t.asked&withKey != 0
			c.way = c.find(class.kind, t.known[class.kind&15])
		}
	}
	return !t.in.bad()
}

// find says how the values of a column of a kind are found, of whose texts so many
// are known.
func (c *columnState) find(k Kind, known uint64) uint8 {
	switch {
	case c.notes || c.same && k.IsText() && c.value >= known:
		return wayAny
	case c.same && k == KindNumber:
		var text [maxNumber + slack]byte
		n := putNumber(text[:], 0, c.value)
		if n > 8 {
			return waySame
		}
		c.n, c.text = uint8(n), binary.LittleEndian.Uint64(text[:])
		return wayText
	case c.same:
		return waySame
	case c.a == fromNone && c.tells&withKey == 0 && !k.IsText():
		return wayCode
	}
	return wayAny
}
