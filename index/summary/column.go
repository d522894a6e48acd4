package summary

import (
	"encoding/binary"
	"math/bits"
)

// column gathers numbers. Of each it keeps how many bits the number has, a byte
// that packs well because neighbours are alike, and behind each other the bits
// below the highest one, which nothing packs.
type column struct {
	lens []byte
	low  []byte
	acc  uint64
	fill uint // bits in acc, fewer than 32 between two numbers
}

func (c *column) put(v uint64) {
	n := uint(bits.Len64(v))
	c.lens = append(c.lens, byte(n))
	if n < 2 {
		return
	}
	v &= 1<<(n-1) - 1
	n--
	if n > 32 {
		c.bits(v&(1<<32-1), 32)
		v >>= 32
		n -= 32
	}
	c.bits(v, n)
}

// bits puts up to 32 bits.
func (c *column) bits(v uint64, n uint) {
	c.acc |= v << c.fill
	if c.fill += n; c.fill >= 32 {
		c.low = binary.LittleEndian.AppendUint32(c.low, uint32(c.acc))
		c.acc >>= 32
		c.fill -= 32
	}
}

func (c *column) signed(v int64) { c.put(zigzag(v)) }

// close ends the last byte.
func (c *column) close() {
	for ; c.fill > 0; c.fill -= min(c.fill, 8) {
		c.low = append(c.low, byte(c.acc))
		c.acc >>= 8
	}
}

func zigzag(v int64) uint64 { return uint64(v)<<1 ^ uint64(v>>63) }

func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

// input reads a column. After the first thing that is not there it is bad, and
// all it returns is zero.
type input struct {
	lens []byte
	page []byte // in which the low bits lie
	at   uint   // the next one of them, and where they end, in bits of the page
	end  uint
	bad  bool
}

func (in *input) get() uint64 {
	if len(in.lens) == 0 {
		in.bad = true
		return 0
	}
	n := uint(in.lens[0])
	in.lens = in.lens[1:]
	if n < 2 {
		return uint64(n)
	}
	n--
	from := in.at
	if in.at += n; in.at > in.end || n > 63 {
		in.fail()
		return 0
	}
	if i := from / 8; n <= 56 && i+8 <= uint(len(in.page)) {
		return binary.LittleEndian.Uint64(in.page[i:])>>(from%8)&(1<<n-1) | 1<<n
	}
	return in.slow(from, n)
}

// slow reads n bits one by one: many, or at the end of the page.
func (in *input) slow(from, n uint) uint64 {
	v := uint64(1) << n
	for i := range n {
		at := from + i
		v |= uint64(in.page[at/8]>>(at%8)&1) << i
	}
	return v
}

func (in *input) fail() {
	in.bad, in.lens, in.at = true, nil, in.end
}

// skip passes over n numbers and returns how many of them are not 0.
func (in *input) skip(n int) (some int) {
	if n > len(in.lens) {
		in.fail()
		return 0
	}
	for _, size := range in.lens[:n] {
		if size > 0 {
			in.at += uint(size) - 1
			some++
		}
	}
	if in.lens = in.lens[n:]; in.at > in.end {
		in.fail()
	}
	return some
}

func (in *input) signed() int64 { return unzigzag(in.get()) }

// positive is a number that was written from one that is not negative.
func (p *parser) positive(v uint64) int64 {
	if v > 1<<62 {
		p.bad = true
		return 0
	}
	return int64(v)
}

// parser reads bytes and varints, likewise.
type parser struct {
	b   []byte
	bad bool
}

func (p *parser) uint() uint64 {
	if len(p.b) > 0 && p.b[0] < 0x80 {
		v := p.b[0]
		p.b = p.b[1:]
		return uint64(v)
	}
	return p.long()
}

// long is uint for a number of several bytes, and for none.
func (p *parser) long() uint64 {
	v, n := binary.Uvarint(p.b)
	if n <= 0 {
		p.bad, p.b = true, nil
		return 0
	}
	p.b = p.b[n:]
	return v
}

func (p *parser) int() int64 { return unzigzag(p.uint()) }

func (p *parser) byte() byte {
	if b := p.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (p *parser) bytes(n uint64) []byte {
	if n > uint64(len(p.b)) {
		p.bad, p.b = true, nil
		return nil
	}
	out := p.b[:n:n]
	p.b = p.b[n:]
	return out
}

// count reads how many things follow, each of which takes at least one byte.
func (p *parser) count() int {
	n := p.uint()
	if n > uint64(len(p.b)) {
		p.bad, p.b = true, nil
		return 0
	}
	return int(n)
}
