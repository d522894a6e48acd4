package summary

// slots finds numbers by what they stand for: a table of open addressing that
// holds nothing but numbers, an eighth of what a map takes.
type slots struct {
	list []uint32 // number plus one; 0 is free
	used int
}

// slotBytes is what a number costs, at a load between three eighths and three quarters.
const slotBytes = 8

// find returns the number that same says it is, or else next, which then has
// its place. hash gives the hash of a number that was found before.
func (s *slots) find(h uint64, next int, same func(n int) bool, hash func(n int) uint64) (n int, found bool) {
	if s.used >= len(s.list)/4*3 {
		s.grow(hash)
	}
	mask := len(s.list) - 1
	for i := int(h>>32) & mask; ; i = (i + 1) & mask {
		switch n := s.list[i]; {
		case n == 0:
			s.list[i] = uint32(next) + 1
			s.used++
			return next, false
		case same(int(n) - 1):
			return int(n) - 1, true
		}
	}
}

func (s *slots) grow(hash func(n int) uint64) {
	old := s.list
	s.list = make([]uint32, max(64, 2*len(old)))
	mask := len(s.list) - 1
	for _, n := range old {
		if n == 0 {
			continue
		}
		i := int(hash(int(n)-1)>>32) & mask
		for s.list[i] != 0 {
			i = (i + 1) & mask
		}
		s.list[i] = n
	}
}

func (s *slots) reset() {
	clear(s.list)
	s.used = 0
}

// mix is a hash of two numbers (the finalizer of MurmurHash3, by Appleby).
func mix(a, b uint64) uint64 {
	h := a ^ b*0x9E3779B97F4A7C15
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// pairTable counts by two numbers: a table of open addressing.
type pairTable struct {
	slots []uint32 // place in rows plus one; 0 is free
	rows  []pair
	last  int // the row that was asked for last: events of a minute come together
}

type pair struct {
	a, b uint32
	Sum
}

// pairBytes is what one costs: its row and its slots.
const pairBytes = 40 + slotBytes

// at returns what is counted of a and b.
func (p *pairTable) at(a, b uint32) *Sum {
	if p.last < len(p.rows) {
		if r := &p.rows[p.last]; r.a == a && r.b == b {
			return &r.Sum
		}
	}
	p.last = p.find(a, b)
	return &p.rows[p.last].Sum
}

func (p *pairTable) find(a, b uint32) int {
	if len(p.rows) >= len(p.slots)/4*3 {
		p.grow()
	}
	mask := uint64(len(p.slots) - 1)
	for i := p.hash(a, b) & mask; ; i = (i + 1) & mask {
		n := p.slots[i]
		if n == 0 {
			p.rows = append(p.rows, pair{a: a, b: b})
			p.slots[i] = uint32(len(p.rows))
			return len(p.rows) - 1
		}
		if r := &p.rows[n-1]; r.a == a && r.b == b {
			return int(n) - 1
		}
	}
}

func (p *pairTable) hash(a, b uint32) uint64 { return mix(uint64(a)<<32|uint64(b), 0) >> 32 }

func (p *pairTable) grow() {
	p.slots = make([]uint32, max(64, 2*len(p.slots)))
	mask := uint64(len(p.slots) - 1)
	for n := range p.rows {
		i := p.hash(p.rows[n].a, p.rows[n].b) & mask
		for p.slots[i] != 0 {
			i = (i + 1) & mask
		}
		p.slots[i] = uint32(n) + 1
	}
}

func (p *pairTable) reset() {
	clear(p.slots)
	p.rows = p.rows[:0]
}
