package text

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// A scanner takes the variables out of lines. What is left of a line is the
// text of its template.
type scanner struct {
	line   []byte
	wide   []byte // the line and margin bytes behind it, of which the first is a newline
	last   []byte // memory for a line that has less behind it
	done   int    // all before it is in the template or a value
	print  fingerprint
	codes  [len(row{})]slotCode // of the line's slots
	text   []byte               // of the template, where it is asked for
	values []uint64             // of all lines
	marks  []Mark               // where the values of all lines stand
	words  bool                 // lines are paths: all their words are variables
	whole  bool                 // each line is one variable
	first  int                  // the line's first value
	slots  int                  // of the line so far
	row    *row                 // where the line's values go
	at     *[len(row{})]Mark    // and their marks
	dict   dictionary
	ahead  int    // all before it was looked through for names of users: the next one begins there
	user   int    // where the next one of the line is taken out; noUser where none is
	opened int    // where the address of a URL began, or -1
	bare   [2]int // no address with colons begins between these
	closed int    // a quote here ends what was opened, or -1
	stamp  firstStamp
	minute [8]minuteText // the last one of each layout

	trail  trail
	node   uint32 // where on the trail the line is
	expect uint32 // the node to which the next slot probably leads
	ended  bool   // the node is the end of the line

	// What a node has to know of the way to it, since the last variable:
	stop   int  // where the scanner stands
	before int  // opened, before it came to stand there
	since  int  // opened, when the last variable was taken
	quote  int  // where a quote was opened in which the scanner stands, or -1
	unsure bool // more was looked at than what stands between the two
}

// A row is the values of a line. There is one more than a line may have, so that
// each uint8 is the number of one.
type row [maxSlots + 1]uint64

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
	s.line, s.done, s.first, s.slots = line, 0, len(s.values), 0
	s.bare, s.opened, s.closed, s.stamp.known = [2]int{}, -1, -1, false
	s.node, s.ended = rootNode, false
	if cap(s.values)-len(s.values) < len(s.row) || cap(s.marks)-len(s.marks) < len(s.at) {
		s.values, s.marks = slices.Grow(s.values, len(s.row)), slices.Grow(s.marks, len(s.at))
	}
	s.row, s.at = (*row)(s.values[s.first:][:len(s.row)]), (*[len(row{})]Mark)(s.marks[s.first:][:len(s.at)])
	if len(line) > maxTemplated || s.whole || s.words {
		s.scanApart()
	} else if i := s.follow(0); !s.ended {
		s.stop, s.before, s.ahead, s.user = 0, -1, 0, -1
		s.scanLine(s.goOn(0, i))
	}
	s.values, s.marks = s.values[:s.first+s.slots], s.marks[:s.first+s.slots]
}

// scanApart is scan for what does not follow the lines before.
func (s *scanner) scanApart() {
	s.stop, s.before = 0, -1
	s.behind()
	if s.words {
		s.node, s.print = noNode, fingerprint(s.dict.mix[0]) // paths are short, and each is there once
	}
	if len(s.line) > maxTemplated || s.whole && len(s.line) > 0 {
		s.word(KindLine, 0, len(s.line))
		return
	}
	if s.words {
		s.scanWords()
	}
	s.reach(0, len(s.line))
}

// isFull reports whether the line has as many slots as a template may have:
// what is left of it is static.
func (s *scanner) isFull() bool { return s.slots >= maxSlots }

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

// scanLine takes the variables of a line out, from i on.
func (s *scanner) scanLine(i int) {
	for !s.ended && !s.isFull() {
		j := nextStart(s.wide, len(s.line), i)
		n := s.slots
		if s.user <= j {
			user := s.user
			s.unsure = s.unsure || user < i
			i = max(i, s.dispatch(user, true))
			s.user = s.findUser(max(i, user))
		} else if j < len(s.line) {
			i = s.dispatch(j, false)
		} else {
			break
		}
		if s.slots == n {
			continue
		}
		if i == s.done || i == s.done+1 && s.lastKind() == KindQuoted {
			i = s.goOn(i, s.follow(i))
		} else {
			s.unsure = true
		}
	}
	if !s.ended {
		s.reach(0, len(s.line))
	}
}

// goOn lets the line be scanned again at j, up to which it was followed from i on: the
// next name of a user is looked for.
func (s *scanner) goOn(i, j int) int {
	s.behind()
	if s.ended || j == i && s.user >= 0 {
		return j
	}
	from := j
	if j == s.done && j >= len(user) && s.lastKind() != KindUser {
		from -= len(user) // a variable may end as what stands before a name
	}
	s.user = s.findUser(from)
	return j
}

// lastKind is the kind of the variable that was found last in the line.
func (s *scanner) lastKind() Kind { return Kind(s.codes[uint8(s.slots-1)]) }

// dispatch takes what stands at j out, or the user.
func (s *scanner) dispatch(j int, user bool) int {
	s.stop, s.before = j, s.opened
	if user {
		return s.name(j)
	}
	switch s.line[j] {
	case '"':
		return s.quoted(j)
	case '/':
		return s.path(j)
	case '=':
		return s.value(j + 1)
	}
	return s.number(j)
}

// slot makes line[start:end] a variable with value v.
func (s *scanner) slot(c slotCode, start, end int, v uint64) {
	s.reach(c, start)
	s.record(c, start, end, v)
	s.behind()
}

// behind says that the scanner stands directly behind a variable, or at the start.
func (s *scanner) behind() { s.since, s.quote, s.unsure = s.opened, -1, false }

// record appends a variable.
func (s *scanner) record(c slotCode, start, end int, v uint64) {
	s.done = end
	n := uint8(s.slots)
	s.codes[n], s.row[n], s.at[n] = c, v, Mark{uint32(start), uint32(end)}
	s.slots++
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
