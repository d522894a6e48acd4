package summary

import (
	"encoding/binary"
	"errors"
	"strings"
)

// ErrPage is the cause of every error about a page that cannot have been
// written by this package.
var ErrPage = errors.New("not a page of a summary")

const (
	// maxRows is how many rows a page may have: they take a hundred times the memory of their bytes.
	maxRows = 1 << 14
	// maxCells is how many parts all rows of a page may have together.
	maxCells = 1 << 17
	// pageWeight is where a page is closed: small enough that one of its rows is found in a blink, large enough that they pack well.
	pageWeight = 24 << 10
	// spillWeight is the same for pages that only wait to be merged, of which many are in memory at once.
	spillWeight = 8 << 10
)

// Page is a run of rows of one table, packed but for the last step: whoever
// stores it may compress each part by itself.
type Page struct {
	Table Table
	// Key orders the pages of a table, which are put in the order of their keys.
	Key     []byte
	Content []byte
	Ends    []int // where each part of the content ends, but for the last
}

// pageWriter puts the parts of a page together: how many rows there are, the
// length of each part, then the parts.
type pageWriter struct {
	rows int
	head []byte // the part that is no column
	dict texts
	cols []column
}

func newPageWriter(rows, columns int) *pageWriter {
	w := &pageWriter{rows: rows, cols: make([]column, columns)}
	// Most columns have a number or two for each row, of few bytes.
	room := make([]byte, 4*rows*columns)
	for i := range w.cols {
		from := 4 * rows * i
		w.cols[i].lens, w.cols[i].low = room[from:from:from+rows], room[from+rows:from+rows:from+4*rows]
	}
	return w
}

func (w *pageWriter) uint(v uint64) { w.head = binary.AppendUvarint(w.head, v) }
func (w *pageWriter) int(v int64)   { w.uint(zigzag(v)) }
func (w *pageWriter) byte(b byte)   { w.head = append(w.head, b) }

func (w *pageWriter) finish(t Table, key []byte) Page {
	head := w.dict.append(nil)
	head = append(head, w.head...)
	size := len(head) + 2*binary.MaxVarintLen32*(1+len(w.cols))
	for i := range w.cols {
		w.cols[i].close()
		size += len(w.cols[i].lens) + len(w.cols[i].low)
	}
	out := make([]byte, 0, size)
	out = binary.AppendUvarint(out, uint64(w.rows))
	out = binary.AppendUvarint(out, uint64(len(head)))
	for i := range w.cols {
		out = binary.AppendUvarint(out, uint64(len(w.cols[i].lens)))
		out = binary.AppendUvarint(out, uint64(len(w.cols[i].low)))
	}
	out = append(out, head...)
	ends := []int{len(out)}
	for i := range w.cols {
		out = append(out, w.cols[i].lens...)
	}
	ends = append(ends, len(out))
	for i := range w.cols {
		out = append(out, w.cols[i].low...)
	}
	return Page{Table: t, Key: key, Content: out, Ends: ends}
}

// pageReader takes a page apart.
type pageReader struct {
	parser // of the part that is no column
	rows   int
	texts  []string
	cols   []input
}

func newPageReader(content []byte, columns int) (*pageReader, error) {
	p := parser{b: content}
	rows, head := p.uint(), p.uint()
	sizes := make([]uint64, 2*columns)
	for i := range sizes {
		sizes[i] = p.uint()
	}
	r := &pageReader{parser: parser{b: p.bytes(head)}, rows: int(min(rows, maxRows+1)), cols: make([]input, columns)}
	for i := range r.cols {
		r.cols[i].lens = p.bytes(sizes[2*i])
	}
	for i := range r.cols {
		c := &r.cols[i]
		c.page, c.at = content, 8*uint(len(content)-len(p.b))
		p.bytes(sizes[2*i+1])
		c.end = 8 * uint(len(content)-len(p.b))
	}
	if p.bad || len(p.b) > 0 || r.rows > maxRows {
		return nil, ErrPage
	}
	r.texts = readTexts(&r.parser)
	if r.bad {
		return nil, ErrPage
	}
	return r, nil
}

// text returns a text of the page's dictionary.
func (r *pageReader) text(n uint64) string {
	if n >= uint64(len(r.texts)) {
		r.bad = true
		return ""
	}
	return r.texts[n]
}

// end reports whether the page held what was read, and no more.
func (r *pageReader) end() error {
	if r.bad || len(r.b) > 0 {
		return ErrPage
	}
	for i := range r.cols {
		if r.cols[i].bad || len(r.cols[i].lens) > 0 {
			return ErrPage
		}
	}
	return nil
}

// texts numbers the texts of a page in the order of their first use. Each is
// written as what it shares with the one before it, and the rest.
type texts struct {
	number map[string]int
	list   []string
}

func (t *texts) add(s string) uint64 {
	n, ok := t.number[s]
	if !ok {
		if t.number == nil {
			t.number = map[string]int{}
		}
		n = len(t.list)
		t.number[s] = n
		t.list = append(t.list, s)
	}
	return uint64(n)
}

// addOther is add for texts of which each is another one than all before it. A
// page adds all its texts in this way, or none.
func (t *texts) addOther(s string) uint64 {
	t.list = append(t.list, s)
	return uint64(len(t.list) - 1)
}

func (t *texts) append(out []byte) []byte {
	out = binary.AppendUvarint(out, uint64(len(t.list)))
	prev := ""
	for _, s := range t.list {
		n := shared(prev, s)
		out = binary.AppendUvarint(out, uint64(n))
		out = binary.AppendUvarint(out, uint64(len(s)-n))
		out = append(out, s[n:]...)
		prev = s
	}
	return out
}

func shared(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// maxTexts bounds the bytes of a page's texts once they are whole again: a
// text of four megabytes and what a page holds beside it.
const maxTexts = 8 << 20

func readTexts(p *parser) []string {
	n := p.count()
	if n > maxCells {
		p.bad = true
		return nil
	}
	size, last := uint64(0), uint64(0)
	for q, i := *p, 0; i < n; i++ {
		same := q.uint()
		rest := uint64(len(q.bytes(q.uint())))
		if q.bad || same > last || size+same+rest > maxTexts {
			p.bad = true
			return nil
		}
		last = same + rest
		size += last
	}
	var all strings.Builder // which never moves, so that the texts are parts of it
	all.Grow(int(size))
	list := make([]string, n)
	prev := ""
	for i := range list {
		same, rest := p.uint(), p.bytes(p.uint())
		from := all.Len()
		all.WriteString(prev[:same])
		all.Write(rest)
		prev = all.String()[from:]
		list[i] = prev
	}
	return list
}
