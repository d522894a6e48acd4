package text

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// A scanner takes the variables out of lines. What is left of a line is the
// text of its template.
type scanner struct {
	line   []byte
	wide   []byte // the line and margin bytes behind it, of which the first is a newline
	last   []byte // memory for a line that has less behind it
	done   int    // all before it is in the template or a value
	print  fingerprint
	codes  []slotCode // of the line's slots
	text   []byte     // of the template, where it is asked for
	values []uint64   // of all lines
	marks  []Mark     // where the values of all lines stand
	words  bool       // lines are paths: all their words are variables
	whole  bool       // each line is one variable
	first  int        // the line's first value
	dict   dictionary
	block  []byte // the text that the line is a part of, from it on
	ahead  int    // where in it the next name of a user begins; behind its end where none does
	opened int    // where the address of a URL began, or -1
	closed int    // a quote here ends what was opened, or -1
	stamps int
	stamp  stamp
}

// margin is how many bytes behind a line may be read: variables are short, and
// looked at eight bytes at a time.
const margin = 32

// scan finds the fingerprint of the line, which is the first n bytes of text and
// ends there or before a newline, and appends its values.
func (s *scanner) scan(text []byte, n int) {
	if len(text)-n >= margin {
		s.wide = text[:n+margin]
	} else if n <= maxTemplated {
		s.last = append(append(s.last[:0], text[:n]...), "\n                               "...)
		s.wide = s.last
	} else {
		s.wide = text
	}
	line := s.wide[:n:len(s.wide)]
	s.line, s.done, s.codes, s.first = line, 0, s.codes[:0], len(s.values)
	s.print = fingerprint(s.dict.mix[0])
	s.opened, s.closed, s.stamps = -1, -1, 0
	if len(line) > maxTemplated || s.whole && len(line) > 0 {
		s.word(KindLine, 0, len(line))
		return
	}
	if s.words {
		s.scanWords()
	} else {
		s.scanLine()
	}
	s.print = s.print.add(s.wide, s.done, n, 0, s.dict.mix[1])
}

// isFull reports whether the line has as many slots as a template may have:
// what is left of it is static.
func (s *scanner) isFull() bool { return len(s.values)-s.first >= maxSlots }

// scanWords takes all words and numbers of a path out.
func (s *scanner) scanWords() {
	for i := 0; i < len(s.line) && !s.isFull(); {
		if classes[s.line[i]]&isAlnum == 0 {
			i++
			continue
		}
		digit, end := -1, i
		for ; end < len(s.line) && classes[s.line[end]]&isAlnum != 0; end++ {
			if digit < 0 && classes[s.line[end]]&isDigit != 0 {
				digit = end
			}
		}
		if digit < 0 {
			i = s.word(KindWord, i, end)
			continue
		}
		e := digit
		for e < end && classes[s.line[e]]&isDigit != 0 {
			e++
		}
		i = s.mixed(i, digit, e, end)
	}
}

// scanLine takes the variables of a line out.
func (s *scanner) scanLine() {
	line := s.line
	user := s.findUser(0)
	for i := 0; !s.isFull(); {
		j := nextStart(s.wide, len(line), i)
		if user >= 0 && user <= j {
			i = max(i, s.user(user))
			user = s.findUser(max(i, user))
			continue
		}
		if j >= len(line) {
			break
		}
		switch line[j] {
		case '"':
			i = s.quoted(j)
		case '/':
			i = s.path(j)
		case '=':
			i = s.value(j + 1)
		default:
			i = s.number(j)
		}
	}
}

// slot makes line[start:end] a variable with value v.
func (s *scanner) slot(c slotCode, start, end int, v uint64) {
	s.print = s.print.add(s.wide, s.done, start, c, s.dict.mix[1])
	s.done = end
	s.codes = append(s.codes, c)
	s.values = append(s.values, v)
	s.marks = append(s.marks, Mark{uint32(start), uint32(end)})
}

// template returns the text of the template of the line, valid until the next
// call.
func (s *scanner) template() []byte {
	s.text = s.text[:0]
	from := uint32(0)
	for i, m := range s.marks[s.first:] {
		s.plain(s.line[from:m.Start])
		from = m.End
		c := s.codes[i]
		k := Kind(c)
		s.text = append(s.text, byte(k))
		for range k.params() {
			c >>= 8
			s.text = append(s.text, firstParam+byte(c))
		}
	}
	s.plain(s.line[from:])
	return s.text
}

// plain adds static text to that of the template.
func (s *scanner) plain(static []byte) {
	for _, c := range static {
		if c < firstPlain {
			s.text = append(s.text, byte(KindEscape))
		}
		s.text = append(s.text, c)
	}
}

// word makes line[start:end] a text variable.
func (s *scanner) word(k Kind, start, end int) int {
	s.slot(k.code(0, 0), start, end, uint64(s.dict.add(k, s.line[start:end])))
	return end
}

const (
	ones = 0x0101010101010101
	tops = 0x8080808080808080
)

// load64 returns the eight bytes at i, and load32 the four, the first one lowest.
// Written so, with both ends, nothing but two comparisons is added to a load.
func load64(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i : i+8]) }
func load32(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[i : i+4]) }

// nextStart returns where in the first n bytes of wide the next one stands that
// may begin a variable: a digit, a slash, a quote or an equals sign. Where none
// does, it is n or more.
func nextStart(wide []byte, n, i int) int {
	for ; i < n; i += 8 {
		x := load64(wide, i)
		low := x &^ tops
		// Slash to nine is one range; the sums do not carry from byte to byte.
		m := ((127+'9'+1)*ones - low) & (low + (127-'/'+1)*ones) &^ x
		q, e := x^'"'*ones, x^'='*ones
		m |= (q-ones)&^q | (e-ones)&^e
		if m &= tops; m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	return n
}

// findUser returns where the next name of a user begins at or behind from, or
// -1. It looks through the text once, and not once for each line.
func (s *scanner) findUser(from int) int {
	const mark = "user "
	for at := max(from, s.ahead); s.ahead < from+len(mark) && s.ahead < len(s.block); {
		i := bytes.Index(s.block[min(at, len(s.block)):], []byte(mark))
		if i < 0 {
			s.ahead = len(s.block) + 1
			break
		}
		if i += at; i > 0 && classes[s.block[i-1]]&isAlnum != 0 {
			at = i + 1 // what follows "superuser" is nobody's name
			continue
		}
		s.ahead = i + len(mark)
		at = max(from, s.ahead)
	}
	if s.ahead >= len(s.line) {
		return -1
	}
	return s.ahead
}

// enter makes block what is scanned from here on.
func (s *scanner) enter(block []byte) { s.block, s.ahead = block, 0 }

// leave leaves the first n bytes of the block behind.
func (s *scanner) leave(n int) { s.block, s.ahead = s.block[n:], max(s.ahead-n, 0) }

// user takes the name at i out.
func (s *scanner) user(i int) int {
	end := i
	for end < len(s.line) && classes[s.line[end]]&endsValue == 0 {
		end++
	}
	if end == i || i < s.done {
		return i
	}
	return s.word(KindUser, i, end)
}

// quoted takes the text after the quote at i out, or leaves it to be scanned
// where it has parts.
func (s *scanner) quoted(i int) int {
	if i == s.closed {
		return i + 1
	}
	n := bytes.IndexByte(s.line[i+1:], '"')
	if n < 0 {
		return i + 1
	}
	in, end := s.line[i+1:i+1+n], i+1+n
	switch {
	case n == 0 || end+1 < len(s.line) && s.line[end+1] == ':':
		return end + 1
	case hasParts(in):
		s.closed = end
		return i + 1
	}
	s.word(KindQuoted, i+1, end)
	return end + 1
}

// hasParts reports whether a quoted text is better taken apart: it begins with
// a number, it is a request or an URL, or it is one word with digits.
func hasParts(in []byte) bool {
	if classes[in[0]]&isDigit != 0 || in[0] == '/' {
		return true
	}
	space := bytes.IndexByte(in, ' ')
	if space >= 0 {
		return space+1 < len(in) && in[space+1] == '/'
	}
	for _, c := range in {
		if classes[c]&isDigit != 0 || c == '/' {
			return true
		}
	}
	return false
}

// path takes the path at i out, if one begins there.
func (s *scanner) path(i int) int {
	if i > 0 && s.line[i-1] == ':' && i+1 < len(s.line) && s.line[i+1] == '/' {
		s.opened = i + 2
		return i + 2
	}
	if s.opened >= 0 {
		host := s.line[s.opened:i]
		s.opened = -1
		if bytes.IndexByte(host, ' ') >= 0 || bytes.IndexByte(host, '"') >= 0 {
			return i + 1
		}
	} else if i > 0 && classes[s.line[i-1]]&endsValue == 0 {
		return i + 1
	}
	end := i
	for end < len(s.line) && classes[s.line[end]]&endsPath == 0 {
		end++
	}
	if end-i < 2 {
		return end
	}
	return s.word(KindPath, i, end)
}

// value takes the text after an equals sign out if it has no digits.
func (s *scanner) value(i int) int {
	end := i
	for end < len(s.line) && classes[s.line[end]]&endsValue == 0 {
		if classes[s.line[end]]&isDigit != 0 || s.line[end] == '/' {
			return i
		}
		end++
	}
	if end == i {
		return i
	}
	return s.word(KindValue, i, end)
}
