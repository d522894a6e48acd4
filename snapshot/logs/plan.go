package logs

import (
	"bytes"

	"stilltrace/index"
	"stilltrace/index/text"
)

// Lines of one template mean the same, but for what stands in their variables.
// So most of them are not parsed: a plan says of a template how the lines lie
// that were parsed, and the index takes other lines likewise. What Parse says
// is decisive (Entry.Decide) has to be the same in them, and so has every text
// that could look like more than one word.
type plan struct {
	variants []offer // those that are met often come first
	tries    int     // how often one was to be made
	// Where its checked variables are among those of the segment, once the template was seen.
	seen     bool
	from, to uint32
}

// met moves the variant that was met ahead.
func (p *plan) met(i int) {
	if i > 0 {
		p.variants[i-1], p.variants[i] = p.variants[i], p.variants[i-1]
	}
}

// checked is a variable that may stand against a plan.
type checked struct {
	mark uint8
	kind text.Kind
}

// variant is one way in which lines of a template are taken.
type variant struct {
	pattern *index.Pattern
	odd     uint64 // which variables of its first line are odd, or long numbers, a bit each
	stamp   int    // the variable that is the stamp, or -1
	of      stampForm
	clock   index.Clock
	more    []uint64 // likewise of each of its other lines
}

const (
	// maxTries bounds how often an entry that begins with a template is made a variant: what needs more has in its place a variable that
	// decides everything, and is parsed each time.
	maxTries = 32
	// maxPlanned is how many lines the entries have at most that plans take.
	maxPlanned = index.MaxPatternLines
)

// look is a line before it is parsed or taken by a plan.
type look struct {
	n      int // of the line in the block
	values []uint64
	line   text.Line // once it was filled
	filled bool
	odd    uint64
	plain  bool     // no variable of it stands against a plan
	names  bool     // what is quoted in it names addresses: it can only be a further line of an entry
	fits   *variant // which lies as this line does, or nil
	begins bool     // it is as the first one of several lines is
}

// look fills in what line i of the block is made of, which may be the k-th of an
// entry.
func (s *splitter) look(k, i int) *look {
	l := s.looks[k]
	template, values := s.builder.Values(i)
	l.n, l.values, l.filled, l.odd, l.plain, l.names, l.fits, l.begins = i, values, false, 0, true, false, nil, false
	p := &s.plans[template]
	for i := range p.variants {
		v := &p.variants[i]
		if v.asks == nil || !s.answers(v.asks, values) || v.stamp >= 0 && !s.dates(l, v.variant) {
			continue
		}
		if l.odd = v.odd; len(v.more) == 0 {
			l.fits = v.variant
			p.met(i)
			return l
		}
		l.begins = true
	}
	if !l.begins {
		s.fill(l)
		s.lookAgain(s.plan(&l.line), l)
	}
	return l
}

// fill takes in all that the line is made of: a plan that takes it as it is asks
// for its values alone.
func (s *splitter) fill(l *look) {
	if !l.filled {
		l.filled = true
		s.builder.LineTo(&l.line, l.n)
	}
}

// lookAgain is look for a line that answers nothing that is asked: which of its
// variables are odd, and whether it fits in spite of that.
func (s *splitter) lookAgain(p *plan, l *look) {
	for _, c := range s.checked[p.from:p.to] {
		v := l.line.Values[c.mark]
		if c.kind <= text.KindDecimal {
			if v >= short && !s.isShort(l, c.mark) {
				l.mark(c.mark)
			}
			continue
		}
		f := s.texts[c.kind][v]
		if f&textPlain != 0 {
			continue
		}
		if f&textStrange != 0 || f&textOdd != 0 && s.format.Opaque&(1<<c.kind) == 0 {
			l.mark(c.mark)
		}
		if f&textNames != 0 {
			l.mark(c.mark)
			l.names = true
			l.plain = l.plain && isQuoted(c.kind, s.bytes(l), l.line.Marks[c.mark])
		}
	}
	if l.plain && !l.names && !s.parseAll {
		l.fits = s.fitLine(p, l)
	}
}

// mark says that a variable of the line is odd.
func (l *look) mark(k uint8) {
	l.odd |= 1 << k
	l.plain = l.plain && k < 64
}

// fitLine returns the variant that the line fits as an entry, or nil.
func (s *splitter) fitLine(p *plan, l *look) *variant {
	for i := range p.variants {
		v := p.variants[i].variant
		if v.odd == l.odd && s.builder.FitsLine(v.pattern, &l.line) && (v.stamp < 0 || s.dates(l, v)) {
			p.met(i)
			return v
		}
	}
	return nil
}

// isShort reports whether a number has so few digits, before its point, that the
// formats take it for one.
func (s *splitter) isShort(l *look, mark uint8) bool {
	const longest = 9
	m := l.line.Marks[mark]
	return m.End-m.Start <= longest || bytes.IndexByte(s.bytes(l)[m.Start:][:longest+1], '.') >= 0
}

// bytes returns the text of the line.
func (s *splitter) bytes(l *look) []byte {
	start, end := s.builder.Bounds(l.n)
	return s.raw[start:end]
}

// lines are the first n lines that were looked at.
func (s *splitter) lines(n int) (of index.Lines) {
	of.First, of.Last, of.Of = s.looks[0].n, s.looks[n-1].n, s.of[:n]
	return of
}

// fit returns the variant that the first n lines fit as an entry, or nil.
func (s *splitter) fit(n int) *variant {
	looks := s.looks[:n]
	if s.parseAll || !allPlain(looks) {
		return nil
	}
	for _, l := range looks {
		s.fill(l)
	}
	of := s.lines(n)
	p := s.plan(&looks[0].line)
	for i := range p.variants {
		v := p.variants[i].variant
		if v.odds(looks) && s.builder.Fits(v.pattern, &of) && (v.stamp < 0 || s.dates(looks[0], v)) {
			p.met(i)
			return v
		}
	}
	return nil
}

// allPlain reports whether none of the lines stands against a plan.
func allPlain(looks []*look) bool {
	for k, l := range looks {
		if !l.plain || l.names && k == 0 {
			return false
		}
	}
	return true
}

// isQuoted reports whether a variable is all that stands between two quotes:
// which addresses are in it is then for itself to say.
func isQuoted(k text.Kind, line []byte, m text.Mark) bool {
	return k == text.KindQuoted && m.Start > 0 && int(m.End) < len(line) && line[m.Start-1] == '"' && line[m.End] == '"'
}

// odds reports whether so many lines have the same odd variables.
func (v *variant) odds(looks []*look) bool {
	if v.odd != looks[0].odd || len(v.more) != len(looks)-1 {
		return false
	}
	for i, odd := range v.more {
		if odd != looks[i+1].odd {
			return false
		}
	}
	return true
}

// plan returns the plan of a line's template.
func (s *splitter) plan(line *text.Line) *plan {
	p := &s.plans[line.Template]
	if !p.seen {
		s.begin(p, line)
	}
	return p
}

// begin fills in what the plan of a line's template begins with.
func (s *splitter) begin(p *plan, line *text.Line) {
	p.seen, p.from = true, uint32(len(s.checked))
	for k := range line.Values {
		if kind := line.Kind(k); kind <= text.KindDecimal || kind > text.KindIPv4 {
			s.checked = append(s.checked, checked{uint8(k), kind})
		}
	}
	p.to = uint32(len(s.checked))
}

// starts reports whether the line begins an entry.
func (s *splitter) starts(l *look) bool {
	return l.fits != nil || l.begins || s.format.Starts(afterHole(s.bytes(l)))
}

// takeLine adds the line that was looked at first, which lies as a variant says,
// as an entry.
func (s *splitter) takeLine(j *job, v *variant) bool {
	l := s.looks[0]
	if v.stamp < 0 || !v.pattern.IsAlone() {
		s.fill(l)
		return s.take(j, v, 1)
	}
	at, offset, clock := s.when(j, l, v)
	if clock != v.clock || !s.builder.RepeatLine(v.pattern, l.n, l.values, at, offset) {
		return false
	}
	s.dated(j, at)
	return true
}

// take adds the entry of the first n lines, which lies as a variant says.
func (s *splitter) take(j *job, v *variant, n int) bool {
	of := s.lines(n)
	if v.stamp < 0 {
		at, clock := s.undated(j)
		return clock == v.clock && s.builder.Repeat(v.pattern, &of, at, 0)
	}
	at, offset, clock := s.when(j, s.looks[0], v)
	if clock != v.clock || !s.builder.Repeat(v.pattern, &of, at, offset) {
		return false
	}
	s.dated(j, at)
	return true
}
