package text

import (
	"hash/maphash"
	"math"
	"math/bits"
)

// places numbers places in the order in which they are asked for. A segment is
// opened for a few of its lines, so this is done more often than all else; a
// map would take half of the time.
type places struct {
	cells []placeCell
	used  int
	turn  uint32 // of the segment: cells of another one are empty, and need not be cleared
	seed  uint64 // of the hash: nobody can write templates whose places collide
}

type placeCell struct {
	place  place
	number uint32
	turn   uint32
}

func (p *places) reset() {
	if p.cells == nil {
		p.cells = make([]placeCell, 1<<9)
		p.seed = maphash.Bytes(maphash.MakeSeed(), nil)
	}
	if p.used = 0; p.turn == math.MaxUint32 {
		clear(p.cells)
		p.turn = 0
	}
	p.turn++
}

// number returns the number of a place; a new one's is how many there were.
func (p *places) number(at place) uint32 {
	mask := len(p.cells) - 1
	i := p.hash(at) & mask
	for ; p.cells[i].turn == p.turn; i = (i + 1) & mask {
		if p.cells[i].place == at {
			return p.cells[i].number
		}
	}
	p.cells[i] = placeCell{at, uint32(p.used), p.turn}
	p.used++
	if p.used > len(p.cells)/2 {
		p.grow()
	}
	return uint32(p.used) - 1
}

func (p *places) hash(at place) int {
	high, low := bits.Mul64(at.before^p.seed, 0x9E3779B97F4A7C15^uint64(at.kind)<<1)
	return int(high ^ low)
}

func (p *places) grow() {
	old := p.cells
	p.cells = make([]placeCell, 4*len(old))
	mask := len(p.cells) - 1
	for _, c := range old {
		if c.turn != p.turn {
			continue
		}
		i := p.hash(c.place) & mask
		for p.cells[i].turn == p.turn {
			i = (i + 1) & mask
		}
		p.cells[i] = c
	}
}
