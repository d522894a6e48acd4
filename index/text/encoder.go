package text

import "encoding/binary"

// An Encoder packs blocks. Its zero value is ready; it may be used again and
// keeps its memory, and it is not safe for use by several goroutines.
type Encoder struct {
	block   table
	paths   table
	columns columnWriter
	parts   [sections]int
}

// Encode appends the packed text to dst. It is made to be compressed: as a
// whole, or better by its parts.
func (e *Encoder) Encode(dst, text []byte) []byte {
	w := &e.columns
	w.reset()
	e.block.split(text)
	e.paths.scan.words = true
	e.paths.split(e.block.scan.dict.texts[kindPath])
	e.paths.write(w)
	e.block.write(w)

	open := byte(0)
	if len(text) > 0 && text[len(text)-1] != '\n' {
		open = 1
	}
	from := len(dst)
	dst = append(dst, version, open)
	for _, part := range w.out {
		dst = binary.AppendUvarint(dst, uint64(len(part)))
	}
	for i, part := range w.out {
		dst = append(dst, part...)
		e.parts[i] = len(dst) - from
	}
	return dst
}

// version is the first byte of a packed block.
const version = 1

// Parts returns where the parts of the output of the last Encode end, counted
// from its first byte; the last one ends with it. Each holds like with like:
// compressed one by one they get smaller than as a whole, since each gets its
// own statistics. Decode wants them put together again.
func (e *Encoder) Parts() []int { return e.parts[:] }

// Templates returns, for each line of the text encoded last, the number of its
// template. It is valid until the next Encode.
func (e *Encoder) Templates() []uint32 { return e.block.lines }
