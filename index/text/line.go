package text

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// slack is how many bytes behind a line may be written while it is made: its
// parts are short, and written so many bytes at a time, whatever their length.
const slack = 32

// appendLine appends the text of line i of a table, without its newline. With
// a line it sets its Marks.
func (d *Decoder) appendLine(dst []byte, t *tableReader, i int, line *Line) ([]byte, error) {
	size := int(t.starts[i+1] - t.starts[i])
	if i+1 < len(t.lines) || !t.unended {
		size--
	}
	begin := len(dst)
	dst = slices.Grow(dst, size+spill)
	if err := d.putLine(dst[begin:begin+size+spill], size, t, i, line); err != nil {
		return dst[:begin], err
	}
	return dst[:begin+size], nil
}

// putLine writes the text of line i, which is so many bytes, to out.
func (d *Decoder) putLine(out []byte, size int, t *tableReader, i int, line *Line) error {
	tpl := &t.schema.templates[t.lines[i]]
	slots := t.schema.slots[tpl.first:tpl.last]
	values := t.values[t.firsts[i]:][:len(slots)]
	if line != nil {
		line.Marks = line.Marks[:0]
	}
	l, at := lineState{room: size - int(tpl.fixed)}, 0
	for n := range slots {
		sl := &slots[n]
		at = put(out, at, t.schema.static[sl.static:sl.end])
		start := at
		if sl.kind == KindNumber {
			at = putNumber(out, at, values[n])
		} else {
			var err error
			if at, err = d.putValue(out, at, t, sl, values[n], &l); err != nil {
				return err
			}
		}
		if line != nil {
			line.Marks = append(line.Marks, Mark{uint32(start), uint32(at)})
		}
	}
	at = put(out, at, t.schema.static[tpl.tail:tpl.tailEnd])
	if at != size {
		return ErrDamaged
	}
	return nil
}

// lineState is what the values of a line that were written leave to the others.
type lineState struct {
	first *slot  // a stamp
	since uint64 // and its value
	room  int    // for texts
}

// putValue writes a value that is no number, and returns where it ends.
func (d *Decoder) putValue(out []byte, at int, t *tableReader, sl *slot, v uint64, l *lineState) (int, error) {
	switch sl.kind {
	case KindDecimal:
		return putDecimal(out, at, v, sl.a), nil
	case KindLower:
		return putHex(out, at, v, int(sl.a), 'a'), nil
	case KindUpper:
		return putHex(out, at, v, int(sl.a), 'A'), nil
	case KindStamp, KindAgain:
		if sl.kind == KindAgain {
			v = unzigzag(v)
			if l.first != nil {
				v += rescale(l.since, l.first.b, sl.b)
			}
		} else if l.first == nil {
			l.first, l.since = sl, v
		}
		return d.minute.put(out, at, sl.a, sl.b, v), nil
	}
	if v >= uint64(t.texts[sl.kind&15].n) {
		return at, ErrDamaged
	}
	if sl.kind == KindIPv4 {
		a := t.texts[KindIPv4].address(v)
		*(*addressText)(out[at : at+len(a)]) = *a
		return at + int(a[15]), nil
	}
	text, err := d.text(t, sl.kind, v)
	if err != nil {
		return at, err
	}
	if l.room -= len(text); l.room < 0 {
		return at, ErrDamaged
	}
	return put(out, at, text), nil
}

// What follows writes something to dst at at and returns where it ends. There
// must be slack bytes behind.

// put copies src, and what stands behind it where it has so much: a length that
// nobody can foresee costs more than a few bytes too many.
func put(dst []byte, at int, src []byte) int {
	n := len(src)
	if n > slack || cap(src) < slack || at > len(dst)-slack {
		return at + copy(dst[at:], src)
	}
	// In halves: to copy more at once is a call.
	d, b := dst[at:at+slack], src[:slack]
	*(*[slack / 2]byte)(d) = *(*[slack / 2]byte)(b)
	*(*[slack / 2]byte)(d[slack/2:]) = *(*[slack / 2]byte)(b[slack/2:])
	return at + n
}

// putNumber writes a number with its leading zeros.
func putNumber(dst []byte, at int, v uint64) int {
	if v < 1000 {
		return putShort(dst, at, v)
	}
	if v < 1e8 {
		n := shortDecimals(uint32(v))
		binary.LittleEndian.PutUint64(dst[at:at+8], (eightDigits(v)|zeros)>>((64-8*uint(n))&63))
		return at + n
	}
	return putLong(dst, at, v)
}

// putShort is putNumber for one below 1000.
func putShort(dst []byte, at int, v uint64) int {
	x := thousand[v]
	n := x >> 24
	binary.LittleEndian.PutUint32(dst[at:at+4], x>>((24-8*n)&31))
	return at + int(n)
}

// thousand is each number below 1000 in three digits, the first one the lowest
// byte; the highest one is how many there are without zeros before them.
var thousand = func() (t [1000]uint32) {
	for v := range uint32(len(t)) {
		t[v] = uint32(decimals(uint64(v)))<<24 | (v/100 | v/10%10<<8 | v%10<<16 | zeros&0xFFFFFF)
	}
	return t
}()

// putLong is putNumber for one that is long or has leading zeros.
func putLong(dst []byte, at int, v uint64) int {
	return putDigits(dst, at, v&(1<<zeroShift-1), longLength(v))
}

// putDecimal writes a number with so many digits after its point.
func putDecimal(dst []byte, at int, v uint64, digits byte) int {
	whole := divide(v, digits)
	point := at + decimalLength(v, digits) - int(digits) - 1
	putDigits(dst, at, whole, point-at)
	dst[point] = '.'
	return putDigits(dst, point+1, v-whole*powers[digits], int(digits))
}

// divide returns v without its last digits. The common ones are constants, by
// which a division takes a fraction of the time.
func divide(v uint64, digits byte) uint64 {
	switch digits {
	case 0:
		return v
	case 3:
		return v / 1e3
	case 6:
		return v / 1e6
	}
	return v / powers[digits]
}

// putDigits writes the last n decimal digits of v.
func putDigits(dst []byte, at int, v uint64, n int) int {
	if n == 3 && v < 1000 {
		binary.LittleEndian.PutUint32(dst[at:at+4], thousand[v])
		return at + n
	}
	if n <= 8 && v < 1e8 {
		binary.LittleEndian.PutUint64(dst[at:at+8], (eightDigits(v)|zeros)>>(64-8*uint(n)))
		return at + n
	}
	for i := at + n - 1; i >= at; i-- {
		dst[i] = '0' + byte(v%10)
		v /= 10
	}
	return at + n
}

// eightDigits returns the decimal digits of v, which has at most eight: the
// first one is the lowest byte. It halves the groups of digits three times, all
// of them at once.
func eightDigits(v uint64) uint64 {
	high := v * 3518437209 >> 45 // v/10000, in one multiplication
	v = high | (v-10000*high)<<32
	high = v * 10486 >> 20 & 0x0000007F0000007F
	v = high | (v-100*high)<<16
	high = v * 103 >> 10 & 0x000F000F000F000F
	return high | (v-10*high)<<8
}

// putHex writes the last n hexadecimal digits of v, of at most 16; a is the first
// letter.
func putHex(dst []byte, at int, v uint64, n int, a byte) int {
	if n > 8 {
		binary.LittleEndian.PutUint64(dst[at:at+8], eightHex(v>>32, a)>>((128-8*uint(n))&63))
		at, n = at+n-8, 8
	}
	binary.LittleEndian.PutUint64(dst[at:at+8], eightHex(v, a)>>((64-8*uint(n))&63))
	return at + n
}

// eightHex returns the last eight hexadecimal digits of v, the first one the
// lowest byte. The halves of v are put apart three times, all of them at once.
func eightHex(v uint64, a byte) uint64 {
	v = v&0xFFFF | v>>16&0xFFFF<<32
	v = (v | v<<8) & 0x00FF00FF00FF00FF
	v = (v | v<<4) & 0x0F0F0F0F0F0F0F0F
	letters := (v + 6*ones) >> 4 & ones
	return bits.ReverseBytes64(v + zeros + letters*uint64(a-'0'-10))
}

// addressText is the text of an address, of at most 15 bytes, and how many they
// are in the last one; 0 where it was not asked for yet.
type addressText [16]byte

// address returns the text of address n.
func (tx *texts) address(n uint64) *addressText {
	a := &tx.made[n]
	if a[15] == 0 {
		a.put(tx.bytes[4*n:][:4])
	}
	return a
}

func (a *addressText) put(ip []byte) {
	var text [24]byte
	at := 0
	for _, part := range ip {
		at = putShort(text[:], at, uint64(part))
		text[at] = '.'
		at++
	}
	*a = addressText(text[:16])
	a[15] = byte(at - 1)
}

// stampMinute is a stamp up to its seconds: most lines show the minute of the
// line before.
type stampMinute struct {
	since  uint64 // in seconds
	layout byte
	n      uint8 // 0 where there is none
	text   [slack]byte
}

// put writes the stamp with the given value.
func (m *stampMinute) put(dst []byte, at int, layout, digits byte, v uint64) int {
	whole := divide(v, digits)
	second, bare := whole-m.since, layout&^layoutComma
	if second >= 60 || m.layout != bare || m.n == 0 {
		second = whole % 60
		m.layout, m.since = bare, whole-second
		m.n = uint8(len(appendStamp(m.text[:0], bare, m.since)) - len("00"))
	}
	at = put(dst, at, m.text[:m.n])
	binary.LittleEndian.PutUint32(dst[at:at+4], thousand[second]>>8)
	at += len("00")
	if digits == 0 {
		return at
	}
	dst[at] = '.'
	if layout != bare {
		dst[at] = ','
	}
	return putDigits(dst, at+1, v-whole*powers[digits], int(digits))
}
