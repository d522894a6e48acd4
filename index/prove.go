package index

import (
	"bytes"
	"fmt"
)

// prover unpacks what a builder packed, while the text is still there to be
// compared with.
type prover struct {
	open    *opener
	segment segmentReader
	buf     []byte
}

// Prove unpacks the segment and compares it with raw, the text that it was made
// of. What is packed is lossless by construction; this is for the day on which
// that is not so: the logs are still there then.
func (b *SegmentBuilder) Prove(seg *Segment, raw []byte) error {
	p := &b.prover
	if p.open == nil {
		var err error
		if p.open, err = newOpener(); err != nil {
			return err
		}
	}
	size := seg.value[1:envelopeHead]
	parts, err := p.open.readParts(seg.value[envelopeHead:], uint32(size[0])<<24|uint32(size[1])<<16|uint32(size[2])<<8|uint32(size[3]))
	if err == nil {
		err = p.segment.open(parts, len(seg.row.Blocks))
	}
	if err != nil {
		return fmt.Errorf("segment: what was packed cannot be read: %w", err)
	}
	for i, row := range seg.row.Blocks {
		p.buf, err = p.segment.appendBlock(p.buf[:0], &blockInfo{blockRow: row, Part: i})
		if err == nil && !bytes.Equal(p.buf, raw[:row.Bytes]) {
			err = fmt.Errorf("another text: %w", ErrDamaged)
		}
		if err != nil {
			return fmt.Errorf("segment: block %d: what was packed is not what was read: %w", i, err)
		}
		raw = raw[row.Bytes:]
	}
	if len(raw) > 0 {
		return fmt.Errorf("segment: %d bytes were not packed: %w", len(raw), ErrDamaged)
	}
	return nil
}

// Apart keeps the entries of the segment out of the summary, or no longer: it
// is the Open text of its source.
func (b *SegmentBuilder) Apart(apart bool) { b.apart = apart }

// Simply makes the next segments of whole lines, of which nothing is taken
// apart: for a text that Prove found to be packed otherwise.
//
// Entries of such a segment are those of one that was made before: they are not
// counted again.
func (b *SegmentBuilder) Simply(simply bool) {
	b.shape.odd.always = simply
	b.again = simply
}
