package index

import (
	"encoding/binary"
	"fmt"
)

// A value in parts is an envelope whose content is several parts, each of which
// can be unpacked without the others: codec 3, and for its content
//
//	parts: how many, then for each twice its length as it lies there, plus one if it is packed; and then its length unpacked
//	       the parts, one after the other, each as it is or a zstd frame
//
// in unsigned varints. The size of the envelope is that of all parts unpacked.
//
// Parts wait for one another and are packed many at once: zstd looks for what
// comes again in a table of 256 KiB, which all that is done between two blocks
// drives out of the processor's caches.
type partsWriter struct {
	pack    *packer
	waiting []byte // parts, one after the other
	waits   []waitingPart
	heads   []byte
	frames  []byte
	n       int
	size    int
	untried int // parts of noise that will be stored
}

// A waitingPart is where a part ends among those that wait, and whether it is
// noise.
type waitingPart struct {
	end   int
	noise bool
}

// maxWaiting is how many bytes of parts may wait for one more.
const maxWaiting = 512 << 10

func (w *partsWriter) reset() {
	w.waiting, w.waits = w.waiting[:0], w.waits[:0]
	w.heads, w.frames, w.n, w.size, w.untried = w.heads[:0], w.frames[:0], 0, 0, 0
}

// add appends a part.
func (w *partsWriter) add(part []byte) { w.wait(part, false) }

// addNoise appends a part whose bytes are evenly spread: a frame is worth it
// only where they come again.
func (w *partsWriter) addNoise(part []byte) { w.wait(part, true) }

func (w *partsWriter) wait(part []byte, noise bool) {
	w.n++
	w.size += len(part)
	w.waiting = append(w.waiting, part...)
	w.waits = append(w.waits, waitingPart{len(w.waiting), noise})
	if len(w.waiting) > maxWaiting {
		w.flush()
	}
}

// flush packs the parts that wait.
func (w *partsWriter) flush() {
	from := 0
	for _, p := range w.waits {
		if part := w.waiting[from:p.end]; !w.worth(len(part), p.noise) {
			w.store(part)
		} else if !w.packed(part) {
			w.store(part)
			if p.noise {
				w.untried = noiseUntried
			}
		}
		from = p.end
	}
	w.waiting, w.waits = w.waiting[:0], w.waits[:0]
}

// minPacked is the smallest part that is worth a frame of its own: one of some
// hundred bytes saves little, and takes more time than the bytes behind it.
const minPacked = 400

// noiseUntried is how many parts of noise are stored after one that no frame
// made shorter.
const noiseUntried = 15

// worth reports whether a frame is tried for a part of n bytes.
func (w *partsWriter) worth(n int, noise bool) bool {
	if noise && n >= minPacked && w.untried > 0 {
		w.untried--
		return false
	}
	return n >= minPacked
}

// packed appends a part as a frame, if that is shorter.
func (w *partsWriter) packed(part []byte) bool {
	from := len(w.frames)
	w.frames = w.pack.enc.EncodeAll(part, w.frames)
	n := len(w.frames) - from
	if n >= len(part) {
		w.frames = w.frames[:from]
		return false
	}
	w.heads = binary.AppendUvarint(w.heads, uint64(n)<<1|1)
	w.heads = binary.AppendUvarint(w.heads, uint64(len(part)))
	return true
}

// store appends a part as it is.
func (w *partsWriter) store(part []byte) {
	w.frames = append(w.frames, part...)
	w.heads = binary.AppendUvarint(w.heads, uint64(len(part))<<1)
}

// value returns the parts as a value that is not sealed yet, newly allocated.
func (w *partsWriter) value() []byte {
	w.flush()
	out := make([]byte, envelopeHead, envelopeHead+binary.MaxVarintLen32+len(w.heads)+len(w.frames)+envelopeTail)
	out[0] = codecParts
	binary.BigEndian.PutUint32(out[1:], uint32(w.size))
	out = binary.AppendUvarint(out, uint64(w.n))
	return append(append(out, w.heads...), w.frames...)
}

// parts is a value in parts that was proved. Its bytes must stay as they are
// for as long as parts are asked for.
type parts struct {
	open  *opener
	rows  []partRow
	bytes []byte
}

type partRow struct {
	at, packed, size uint32
	zstd             bool
}

// maxParts bounds the parts of a value: a segment has some for each of its
// blocks, and for each of its pages of texts.
const maxParts = 1 << 16

// readParts reads the heads of the parts in the content of an envelope.
func (o *opener) readParts(content []byte, size uint32) (*parts, error) {
	in := &input{b: content}
	n := in.count()
	if n > maxParts {
		return nil, fmt.Errorf("%d parts: %w", n, ErrDamaged)
	}
	p := &parts{open: o, rows: make([]partRow, n)}
	at, total := uint64(0), uint64(0)
	for i := range p.rows {
		head := in.uint()
		row := partRow{at: uint32(at), packed: uint32(head >> 1), size: uint32(head >> 1), zstd: head&1 != 0}
		if head>>1 > uint64(len(content)) {
			in.fail("part too long")
			break
		}
		if row.zstd {
			unpacked := in.uint()
			if unpacked > uint64(size) {
				in.fail("part too long")
				break
			}
			row.size = uint32(unpacked)
		}
		at += uint64(row.packed)
		total += uint64(row.size)
		p.rows[i] = row
	}
	if in.err == nil && (at != uint64(len(in.b)) || total != uint64(size)) {
		in.fail("parts and their lengths differ")
	}
	p.bytes = in.b
	return p, in.err
}

// into unpacks a part into *b, which it may replace by more memory. What it
// returns may lie in the value instead.
func (p *parts) into(i int, b *[]byte) ([]byte, error) {
	if i < 0 || i >= len(p.rows) {
		return nil, fmt.Errorf("part %d of %d: %w", i, len(p.rows), ErrDamaged)
	}
	row := p.rows[i]
	packed := p.bytes[row.at:][:row.packed:row.packed]
	if !row.zstd {
		return packed, nil
	}
	out, err := unpack(p.open.dec, packed, *b, row.size)
	if err == nil {
		*b = out
	}
	return out, err
}

// each unpacks all parts, one after the other.
func (p *parts) each(do func(part []byte)) error {
	var b []byte
	for i := range p.rows {
		part, err := p.into(i, &b)
		if err != nil {
			return err
		}
		do(part)
	}
	return nil
}
