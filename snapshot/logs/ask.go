package logs

import (
	"bytes"
	"cmp"
	"slices"

	"stilltrace/index/text"
)

// offer is a variant as it is asked for with nearly every line, behind one
// another in memory: most of the time goes into waiting for that.
type offer struct {
	*variant
	// asks are all that a line of the template has to be to fit, or the first one where the variant has more; nil where that takes more
	// than to look at each of its variables once.
	asks []ask
}

// ask is what is asked of a variable: a value of so many from the first one on,
// or a text.
type ask struct {
	first, n uint64
	mark     uint8
	kind     text.Kind // 0: no text is asked for
	plain    uint8     // textPlain if nothing may stand against the text, else 0
}

// asksOf returns the asks of the variant whose first line is b.
func (s *splitter) asksOf(v *variant, line *text.Line, b []byte) []ask {
	from := len(s.asks)
	for k := range line.Values {
		a, kind := ask{mark: uint8(k)}, line.Kind(k)
		value, fixed := v.pattern.Fixed(k)
		switch odd := k >= 64 || v.odd>>k&1 != 0; {
		case fixed:
			a.first, a.n = value, 1
		case kind == text.KindColons:
			a.kind = kind
			if !odd {
				a.plain = textPlain
			}
		case odd, k == v.pattern.PID() && kind != text.KindNumber:
			return nil
		case k == v.pattern.PID():
			a.first, a.n = 1, short-1
		case kind <= text.KindDecimal:
			a.n = shortest(b[line.Marks[k].Start:line.Marks[k].End])
		case kind > text.KindIPv4:
			a.kind, a.plain = kind, textPlain
		default:
			continue
		}
		s.asks = append(s.asks, a)
	}
	asks := s.asks[from:len(s.asks):len(s.asks)]
	// What is most likely to differ is asked first.
	slices.SortStableFunc(asks, func(a, b ask) int { return cmp.Compare(a.rank(), b.rank()) })
	return asks
}

func (a *ask) rank() int {
	switch {
	case a.kind != 0:
		return 2
	case a.n > 1:
		return 1
	}
	return 0
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

// answers reports whether the line is as it is asked to be.
func (s *splitter) answers(asks []ask, values []uint64) bool {
	for i := range asks {
		a := &asks[i]
		v := values[a.mark]
		if a.kind == 0 {
			if v-a.first >= a.n {
				return false
			}
		} else if s.texts[a.kind][v]&textPlain != a.plain {
			return false
		}
	}
	return true
}
