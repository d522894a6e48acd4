package logs

import (
	"bytes"

	"stilltrace/index/text"
)

// quick is all that a line of the template has to be to fit a variant, or its
// first line where it has more, in one place: it is asked of nearly every line.
type quick struct {
	ranges []limits
	texts  []checked // of which nothing may be known that stands against a plan
	others []checked // texts with colons that must not be addresses
}

// limits is a variable whose value is one of so many from the first one on.
type limits struct {
	first, n uint64
	mark     uint8
}

// quickOf returns what other lines of the template have to be to fit the variant
// whose first line is b; nil where that takes more than to look at each of their
// variables once.
func quickOf(v *variant, line *text.Line, b []byte) *quick {
	q := &quick{}
	for k := range line.Values {
		kind := line.Kind(k)
		value, fixed := v.pattern.Fixed(k)
		switch {
		case fixed:
			q.ranges = append(q.ranges, limits{value, 1, uint8(k)})
		case kind == text.KindColons && k < 64 && v.odd>>k&1 != 0:
			q.others = append(q.others, checked{uint8(k), kind})
		case k >= 64 || v.odd>>k&1 != 0:
			return nil
		case k == v.pattern.PID():
			if kind != text.KindNumber {
				return nil
			}
			q.ranges = append(q.ranges, limits{1, short - 1, uint8(k)})
		case kind <= text.KindDecimal:
			m := line.Marks[k]
			q.ranges = append(q.ranges, limits{0, shortest(b[m.Start:m.End]), uint8(k)})
		case kind > text.KindIPv4:
			q.texts = append(q.texts, checked{uint8(k), kind})
		}
	}
	return q
}

// short is the first number that is too long to be taken for one by all formats.
const short = 1e9

// shortest is the first value of numbers that are written like b, with as many
// digits behind the point, that is too long.
func shortest(b []byte) uint64 {
	n := uint64(short)
	if at := bytes.IndexByte(b, '.'); at >= 0 {
		for i := at + 1; i < len(b) && n < 1e18; i++ {
			n *= 10
		}
	}
	return n
}

// fitsQuick reports whether the line is as the variant says, whatever its stamp.
func (s *splitter) fitsQuick(q *quick, line *text.Line) bool {
	values := line.Values
	for i := range q.ranges {
		if r := &q.ranges[i]; values[r.mark]-r.first >= r.n {
			return false
		}
	}
	for _, c := range q.texts {
		if s.texts[c.kind][values[c.mark]]&textPlain == 0 {
			return false
		}
	}
	for _, c := range q.others {
		if s.texts[c.kind][values[c.mark]]&textPlain != 0 {
			return false
		}
	}
	return true
}
