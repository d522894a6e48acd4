package index

import (
	"net/netip"
	"slices"

	"stilltrace/index/text"
)

// eventShape is a shape as it is read.
type eventShape struct {
	clock   Clock
	level   Level
	action  Action
	outcome Outcome
	count   int
	part    bool // its bytes do not follow from its lines
	time    byte
	stamp   int
	offset  int64
	pid     byte
	pidMark int
	host    valueRef
	service valueRef
	sign    valueRef
	user    valueRef
	message valueRef
	ip      addressRef
	all     bool // it names the addresses that its variables are
	ips     []addressRef
	fields  []fieldRef
	asides  int // numbers that stand in the column of the rest
	size    int // of the shape as it is written
}

// valueRef is where a value stands.
type valueRef struct {
	kind     byte
	text     string
	from, to placeRef
}

// placeRef is a place in the first or the last line of an event.
type placeRef struct {
	text.Place
	last bool
}

// addressRef is where an address stands.
type addressRef struct {
	kind byte
	mark int
}

type fieldRef struct {
	name  string
	value valueRef
}

// shapeInput reads a shape.
type shapeInput struct {
	input
	*eventsShared
	asides int
}

// readShape reads a shape. What it says of lines can only be checked against
// one.
func (s *eventsShared) readShape(said []byte) (*eventShape, error) {
	in := &shapeInput{input: input{b: said}, eventsShared: s}
	e := s.newShape()
	e.size = len(said)
	if class := in.bytes(4); class != nil {
		e.clock, e.level, e.action, e.outcome = Clock(class[0]), Level(class[1]), Action(class[2]), Outcome(class[3])
	}
	e.count = int(in.uint()&0x7fffffff) + 1
	switch in.byte() {
	case 0:
	case 1:
		e.part = true
		in.asides += 2
	default:
		in.fail("unknown bounds")
	}
	switch e.time = in.byte(); e.time {
	case timeApart, timeSame:
	case timeStamp:
		e.stamp = in.mark()
		e.offset = in.stampOffset()
	default:
		in.fail("unknown time")
	}
	switch e.pid = in.byte(); e.pid {
	case pidNone:
	case pidApart:
		in.asides++
	case pidMarked:
		e.pidMark = in.mark()
	default:
		in.fail("unknown process id")
	}
	e.host, e.service, e.sign, e.user = in.value(), in.value(), in.value(), in.value()
	e.ip = in.address()
	switch in.byte() {
	case namesAll:
		e.all = true
	case namesThese:
		for range in.input.count() {
			e.ips = append(e.ips, in.address())
		}
	default:
		in.fail("unknown addresses")
	}
	e.message = in.value()
	for range in.input.count() {
		name := in.text(in.uint())
		e.fields = append(e.fields, fieldRef{name, in.value()})
	}
	if in.err == nil && len(in.b) > 0 {
		in.fail("shape longer than it should be")
	}
	e.asides = in.asides
	return e, in.err
}

// mark reads the number of a variable.
func (in *shapeInput) mark() int { return int(min(in.uint(), 1<<16)) }

func (in *shapeInput) stampOffset() int64 {
	n := in.uint()
	if n >= uint64(len(in.offsets)) {
		in.fail("unknown stamp")
		return 0
	}
	return in.offsets[n]
}

func (in *shapeInput) text(n uint64) string {
	t, ok := in.eventsShared.text(n)
	if !ok {
		in.fail("unknown text")
	}
	return t
}

func (in *shapeInput) address() addressRef {
	a := addressRef{kind: in.byte()}
	switch a.kind {
	case addressNone:
	case addressApart:
		in.asides++
	case addressFirst, addressLast:
		a.mark = in.mark()
	default:
		in.fail("unknown place of an address")
	}
	return a
}

func (in *shapeInput) value() valueRef {
	v := valueRef{kind: in.byte()}
	switch v.kind {
	case valueText:
		v.text = in.text(in.uint())
	case valueOwn:
		in.asides++
	case valueRange:
		v.from, v.to = in.place(), in.place()
	case valueApart:
		in.asides += 2
	default:
		in.fail("unknown place of a value")
	}
	return v
}

func (in *shapeInput) place() placeRef {
	edge, offset := in.uint(), in.uint()
	if edge > 1<<16 || offset > maxText {
		in.fail("unknown place")
		return placeRef{}
	}
	return placeRef{text.Place{Edge: uint32(edge >> 1), Offset: uint32(offset)}, edge&1 == 1}
}

// eventsShared is what the events of a segment share. Its memory may serve one
// segment after the other.
type eventsShared struct {
	content []byte // of which texts and shapes are parts
	texts   []textRow
	known   []string // those texts that were asked for
	addrs   []netip.Addr
	offsets []int64 // from stamps to times
	said    [][]byte
	shapes  []*eventShape // those that were asked for
	first   []uint32      // of each template, in order; one more for the end
	order   []uint32      // shapes by template
	of, end []uint32      // the template of each shape; and of each template where its next one goes

	rooms [][]eventShape // memory for shapes
	used  int            // how many of them
}

// textRow is where a text stands.
type textRow struct{ at, size uint32 }

// usual is for how many of a thing there is room at once: a segment may say that
// it has more than it holds.
const usual = 1 << 12

// read reads the part that events share, which has to stay as it is for as long
// as they are read. templates is how many there are.
func (s *eventsShared) read(content []byte, templates int) error {
	in := &input{b: content}
	s.content, s.used = content, 0
	n := in.count()
	s.texts = append(slices.Grow(s.texts[:0], 1+min(n, usual)), textRow{})
	for range n {
		b := in.bytes(in.uint())
		s.texts = append(s.texts, textRow{uint32(len(content) - len(in.b) - len(b)), uint32(len(b))})
	}
	s.known = emptied(s.known, len(s.texts))
	n = in.count()
	s.addrs = slices.Grow(s.addrs[:0], min(n, usual))
	for range n {
		a, ok := netip.AddrFromSlice(in.bytes(uint64(in.byte())))
		if !ok {
			in.fail("address of a strange length")
		}
		s.addrs = append(s.addrs, a)
	}
	n = in.count()
	s.offsets = slices.Grow(s.offsets[:0], min(n, usual))
	for range n {
		s.offsets = append(s.offsets, in.int())
	}
	n = in.count()
	s.said, s.of = slices.Grow(s.said[:0], min(n, usual)), slices.Grow(s.of[:0], min(n, usual))
	s.first = emptied(s.first, templates+1)
	for range n {
		t := in.uint()
		if t >= uint64(templates) {
			in.fail("shape of an unknown template")
			break
		}
		s.of = append(s.of, uint32(t))
		s.said = append(s.said, in.bytes(in.uint()))
		s.first[t+1]++
	}
	if in.err == nil && len(in.b) > 0 {
		in.fail("more than there should be")
	}
	if in.err != nil {
		return in.err
	}
	for t := range templates {
		s.first[t+1] += s.first[t]
	}
	s.order, s.shapes = emptied(s.order, n), emptied(s.shapes, n)
	s.end = append(s.end[:0], s.first...)
	for i, t := range s.of {
		s.order[s.end[t]] = uint32(i)
		s.end[t]++
	}
	return nil
}

// emptied is n zero values, in the memory of s where that has the room.
func emptied[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// text returns the text of that number; false where there is none.
func (s *eventsShared) text(n uint64) (string, bool) {
	if n >= uint64(len(s.texts)) {
		return "", false
	}
	if row := s.texts[n]; s.known[n] == "" && row.size > 0 {
		s.known[n] = string(s.content[row.at:][:row.size])
	}
	return s.known[n], true
}

// roomShapes is for how many shapes memory is taken at once.
const roomShapes = 64

// newShape returns a shape that lives until the next segment is read.
func (s *eventsShared) newShape() *eventShape {
	if s.used/roomShapes == len(s.rooms) {
		s.rooms = append(s.rooms, make([]eventShape, roomShapes))
	}
	e := &s.rooms[s.used/roomShapes][s.used%roomShapes]
	s.used++
	*e = eventShape{ips: e.ips[:0], fields: e.fields[:0]}
	return e
}

// shape returns the shape with that number of the template, or nil.
func (s *eventsShared) shape(template uint32, number uint64) (*eventShape, error) {
	if int(template)+1 >= len(s.first) || number >= uint64(s.first[template+1]-s.first[template]) {
		return nil, nil
	}
	i := s.order[s.first[template]+uint32(number)]
	if s.shapes[i] == nil {
		var err error
		if s.shapes[i], err = s.readShape(s.said[i]); err != nil {
			return nil, err
		}
	}
	return s.shapes[i], nil
}
