package text

import "slices"

// A schema is what the templates of a segment say about its values. Encoder and
// decoder build the same one from the same templates.
type schema struct {
	static    []byte // of all templates, without escapes
	slots     []slot
	templates []template
	classes   []class
	groups    []group
	place     places             // of classes
	shared    [firstPlain]uint32 // groups of kinds that have one for all slots, plus one
}

// A template is the static text of a line with slots in it.
type template struct {
	first, last   uint32 // its slots
	tail, tailEnd uint32 // the static text after them, behind which a newline stands
	short         piece  // and it with its newline
	fixed         uint32 // bytes of what is the same in each of its lines, and of values whose length is
}

// A slot is one variable of a template.
type slot struct {
	static, end uint32 // the static text before it
	short       piece  // and it where it is so
	last        uint64 // value that was read
	class       uint32
	group       uint32
	kind        Kind
	a, b        byte // parameters
	names       bool // its value is the process that wrote the line
	notes       bool // its value may be a key for what follows
}

// A piece is a static text that stands where it is needed, since most are short:
// one of at most len(text) bytes.
type piece struct {
	text [16]byte
	n    uint8 // its bytes; more than text has where it is longer
}

func pieceOf(text []byte) (p piece) {
	copy(p.text[:], text)
	p.n = uint8(min(len(text), len(p.text)+1))
	return p
}

// A place is where slots stand that hold the same sort of value: what stands
// before them in the template, and their kind with its parameters.
type place struct {
	before uint64
	kind   uint32
}

// A class is all slots of one place; its values are one column.
type class struct {
	kind  Kind
	group uint32
	n     uint32 // values
	notes bool   // each may be a key for what follows in its line
}

// A group is the classes whose values may name one another.
type group struct {
	sources uint8 // those that its classes use, a bit each
}

func (s *schema) reset() {
	s.place.reset()
	clear(s.shared[:])
	s.static, s.slots, s.templates, s.classes, s.groups = s.static[:0], s.slots[:0], s.templates[:0], s.classes[:0], s.groups[:0]
}

// reserve makes room for templates of so many bytes, and what they commonly have
// in it: what is not needed is never touched.
func (s *schema) reserve(size int) {
	s.static = room(s.static, size)
	s.slots = room(s.slots, size/16)
	s.classes = room(s.classes, size/32)
	s.groups = room(s.groups, size/32)
}

// room is an empty s with room for n, and for some more where it had less: the
// next segment may need it.
func room[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, 0, n+n/4)
	}
	return s[:0]
}

// add takes a template in.
func (s *schema) add(text []byte) error {
	t := template{first: uint32(len(s.slots))}
	start := uint32(len(s.static))
	from := start
	for i := 0; i < len(text); i++ {
		plain := i
		for i < len(text) && text[i] >= firstPlain {
			i++
		}
		s.static = append(s.static, text[plain:i]...)
		if i == len(text) {
			break
		}
		k := Kind(text[i])
		if i+k.params() >= len(text) && k.params() > 0 {
			return ErrDamaged
		}
		if k == KindEscape {
			if i++; i == len(text) {
				return ErrDamaged
			}
			s.static = append(s.static, text[i])
			continue
		}
		if k == '\n' {
			return ErrDamaged
		}
		sl := slot{static: from, end: uint32(len(s.static)), kind: k}
		sl.short = pieceOf(s.static[from:sl.end])
		from = sl.end
		sl.names = k == KindNumber && i > 0 && text[i-1] == '['
		sl.notes = sl.names || k.IsText()
		before := text[:i]
		switch k.params() {
		case 2:
			sl.b = text[i+2] - firstParam
			fallthrough
		case 1:
			sl.a = text[i+1] - firstParam
		}
		i += k.params()
		if !sl.valid() {
			return ErrDamaged
		}
		t.fixed += sl.length()
		s.classify(&sl, before)
		s.slots = append(s.slots, sl)
	}
	t.last = uint32(len(s.slots))
	t.tail, t.tailEnd = from, uint32(len(s.static))
	if t.last-t.first > maxSlots {
		return ErrDamaged
	}
	t.fixed += uint32(len(s.static)) - start
	s.static = append(s.static, '\n')
	t.short = pieceOf(s.static[from:])
	s.static = slices.Grow(s.static, slack) // see put
	s.templates = append(s.templates, t)
	return nil
}

// valid reports whether the parameters are within the kind's limits.
func (sl *slot) valid() bool {
	switch sl.kind {
	case KindDecimal:
		return sl.a <= 9
	case KindLower, KindUpper:
		return sl.a >= 1 && sl.a <= 16
	case KindStamp, KindAgain:
		return sl.a&^layoutComma < layouts && sl.b <= 9
	}
	return true
}

// mayBeKey reports whether a value of the slot may be the key of its line: see history.
func (sl *slot) mayBeKey() bool { return sl.names || sl.kind == KindIPv4 || sl.kind == KindColons }

// length returns how many bytes each value of the slot takes in its line; 0
// where that is not the same for all.
func (sl *slot) length() uint32 {
	switch sl.kind {
	case KindLower, KindUpper:
		return uint32(sl.a)
	case KindStamp, KindAgain:
		return uint32(stampLength(sl.a, sl.b))
	}
	return 0
}

// classify finds the class and the group of a slot by the bytes before it.
func (s *schema) classify(sl *slot, before []byte) {
	sl.class = s.place.number(place{tail(before, 8), uint32(sl.kind)<<16 | uint32(sl.a)<<8 | uint32(sl.b)})
	if int(sl.class) < len(s.classes) {
		sl.group = s.classes[sl.class].group
		return
	}
	// A class has a group of its own, unless its kind has one for all.
	sl.group = uint32(len(s.groups))
	if of := &s.shared[sl.kind]; *of > 0 {
		sl.group = *of - 1
	} else {
		s.groups = append(s.groups, group{})
		if sl.kind.isShared() {
			*of = sl.group + 1
		}
	}
	s.classes = append(s.classes, class{kind: sl.kind, group: sl.group, notes: sl.notes})
}

// tail returns the last n bytes of b as a number.
func tail(b []byte, n int) (v uint64) {
	for _, c := range b[max(0, len(b)-n):] {
		v = v<<8 | uint64(c)
	}
	return v
}
