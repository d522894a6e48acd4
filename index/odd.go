package index

const (
	// oddLines is how many lines a block needs for what they have in common to say something.
	oddLines = 256
	// oddRest is how many blocks behind an odd one are kept by lines before it is tried again whether lines have something in common.
	oddRest = 7
	// oddTemplates is how many templates a segment may have, and oddBytes about how long all lines together that brought one, before the blocks that follow
	// are all kept so: real logs have some hundred templates, and each takes memory until the segment is packed.
	oddTemplates = 8192
	oddBytes     = 2 << 20
)

// odd tells whether blocks are kept by whole lines, of which nothing is taken
// apart. Lines that have nothing in common, such as noise or what is encoded,
// would each be a template: packed nearly three times as large as they are, and
// in hundreds of megabytes of memory.
type odd struct {
	always bool
	rest   int // blocks that are still kept so
	bytes  int // of lines that brought a template
}

// enough reports whether a segment has so many templates that it takes no more.
func (o *odd) enough(templates int) bool { return templates >= oddTemplates || o.bytes >= oddBytes }

// begin begins a block. It is odd where three quarters of its lines are
// templates that no line of the segment had before.
func (s *shaper) begin(raw []byte) {
	before := s.text.Templates()
	s.text.Whole(s.odd.always || s.odd.rest > 0 || s.odd.enough(before))
	s.text.Scan(raw)
	s.next = 0
	lines, fresh := s.text.Lines(), s.text.Templates()-before
	s.odd.bytes += len(raw) * fresh / max(1, lines)
	if s.odd.rest > 0 {
		s.odd.rest--
	} else if lines >= oddLines && 4*fresh > 3*lines {
		s.odd.rest = oddRest
	}
}
