package text

import "math/bits"

// time takes a stamp out.
func (s *scanner) time(st *stamp) {
	s.remember(st)
	code, v := s.relative(st.layout, st.digits, st.value)
	s.slot(code, st.start, st.end, v)
	s.dated(st.layout, st.digits, st.value)
}

// A firstStamp is the first stamp of a line.
type firstStamp struct {
	known          bool
	layout, digits byte
	value          uint64
}

// relative returns the slot and the value of a stamp in the line.
func (s *scanner) relative(layout, digits byte, value uint64) (slotCode, uint64) {
	first := &s.stamp
	if !first.known || (first.layout&^layoutComma <= layoutSyslog0) != (layout&^layoutComma <= layoutSyslog0) {
		return KindStamp.code(layout, digits), value
	}
	if first.digits != digits {
		return KindAgain.code(layout, digits), zigzag(value - rescale(first.value, first.digits, digits))
	}
	return KindAgain.code(layout, digits), zigzag(value - first.value)
}

// dated says that a stamp was found.
func (s *scanner) dated(layout, digits byte, value uint64) {
	if first := &s.stamp; !first.known {
		first.known, first.layout, first.digits, first.value = true, layout, digits, value
	}
}

// minuteText is a stamp up to its seconds.
type minuteText struct {
	text  [3]uint64
	n     int
	value uint64 // in seconds
}

// remember keeps the stamp for others of its minute.
func (s *scanner) remember(st *stamp) {
	m := &s.minute[st.layout&^layoutComma]
	m.n = int(stampLength(st.layout, 0)) - 2
	i := st.start
	m.text = [3]uint64{load64(s.wide, i), load64(s.wide, i+m.n-8), load64(s.wide, i+(m.n-8)/2)}
	whole := divide(st.value, st.digits)
	m.value = whole - whole%60
}

// again takes the stamp at i in, if it is of the last minute of its layout and
// that of the slot. It returns the value of the slot and where the stamp ends, or 0.
func (s *scanner) again(i int, slot slotCode) (v uint64, end int) {
	layout := byte(slot>>8) &^ layoutComma
	m := &s.minute[layout&7]
	if m.n == 0 || load64(s.wide, i) != m.text[0] || load64(s.wide, i+m.n-8) != m.text[1] || load64(s.wide, i+(m.n-8)/2) != m.text[2] {
		return 0, 0
	}
	end = i + m.n + 2
	high, low := s.wide[end-2]-'0', s.wide[end-1]-'0'
	if high > 5 || low > 9 {
		return 0, 0
	}
	v = m.value + 10*uint64(high) + uint64(low)
	digits := byte(0)
	if c := s.wide[end]; c == '.' || c == ',' {
		x := load64(s.wide, end+1) ^ zeros
		n := bits.TrailingZeros64(notDigits(x)) / 8
		if n == 8 {
			return 0, 0
		}
		if n > 0 {
			if c == ',' {
				layout |= layoutComma
			}
			digits, v, end = byte(n), v*powers[n]+eight(x, n), end+1+n
		}
	}
	code, value := s.relative(layout, digits, v)
	if code != slot {
		return 0, 0
	}
	return value, end
}
