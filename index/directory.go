package index

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// segmentRow is a segment in the directory: of which source it is, where it
// begins there, and its blocks.
type segmentRow struct {
	Source uint32
	Offset int64 // of its first byte
	Line   int64 // of which its first byte is
	Blocks []blockRow
}

// blockRow is one block of a segment.
type blockRow struct {
	Bytes  int64
	Lines  int64 // newlines
	Events int64
	Min    Time // earliest and latest time of its events; 0, 0 where it has none
	Max    Time
}

// appendTo writes the row: source, offset, line and the number of blocks, and
// of each its bytes, its lines, its events, its earliest time less that of the
// block before (±), and its latest time less the earliest.
func (r *segmentRow) appendTo(out []byte) []byte {
	for _, v := range [...]uint64{uint64(r.Source), uint64(r.Offset), uint64(r.Line), uint64(len(r.Blocks))} {
		out = binary.AppendUvarint(out, v)
	}
	before := Time(0)
	for _, b := range r.Blocks {
		for _, v := range [...]int64{b.Bytes, b.Lines, b.Events} {
			out = binary.AppendUvarint(out, uint64(v))
		}
		out = binary.AppendVarint(out, int64(b.Min-before))
		out = binary.AppendUvarint(out, uint64(b.Max-b.Min))
		before = b.Min
	}
	return out
}

// read reads a row over the one that was read before.
func (r *segmentRow) read(in *input) error {
	r.Source = uint32(min(in.uint(), math.MaxUint32))
	r.Offset, r.Line = int64(in.uint()&math.MaxInt64), int64(in.uint()&math.MaxInt64)
	n := in.count()
	if n > maxParts/blockParts {
		in.fail("too many blocks")
	}
	if in.err != nil {
		return in.err
	}
	r.Blocks = slices.Grow(r.Blocks[:0], n)[:n]
	before := Time(0)
	for i := range r.Blocks {
		b := &r.Blocks[i]
		b.Bytes, b.Lines, b.Events = int64(in.uint()), int64(in.uint()), int64(in.uint())
		b.Min = before + Time(in.int())
		span := in.uint()
		b.Max = b.Min + Time(span)
		before = b.Min
		if b.Bytes < 0 || b.Bytes > maxText || b.Lines < 0 || b.Lines > b.Bytes || b.Events < 0 || b.Events > b.Lines+1 || span > math.MaxInt64 || b.Max < b.Min {
			return fmt.Errorf("a block of %d bytes, %d lines and %d events: %w", b.Bytes, b.Lines, b.Events, ErrDamaged)
		}
	}
	return in.err
}

// blockInfo is what a Reader knows of a block.
type blockInfo struct {
	blockRow
	Segment uint32
	Part    int // of the segment's blocks
	Source  uint32
	Offset  int64 // of its first byte in the source
	Line    int64 // of which its first byte is
}
