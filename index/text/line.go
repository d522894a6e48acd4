package text

import "strconv"

// appendLine appends the text of line i of a table, without its newline. With
// a line it sets its Marks.
func (d *Decoder) appendLine(dst []byte, t *tableReader, i int, line *Line) ([]byte, error) {
	tpl := &t.schema.templates[t.lines[i]]
	slots := t.schema.slots[tpl.first:tpl.last]
	values := t.values[t.firsts[i]:][:len(slots)]
	var first *slot
	since, begin := uint64(0), len(dst)
	if line != nil {
		line.Marks = line.Marks[:0]
	}
	for n := range slots {
		sl, v := &slots[n], values[n]
		dst = append(dst, t.schema.static[sl.static:sl.end]...)
		at := len(dst)
		switch sl.kind {
		case KindNumber:
			for range min(v>>zeroShift, maxDigits) {
				dst = append(dst, '0')
			}
			dst = strconv.AppendUint(dst, v&(1<<zeroShift-1), 10)
		case KindDecimal:
			dst = strconv.AppendUint(dst, v/powers[sl.a], 10)
			dst = appendPadded(append(dst, '.'), v%powers[sl.a], int(sl.a))
		case KindLower:
			dst = appendHex(dst, v, sl.a, "0123456789abcdef")
		case KindUpper:
			dst = appendHex(dst, v, sl.a, "0123456789ABCDEF")
		case KindStamp:
			if first == nil {
				first, since = sl, v
			}
			dst = appendStamp(dst, sl.a, sl.b, v)
		case KindAgain:
			v = unzigzag(v)
			if first != nil {
				v += rescale(since, first.b, sl.b)
			}
			dst = appendStamp(dst, sl.a, sl.b, v)
		case KindIPv4:
			ip := t.texts[KindIPv4].bytes[4*v:][:4]
			dst = strconv.AppendUint(dst, uint64(ip[0]), 10)
			for _, part := range ip[1:] {
				dst = strconv.AppendUint(append(dst, '.'), uint64(part), 10)
			}
		default:
			text, err := d.text(t, sl.kind, v)
			if err != nil {
				return dst, err
			}
			dst = append(dst, text...)
		}
		if line != nil {
			line.Marks = append(line.Marks, Mark{uint32(at - begin), uint32(len(dst) - begin)})
		}
	}
	return append(dst, t.schema.static[tpl.tail:tpl.tailEnd]...), nil
}

// appendHex appends the last n hexadecimal digits of v.
func appendHex(dst []byte, v uint64, n byte, digits string) []byte {
	for n > 0 {
		n--
		dst = append(dst, digits[v>>(4*n)&15])
	}
	return dst
}
