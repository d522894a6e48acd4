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
	texts [firstPlain][]byte   // one after the other
	ends  [firstPlain][]uint32 // of each text; addresses have four bytes each
}

type dictCell struct {
	hash, gen uint32
	number    uint32
	kind      Kind
}

func (d *dictionary) reset() {
	if d.cells == nil {
		d.seed = maphash.MakeSeed()
		d.cells = make([]dictCell, 1<<14)
	}
	if d.gen++; d.gen == 0 {
		clear(d.cells)
		d.gen = 1
	}
	d.used = 0
	for k := range d.texts {
		d.texts[k], d.ends[k] = d.texts[k][:0], d.ends[k][:0]
	}
}

// count returns how many texts of the kind there are.
func (d *dictionary) count(k Kind) uint32 { return uint32(len(d.ends[k])) }

func (d *dictionary) text(k Kind, n uint32) []byte {
	from := uint32(0)
	if n > 0 {
		from = d.ends[k][n-1]
	}
	return d.texts[k][from:d.ends[k][n]]
}

// add returns the number of a text.
func (d *dictionary) add(k Kind, text []byte) uint32 {
	hash := uint32(maphash.Bytes(d.seed, text)) ^ uint32(k)*0x9E3779B1
	mask := len(d.cells) - 1
	i := int(hash) & mask
	for ; d.cells[i].gen == d.gen; i = (i + 1) & mask {
		c := &d.cells[i]
		if c.hash == hash && c.kind == k && bytes.Equal(d.text(k, c.number), text) {
			return c.number
		}
	}
	c := dictCell{hash: hash, gen: d.gen, number: d.count(k), kind: k}
	d.cells[i] = c
	d.texts[k] = append(d.texts[k], text...)
	d.ends[k] = append(d.ends[k], uint32(len(d.texts[k])))
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

// pageBits says how large the pages of texts are: a text belongs to the page
// in which it starts, so that few bytes have to be unpacked for one.
const pageBits = 14

// pages calls emit for each page of texts, kind by kind. Paths have blocks of
// their own in place of pages.
func (d *dictionary) pages(emit func([]byte)) {
	for k := KindColons; k < firstPlain; k++ {
		if k == KindPath {
			continue
		}
		start, page := uint32(0), uint32(0) // of the page
		from := uint32(0)                   // of the text
		for _, end := range d.ends[k] {
			for from>>pageBits > page {
				emit(d.texts[k][start:from])
				start = from
				page++
			}
			from = end
		}
		if len(d.ends[k]) > 0 {
			emit(d.texts[k][start:])
		}
	}
}
