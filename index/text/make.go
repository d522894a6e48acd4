package text

import (
	"encoding/binary"
	"slices"
)

// spill is how many bytes behind a block, or a line, may be written while it
// is made: all values that are no texts, and what put writes too much.
const spill = maxSlots*maxNumber + slack

// maxNumber is how long a value may be that is no text.
const maxNumber = maxDigits + 17

// AppendBlock appends the text of a block, which must be size bytes: what Block
// and AppendLine make of all its lines, at once and so in less time. None of its
// lines can be asked for afterwards.
func (d *Decoder) AppendBlock(dst []byte, parts [BlockParts][]byte, size int) ([]byte, error) {
	t, from := &d.block, len(dst)
	defer func() { t.lines = t.lines[:0] }()
	if size > d.limit || !t.read(parts, d.limit) {
		return dst, ErrDamaged
	}
	dst = slices.Grow(dst, size+spill)
	if err := d.make(dst[from:from+size+spill], size, t); err != nil {
		return dst, err
	}
	return dst[:from+size], nil
}

// make writes the lines of a table whose columns were read, which must be size
// bytes. Each value is written as soon as it is known.
//
// What is most of the lines is written here: to call a function takes as long.
func (d *Decoder) make(out []byte, size int, t *tableReader) error {
	h := &t.history
	h.reset()
	templates, columns, codes, static := t.schema.templates, t.columns, t.codes, t.schema.static
	at := 0
	t.starts = grown(t.starts, len(t.lines)+1)
	starts := t.starts[:len(t.lines)]
	for k, n := range t.lines {
		starts[k] = uint32(at)
		tpl := &templates[n]
		slots := t.schema.slots[tpl.first:tpl.last]
		l := lineState{room: size - at - int(tpl.fixed)}
		if l.room < 0 {
			return ErrDamaged
		}
		h.line()
		for i := range slots {
			sl := &slots[i]
			if n := int(sl.short.n); n <= len(sl.short.text) {
				*(*[16]byte)(out[at : at+16]) = sl.short.text
				at += n
			} else {
				at = put(out, at, static[sl.static:sl.end])
			}
			c := &columns[sl.class]
			var v uint64
			switch c.way {
			case wayText:
				binary.LittleEndian.PutUint64(out[at:at+8], c.text)
				at += int(c.n)
				continue
			case waySame:
				v = c.value
			case wayCode:
				v = codes[c.next]
				c.next++
			default:
				var ok bool
				if v, ok = t.value(sl, c); !ok {
					return ErrDamaged
				}
			}
			if sl.kind == KindNumber {
				if v < 1000 {
					at = putShort(out, at, v)
				} else {
					at = putNumber(out, at, v)
				}
				continue
			}
			var err error
			if at, err = d.putValue(out, at, t, sl, v, &l); err != nil {
				return err
			}
		}
		if n := int(tpl.short.n); n <= len(tpl.short.text) {
			*(*[16]byte)(out[at : at+16]) = tpl.short.text
			at += n
		} else {
			at = put(out, at, static[tpl.tail:tpl.tailEnd+1])
		}
	}
	if t.unended {
		at--
	}
	t.starts[len(t.lines)] = uint32(at)
	if at != size {
		return ErrDamaged
	}
	return nil
}
