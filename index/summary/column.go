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
	fill uint // bits in acc, fewer than 8 between two numbers
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

func (c *column) bits(v uint64, n uint) {
	c.acc |= v << c.fill
	for c.fill += n; c.fill >= 8; c.fill -= 8 {
		c.low = append(c.low, byte(c.acc))
		c.acc >>= 8
	}
}

func (c *column) signed(v int64) { c.put(zigzag(v)) }

// close ends the last byte.
func (c *column) close() {
	if c.fill > 0 {
		c.low = append(c.low, byte(c.acc))
	}
}

func zigzag(v int64) uint64 { return uint64(v)<<1 ^ uint64(v>>63) }

func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

// input reads what a column or a part of a page holds. After the first thing
// that is not there it is bad, and all it returns is zero.
type input struct {
	lens []byte
	low  []byte
	at   uint // bits of low that were read
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
	if n > 64 || in.at+n-1 > uint(len(in.low))*8 {
		in.bad, in.lens = true, nil
		return 0
	}
	n--
	v := in.bits(min(n, 32))
	if n > 32 {
		v |= in.bits(n-32) << 32
	}
	return v | 1<<n
}

// bits reads n bits, at most 32, which are there.
func (in *input) bits(n uint) uint64 {
	from := in.at / 8
	var word uint64
	if from+8 <= uint(len(in.low)) {
		word = binary.LittleEndian.Uint64(in.low[from:])
	} else {
		for i, b := range in.low[from:] {
			word |= uint64(b) << (8 * i)
		}
	}
	word >>= in.at % 8
	in.at += n
	return word & (1<<n - 1)
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
