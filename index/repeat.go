package index

import (
	"bytes"
	"math"

	"stilltrace/index/text"
)

// Pattern is how an entry of one line lies in it. Repeat takes it for other
// lines of the same template: what they say is the same, but for what stands
// in their variables.
type Pattern struct {
	template uint32
	number   uint32 // of the shape
	stamp    int    // the variable that is the stamp, or -1: the time is that of the event before
	offset   int64  // from the stamp to the time
	pid      int    // the variable that is the process id, or -1
	ip       int    // the variable that is the address, or -1
	user     reach  // where it is another in each line
	session  reach  // likewise
	fixed    []reach
	terms    []string // that all its events have
	seen     uint64   // the block whose terms have them
}

// reach is a part of a line, and where it must be the same in each of them what
// it is.
type reach struct {
	from, to text.Place
	text     []byte
}

// place fills in where v stands, if it is a part of the line.
func (r *reach) place(line *text.Line, raw, v []byte) (ok bool) {
	at := within(raw, v)
	if at < 0 {
		return false
	}
	var ok1, ok2 bool
	r.from, ok1 = line.Place(at)
	r.to, ok2 = line.Place(at + len(v))
	return ok1 && ok2
}

// in returns the part of another line.
func (r *reach) in(line *text.Line, raw []byte) []byte {
	from, ok1 := line.At(r.from)
	to, ok2 := line.At(r.to)
	if !ok1 || !ok2 || from > to || to > len(raw) {
		return nil
	}
	return raw[from:to]
}

// varies reports whether the part holds a variable.
func (r *reach) varies() bool { return r.to.Edge/2 > r.from.Edge/2 }

// Pattern returns how the entry lies in its line that was added last, or nil
// where Repeat cannot tell others by it. What e.Decisive names, its host, its
// service and its kind have to be the same in all its lines.
func (b *SegmentBuilder) Pattern(e *Entry) *Pattern {
	s := &b.shape
	if len(e.PIDText) > 0 && s.pidMark < 0 {
		return nil // it is not always 0
	}
	if b.err != nil || s.first != s.end || s.asides > 0 || s.unsure || s.apart || !s.whole() || e.IP.IsValid() && s.ipMark < 0 {
		return nil
	}
	p := &Pattern{template: s.marks.Template, number: s.number, stamp: s.stamp, offset: s.offset, pid: s.pidMark, ip: s.ipMark}
	raw := b.raw[s.from:s.until]
	for _, v := range [...][]byte{e.Host, e.Service, e.Signature} {
		p.fix(&s.marks, raw, v)
	}
	for _, f := range e.Fields {
		if isKind(f.Name) {
			p.fix(&s.marks, raw, f.Value)
		}
	}
	own := termSet{set: map[string]struct{}{}}
	own.addClass(e)
	for _, f := range e.Fields {
		if f.Name != sessionField {
			continue
		}
		if !p.session.place(&s.marks, raw, f.Value) || !p.session.varies() {
			p.session = reach{}
			own.addSession(f.Value)
		}
	}
	for _, v := range e.Decisive {
		// Of what stands within a variable the whole of it has to be the same.
		if len(v) > 0 && !p.fix(&s.marks, raw, v) {
			return nil
		}
	}
	if !p.user.place(&s.marks, raw, e.User) || !p.user.varies() {
		p.user = reach{}
		own.addUser(e.User)
	}
	p.terms = own.sorted()
	return p
}

// isKind reports whether the field says of what kind an error or a request is:
// what is counted by it has one value for each pattern.
func isKind(name string) bool { return name == "status" || name == "sqlstate" || name == "exception" }

// fix demands that a part of the line is the same in all lines. It reports
// false where v is no part of the line, or begins or ends within a variable.
func (p *Pattern) fix(line *text.Line, raw, v []byte) bool {
	var r reach
	if len(v) == 0 || !r.place(line, raw, v) {
		return false
	}
	if r.varies() {
		r.text = bytes.Clone(v)
		p.fixed = append(p.fixed, r)
	}
	return true
}

// Fits reports whether line i of the block lies as the pattern says, but for its
// time.
func (b *SegmentBuilder) Fits(p *Pattern, i int) bool {
	s := &b.shape
	line := s.text.Line(i)
	if line.Template != p.template {
		return false
	}
	start, end := s.bounds(i)
	raw := b.raw[start:end]
	for k := range p.fixed {
		if f := &p.fixed[k]; !bytes.Equal(f.in(&line, raw), f.text) {
			return false
		}
	}
	if p.pid >= 0 {
		if pid, ok := line.Number(p.pid); !ok || pid == 0 || pid > math.MaxInt32 {
			return false
		}
	}
	return p.ip < 0 || b.set.isAddress(&s.text, &line, p.ip)
}

// Repeat adds an entry that is line i of the block, which fits the pattern. at
// is the entry's time. It reports false, and adds nothing, where that is another
// one than the pattern's would be.
func (b *SegmentBuilder) Repeat(p *Pattern, i int, at Time) bool {
	s := &b.shape
	line := s.text.Line(i)
	if i <= b.line {
		return false
	}
	if p.stamp >= 0 {
		if stamp, ok := line.Stamp(p.stamp); !ok || stamp.Nanos()+p.offset != int64(at) {
			return false
		}
	} else if at != b.prev {
		return false
	}
	start, end := s.bounds(i)
	raw := b.raw[start:end]
	pid := uint64(0)
	if p.pid >= 0 {
		pid, _ = line.Number(p.pid)
	}
	b.flowOn(i, i, p.number)
	b.see(at)
	b.end = end
	if p.seen != b.set.block {
		p.seen = b.set.block
		for _, t := range p.terms {
			b.set.set[t] = struct{}{}
		}
	}
	b.set.addLine(&s.text, &line, pid)
	if p.user.varies() {
		b.set.addUser(p.user.in(&line, raw))
	}
	if p.session.varies() {
		b.set.addSession(p.session.in(&line, raw))
	}
	return true
}
