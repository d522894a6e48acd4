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
	ipv4     []int  // the variables that are addresses
	colons   []int  // and those that may be
	user     reach  // where it is another in each line
	session  reach  // likewise
	fixed    []reach
	terms    []uint32 // that all its events have
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
	for i := range s.marks.Values {
		switch s.marks.Kind(i) {
		case text.KindIPv4:
			p.ipv4 = append(p.ipv4, i)
		case text.KindColons:
			p.colons = append(p.colons, i)
		}
	}
	for _, v := range [...][]byte{e.Host, e.Service, e.Signature} {
		p.fix(&s.marks, raw, v)
	}
	for _, f := range e.Fields {
		if isKind(f.Name) {
			p.fix(&s.marks, raw, f.Value)
		}
	}
	class := b.set.class(e)
	p.terms = append(p.terms, class[:]...)
	for _, f := range e.Fields {
		if f.Name != sessionField {
			continue
		}
		if !p.session.place(&s.marks, raw, f.Value) || !p.session.varies() {
			p.session = reach{}
			p.terms = append(p.terms, b.set.session(f.Value))
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
		p.terms = append(p.terms, b.set.user(e.User))
	}
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

// Fits reports whether a line of the block lies as the pattern says, but for its
// time. raw is its text.
func (b *SegmentBuilder) Fits(p *Pattern, line *text.Line, raw []byte) bool {
	if line.Template != p.template {
		return false
	}
	for k := range p.fixed {
		if f := &p.fixed[k]; !bytes.Equal(f.in(line, raw), f.text) {
			return false
		}
	}
	if p.pid >= 0 {
		if pid, ok := line.Number(p.pid); !ok || pid == 0 || pid > math.MaxInt32 {
			return false
		}
	}
	return p.ip < 0 || b.set.isAddress(&b.shape.text, line, p.ip)
}

// Repeat adds an entry that is line i of the block, which fits the pattern. at
// is the entry's time, and offset how far that lies behind the stamp of the
// pattern, if it has one. It reports false, and adds nothing, where these are
// not as in the pattern's own entry.
func (b *SegmentBuilder) Repeat(p *Pattern, i int, line *text.Line, at Time, offset int64) bool {
	if i <= b.line || p.stamp >= 0 && offset != p.offset || p.stamp < 0 && at != b.prev {
		return false
	}
	start, end := b.shape.bounds(i)
	b.flowOn(i, i, p.number)
	b.see(at)
	b.end = end
	set := &b.set
	if p.seen != set.block {
		p.seen = set.block
		for _, n := range p.terms {
			set.mark(n)
		}
	}
	for _, k := range p.ipv4 {
		set.addIPv4(&b.shape.text, line.Values[k])
	}
	for _, k := range p.colons {
		set.addColons(&b.shape.text, line.Values[k])
	}
	if p.pid >= 0 {
		pid, _ := line.Number(p.pid)
		set.addPID(int(pid))
	}
	if p.user.varies() {
		set.mark(set.user(p.user.in(line, b.raw[start:end])))
	}
	if p.session.varies() {
		set.mark(set.session(p.session.in(line, b.raw[start:end])))
	}
	return true
}
