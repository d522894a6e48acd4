package text

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// How the values of a column are written.
const (
	modeConst = iota // one value for all
	modePlain        // planes of bytes: first the lowest byte of each value
	modeDelta        // likewise, of the differences, the first one's from 0: read and no longer written
	modeRows         // whole values, one after the other
	modeSteps        // the first value, and planes of the differences
	modes

	isSame = 0xFF // in place of the sources: all values of the class are this one
)

// sections are the parts of a packed block: each holds like with like.
const (
	sectionHeads  = iota // of columns
	sectionPlanes        // bytes that are unevenly spread, and flags
	sectionNoise         // bytes that are not
	sections
)

// There are as many as a block has parts.
var _ = [1]struct{}{}[sections-BlockParts]

// A columnWriter writes columns to sections.
type columnWriter struct {
	out    [sections][]byte
	counts [8][256]uint32
	delta  []uint64
}

func (w *columnWriter) reset() {
	for i := range w.out {
		w.out[i] = w.out[i][:0]
	}
}

// A layout is how a column is best written.
type layout struct {
	mode, width byte
	noise       byte   // planes that are noise, a bit each
	cost        uint64 // estimate in 1/256 bits
}

// deltas returns the differences of v, of which there are some, valid until the
// next call.
func (w *columnWriter) deltas(v []uint64) []uint64 {
	w.delta = grown(w.delta, len(v))
	delta, last := w.delta, v[0]
	for i, x := range v[:len(delta)] {
		delta[i] = zigzag(x - last)
		last = x
	}
	return delta
}

// choose finds the layout of a column.
func (w *columnWriter) choose(k Kind, v []uint64) layout {
	if len(v) == 0 {
		return layout{mode: modeConst}
	}
	all, differ := bitsOf(v)
	if !differ {
		return layout{mode: modeConst, width: width(v[0]), cost: 16 << 8}
	}
	best := w.measure(v, modePlain, width(all))
	if k.IsText() {
		return best
	}
	if best.width >= 5 && (k == KindLower || k == KindUpper) {
		return layout{mode: modeRows, width: best.width, cost: best.cost}
	}
	d := w.deltas(v)
	all, _ = bitsOf(d)
	if l := w.measure(d, modeSteps, width(all)); l.cost < best.cost {
		return l
	}
	return best
}

// again returns the layout l if it fits the column, and else a new one.
func (w *columnWriter) again(k Kind, l layout, v []uint64) layout {
	if len(v) < few || l.mode == modeConst {
		return w.choose(k, v)
	}
	all, differ := bitsOf(v)
	if differ && l.mode == modeSteps {
		all, _ = bitsOf(w.deltas(v))
	}
	if !differ || width(all) != l.width {
		return w.choose(k, v)
	}
	return l
}

// bitsOf returns the bits that the values have, and whether they differ.
func bitsOf(v []uint64) (all uint64, differ bool) {
	other := uint64(0)
	for _, x := range v {
		all |= x
		other |= x ^ v[0]
	}
	return all, other != 0
}

// few is of how many values the entropy says little.
const few = 24

// measure estimates the size of v in planes by the entropy of each.
func (w *columnWriter) measure(v []uint64, mode, width byte) layout {
	l := layout{mode: mode, width: width, cost: 24 << 8}
	if len(v) < few {
		l.cost += uint64(len(v)) * uint64(width) << 10
		return l
	}
	n := uint64(len(v))
	// A code for bytes that are so evenly spread is no shorter than they are, since
	// it is one for all planes. Few values cannot be spread so much.
	noisy := n * min(6<<8, log2(n)-300)
	for p := range width {
		counts := &w.counts[p]
		clear(counts[:])
		shift := 8 * p & 63
		for _, x := range v {
			counts[byte(x>>shift)]++
		}
		sum := uint64(0)
		for _, c := range counts {
			if int(c) < len(logs) {
				sum += uint64(logs[c])
			} else {
				sum += uint64(c) * log2(uint64(c))
			}
		}
		cost := n*log2(n) - sum
		if cost > noisy {
			l.noise |= 1 << p
		}
		l.cost += cost
	}
	return l
}

// logs is n times log2(n) for small n, and 0 for none: whether a byte occurs at
// all is hard to foresee.
var logs = func() (t [256]uint32) {
	for n := 1; n < len(t); n++ {
		t[n] = uint32(n) * uint32(log2(uint64(n)))
	}
	return t
}()

// log2 returns about 256 times the logarithm of v to base 2.
func log2(v uint64) uint64 {
	n := uint64(bits.Len64(v)) - 1
	return n<<8 + (v<<(63-n)<<1)>>56
}

// width returns how many bytes hold v.
func width(v uint64) byte { return byte((bits.Len64(v) + 7) / 8) }

// write writes a column.
func (w *columnWriter) write(l layout, v []uint64) {
	w.out[sectionHeads] = append(w.out[sectionHeads], l.mode<<4|l.width, l.noise)
	switch l.mode {
	case modeConst:
		if len(v) > 0 {
			w.out[sectionHeads] = binary.AppendUvarint(w.out[sectionHeads], v[0])
		}
	case modeSteps:
		w.out[sectionHeads] = binary.AppendUvarint(w.out[sectionHeads], v[0])
		w.planes(l, w.deltas(v))
	case modePlain:
		w.planes(l, v)
	case modeRows:
		out := w.out[sectionNoise]
		for _, x := range v {
			for p := range l.width {
				out = append(out, byte(x>>(8*p)))
			}
		}
		w.out[sectionNoise] = out
	}
}

func (w *columnWriter) planes(l layout, v []uint64) {
	for p := range l.width {
		section := sectionPlanes
		if l.noise>>p&1 != 0 {
			section = sectionNoise
		}
		from := len(w.out[section])
		w.out[section] = slices.Grow(w.out[section], len(v))[:from+len(v)]
		out, shift := w.out[section][from:][:len(v)], 8*p&63
		for i, x := range v {
			out[i] = byte(x >> shift)
		}
	}
}

// flags writes which values were named by a source, a bit each.
func (w *columnWriter) flags(hits []uint8, source int) {
	out := w.out[sectionPlanes]
	for ; len(hits) >= 8; hits = hits[8:] {
		// The product has the lowest bits of the bytes in its highest byte.
		x := binary.LittleEndian.Uint64(hits) >> source & ones
		out = append(out, byte(x*0x0102040810204080>>56))
	}
	if len(hits) > 0 {
		b := byte(0)
		for i, h := range hits {
			b |= h >> source & 1 << i
		}
		out = append(out, b)
	}
	w.out[sectionPlanes] = out
}
