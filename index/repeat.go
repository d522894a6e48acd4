package index

import (
	"encoding/binary"
	"math"

	"stilltrace/index/text"
)

// Pattern is how an entry of a few lines lies in them. Repeat takes it for
// other lines of the same templates: what they say is the same, but for what
// stands in their variables.
type Pattern struct {
	// What Fits asks of every line comes first, in one line of a processor's cache:
	templates []uint32 // of its lines
	fixed     []fixed
	pid       int // the variable that is the process id, or -1
	ip        int // the variable that is the address, or -1

	ipOf    int      // of the first line it is one, or with 1 of the last one
	number  uint32   // of the shape
	stamp   int      // the variable that is the stamp, or -1: the time is that of the event before
	offset  int64    // from the stamp to the time
	ipv4    [2][]int // the variables of the first and the last line that are addresses
	colons  [2][]int // and those that may be
	user    reach    // where it is another in each line
	session reach    // likewise
	apart   [][2]spot
	named   *patternNames // nil: its addresses are those of its variables
	sum     patternSum
	terms   []uint32 // that all its events have
	alone   bool     // see IsAlone
	seen    uint32   // the block whose terms have them
	opened  uint32   // the block of which its lot is
}

// MaxPatternLines bounds the lines of a pattern: most tracebacks are shorter.
const MaxPatternLines = 32

// Lines are the lines of an entry that could be as a pattern says: the numbers
// of the first and the last one in the block, and all of them.
type Lines struct {
	First, Last int
	Of          []*text.Line
}

// outer returns the first line, or with 1 the last one.
func (l *Lines) outer(n int) *text.Line {
	if n == 0 {
		return l.Of[0]
	}
	return l.Of[len(l.Of)-1]
}

// outers is how many lines are the first one or the last one.
func (p *Pattern) outers() int { return min(len(p.templates), 2) }

// fixed is a variable that must be the same in all lines of a pattern. One value
// is one text: the numbers of texts are those of the segment.
type fixed struct {
	line, mark int
	value      uint64
}

// spot is a place in the lines of an entry, which are counted from 0.
type spot struct {
	line int
	at   text.Place
}

// spot says where a byte of the block stands in the lines of the entry that was
// located last; false where that is within a variable.
func (s *shaper) spot(at int) (spot, bool) {
	n := s.first
	for n < s.end && s.start(n+1) <= at {
		n++
	}
	line := s.text.Line(n)
	p, ok := line.Place(at - s.start(n))
	return spot{n - s.first, p}, ok
}

// at returns which byte of the block stands at the spot of other lines.
func (b *SegmentBuilder) at(p *spot, l *Lines) int {
	at, _ := l.Of[p.line].At(p.at)
	return b.shape.start(l.First+p.line) + at
}

// reach is a part of a line.
type reach struct {
	line     int // counted from 0
	from, to text.Place
	mark     int       // the variable that it is, if it is one and that is a text; else -1
	kind     text.Kind // of that
}

// place fills in where v stands, if it is a part of a line.
func (r *reach) place(s *shaper, raw, v []byte) (ok bool) {
	at := within(raw[s.from:s.until], v)
	if at < 0 {
		return false
	}
	from, ok1 := s.spot(s.from + at)
	to, ok2 := s.spot(s.from + at + len(v))
	if from.line != to.line {
		return false
	}
	r.line, r.from, r.to = from.line, from.at, to.at
	line := s.text.Line(s.first + r.line)
	k := r.from.Edge / 2
	if r.mark = -1; ok1 && ok2 && r.from == (text.Place{Edge: 2*k + 1}) && r.to == (text.Place{Edge: 2*k + 2}) && line.Kind(int(k)) > text.KindIPv4 {
		r.mark, r.kind = int(k), line.Kind(int(k))
	}
	return ok1 && ok2
}

// in returns the part of other lines.
func (b *SegmentBuilder) in(r *reach, l *Lines) []byte {
	line := l.Of[r.line]
	start, end := b.shape.bounds(l.First + r.line)
	from, ok1 := line.At(r.from)
	to, ok2 := line.At(r.to)
	if !ok1 || !ok2 || from > to || to > end-start {
		return nil
	}
	return b.raw[start+from : start+to]
}

// varies reports whether the part holds a variable.
func (r *reach) varies() bool { return r.to.Edge/2 > r.from.Edge/2 }

// LineTo fills in what line i of the block is made of. It is valid until the next
// Begin.
func (b *SegmentBuilder) LineTo(line *text.Line, i int) { b.shape.text.LineTo(line, i) }

// Texts returns how many texts of a kind of variable the segment has so far.
func (b *SegmentBuilder) Texts(k text.Kind) int { return b.shape.text.Texts(k) }

// IsAddress reports whether a text with colons is an address.
func (b *SegmentBuilder) IsAddress(n uint64) bool {
	return b.set.colon(&b.shape.text, n).addr.IsValid()
}

// Pattern returns how the entry lies in its lines that was added last, or nil
// where Repeat cannot tell others by it. What e.Decisive names, its host, its
// service and its kind have to be the same in all its lines.
func (b *SegmentBuilder) Pattern(e *Entry) *Pattern {
	s := &b.shape
	if len(e.PIDText) > 0 && s.pidMark < 0 {
		return nil // it is not always 0
	}
	if b.err != nil || s.end-s.first >= MaxPatternLines || s.asides != 2*len(s.parts)+len(e.Named) || s.unsure || s.apart || !s.whole() || e.IP.IsValid() && s.ipMark < 0 {
		return nil
	}
	p := &Pattern{number: s.number, stamp: s.stamp, offset: s.offset, pid: s.pidMark, ip: s.ipMark}
	if s.ipLast {
		p.ipOf = 1
	}
	if !p.lines(s) || !p.parts(s) || !p.names(b, e) {
		return nil
	}
	if !p.settle(b, e) || b.sum != nil && !p.sum.settle(p, b, e) {
		return nil
	}
	p.alone = p.isAlone()
	return p
}

// lines takes the lines of the entry in. It reports false where there may be an
// address between the first and the last one.
func (p *Pattern) lines(s *shaper) bool {
	p.templates = make([]uint32, 0, s.end-s.first+1)
	for n := s.first; n <= s.end; n++ {
		line := s.text.Line(n)
		p.templates = append(p.templates, line.Template)
		outer := min(n-s.first, 1)
		for i := range line.Values {
			kind := line.Kind(i)
			switch {
			case kind != text.KindIPv4 && kind != text.KindColons:
			case n > s.first && n < s.end:
				return false
			case kind == text.KindIPv4:
				p.ipv4[outer] = append(p.ipv4[outer], i)
			default:
				p.colons[outer] = append(p.colons[outer], i)
			}
		}
	}
	return true
}

// parts takes in where the parts of the entry lie of which each event says that
// for itself.
func (p *Pattern) parts(s *shaper) bool {
	for _, part := range s.parts {
		from, ok1 := s.spot(part[0])
		to, ok2 := s.spot(part[1])
		if !ok1 || !ok2 {
			return false
		}
		p.apart = append(p.apart, [2]spot{from, to})
	}
	return true
}

// settle fills in what has to be the same in all lines of the pattern, and the
// terms that follow from it.
func (p *Pattern) settle(b *SegmentBuilder, e *Entry) bool {
	s := &b.shape
	for _, v := range [...][]byte{e.Host, e.Service, e.Signature} {
		if within(b.raw, v) >= 0 && !p.fix(s, b.raw, v) {
			return false
		}
	}
	p.terms = append(p.terms, b.set.classes[:]...)
	for _, f := range e.Fields {
		if isKind(f.Name) && within(b.raw, f.Value) >= 0 && !p.fix(s, b.raw, f.Value) {
			return false
		}
		if f.Name == sessionField && (!p.session.place(s, b.raw, f.Value) || !p.session.varies()) {
			p.session = reach{}
			p.terms = append(p.terms, b.set.session(f.Value))
		}
	}
	if !p.user.place(s, b.raw, e.User) || !p.user.varies() {
		p.user = reach{mark: -1}
		p.terms = append(p.terms, b.set.user(e.User))
	}
	for _, v := range e.Decisive {
		// Of what stands within a variable the whole of it has to be the same.
		if len(v) > 0 && !p.fix(s, b.raw, v) {
			return false
		}
	}
	return true
}

// isKind reports whether the field says of what kind an error or a request is:
// what is counted by it has one value for each pattern.
func isKind(name string) bool {
	return name == "status" || name == "sqlstate" || name == "exception" || name == "jail"
}

// fix demands that a part of a line is the same in all lines. It reports false
// where v is no part of one, or begins or ends within a variable.
func (p *Pattern) fix(s *shaper, raw, v []byte) bool {
	var r reach
	if len(v) == 0 || !r.place(s, raw, v) {
		return false
	}
	line := s.text.Line(s.first + r.line)
	for k := r.from.Edge / 2; k < r.to.Edge/2; k++ {
		if line.Kind(int(k)) == text.KindAgain {
			return false // it is told by how much later it is than another one
		}
		p.fixed = append(p.fixed, fixed{r.line, int(k), line.Values[k]})
	}
	return true
}

// Fixed returns the value that a variable of the pattern's first line has in all
// its lines; false where that may differ.
func (p *Pattern) Fixed(mark int) (value uint64, ok bool) {
	for _, f := range p.fixed {
		if f.line == 0 && f.mark == mark {
			return f.value, true
		}
	}
	return 0, false
}

// PID returns the variable of the first line that is the process id, or -1.
func (p *Pattern) PID() int { return p.pid }

// Fits reports whether lines of the block lie as the pattern says, but for their
// time.
func (b *SegmentBuilder) Fits(p *Pattern, l *Lines) bool {
	if len(l.Of) != len(p.templates) {
		return false
	}
	for n, t := range p.templates {
		if l.Of[n].Template != t {
			return false
		}
	}
	for k := range p.fixed {
		if f := &p.fixed[k]; l.Of[f.line].Values[f.mark] != f.value {
			return false
		}
	}
	return p.isPID(l.Of[0]) && (p.ip < 0 || b.set.isAddress(&b.shape.text, l.outer(p.ipOf), p.ip))
}

// FitsLine is Fits for one line of the template of the pattern's first one.
func (b *SegmentBuilder) FitsLine(p *Pattern, line *text.Line) bool {
	if len(p.templates) != 1 {
		return false
	}
	for k := range p.fixed {
		if f := &p.fixed[k]; line.Values[f.mark] != f.value {
			return false
		}
	}
	return p.isPID(line) && (p.ip < 0 || b.set.isAddress(&b.shape.text, line, p.ip))
}

// isPID reports whether what stands in the first line for the process id can be
// one, if there is one.
func (p *Pattern) isPID(first *text.Line) bool {
	if p.pid < 0 {
		return true
	}
	pid, ok := first.Number(p.pid)
	return ok && pid > 0 && pid <= math.MaxInt32
}

// Repeat adds an entry whose lines fit the pattern. at is the entry's time, and
// offset how far that lies behind the stamp of the pattern, if it has one. It
// reports false, and adds nothing, where these are not as in the pattern's own
// entry, or where an address that this names is one of the lines' variables.
func (b *SegmentBuilder) Repeat(p *Pattern, l *Lines, at Time, offset int64) bool {
	if l.First <= b.line || p.stamp >= 0 && offset != p.offset || p.stamp < 0 && at != b.prev || p.named != nil && !p.named.others(p, b, l) {
		return false
	}
	b.flowOn(l.First, l.Last, p.number)
	for i := range p.apart {
		from, to := b.at(&p.apart[i][0], l), b.at(&p.apart[i][1], l)
		b.rest = binary.AppendUvarint(b.rest, uint64(from-b.shape.start(l.First)))
		b.rest = binary.AppendUvarint(b.rest, uint64(to-from))
	}
	if p.named != nil {
		b.rest = append(b.rest, p.named.rest...)
	}
	b.see(at)
	_, b.end = b.shape.bounds(l.Last)
	set := &b.set
	if p.seen != set.block {
		p.seen = set.block
		for _, n := range p.terms {
			set.mark(n)
		}
	}
	for n := range p.outers() {
		for _, k := range p.ipv4[n] {
			set.addIPv4(&b.shape.text, l.outer(n).Values[k])
		}
		for _, k := range p.colons[n] {
			set.addColons(&b.shape.text, l.outer(n).Values[k])
		}
	}
	if p.pid >= 0 {
		pid, _ := l.Of[0].Number(p.pid)
		set.addPID(int(pid))
	}
	if p.user.varies() {
		b.markUser(&p.user, l)
	}
	if p.session.varies() {
		set.mark(set.session(b.in(&p.session, l)))
	}
	if b.counts() {
		b.sum.repeat(p, b, l, at)
	}
	return true
}
