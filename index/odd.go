package index

const (
	// oddLines is how many lines a block needs for what they have in common to say something.
	oddLines = 256
	// oddRest is how many blocks behind an odd one are kept by lines before it is tried again whether lines have something in common.
	oddRest = 7
	// oddTemplates is how many templates a segment may have before the blocks that follow are all kept so: real logs have some hundred, and each takes memory until the segment is packed.
	oddTemplates = 8192
)

// odd tells whether blocks are kept by whole lines, of which nothing is taken
// apart. Lines that have nothing in common, such as noise or what is encoded,
// would each be a template: packed nearly three times as large as they are, and
// in hundreds of megabytes of memory.
type odd struct {
	always bool
	rest   int // blocks that are still kept so
}

// begin begins a block. It is odd where three quarters of its lines are
// templates that no line of the segment had before.
func (s *shaper) begin(raw []byte) {
	before := s.text.Templates()
	s.text.Whole(s.odd.always || s.odd.rest > 0 || before >= oddTemplates)
	s.text.Scan(raw)
	s.next = 0
	if s.odd.rest > 0 {
		s.odd.rest--
	} else if n := s.text.Lines(); n >= oddLines && 4*(s.text.Templates()-before) > 3*n {
		s.odd.rest = oddRest
	}
}
