package text

import (
	"hash/maphash"
	"math/bits"
)

// The sources that may name the value of a slot before it is read.
const (
	fromNone     = iota
	fromKey      // the group's last value under the key of the line: its process, or else its first address
	fromText     // the class's last value after the same text of the line
	fromTemplate // the slot's last value
	fromClass    // the class's last value
	sources
)

// A history remembers the values that lines had, and names the likely ones of
// the next. What it says of a key depends on nothing but that key's values:
// the decoder may leave out what nobody asks for.
type history struct {
	cells []uint32 // numbers of what is known plus one; 0 is an empty cell
	all   []said   // in the order of the first use: what a line asks for stands close together
	seed  uint64   // of the hash: nobody can write lines whose keys collide
	key   uint64   // of the line; 0 where there is none yet
	text  uint64   // likewise, the last one
}

// said is the last value of a key.
type said struct{ key, value uint64 }

// none is what a source names before it was told anything.
const none = ^uint64(0)

func (h *history) reset() {
	if h.cells == nil {
		h.cells = make([]uint32, 1<<12)
		h.seed = maphash.Bytes(maphash.MakeSeed(), nil)
	}
	if len(h.all) > 0 {
		clear(h.cells)
		h.all = h.all[:0]
	}
}

func refill[T any](v []T, n int, with T) []T {
	v = grown(v, n)
	for i := range v {
		v[i] = with
	}
	return v
}

func (h *history) line() { h.key, h.text = 0, 0 }

// maxPlaces bounds the classes and groups that have a history: a key has 24
// bits for them.
const maxPlaces = 1 << 24

// ofText stands above the number of a class for the source that has a text for its key.
const ofText = maxPlaces

// at returns where the last value of a key is kept.
func (h *history) at(context uint64, where uint32) *uint64 {
	key := context<<25 | uint64(where)
	for i := h.hash(key); ; i++ {
		at := &h.cells[i&(len(h.cells)-1)]
		if *at == 0 {
			h.all = append(h.all, said{key, none})
			*at = uint32(len(h.all))
			if len(h.all) > len(h.cells)/2 {
				h.grow()
			}
			return &h.all[len(h.all)-1].value
		}
		if of := &h.all[*at-1]; of.key == key {
			return &of.value
		}
	}
}

// swap returns the last value of a key, and makes it v.
func (h *history) swap(context uint64, where uint32, v uint64) (last uint64) {
	p := h.at(context, where)
	last = *p
	*p = v
	return last
}

func (h *history) hash(key uint64) int {
	high, low := bits.Mul64(key^h.seed, 0x9E3779B97F4A7C15)
	return int(high ^ low)
}

func (h *history) grow() {
	h.cells = make([]uint32, 2*len(h.cells))
	mask := len(h.cells) - 1
	for n := range h.all {
		i := h.hash(h.all[n].key) & mask
		for h.cells[i] != 0 {
			i = (i + 1) & mask
		}
		h.cells[i] = uint32(n) + 1
	}
}

// note makes a value of the line a key for what follows in it.
func (h *history) note(sl *slot, v uint64) {
	switch {
	case sl.names:
		if h.key == 0 && v < 1<<32 {
			h.key = v + 1
		}
	case sl.kind == KindIPv4 || sl.kind == KindColons:
		if h.key == 0 {
			h.key = uint64(sl.kind)<<32 | v
		}
	case sl.kind.IsText():
		h.text = uint64(sl.kind)<<32 | v
	}
}

// patience is how many values a source may fail to name before the class asks
// it no more.
const patience = 256

// says is the bit of the source if it said v.
func says(said, v uint64, source int) (hit uint8) {
	if said == v {
		hit = 1
	}
	return hit << source
}

// get returns the value that a source with a key names. An encoder does not ask
// one that lacks its key.
func (h *history) get(source uint8, sl *slot) uint64 {
	if source == fromKey {
		if h.key != 0 && sl.group < maxPlaces {
			return *h.at(h.key, sl.group)
		}
	} else if h.text != 0 && sl.class < maxPlaces {
		return *h.at(h.text, sl.class|ofText)
	}
	return none
}

// tell tells the sources that have a key, a bit each, the value of a slot.
func (h *history) tell(sources uint8, sl *slot, v uint64) {
	if sources&(1<<fromKey) != 0 && h.key != 0 && sl.group < maxPlaces {
		*h.at(h.key, sl.group) = v
	}
	if sources&(1<<fromText) != 0 && h.text != 0 && sl.class < maxPlaces {
		*h.at(h.text, sl.class|ofText) = v
	}
}
