package text

import "math/bits"

// A columnReader reads columns from sections.
type columnReader struct {
	in     [sections]reader
	planes []byte // all of that section
}

// begin begins the parts of a block.
func (r *columnReader) begin(parts [BlockParts][]byte) {
	for i := range parts {
		r.in[i] = reader{b: parts[i]}
	}
	r.planes = parts[sectionPlanes]
}

func (r *columnReader) bad() bool {
	for i := range r.in {
		if r.in[i].bad {
			return true
		}
	}
	return false
}

// read reads a column of len(v) values.
func (r *columnReader) read(v []uint64) bool {
	heads := &r.in[sectionHeads]
	head, noise := heads.byte(), heads.byte()
	mode, width := head>>4, head&15
	if mode >= modes || width > 8 {
		return false
	}
	switch mode {
	case modeConst:
		if len(v) > 0 {
			x := heads.uint()
			for i := range v {
				v[i] = x
			}
		}
	case modeRows:
		p := r.in[sectionNoise].bytes(uint64(len(v)) * uint64(width))
		if p == nil {
			return len(v) == 0
		}
		for i := range v {
			x := uint64(0)
			for j := range width {
				x |= uint64(p[j]) << (8 * j)
			}
			v[i], p = x, p[width:]
		}
	case modeSteps:
		first := heads.uint()
		return r.fromPlanes(v, width, noise) && addUp(v, first)
	case modeDelta:
		return r.fromPlanes(v, width, noise) && addUp(v, 0)
	default:
		return r.fromPlanes(v, width, noise)
	}
	return !r.bad()
}

// addUp puts values in place of the steps to them, the first one from last.
func addUp(v []uint64, last uint64) bool {
	for i, x := range v {
		last += unzigzag(x)
		v[i] = last
	}
	return true
}

func (r *columnReader) fromPlanes(v []uint64, width, noise byte) bool {
	var planes [8][]byte
	for j := range width {
		section := sectionPlanes
		if noise>>j&1 != 0 {
			section = sectionNoise
		}
		p := r.in[section].bytes(uint64(len(v)))
		if len(p) != len(v) {
			return false
		}
		planes[j] = p
	}
	join(v, planes[:width])
	return !r.bad()
}

// join puts values together of their bytes. Most have one or two.
func join(v []uint64, planes [][]byte) {
	switch len(planes) {
	case 0:
		clear(v)
		return
	case 1:
		for i, a := range planes[0][:len(v)] {
			v[i] = uint64(a)
		}
		return
	}
	a, b := planes[0][:len(v)], planes[1][:len(v)]
	for i := range v {
		v[i] = uint64(a[i]) | uint64(b[i])<<8
	}
	for j, p := range planes[2:] {
		shift := 8 * (j + 2) & 63
		for i, b := range p[:len(v)] {
			v[i] |= uint64(b) << shift
		}
	}
}

// flags goes over n flags. It returns where the first one is, in bits of the
// planes, and how many of them are set.
func (r *columnReader) flags(n uint32) (first int, set uint32, ok bool) {
	in := &r.in[sectionPlanes]
	first = (len(r.planes) - len(in.b)) * 8
	flags := in.bytes((uint64(n) + 7) / 8)
	if r.bad() {
		return 0, 0, false
	}
	for i, b := range flags {
		if rest := n - uint32(i)*8; rest < 8 {
			b &= 1<<rest - 1 // what is behind the last one is none
		}
		set += uint32(bits.OnesCount8(b))
	}
	return first, set, true
}
