package summary

// pairs counts by two numbers, in a table of open addressing: one look at
// memory for each event and address is what a capture can afford.
type pairs struct {
	slots []uint32 // place in rows plus one; 0 is free
	rows  []pair
}

type pair struct {
	a, b uint32
	Sum
}

// pairBytes is what one costs: its row, and its slots at two thirds of a load.
const pairBytes = 40 + 8

func (p *pairs) at(a, b uint32) *Sum {
	if len(p.rows) >= len(p.slots)/4*3 {
		p.grow()
	}
	mask := uint32(len(p.slots) - 1)
	for i := spread(a, b) & mask; ; i = (i + 1) & mask {
		n := p.slots[i]
		if n == 0 {
			p.rows = append(p.rows, pair{a: a, b: b})
			p.slots[i] = uint32(len(p.rows))
			return &p.rows[len(p.rows)-1].Sum
		}
		if r := &p.rows[n-1]; r.a == a && r.b == b {
			return &r.Sum
		}
	}
}

func spread(a, b uint32) uint32 {
	// Knuth's multiplicative hashing; the upper half has seen all bits.
	return uint32((uint64(a)<<32 | uint64(b)) * 0x9E3779B97F4A7C15 >> 32)
}

func (p *pairs) grow() {
	p.slots = make([]uint32, max(1024, 2*len(p.slots)))
	mask := uint32(len(p.slots) - 1)
	for n := range p.rows {
		i := spread(p.rows[n].a, p.rows[n].b) & mask
		for p.slots[i] != 0 {
			i = (i + 1) & mask
		}
		p.slots[i] = uint32(n) + 1
	}
}

func (p *pairs) reset() {
	clear(p.slots)
	p.rows = p.rows[:0]
}
