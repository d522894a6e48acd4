package text

import "slices"

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
func (d *Decoder) make(out []byte, size int, t *tableReader) error {
	h := &t.history
	h.reset(len(t.schema.slots))
	columns, codes, static := t.columns, t.codes, t.schema.static
	keyed, at := t.asked&withKey != 0, 0
	t.starts = grown(t.starts, len(t.lines)+1)
	for k, n := range t.lines {
		t.starts[k] = uint32(at)
		tpl := &t.schema.templates[n]
		slots, lasts := t.schema.slots[tpl.first:tpl.last], h.slots[tpl.first:tpl.last]
		l := lineState{room: size - at - int(tpl.fixed)}
		if l.room < 0 {
			return ErrDamaged
		}
		h.line()
		for i := range slots {
			sl := &slots[i]
			at = put(out, at, static[sl.static:sl.end])
			c := &columns[sl.class]
			var v uint64
			switch c.way {
			case waySame:
				v = c.value
			case wayCode:
				v = codes[c.next]
				c.next++
			default:
				var ok bool
				if v, ok = t.value(sl, c, &lasts[i]); !ok {
					return ErrDamaged
				}
			}
			if keyed && sl.notes {
				h.note(sl, v)
			}
			if sl.kind == KindNumber {
				at = putNumber(out, at, v)
				continue
			}
			var err error
			if at, err = d.putValue(out, at, t, sl, v, &l); err != nil {
				return err
			}
		}
		at = put(out, at, static[tpl.tail:tpl.tailEnd])
		if k+1 < len(t.lines) || !t.unended {
			out[at] = '\n'
			at++
		}
	}
	t.starts[len(t.lines)] = uint32(at)
	if at != size {
		return ErrDamaged
	}
	return nil
}
