package text

import "errors"

// ErrDamaged is the error for what no encoder wrote, or what is longer than
// the limit.
var ErrDamaged = errors.New("text: damaged")

// A Decoder unpacks blocks. Its zero value is ready; it may be used again and
// keeps its memory, and it is not safe for use by several goroutines.
type Decoder struct {
	in       columnReader
	block    tableReader
	paths    tableReader
	pathText []byte
	open     bool // the last line ends without a newline
	starts   []uint32
	marked   []uint32
}

// Open reads a packed block whose text is at most limit bytes long. The
// decoder refers to packed until the next call. It takes up to 512 bytes of
// memory for each byte of limit or packed.
func (d *Decoder) Open(packed []byte, limit int) error {
	if !d.read(packed, max(limit, 0)) {
		d.block.lines = d.block.lines[:0]
		return ErrDamaged
	}
	return nil
}

func (d *Decoder) read(packed []byte, limit int) bool {
	r := reader{b: packed}
	v, open := r.byte(), r.byte()
	var sizes [sections]uint64
	for i := range sizes {
		sizes[i] = r.uint()
	}
	for i := range sizes {
		d.in.in[i] = reader{b: r.bytes(sizes[i])}
	}
	if v != version || open > 1 || r.bad || len(r.b) > 0 {
		return false
	}
	d.open = open != 0
	if !d.paths.read(&d.in, limit) || !d.readPaths(limit) {
		return false
	}
	if !d.block.read(&d.in, limit) || d.open && len(d.block.lines) == 0 {
		return false
	}
	for i := range d.in.in {
		if len(d.in.in[i].b) > 0 {
			return false
		}
	}
	return true
}

// readPaths makes the table of paths a dictionary of the block.
func (d *Decoder) readPaths(limit int) bool {
	t := &d.block.texts[kindPath]
	t.b, t.ends = d.pathText[:0], t.ends[:0]
	for i := range d.paths.lines {
		t.b = d.paths.appendLine(t.b, i)
		t.ends = append(t.ends, uint32(len(t.b)))
		t.b = append(t.b, '\n')
	}
	d.pathText = t.b
	return len(t.b) <= limit+1
}

// Decode appends the text of a packed block to dst. The text must be at most
// limit bytes long. Of a damaged block it returns an error or another text.
func (d *Decoder) Decode(dst, packed []byte, limit int) ([]byte, error) {
	if err := d.Open(packed, limit); err != nil {
		return dst, err
	}
	d.block.marking = false
	return d.appendAll(dst, limit)
}

// DecodeMarked is Decode, and Line then knows of each line where it stands and
// what its variables are.
func (d *Decoder) DecodeMarked(dst, packed []byte, limit int) ([]byte, error) {
	if err := d.Open(packed, limit); err != nil {
		return dst, err
	}
	d.block.marking, d.block.marks = true, d.block.marks[:0]
	return d.appendAll(dst, limit)
}

func (d *Decoder) appendAll(dst []byte, limit int) ([]byte, error) {
	from := len(dst)
	d.starts, d.marked = d.starts[:0], d.marked[:0]
	for i := range d.block.lines {
		if d.block.marking {
			d.starts = append(d.starts, uint32(len(dst)-from))
			d.marked = append(d.marked, uint32(len(d.block.marks)))
		}
		dst = d.block.appendLine(dst, i)
		if i+1 < len(d.block.lines) || !d.open {
			dst = append(dst, '\n')
		}
		if len(dst)-from > limit {
			return dst[:from], ErrDamaged
		}
	}
	return dst, nil
}

// A Line is one line of a decoded text.
type Line struct {
	Start    int // of its first byte in the text
	Template uint32
	Marks    []Mark
}

// Line returns line i of the text that DecodeMarked decoded last. It is valid
// until the decoder is used again.
func (d *Decoder) Line(i int) Line {
	return Line{int(d.starts[i]), d.block.lines[i], marksOf(d.block.marks, d.marked, i)}
}

// Lines returns how many lines the block has that was opened last.
func (d *Decoder) Lines() int { return len(d.block.lines) }
