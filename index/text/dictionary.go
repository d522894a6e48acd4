package text

import (
	"bytes"
	"hash/maphash"
)

// A dictionary numbers the texts of each kind in the order of their first use;
// as kind 0 it holds the templates. Its hashes are seeded, so that nobody can
// write lines that collide, and leave no trace in the output.
type dictionary struct {
	seed  maphash.Seed
	cells []dictCell
	gen   uint32 // cells of other generations are empty
	used  int
	texts [firstPlain][]byte // each ends with a newline, except addresses of 4 bytes
	count [firstPlain]uint32
}

type dictCell struct {
	hash, gen uint32
	number    uint32
	at, size  uint32
	kind      kind
}

func (d *dictionary) reset() {
	if d.cells == nil {
		d.seed = maphash.MakeSeed()
		d.cells = make([]dictCell, 1<<12)
	}
	if d.gen++; d.gen == 0 {
		clear(d.cells)
		d.gen = 1
	}
	d.used = 0
	for k := range d.texts {
		d.texts[k] = d.texts[k][:0]
	}
	clear(d.count[:])
}

// add returns the number of a text.
func (d *dictionary) add(k kind, text []byte) uint32 {
	hash := uint32(maphash.Bytes(d.seed, text)) ^ uint32(k)*0x9E3779B1
	mask := len(d.cells) - 1
	i := int(hash) & mask
	for ; d.cells[i].gen == d.gen; i = (i + 1) & mask {
		c := &d.cells[i]
		if c.hash == hash && c.kind == k && int(c.size) == len(text) && bytes.Equal(d.texts[k][c.at:c.at+c.size], text) {
			return c.number
		}
	}
	c := dictCell{hash: hash, gen: d.gen, number: d.count[k], at: uint32(len(d.texts[k])), size: uint32(len(text)), kind: k}
	d.cells[i] = c
	d.count[k]++
	d.texts[k] = append(d.texts[k], text...)
	if k != kindIPv4 {
		d.texts[k] = append(d.texts[k], '\n')
	}
	if d.used++; d.used > len(d.cells)/2 {
		d.grow()
	}
	return c.number
}

func (d *dictionary) grow() {
	old := d.cells
	d.cells = make([]dictCell, 2*len(old))
	mask := len(d.cells) - 1
	for _, c := range old {
		if c.gen != d.gen {
			continue
		}
		i := int(c.hash) & mask
		for d.cells[i].gen == d.gen {
			i = (i + 1) & mask
		}
		d.cells[i] = c
	}
}
