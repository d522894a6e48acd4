package text

import "encoding/binary"

// An Encoder packs segments: the texts of several blocks, one after the other,
// which share templates and dictionaries. Its zero value is ready; it may be
// used again and keeps its memory, and it is not safe for use by several
// goroutines.
//
// Of each block, Scan takes the lines apart and Pack writes its columns; Finish
// then writes what the blocks share.
type Encoder struct {
	block   table
	paths   table
	columns columnWriter
	open    bool // the last line of the block ends without a newline
	size    int  // of the block's text
	bytes   []byte
}

// BlockParts is how many parts a block has.
const BlockParts = 3

// Reset begins a segment.
func (e *Encoder) Reset() {
	e.block.reset()
	e.paths.reset()
	e.paths.scan.words = true
}

// Whole makes each line of the blocks that follow one variable, or no more.
func (e *Encoder) Whole(whole bool) { e.block.scan.whole = whole }

// Scan takes the text of the next block apart. The text must not change until
// Pack.
func (e *Encoder) Scan(text []byte) {
	e.block.begin()
	e.block.split(text)
	e.size = len(text)
	e.open = len(text) > 0 && text[len(text)-1] != '\n'
}

// Pack returns the packed columns of the block that was scanned last. They are
// made to be compressed, each part by itself since each holds like with like,
// and valid until the Encoder is used again.
func (e *Encoder) Pack() [BlockParts][]byte {
	e.columns.reset()
	e.block.write(&e.columns, e.open)
	return e.columns.out
}

// Finish calls emit for each part that the blocks of the segment share, in
// their order: the head, the lengths of texts, the addresses, the pages of
// texts, and then the blocks of paths, BlockParts for each. A part is valid
// during the call.
func (e *Encoder) Finish(emit func(part []byte)) {
	paths := &e.block.scan.dict
	n := int(paths.count(KindPath))
	type packed [BlockParts][]byte
	blocks := make([]packed, 0, (n+pathsPerBlock-1)/pathsPerBlock)
	// The paths make the templates and dictionaries that stand before them.
	for from := 0; from < n; from += pathsPerBlock {
		e.paths.begin()
		for i := from; i < min(n, from+pathsPerBlock); i++ {
			path := paths.text(KindPath, uint32(i))
			e.paths.line(path, len(path))
		}
		e.columns.reset()
		e.paths.write(&e.columns, false)
		var own packed
		for i, part := range e.columns.out {
			own[i] = append([]byte(nil), part...)
		}
		blocks = append(blocks, own)
	}
	tables := [...]*table{&e.paths, &e.block}
	emit(e.head(tables[:]))
	emit(e.lengths(tables[:]))
	e.bytes = e.bytes[:0]
	for _, t := range tables {
		e.bytes = append(e.bytes, t.scan.dict.texts[KindIPv4]...)
	}
	emit(e.bytes)
	for _, t := range tables {
		t.scan.dict.pages(emit)
	}
	for _, b := range blocks {
		for _, part := range b {
			emit(part)
		}
	}
}

// version is the first byte of a segment's head.
const version = 2

// pathsPerBlock is how many paths are a block of their own: to find one, as
// many have to be read.
const pathsPerBlock = 512

func (e *Encoder) head(tables []*table) []byte {
	out := append(e.bytes[:0], version)
	for _, t := range tables {
		d := &t.scan.dict
		out = binary.AppendUvarint(out, uint64(len(t.schema.templates)))
		for n := range t.schema.templates {
			out = append(append(out, d.text(KindEscape, uint32(n))...), '\n')
		}
		for k := KindIPv4; k < firstPlain; k++ {
			out = binary.AppendUvarint(out, uint64(d.count(k)))
		}
	}
	e.bytes = out
	return out
}

func (e *Encoder) lengths(tables []*table) []byte {
	out := e.bytes[:0]
	for _, t := range tables {
		d := &t.scan.dict
		for k := KindColons; k < firstPlain; k++ {
			from := uint32(0)
			for _, end := range d.ends[k] {
				out = binary.AppendUvarint(out, uint64(end-from))
				from = end
			}
		}
	}
	e.bytes = out
	return out
}

// Bounds returns where line i of the block that was scanned last begins in its
// text, and where it ends, its newline left out.
func (e *Encoder) Bounds(i int) (start, end int) {
	t := &e.block
	if i+1 < len(t.begins) {
		return int(t.begins[i]), int(t.begins[i+1]) - 1
	}
	end = e.size
	if !e.open {
		end--
	}
	return int(t.begins[i]), end
}

// Lines returns how many lines the block has that was scanned last.
func (e *Encoder) Lines() int { return len(e.block.lines) }

// Line returns line i of the block that was scanned last. It is valid until
// the next Scan.
func (e *Encoder) Line(i int) (line Line) {
	e.LineTo(&line, i)
	return line
}

// LineTo is Line for one who has memory for it, and asks for each line.
func (e *Encoder) LineTo(line *Line, i int) {
	t := &e.block
	n := t.lines[i]
	tpl := &t.schema.templates[n]
	from := t.firsts[i]
	to := from + tpl.last - tpl.first
	line.Template, line.Marks, line.Values, line.slots = n, t.scan.marks[from:to], t.scan.values[from:to], t.schema.slots[tpl.first:tpl.last]
}

// Values returns of line i of the block that was scanned last its template and
// its values. They are valid until the next Scan.
func (e *Encoder) Values(i int) (template uint32, values []uint64) {
	t := &e.block
	from, values := t.firsts[i], t.scan.values
	if i++; i < len(t.firsts) {
		values = values[:t.firsts[i]]
	}
	return t.lines[i-1], values[from:]
}

// Templates returns how many templates the segment has so far.
func (e *Encoder) Templates() int { return len(e.block.schema.templates) }

// Text returns the text with number n of a kind whose values are texts. It is
// valid until the next Scan.
func (e *Encoder) Text(k Kind, n uint64) []byte { return e.block.scan.dict.text(k, uint32(n)) }

// Texts returns how many texts of the kind the segment has so far.
func (e *Encoder) Texts(k Kind) int { return int(e.block.scan.dict.count(k)) }
