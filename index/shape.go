package index

import (
	"bytes"
	"encoding/binary"
	"net/netip"

	"stilltrace/index/text"
)

// A shape is all of an event that follows from how its lines look: what it did,
// and at which of the lines' variables its time, its process, its addresses and
// its values stand. Lines of one template nearly always have one shape, so that
// an event costs next to nothing beside its text.
//
// doc.go has the whole format.

// Where an event's time stands.
const (
	timeApart = iota // the difference to the event before, in the column of times
	timeSame         // it is that of the event before
	timeStamp        // a stamp of the first line, and what has to be added
)

// Where its process id stands.
const (
	pidNone   = iota
	pidApart  // in the column of the rest
	pidMarked // it is a number of the first line
)

// Where a value stands.
const (
	valueText  = iota // a text of the dictionary, the same in all events of the shape
	valueRange        // from one position of the lines to another
	valueApart        // where it starts in the event's text, and its length, in the column of the rest
	valueOwn          // the number of its text in the column of the rest
)

// Where an address stands.
const (
	addressNone  = iota
	addressApart // its number in the column of the rest
	addressFirst // a variable of the first line
	addressLast  // of the last line
)

// shaper writes the shapes of a block's events.
type shaper struct {
	text   text.Encoder
	packed []byte
	starts []int // where lines begin in the block's text; one more for its end
	line   int   // where the search for an event's first line begins

	number  map[string]uint64 // of a shape
	shapes  [][]byte
	last    []uint64 // the shape that a template had last, plus one
	offsets map[int64]uint64
	offset  []int64 // from stamps to times

	key         []byte
	rest        []byte // the column of what no shape can say
	first, end  int    // lines of the event
	marks       []text.Mark
	lastMarks   []text.Mark
	addresses   []markedAddress
	from, until int // the event's bytes in the block's text
}

// markedAddress is an address that a variable of the event's lines is.
type markedAddress struct {
	addr netip.Addr
	kind byte
	mark int
}

// reset takes the text of a block apart.
func (s *shaper) reset(raw []byte) {
	s.packed = s.text.Encode(s.packed[:0], raw)
	s.starts = s.starts[:0]
	for at := 0; at < len(raw); {
		s.starts = append(s.starts, at)
		n := bytes.IndexByte(raw[at:], '\n')
		if n < 0 {
			break
		}
		at += n + 1
	}
	s.starts = append(s.starts, len(raw))
	if s.number == nil {
		s.number, s.offsets = map[string]uint64{}, map[int64]uint64{}
	}
	clear(s.number)
	clear(s.offsets)
	s.shapes, s.offset, s.rest, s.line = s.shapes[:0], s.offset[:0], s.rest[:0], 0
	s.last = s.last[:0]
}

// locate finds the lines of an event.
func (s *shaper) locate(from, until int) {
	s.from, s.until = from, until
	for s.line+2 < len(s.starts) && s.starts[s.line+1] <= from {
		s.line++
	}
	s.first, s.end = s.line, s.line
	for s.end+2 < len(s.starts) && s.starts[s.end+1] < until {
		s.end++
	}
	s.marks, s.lastMarks = s.text.Marks(s.first), nil
	if s.end != s.first {
		s.lastMarks = s.text.Marks(s.end)
	}
	s.addresses = s.addresses[:0]
}

// whole reports whether the event is whole lines.
func (s *shaper) whole() bool {
	return s.from == s.starts[s.first] && (s.until+1 == s.starts[s.end+1] || s.until == s.starts[s.end+1] && s.end+2 == len(s.starts))
}

func (s *shaper) byte(b ...byte) { s.key = append(s.key, b...) }
func (s *shaper) uint(v uint64)  { s.key = binary.AppendUvarint(s.key, v) }
func (s *shaper) apart(v uint64) { s.rest = binary.AppendUvarint(s.rest, v) }

// time says where the event's time stands. It reports whether it is in the
// column of times.
func (s *shaper) time(t, before Time) bool {
	for i, m := range s.marks {
		ns, ok := m.Time()
		if !ok {
			continue
		}
		// Zones and years that stamps leave out are whole minutes; else it is another time.
		if d := int64(t) - ns; d%60e9 == 0 {
			n, ok := s.offsets[d]
			if !ok {
				n = uint64(len(s.offset))
				s.offsets[d] = n
				s.offset = append(s.offset, d)
			}
			s.byte(timeStamp)
			s.uint(uint64(i))
			s.uint(n)
			return false
		}
		break
	}
	if t == before {
		s.byte(timeSame)
		return false
	}
	s.byte(timeApart)
	return true
}

func (s *shaper) pid(raw []byte, pid int) {
	if pid == 0 {
		s.byte(pidNone)
		return
	}
	line := raw[s.starts[s.first]:]
	for i, m := range s.marks {
		if m.IsNumber() && number(line[m.Start:m.End]) == pid {
			s.byte(pidMarked)
			s.uint(uint64(i))
			return
		}
	}
	s.byte(pidApart)
	s.apart(uint64(pid))
}

// number reads decimal digits; what is no process id, or is not written as
// one, is -1.
func number[T string | []byte](digits T) int {
	if len(digits) == 0 || len(digits) > 10 || digits[0] == '0' {
		return -1
	}
	n := 0
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return -1
		}
		n = n*10 + int(digits[i]-'0')
	}
	return n
}

// address says where an address stands.
func (s *shaper) address(raw []byte, a netip.Addr, apart func(netip.Addr) uint64) {
	if len(s.addresses) == 0 {
		s.findAddresses(raw)
	}
	for _, m := range s.addresses {
		if m.addr == a {
			s.byte(m.kind)
			s.uint(uint64(m.mark))
			return
		}
	}
	s.byte(addressApart)
	s.apart(apart(a))
}

func (s *shaper) findAddresses(raw []byte) {
	add := func(kind byte, line []byte, marks []text.Mark) {
		for i, m := range marks {
			if !m.IsAddress() {
				continue
			}
			if a, err := netip.ParseAddr(string(line[m.Start:m.End])); err == nil {
				s.addresses = append(s.addresses, markedAddress{a.Unmap(), kind, i})
			}
		}
	}
	add(addressFirst, raw[s.starts[s.first]:], s.marks)
	add(addressLast, raw[s.starts[s.end]:], s.lastMarks)
}

// span says where the bytes from start to end of the block's text stand, if
// both lie at the same place in every line of the template.
func (s *shaper) span(start, end int) bool {
	kept := len(s.key)
	s.byte(valueRange)
	if s.position(start) && s.position(end) {
		return true
	}
	s.key = s.key[:kept]
	return false
}

// position writes a place in the first line, or else in the last one: how many
// bytes it lies after the line's start, or after the start or end of a variable.
func (s *shaper) position(p int) bool {
	line, marks, last := s.first, s.marks, uint64(0)
	if s.end != s.first && p >= s.starts[s.end] {
		line, marks, last = s.end, s.lastMarks, 1
	}
	if line != s.end && p >= s.starts[line+1] {
		return false // somewhere between
	}
	at := uint32(p - s.starts[line])
	k := len(marks) - 1
	for k >= 0 && marks[k].Start > at {
		k--
	}
	edge, off := uint64(0), uint64(at)
	switch {
	case k < 0:
	case at == marks[k].Start:
		edge, off = uint64(2*k+1), 0
	case at < marks[k].End:
		return false
	default:
		edge, off = uint64(2*k+2), uint64(at-marks[k].End)
	}
	s.uint(edge<<1 | last)
	s.uint(off)
	return true
}

// finish returns the event's shape: 0 where it is the last one of its template,
// else its number plus one.
func (s *shaper) finish() uint64 {
	n, ok := s.number[string(s.key)]
	if !ok {
		n = uint64(len(s.shapes))
		own := append([]byte(nil), s.key...)
		s.number[string(own)] = n
		s.shapes = append(s.shapes, own)
	}
	template := s.text.Templates()[s.first]
	for int(template) >= len(s.last) {
		s.last = append(s.last, 0)
	}
	if s.last[template] == n+1 {
		return 0
	}
	s.last[template] = n + 1
	return n + 1
}
