package text

import "strconv"

// appendLine appends the text of line i, without its newline.
func (t *tableReader) appendLine(dst []byte, i int) []byte {
	tpl := &t.schema.templates[t.lines[i]]
	slots := t.schema.slots[tpl.first:tpl.last]
	values := t.values[t.firsts[i]:][:len(slots)]
	var first *slot
	since, begin := uint64(0), len(dst)
	for n := range slots {
		sl, v := &slots[n], values[n]
		dst = append(dst, t.schema.static[sl.static:sl.end]...)
		at := len(dst)
		switch sl.kind {
		case kindInt:
			for range min(v>>zeroShift, maxDigits) {
				dst = append(dst, '0')
			}
			dst = strconv.AppendUint(dst, v&(1<<zeroShift-1), 10)
		case kindDecimal:
			dst = strconv.AppendUint(dst, v/powers[sl.a], 10)
			dst = appendPadded(append(dst, '.'), v%powers[sl.a], int(sl.a))
		case kindLower:
			dst = appendHex(dst, v, sl.a, "0123456789abcdef")
		case kindUpper:
			dst = appendHex(dst, v, sl.a, "0123456789ABCDEF")
		case kindStamp:
			if first == nil {
				first, since = sl, v
			}
			dst = appendStamp(dst, sl.a, sl.b, v)
		case kindAgain:
			v = unzigzag(v)
			if first != nil {
				v += rescale(since, first.b, sl.b)
			}
			dst = appendStamp(dst, sl.a, sl.b, v)
		case kindIPv4:
			ip := t.texts[kindIPv4].b[4*v:][:4]
			dst = strconv.AppendUint(dst, uint64(ip[0]), 10)
			for _, part := range ip[1:] {
				dst = strconv.AppendUint(append(dst, '.'), uint64(part), 10)
			}
		default:
			dst = append(dst, t.texts[sl.kind].get(v)...)
		}
		if t.marking {
			m := Mark{Start: uint32(at - begin), End: uint32(len(dst) - begin), kind: sl.kind}
			if sl.kind == kindStamp {
				m.digits, m.value = sl.b, v
			}
			t.marks = append(t.marks, m)
		}
	}
	return append(dst, t.schema.static[tpl.tail:tpl.tailEnd]...)
}

// appendHex appends the last n hexadecimal digits of v.
func appendHex(dst []byte, v uint64, n byte, digits string) []byte {
	for n > 0 {
		n--
		dst = append(dst, digits[v>>(4*n)&15])
	}
	return dst
}
