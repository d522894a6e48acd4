package text

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
)

// A dictionary numbers the texts of each kind in the order of their first use;
// as kind 0 it holds the templates. Its hashes are seeded, so that nobody can
// write lines that collide, and leave no trace in the output.
type dictionary struct {
	seed  maphash.Seed
	mix   [2]uint64 // drawn from the seed
	cells []dictCell
	used  int
	texts [firstPlain][]byte   // one after the other
	ends  [firstPlain][]uint32 // of each text; addresses have four bytes each
}

// A dictCell knows a text by its seeded hash, its kind and its length: as with
// templates, see fingerprint, what has these in common is the same text. So that a
// text is found with a look at one line of memory, there is nothing behind the cell.
type dictCell struct {
	hash   uint64
	number uint32 // plus one; 0 is an empty cell
	tag    uint32 // the kind, and 256 times one more than the length
}

const maxShort = 16 // bytes that are hashed as they are

func (d *dictionary) reset() {
	if d.cells == nil {
		d.seed = maphash.MakeSeed()
		for i := range d.mix {
			d.mix[i] = maphash.Bytes(d.seed, []byte{byte(i)})
		}
		d.cells = make([]dictCell, 1<<12)
	}
	if d.used > 0 {
		clear(d.cells)
		d.used = 0
	}
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

// add returns the number of a text. What stands behind it, up to its capacity,
// may be read and is of no consequence.
func (d *dictionary) add(k Kind, text []byte) uint32 {
	var x, y uint64
	switch n := 8 * uint(len(text)); {
	case len(text) > maxShort:
		x, y = maphash.Bytes(d.seed, text), load64(text, len(text)-8)
	case cap(text) >= maxShort:
		x = load64(text, 0) & (1<<n - 1)
		y = load64(text, 8) & (1<<(max(n, 64)-64) - 1)
	default:
		var all [maxShort]byte
		copy(all[:], text)
		x, y = load64(all[:], 0), load64(all[:], 8)
	}
	t := d.known(x, y, tagOf(k, len(text)))
	c := d.find(t)
	if c.number == 0 {
		return d.take(c, t, k, text)
	}
	return c.number - 1
}

// tagOf is the tag of a text of n bytes.
func tagOf(k Kind, n int) uint32 { return uint32(n+1)<<8 | uint32(k) }

// addIPv4 returns the number of an address. It is known by its text, so that most are
// found without being parsed, and kept as four bytes.
func (d *dictionary) addIPv4(text []byte, ip uint32) uint32 {
	var all [maxShort]byte
	copy(all[:], text)
	t := d.known(load64(all[:], 0), load64(all[:], 8), tagOf(KindIPv4, len(text)))
	c := d.find(t)
	if c.number == 0 {
		return d.take(c, t, KindIPv4, binary.BigEndian.AppendUint32(nil, ip))
	}
	return c.number - 1
}

// knownIPv4 returns the number of the address at i, and where it ends; 0 where there
// is none that was added.
func (d *dictionary) knownIPv4(wide []byte, i int) (v uint64, end int) {
	x, y := load64(wide, i), load64(wide, i+8)
	// An address has at least seven bytes.
	stops := byteMask(notOfAddress(x)) | byteMask(notOfAddress(y))<<8
	n := bits.TrailingZeros32(stops)
	if n < 8 || n > 15 || classes[wide[i+n]]&isAlnum != 0 {
		return 0, 0
	}
	c := d.find(d.known(x, y&(1<<(8*uint(n-8))-1), tagOf(KindIPv4, n)))
	if c.number == 0 {
		return 0, 0
	}
	return uint64(c.number - 1), i + n
}

// notOfAddress marks the bytes that are neither digits nor dots.
func notOfAddress(x uint64) uint64 {
	dots := x ^ '.'*ones
	return notDigits(x^zeros) & (dots&^tops + 127*ones | dots)
}

// known is what a cell knows a text by: its first and last bytes, its kind and length.
func (d *dictionary) known(x, y uint64, tag uint32) dictCell {
	return dictCell{hash: fold(x^d.mix[0], y^d.mix[1]^uint64(tag)<<48), tag: tag}
}

// find returns the cell of the text, or the empty one where it belongs.
func (d *dictionary) find(t dictCell) *dictCell {
	for i := int(t.hash); ; i++ {
		c := &d.cells[i&(len(d.cells)-1)]
		if c.number == 0 || c.hash == t.hash && c.tag == t.tag {
			return c
		}
	}
}

// take takes a new text in, whose cell is an empty one.
func (d *dictionary) take(at *dictCell, t dictCell, k Kind, text []byte) uint32 {
	d.append(k, text)
	t.number = d.count(k)
	*at = t
	if d.used++; d.used > len(d.cells)/2 {
		d.grow()
	}
	return t.number - 1
}

// append takes a text in that nobody looks for.
func (d *dictionary) append(k Kind, text []byte) {
	d.texts[k] = append(d.texts[k], text...)
	d.ends[k] = append(d.ends[k], uint32(len(d.texts[k])))
}

func (d *dictionary) grow() {
	old := d.cells
	d.cells = make([]dictCell, 2*len(old))
	for _, c := range old {
		if c.number > 0 {
			*d.find(c) = c
		}
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
