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
	cells []uint32  // numbers of entries plus one; 0 is an empty cell
	all   []dictEntry
	texts [firstPlain][]byte   // one after the other
	ends  [firstPlain][]uint32 // of each text; addresses have four bytes each
}

// dictEntry is a text of at most 16 bytes itself, so that most are found without
// a look at any other memory, or the hash of a longer one and its last eight bytes:
// as with templates, see fingerprint, what has both and the length in common is the
// same text. Entries stand in the order of their first use: the frequent ones are
// close together.
type dictEntry struct {
	a, b   uint64
	number uint32
	tag    uint32 // the kind, and 256 times one more than the length
}

const maxShort = 16 // bytes that a cell holds

func (d *dictionary) reset() {
	if d.cells == nil {
		d.seed = maphash.MakeSeed()
		for i := range d.mix {
			d.mix[i] = maphash.Bytes(d.seed, []byte{byte(i)})
		}
		d.cells = make([]uint32, 1<<14)
	}
	if len(d.all) > 0 {
		clear(d.cells)
		d.all = d.all[:0]
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
	e := dictEntry{tag: tagOf(k, len(text))}
	switch n := 8 * uint(len(text)); {
	case len(text) > maxShort:
		e.a, e.b = maphash.Bytes(d.seed, text), load64(text, len(text)-8)
	case cap(text) >= maxShort:
		e.a = load64(text, 0) & (1<<n - 1)
		e.b = load64(text, 8) & (1<<(max(n, 64)-64) - 1)
	default:
		var all [maxShort]byte
		copy(all[:], text)
		e.a, e.b = load64(all[:], 0), load64(all[:], 8)
	}
	at := d.find(e.a, e.b, e.tag)
	if *at == 0 {
		return d.take(at, e, k, text)
	}
	return d.all[*at-1].number
}

// tagOf is the tag of a text of n bytes.
func tagOf(k Kind, n int) uint32 { return uint32(n+1)<<8 | uint32(k) }

// addIPv4 returns the number of an address. It is known by its text, so that most are
// found without being parsed, and kept as four bytes.
func (d *dictionary) addIPv4(text []byte, ip uint32) uint32 {
	var all [maxShort]byte
	copy(all[:], text)
	e := dictEntry{a: load64(all[:], 0), b: load64(all[:], 8), tag: tagOf(KindIPv4, len(text))}
	at := d.find(e.a, e.b, e.tag)
	if *at == 0 {
		return d.take(at, e, KindIPv4, binary.BigEndian.AppendUint32(nil, ip))
	}
	return d.all[*at-1].number
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
	at := *d.find(x, y&(1<<(8*uint(n-8))-1), tagOf(KindIPv4, n))
	if at == 0 {
		return 0, 0
	}
	return uint64(d.all[at-1].number), i + n
}

// notOfAddress marks the bytes that are neither digits nor dots.
func notOfAddress(x uint64) uint64 {
	dots := x ^ '.'*ones
	return notDigits(x^zeros) & (dots&^tops + 127*ones | dots)
}

// find returns the cell of the entry that is equal, or the empty one where it belongs.
func (d *dictionary) find(a, b uint64, tag uint32) *uint32 {
	for i := d.home(a, b, tag); ; i++ {
		at := &d.cells[i&(len(d.cells)-1)]
		if *at == 0 {
			return at
		}
		if known := &d.all[*at-1]; known.a == a && known.b == b && known.tag == tag {
			return at
		}
	}
}

// home is where the search for a cell begins.
func (d *dictionary) home(a, b uint64, tag uint32) int {
	high, low := bits.Mul64(a^d.mix[0], b^d.mix[1]^uint64(tag)<<48)
	return int(high ^ low)
}

// take takes a new text in, whose cell is an empty one.
func (d *dictionary) take(at *uint32, e dictEntry, k Kind, text []byte) uint32 {
	e.number = d.count(k)
	d.all = append(d.all, e)
	*at = uint32(len(d.all))
	d.append(k, text)
	if len(d.all) > len(d.cells)/4 {
		d.grow()
	}
	return e.number
}

// append takes a text in that nobody looks for.
func (d *dictionary) append(k Kind, text []byte) {
	d.texts[k] = append(d.texts[k], text...)
	d.ends[k] = append(d.ends[k], uint32(len(d.texts[k])))
}

func (d *dictionary) grow() {
	d.cells = make([]uint32, 2*len(d.cells))
	mask := len(d.cells) - 1
	for n := range d.all {
		e := &d.all[n]
		i := d.home(e.a, e.b, e.tag) & mask
		for d.cells[i] != 0 {
			i = (i + 1) & mask
		}
		d.cells[i] = uint32(n) + 1
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
