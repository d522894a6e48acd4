package text

import "errors"

// ErrDamaged is the error for what no encoder wrote, or what is longer than
// the limit.
var ErrDamaged = errors.New("text: damaged")

// A Decoder unpacks segments, one block of one segment at a time: Open reads
// what the blocks share, Block the columns of one of them, and AppendLine makes
// the text of a line. Its zero value is ready; it may be used again and keeps
// its memory, and it is not safe for use by several goroutines.
type Decoder struct {
	block tableReader
	paths tableReader
	part  func(i int) ([]byte, error)
	made  [][]byte // the texts of blocks of paths, once they were asked for
	first int      // part of the first block of paths
	limit int

	minute stampMinute // of the stamp that was written last
}

// Open reads the parts that the blocks of a segment share: its head, lengths
// and addresses. The texts of all its blocks have at most limit bytes each.
// Whenever a text is asked for, part is called for the parts that follow these
// three, counted from 0; what it returns must stay unchanged until the next
// Open.
func (d *Decoder) Open(head, lengths, addresses []byte, part func(i int) ([]byte, error), limit int) error {
	d.part, d.limit = part, limit
	d.block.lines = d.block.lines[:0]
	h, l := reader{b: head}, reader{b: lengths}
	if h.byte() != version {
		return ErrDamaged
	}
	page := 0
	for _, t := range [...]*tableReader{&d.paths, &d.block} {
		if !t.open(&h, &l, &addresses, &page, limit) {
			return ErrDamaged
		}
	}
	if h.bad || l.bad || len(h.b) > 0 || len(l.b) > 0 || len(addresses) > 0 || d.paths.count(KindPath) > 0 {
		return ErrDamaged
	}
	d.first = page
	n := (d.block.count(KindPath) + pathsPerBlock - 1) / pathsPerBlock
	d.made = grown(d.made, n)
	clear(d.made)
	return nil
}

// Parts returns how many parts follow the first three in the segment.
func (d *Decoder) Parts() int { return d.first + BlockParts*len(d.made) }

// Block reads the columns of one block of the segment.
func (d *Decoder) Block(parts [BlockParts][]byte) error {
	if !d.block.read(parts, d.limit) || !d.block.fill(d.limit) {
		d.block.lines = d.block.lines[:0]
		return ErrDamaged
	}
	return nil
}

// Lines returns how many lines the block has that was read last.
func (d *Decoder) Lines() int { return len(d.block.lines) }

// Start returns where line i begins in the text of the block; of the number of
// lines it is the length of the text.
func (d *Decoder) Start(i int) int { return int(d.block.starts[i]) }

// End returns where line i ends, its newline left out.
func (d *Decoder) End(i int) int {
	end := d.Start(i + 1)
	if i+1 < d.Lines() || !d.block.unended {
		end--
	}
	return end
}

// Line returns what line i of the block is made of, without where its variables
// stand. It is valid until the next Block.
func (d *Decoder) Line(i int) Line {
	t := &d.block
	n := t.lines[i]
	tpl := &t.schema.templates[n]
	from := t.firsts[i]
	return Line{Template: n, Values: t.values[from : from+tpl.last-tpl.first], slots: t.schema.slots[tpl.first:tpl.last]}
}

// Template returns the number of the template of line i of the block.
func (d *Decoder) Template(i int) uint32 { return d.block.lines[i] }

// AppendLine appends the text of line i of the block, without its newline.
func (d *Decoder) AppendLine(dst []byte, i int) ([]byte, error) {
	return d.appendLine(dst, &d.block, i, nil)
}

// AppendMarks is AppendLine, and sets line.Marks to where the line's variables
// stand.
func (d *Decoder) AppendMarks(dst []byte, i int, line *Line) ([]byte, error) {
	return d.appendLine(dst, &d.block, i, line)
}

// Text returns the text with number n of a kind whose values are texts.
func (d *Decoder) Text(k Kind, n uint64) ([]byte, error) {
	if n >= uint64(d.block.count(k)) {
		return nil, ErrDamaged
	}
	return d.text(&d.block, k, n)
}

// Templates returns how many templates the segment has.
func (d *Decoder) Templates() int { return d.block.said }

// Texts returns how many texts of the kind the segment has.
func (d *Decoder) Texts(k Kind) int { return d.block.count(k) }

// text returns a text of a table: of the addresses, a page or a block of paths.
// n must be the number of one.
func (d *Decoder) text(t *tableReader, k Kind, n uint64) ([]byte, error) {
	tx := &t.texts[k]
	switch k {
	case KindIPv4:
		return tx.bytes[4*n:][:4], nil
	case KindPath:
		return d.path(n)
	}
	from, end := tx.starts[n], tx.starts[n+1]
	p := from >> pageBits
	if tx.pages[p] == nil {
		b, err := d.part(tx.page + int(p))
		if err != nil {
			return nil, err
		}
		if b == nil {
			b = []byte{}
		}
		tx.pages[p] = b
	}
	from -= tx.first[p]
	end -= tx.first[p]
	if int(end) > len(tx.pages[p]) {
		return nil, ErrDamaged
	}
	return tx.pages[p][from:end], nil
}

// path returns a path. The whole block of it is made at once: others of it are
// likely to be asked for next.
func (d *Decoder) path(n uint64) ([]byte, error) {
	i := n / pathsPerBlock
	if d.made[i] == nil {
		if err := d.makePaths(int(i)); err != nil {
			return nil, err
		}
	}
	starts := d.block.texts[KindPath].starts
	// Each path of the block has a newline behind it.
	from := uint64(starts[n]-starts[i*pathsPerBlock]) + n%pathsPerBlock
	return d.made[i][from:][:starts[n+1]-starts[n]], nil
}

func (d *Decoder) makePaths(block int) error {
	var parts [BlockParts][]byte
	for i := range parts {
		var err error
		if parts[i], err = d.part(d.first + block*BlockParts + i); err != nil {
			return err
		}
	}
	starts := d.block.texts[KindPath].starts[block*pathsPerBlock:]
	want := min(len(starts)-1, pathsPerBlock)
	// The lengths were held against the limit of all blocks, since the paths of
	// one may come from several of the text.
	size, t := int(starts[want]-starts[0])+want, &d.paths
	if !t.read(parts, size) || len(t.lines) != want || t.unended {
		return ErrDamaged
	}
	text := make([]byte, size+spill)
	if err := d.make(text, size, t); err != nil {
		return err
	}
	for i, start := range t.starts {
		if start != starts[i]-starts[0]+uint32(i) {
			return ErrDamaged
		}
	}
	d.made[block] = text
	return nil
}
