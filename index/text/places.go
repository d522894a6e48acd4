package text

import (
	"hash/maphash"
	"math/bits"
)

// places numbers places in the order in which they are asked for. A segment is
// opened for a few of its lines, so this is done more often than all else; a
// map would take half of the time.
type places struct {
	seen  []place
	cells []uint32 // numbers plus one; 0 is an empty cell
	seed  uint64   // of the hash: nobody can write templates whose places collide
}

func (p *places) reset() {
	if p.cells == nil {
		p.cells = make([]uint32, 1<<10)
		p.seed = maphash.Bytes(maphash.MakeSeed(), nil)
	}
	clear(p.cells)
	p.seen = p.seen[:0]
}

// number returns the number of a place; a new one's is how many there were.
func (p *places) number(at place) uint32 {
	i := p.hash(at) & (len(p.cells) - 1)
	for ; p.cells[i] > 0; i = (i + 1) & (len(p.cells) - 1) {
		if n := p.cells[i] - 1; p.seen[n] == at {
			return n
		}
	}
	p.seen = append(p.seen, at)
	p.cells[i] = uint32(len(p.seen))
	if len(p.seen) > len(p.cells)/2 {
		p.grow()
	}
	return uint32(len(p.seen)) - 1
}

func (p *places) hash(at place) int {
	high, low := bits.Mul64(at.before^p.seed, 0x9E3779B97F4A7C15^uint64(at.kind)<<1)
	return int(high ^ low)
}

func (p *places) grow() {
	p.cells = make([]uint32, 4*len(p.cells))
	for n, at := range p.seen {
		i := p.hash(at) & (len(p.cells) - 1)
		for p.cells[i] > 0 {
			i = (i + 1) & (len(p.cells) - 1)
		}
		p.cells[i] = uint32(n) + 1
	}
}
