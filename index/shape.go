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
	valueRange        // from one place of the lines to another
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

// Which addresses an event names.
const (
	namesThese = iota // those that are listed
	namesAll          // those that the variables of its first and its last line are, each once
)

// shaper writes the shape of one event after the other.
type shaper struct {
	text text.Encoder
	next int // where the search for an event's first line begins
	odd  odd

	key         []byte
	rest        []byte // what the shape cannot say
	apart       bool   // the time is one of these
	first, end  int    // lines of the event
	marks       text.Line
	lastMarks   text.Line
	addresses   []markedAddress
	found       bool // the addresses were looked for
	from, until int  // the event's bytes in the block's text

	// What a pattern has to know:
	number  uint32   // of the shape among those of the template
	asides  int      // numbers that the shape cannot say
	parts   [][2]int // where values lie in the block of which the asides tell that
	unsure  bool     // more than one variable could be what is meant
	listed  bool     // the addresses are not those of the variables
	stamp   int      // the variable that is the stamp, or -1
	offset  int64    // from the stamp to the time
	pidMark int      // the variable that is the process id, or -1
	ipMark  int      // the variable that is the address, or -1
	ipLast  bool     // it is one of the last line
}

// markedAddress is an address that a variable of the event's lines is.
type markedAddress struct {
	addr netip.Addr
	kind byte
	mark int
}

// bounds returns where a line begins and ends.
func (s *shaper) bounds(i int) (start, end int) { return s.text.Bounds(i) }

// start returns where a line begins.
func (s *shaper) start(i int) int {
	start, _ := s.text.Bounds(i)
	return start
}

// locate finds the lines of an event.
func (s *shaper) locate(from, until int) {
	s.from, s.until = from, until
	for s.next+1 < s.text.Lines() && s.start(s.next+1) <= from {
		s.next++
	}
	s.first, s.end = s.next, s.next
	for s.end+1 < s.text.Lines() && s.start(s.end+1) < until {
		s.end++
	}
	s.marks, s.lastMarks = s.text.Line(s.first), text.Line{}
	if s.end != s.first {
		s.lastMarks = s.text.Line(s.end)
	}
	s.addresses, s.found = s.addresses[:0], false
}

// whole reports whether the event is whole lines.
func (s *shaper) whole() bool {
	start, _ := s.bounds(s.first)
	_, end := s.bounds(s.end)
	return s.from == start && s.until == end
}

func (s *shaper) byte(b ...byte) { s.key = append(s.key, b...) }
func (s *shaper) uint(v uint64)  { s.key = binary.AppendUvarint(s.key, v) }

// aside writes what the shape cannot say: it is said for this event alone.
func (s *shaper) aside(v uint64) {
	s.rest = binary.AppendUvarint(s.rest, v)
	s.asides++
}

// describe finds the shape of the entry that was located last, and leaves in the
// shaper its number and what it cannot say.
func (b *SegmentBuilder) describe(e *Entry) {
	s := &b.shape
	s.rest, s.asides, s.parts, s.unsure, s.listed, s.stamp, s.pidMark, s.ipMark = s.rest[:0], 0, s.parts[:0], false, false, -1, -1, -1
	template := s.marks.Template
	s.key = binary.BigEndian.AppendUint32(s.key[:0], template)
	s.byte(byte(e.Clock), byte(e.Level), byte(e.Action), byte(e.Outcome))
	s.uint(uint64(max(e.Count, 1) - 1))
	if s.whole() {
		s.byte(0)
	} else {
		s.byte(1)
		start, _ := s.bounds(s.first)
		s.aside(uint64(e.Start - start))
		s.aside(uint64(e.End - e.Start))
	}
	s.time(e, b.prev, &b.shared)
	s.pid(b.raw, e)
	b.value(e.Host, true)
	b.value(e.Service, true)
	b.value(e.Signature, true)
	b.value(e.User, false)
	s.ip(b.raw, e.IP, &b.shared)
	s.ips(b.raw, e.IPs, &b.shared)
	b.value(e.Message, false)
	s.uint(uint64(len(e.Fields)))
	for _, f := range e.Fields {
		n, ok := b.fields[f.Name]
		if !ok {
			n = b.shared.dict.add([]byte(f.Name))
			b.fields[f.Name] = n
		}
		s.uint(n)
		b.value(f.Value, false)
	}
	s.number = b.shared.shape(template, s.key)
}

// shape returns the number of a shape among those of its template. key is the
// template and the shape.
func (s *shared) shape(template uint32, key []byte) uint32 {
	if n, ok := s.number[string(key)]; ok {
		return n
	}
	for int(template) >= len(s.count) {
		s.count = append(s.count, 0)
	}
	n := s.count[template]
	s.count[template]++
	s.shapes++
	s.number[string(key)] = n
	said := key[4:]
	s.list = binary.AppendUvarint(s.list, uint64(template))
	s.list = binary.AppendUvarint(s.list, uint64(len(said)))
	s.list = append(s.list, said...)
	return n
}

// time says where the event's time stands.
func (s *shaper) time(e *Entry, before Time, shared *shared) {
	t := e.Time
	s.apart = false
	dated := e.Clock != ClockInherited && e.Clock != ClockCapture
	for i := 0; dated && i < len(s.marks.Values); i++ {
		stamp, ok := s.marks.Stamp(i)
		if !ok {
			continue
		}
		// Zones and years that stamps leave out are whole minutes; else it is another time.
		if d := int64(t) - stamp.Nanos(); d%60e9 == 0 {
			s.byte(timeStamp)
			s.uint(uint64(i))
			s.uint(shared.stampOffset(d))
			s.stamp, s.offset = i, d
			return
		}
		break
	}
	if t == before {
		s.byte(timeSame)
		return
	}
	s.byte(timeApart)
	s.apart = true
}

func (s *shaper) pid(raw []byte, e *Entry) {
	pid := e.PID
	if pid == 0 {
		s.byte(pidNone)
		return
	}
	at := within(raw, e.PIDText) - s.start(s.first)
	for i := range s.marks.Values {
		if n, ok := s.marks.Number(i); ok && n == uint64(pid) && (len(e.PIDText) == 0 || at == int(s.marks.Marks[i].Start)) {
			if s.pidMark >= 0 {
				s.unsure = true
				break
			}
			s.pidMark = i
		}
	}
	if s.pidMark < 0 {
		s.byte(pidApart)
		s.aside(uint64(pid))
		return
	}
	s.byte(pidMarked)
	s.uint(uint64(s.pidMark))
}

// value writes v as a range of the entry's own bytes where it is one, and else
// as a text of the dictionary: most values lie in the text already. Of few
// values, the text belongs to the shape.
func (b *SegmentBuilder) value(v []byte, few bool) {
	s := &b.shape
	at := within(b.raw[s.from:s.until], v)
	switch {
	case at >= 0 && s.span(s.from+at, s.from+at+len(v)):
	case few || len(v) == 0 || at < 0 && b.shared.shapes < manyShapes:
		s.byte(valueText)
		s.uint(b.shared.dict.add(v))
	case at >= 0:
		s.byte(valueApart)
		s.aside(uint64(at))
		s.aside(uint64(len(v)))
		s.parts = append(s.parts, [2]int{s.from + at, s.from + at + len(v)})
	default:
		s.byte(valueOwn)
		s.aside(b.shared.dict.add(v))
	}
}

// manyShapes is how many shapes may come from texts that are no part of their
// lines: those of a format are few, what was decoded from lines is not.
const manyShapes = 1024

// within returns where v lies in raw if v is a part of the same memory, else
// -1. Two slices of one array share its end, so their capacities tell the
// distance of their starts; comparing the bytes makes a wrong guess harmless.
func within(raw, v []byte) int {
	at := cap(raw) - cap(v)
	if len(v) > 0 && at >= 0 && at+len(v) <= len(raw) && bytes.Equal(raw[at:at+len(v)], v) {
		return at
	}
	return -1
}

// span says where the bytes from start to end of the block's text stand, if
// both lie at the same place in every line of the template.
func (s *shaper) span(start, end int) bool {
	kept := len(s.key)
	s.byte(valueRange)
	if s.place(start) && s.place(end) {
		return true
	}
	s.key = s.key[:kept]
	return false
}

// place writes a place in the first line, or else in the last one.
func (s *shaper) place(at int) bool {
	line, last, start := &s.marks, uint64(0), s.start(s.first)
	if s.end != s.first && at >= s.start(s.end) {
		line, last, start = &s.lastMarks, 1, s.start(s.end)
	} else if s.end != s.first && at >= s.start(s.first+1) {
		return false // somewhere between
	}
	p, ok := line.Place(at - start)
	if ok {
		s.uint(uint64(p.Edge)<<1 | last)
		s.uint(uint64(p.Offset))
	}
	return ok
}
