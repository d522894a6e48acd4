package index

import (
	"math"

	"stilltrace/index/text"
)

// Pattern is how an entry of one or two lines lies in them. Repeat takes it for
// other lines of the same templates: what they say is the same, but for what
// stands in their variables.
type Pattern struct {
	// What Fits asks of every line comes first, in one line of a processor's cache:
	template [2]uint32
	lines    int
	fixed    []fixed
	pid      int  // the variable that is the process id, or -1
	ip       int  // the variable that is the address, or -1
	ipLast   bool // it is one of the second line

	number  uint32   // of the shape
	stamp   int      // the variable that is the stamp, or -1: the time is that of the event before
	offset  int64    // from the stamp to the time
	ipv4    [2][]int // the variables that are addresses
	colons  [2][]int // and those that may be
	user    reach    // where it is another in each line
	session reach    // likewise
	sum     patternSum
	terms   []uint32 // that all its events have
	seen    uint32   // the block whose terms have them
}

// Lines are the lines of an entry that could be as a pattern says: the first and
// the last, which may be the same, with their numbers in the block.
type Lines struct {
	First, Last int
	Of          [2]*text.Line
}

// fixed is a variable that must be the same in all lines of a pattern. One value
// is one text: the numbers of texts are those of the segment.
type fixed struct {
	line, mark int
	value      uint64
}

// reach is a part of a line.
type reach struct {
	line     int // 0 or 1
	from, to text.Place
	mark     int // the variable that it is, if it is one and that is a text; else -1
}

// place fills in where v stands, if it is a part of a line.
func (r *reach) place(s *shaper, raw, v []byte) (ok bool) {
	at := within(raw[s.from:s.until], v)
	if at < 0 {
		return false
	}
	line := &s.marks
	if second := s.start(s.end) - s.from; s.end != s.first && at >= second {
		r.line, line, at = 1, &s.lastMarks, at-second
	} else if s.end != s.first && at+len(v) >= second {
		return false
	}
	var ok1, ok2 bool
	r.from, ok1 = line.Place(at)
	r.to, ok2 = line.Place(at + len(v))
	k := r.from.Edge / 2
	if r.mark = -1; ok1 && ok2 && r.from == (text.Place{Edge: 2*k + 1}) && r.to == (text.Place{Edge: 2*k + 2}) && line.Kind(int(k)) > text.KindIPv4 {
		r.mark = int(k)
	}
	return ok1 && ok2
}

// in returns the part of other lines.
func (b *SegmentBuilder) in(r *reach, l *Lines) []byte {
	line := l.Of[r.line]
	start, end := b.shape.bounds(l.First)
	if r.line > 0 {
		start, end = b.shape.bounds(l.Last)
	}
	from, ok1 := line.At(r.from)
	to, ok2 := line.At(r.to)
	if !ok1 || !ok2 || from > to || to > end-start {
		return nil
	}
	return b.raw[start+from : start+to]
}

// varies reports whether the part holds a variable.
func (r *reach) varies() bool { return r.to.Edge/2 > r.from.Edge/2 }

// Pattern returns how the entry lies in its lines that was added last, or nil
// where Repeat cannot tell others by it. What e.Decisive names, its host, its
// service and its kind have to be the same in all its lines.
func (b *SegmentBuilder) Pattern(e *Entry) *Pattern {
	s := &b.shape
	if len(e.PIDText) > 0 && s.pidMark < 0 {
		return nil // it is not always 0
	}
	if b.err != nil || s.end > s.first+1 || s.asides > 0 || s.unsure || s.apart || !s.whole() || e.IP.IsValid() && s.ipMark < 0 {
		return nil
	}
	p := &Pattern{lines: s.end - s.first + 1, number: s.number, stamp: s.stamp, offset: s.offset, pid: s.pidMark, ip: s.ipMark, ipLast: s.ipLast}
	for n, line := range []*text.Line{&s.marks, &s.lastMarks}[:p.lines] {
		p.template[n] = line.Template
		for i := range line.Values {
			switch line.Kind(i) {
			case text.KindIPv4:
				p.ipv4[n] = append(p.ipv4[n], i)
			case text.KindColons:
				p.colons[n] = append(p.colons[n], i)
			}
		}
	}
	if !p.settle(b, e) || b.sum != nil && !p.sum.settle(p, b, e) {
		return nil
	}
	return p
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
	class := b.set.class(e)
	p.terms = append(p.terms, class[:]...)
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
		p.user = reach{}
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
	line := &s.marks
	if r.line > 0 {
		line = &s.lastMarks
	}
	for k := r.from.Edge / 2; k < r.to.Edge/2; k++ {
		if line.Kind(int(k)) == text.KindAgain {
			return false // it is told by how much later it is than another one
		}
		p.fixed = append(p.fixed, fixed{r.line, int(k), line.Values[k]})
	}
	return true
}

// Fits reports whether lines of the block lie as the pattern says, but for their
// time.
func (b *SegmentBuilder) Fits(p *Pattern, l *Lines) bool {
	if l.Last-l.First != p.lines-1 || l.Of[0].Template != p.template[0] || p.lines > 1 && l.Of[1].Template != p.template[1] {
		return false
	}
	for k := range p.fixed {
		if f := &p.fixed[k]; l.Of[f.line].Values[f.mark] != f.value {
			return false
		}
	}
	if p.pid >= 0 {
		if pid, ok := l.Of[0].Number(p.pid); !ok || pid == 0 || pid > math.MaxInt32 {
			return false
		}
	}
	line := l.Of[0]
	if p.ipLast {
		line = l.Of[1]
	}
	return p.ip < 0 || b.set.isAddress(&b.shape.text, line, p.ip)
}

// userTerm returns the number of the term of a user whose name is a part of the
// lines.
func (b *SegmentBuilder) userTerm(r *reach, l *Lines) uint32 {
	if r.mark < 0 {
		return b.set.user(b.in(r, l))
	}
	line := l.Of[r.line]
	k := b.named(line.Kind(r.mark), line.Values[r.mark])
	if k.term == 0 {
		k.term = b.set.user(b.in(r, l)) + 1
	}
	return k.term - 1
}

// named returns what is known of a text of the segment as the name of a user.
func (b *SegmentBuilder) named(k text.Kind, n uint64) *knownName {
	of := &b.names[k]
	for int(n) >= len(*of) {
		*of = append(*of, knownName{})
	}
	return &(*of)[n]
}

// knownName is what is known of a text as the name of a user: the number of its
// term, plus one, and that of the user in a round of the summary.
type knownName struct {
	term   uint32
	number int32
	round  int // plus one
}

// Repeat adds an entry whose lines fit the pattern. at is the entry's time, and
// offset how far that lies behind the stamp of the pattern, if it has one. It
// reports false, and adds nothing, where these are not as in the pattern's own
// entry.
func (b *SegmentBuilder) Repeat(p *Pattern, l *Lines, at Time, offset int64) bool {
	if l.First <= b.line || p.stamp >= 0 && offset != p.offset || p.stamp < 0 && at != b.prev {
		return false
	}
	b.flowOn(l.First, l.Last, p.number)
	b.see(at)
	_, b.end = b.shape.bounds(l.Last)
	set := &b.set
	if p.seen != set.block {
		p.seen = set.block
		for _, n := range p.terms {
			set.mark(n)
		}
	}
	for n := range p.lines {
		for _, k := range p.ipv4[n] {
			set.addIPv4(&b.shape.text, l.Of[n].Values[k])
		}
		for _, k := range p.colons[n] {
			set.addColons(&b.shape.text, l.Of[n].Values[k])
		}
	}
	if p.pid >= 0 {
		pid, _ := l.Of[0].Number(p.pid)
		set.addPID(int(pid))
	}
	if p.user.varies() {
		set.mark(b.userTerm(&p.user, l))
	}
	if p.session.varies() {
		set.mark(set.session(b.in(&p.session, l)))
	}
	if b.sum != nil && !b.again {
		b.sum.repeat(p, b, l, at)
	}
	return true
}
