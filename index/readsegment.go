package index

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"stilltrace/index/text"
)

// segmentReader is a segment that is being read.
type segmentReader struct {
	n      uint32
	blocks int
	path   string // of its source
	packed []byte // the segment as it lies in the file
	parts  *parts
	parted [blockParts][]byte // memory for the parts of a block
	common [][]byte           // and for those that its blocks share
	lent   int                // how many of these were unpacked
	lines  text.Decoder
	events *eventsShared // nil until an event is asked for
	memory eventsShared  // for these
	event  eventReader

	// The addresses of prefix among those of the segment: in blocks of it, only lines that have one are of interest.
	prefix  netip.Prefix
	hit     [2][]bool       // by their numbers: of four bytes, and with colons
	hitNone bool            // no line has one
	near    []bool          // lines of the block that have one
	slots   [][]addressSlot // of templates; nil where they were not looked for
}

// maxIdle is how many segments are kept ready for the next question about them.
const maxIdle = 2

// segment returns a segment that nobody reads, and what to call when it is no
// longer read: one question may be asked while another is answered.
func (r *Reader) segment(n uint32) (s *segmentReader, done func(), err error) {
	if err := r.ctx.Err(); err != nil {
		return nil, nil, err
	}
	for i, idle := range r.idle {
		if idle.n == n {
			r.idle = append(r.idle[:i], r.idle[i+1:]...)
			return idle, func() { r.leave(idle) }, nil
		}
	}
	if len(r.idle) >= maxIdle {
		s, r.idle = r.idle[0], r.idle[1:]
	} else {
		s = &segmentReader{}
	}
	if err := r.openSegment(s, r.open, n); err != nil {
		return nil, nil, err
	}
	return s, func() { r.leave(s) }, nil
}

func (r *Reader) leave(s *segmentReader) { r.idle = append(r.idle, s) }

// openSegment opens segment n. It may be called by several goroutines, each with
// an opener of its own.
func (r *Reader) openSegment(s *segmentReader, open *opener, n uint32) error {
	key := key32(n)
	var p *parts
	err := r.read(n, &s.packed)
	if err == nil {
		p, err = open.parts(bucketSegment, key, s.packed)
	}
	of := r.segments[n]
	if err == nil {
		s.n, s.path = n, r.sources[r.blocks[of.first].Source-1].Path
		err = s.open(p, of.end-of.first)
	}
	if err != nil {
		return fmt.Errorf("segment %d: %w", n, err)
	}
	return nil
}

// open reads what the blocks of a segment share, of which there are so many.
func (s *segmentReader) open(p *parts, blocks int) (err error) {
	s.parts, s.blocks = p, blocks
	s.events, s.prefix, s.slots = nil, netip.Prefix{}, s.slots[:0]
	s.lent = 0
	first := blocks * blockParts
	var shared [sharedParts][]byte
	for i := 1; i < sharedParts; i++ {
		if shared[i], err = s.part(first + i); err != nil {
			return err
		}
	}
	err = s.lines.Open(shared[1], shared[2], shared[3], func(i int) ([]byte, error) { return s.part(first + sharedParts + i) }, maxText)
	if err == nil && len(p.rows) != first+sharedParts+s.lines.Parts() {
		err = errors.New("another number of parts")
	}
	if err != nil {
		return fmt.Errorf("%w: %w", err, ErrDamaged)
	}
	return nil
}

// part unpacks a part that stays until another segment is opened.
func (s *segmentReader) part(i int) ([]byte, error) {
	if s.lent == len(s.common) {
		s.common = append(s.common, nil)
	}
	s.lent++
	return s.parts.into(i, &s.common[s.lent-1])
}

// columns unpacks the parts of the text of one of the segment's blocks.
func (s *segmentReader) columns(info *blockInfo) (columns [text.BlockParts][]byte, err error) {
	for i := range columns {
		if columns[i], err = s.parts.into(info.Part*blockParts+i, &s.parted[i]); err != nil {
			break
		}
	}
	return columns, err
}

// block reads the columns of the text of one of the segment's blocks.
func (s *segmentReader) block(info *blockInfo) error {
	columns, err := s.columns(info)
	if err != nil {
		return err
	}
	if err := s.lines.Block(columns); err != nil {
		return fmt.Errorf("%w: %w", err, ErrDamaged)
	}
	if n := s.lines.Lines(); int64(s.lines.Start(n)) != info.Bytes {
		return fmt.Errorf("its text is not as long as it should be: %w", ErrDamaged)
	}
	return nil
}

// appendBlock appends the text of one of the segment's blocks.
func (s *segmentReader) appendBlock(dst []byte, info *blockInfo) ([]byte, error) {
	columns, err := s.columns(info)
	if err != nil {
		return dst, err
	}
	if dst, err = s.lines.AppendBlock(dst, columns, int(info.Bytes)); err != nil {
		return dst, fmt.Errorf("%w: %w", err, ErrDamaged)
	}
	return dst, nil
}

// shared reads what the events of the segment share.
func (s *segmentReader) shared() error {
	if s.events != nil {
		return nil
	}
	content, err := s.part(s.blocks * blockParts)
	if err != nil {
		return err
	}
	if err = s.memory.read(content, s.lines.Templates()); err == nil {
		s.events = &s.memory
	}
	return err
}

// seek finds the addresses of a prefix among those of the segment.
func (s *segmentReader) seek(prefix netip.Prefix) error {
	if s.prefix == prefix {
		return nil
	}
	s.prefix, s.hitNone = prefix, true
	for i, k := range [...]text.Kind{text.KindIPv4, text.KindColons} {
		n := s.lines.Texts(k)
		if cap(s.hit[i]) < n {
			s.hit[i] = make([]bool, n)
		}
		s.hit[i] = s.hit[i][:n]
		for v := range n {
			s.hit[i][v] = false
			// What has colons is no address of four bytes, unless it is a mapped one, which has dots.
			if k == text.KindColons && prefix.Addr().Is4() {
				continue
			}
			b, err := s.lines.Text(k, uint64(v))
			if err != nil {
				return err
			}
			var a netip.Addr
			if k == text.KindIPv4 {
				a = netip.AddrFrom4([4]byte(b))
			} else {
				a, _ = ParseColons(b)
			}
			if a.IsValid() && prefix.Contains(a) {
				s.hit[i][v], s.hitNone = true, false
			}
		}
	}
	return nil
}

// naming returns which lines of the block have an address of the prefix, valid
// until the next call.
func (s *segmentReader) naming(prefix netip.Prefix) ([]bool, error) {
	if err := s.seek(prefix); err != nil {
		return nil, err
	}
	s.near = slices.Grow(s.near[:0], s.lines.Lines())[:s.lines.Lines()]
	for i := range s.near {
		s.near[i] = s.names(i)
	}
	return s.near, nil
}

// names reports whether a variable of a line of the block is one of the
// addresses that were sought last.
func (s *segmentReader) names(n int) bool {
	if s.hitNone {
		return false
	}
	template := int(s.lines.Template(n))
	if template >= len(s.slots) || s.slots[template] == nil {
		s.findSlots(template, s.lines.Line(n))
	}
	slots := s.slots[template]
	if len(slots) == 0 {
		return false
	}
	values := s.lines.Line(n).Values
	for _, a := range slots {
		if s.hit[a.hit][values[a.value]] {
			return true
		}
	}
	return false
}

// findSlots finds the variables of a template that may be addresses, in one of
// its lines.
func (s *segmentReader) findSlots(template int, line text.Line) {
	for len(s.slots) <= template {
		s.slots = append(s.slots, nil)
	}
	slots := []addressSlot{}
	for i := range line.Values {
		switch line.Kind(i) {
		case text.KindIPv4:
			slots = append(slots, addressSlot{i, 0})
		case text.KindColons:
			slots = append(slots, addressSlot{i, 1})
		}
	}
	s.slots[template] = slots
}

// addressSlot is a variable of a template that may be an address: which of its
// values, and in which of the lists of hits it is looked for.
type addressSlot struct{ value, hit int }
