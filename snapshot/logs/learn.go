package logs

import (
	"bytes"
	"strings"

	"stilltrace/index/text"
)

// learn makes the entry of the first n lines, which was parsed last, a variant
// of the plan of its first line's template.
func (s *splitter) learn(n int, e *Entry) {
	l := s.looks[0]
	p := s.plan(&l.line)
	line := s.bytes(l)
	if p.tries >= maxTries || s.parseAll || s.signer.loose || !allPlain(s.looks[:n]) || l.fits == nil && !s.format.Starts(line) {
		return
	}
	if p.tries++; p.tries <= 2 && !s.recurs(p, &l.line, line) {
		return // most templates that are met once are never met again
	}
	v := variant{clock: e.Clock, stamp: -1}
	if !e.Stamp.IsZero() {
		if v.stamp = stampIn(&l.line, e.Stamp); v.stamp < 0 {
			return
		}
		_, second, _ := l.line.Ticks(v.stamp)
		v.of = stampForm{uint32(second), int32(e.Stamp.Zone), e.Stamp.HasZone}
		e.Decide(zoneBehind(line, int(l.line.Marks[v.stamp].End)))
	} else if undated(&l.line) {
		return
	}
	for k, l := range s.looks[:n] {
		line := s.bytes(l)
		if !s.settled(&l.line, line) {
			return
		}
		s.decide(l, line, e)
		if k == 0 {
			v.odd = l.odd
		} else {
			v.more = append(v.more, l.odd)
		}
	}
	if v.pattern = s.builder.Pattern(&e.Entry); v.pattern != nil {
		p.variants = append(p.variants, offer{&v, s.asksOf(&v, &l.line, line)})
	}
}

// maxRecurring bounds the templates of which a splitter knows that they recur.
const maxRecurring = 1 << 12

// recurs reports whether the template of a line was met before, in the segment
// or twice in an earlier one: segments of one log have mostly the same
// templates. When a plan is made changes nothing of the case.
func (s *splitter) recurs(p *plan, line *text.Line, b []byte) bool {
	s.hash.Reset()
	at := 0
	for k, m := range line.Marks {
		s.hash.Write(b[at:m.Start])
		s.hash.WriteByte(byte(line.Kind(k)))
		at = int(m.End)
	}
	s.hash.Write(b[at:])
	h := s.hash.Sum64()
	if _, ok := s.recurring[h]; ok || p.tries == 1 {
		return ok
	}
	if s.recurring == nil || len(s.recurring) >= maxRecurring {
		s.recurring = map[uint64]struct{}{}
	}
	s.recurring[h] = struct{}{}
	return true
}

// decide makes those variables decisive that no format has to name: odd ones,
// numbers that end a word, such as the one of "ssh2", and what could be a zone.
func (s *splitter) decide(l *look, line []byte, e *Entry) {
	stamp := -1 // where the last one ends
	for k, m := range l.line.Marks {
		kind := l.line.Kind(k)
		if kind == text.KindStamp || kind == text.KindAgain {
			stamp = int(m.End)
		}
		before := byte(0)
		if m.Start > 0 {
			before = line[m.Start-1]
		}
		hex := kind == text.KindLower || kind == text.KindUpper
		switch {
		case kind == text.KindColons && before != '-' && before != '+':
			// Whether it is an address is a matter of being odd.
		case hex && k > 0 && l.line.Kind(k-1) == kind && l.line.Marks[k-1].End == m.Start:
			// The rest of an identifier too long for one number is no word either.
		case l.names && kind == text.KindQuoted && s.texts[kind][l.line.Values[k]]&textNames != 0:
			e.Decide(line[m.Start:m.End])
			e.Named = appendAddresses(e.Named, line[m.Start:m.End])
		case kind > text.KindDecimal && k < 64 && l.odd>>k&1 != 0,
			kind < text.KindStamp && byteClass[before]&byteWord != 0 && !namesThing(line[:m.Start], line[m.End:]),
			stamp >= 0 && stamp < int(m.Start) && mayBeZone(line[stamp:m.Start]),
			e.Stamp.IsZero() && kind == text.KindNumber && (mayBeDate(line, m) || stamp >= 0 && int(m.Start) == stamp+1):
			e.Decide(line[m.Start:m.End])
		}
	}
}

// namesThing reports whether a number between the two is part of a name, an
// address of mail, or one of memory, and of no word that a format knows.
func namesThing(before, behind []byte) bool {
	return before[len(before)-1] == '_' || bytes.HasSuffix(before, []byte("0x")) || bytes.HasPrefix(behind, []byte("@"))
}

// undated reports whether a stamp of the line is none because there is no such
// day: other lines of the template have a time.
func undated(line *text.Line) bool {
	for k := range line.Values {
		if t, ok := line.Stamp(k); ok && !isDay(t) {
			return true
		}
	}
	return false
}

func isDay(t text.Stamp) bool {
	return t.Day > 0 && (t.Day <= 28 || t.Day <= daysIn(t.Year, t.Month))
}

// mayBeZone reports whether what follows is a part of a zone, behind the stamp
// and b.
func mayBeZone(b []byte) bool {
	const longest = len(" +02:")
	return len(b) <= longest && bytes.ContainsAny(b, "+-") && len(bytes.Trim(b, " +-:0123456789")) == 0
}

// mayBeDate reports whether a number stands where it could be a part of a date
// that package text does not know, or of none that there is.
func mayBeDate(line []byte, m text.Mark) bool {
	const far = 40 // where a date begins at the latest, with a level and brackets before it
	if m.Start >= far {
		return false
	}
	parts := func(at int) bool { return at >= 0 && at < len(line) && strings.IndexByte("-/:", line[at]) >= 0 }
	start := int(m.Start)
	return parts(start-1) || parts(int(m.End)) || start >= 4 && line[start-1] == ' ' && month(line[start-4:start]) > 0
}

// stampIn returns which variable of the line is the stamp, or -1.
func stampIn(line *text.Line, s Stamp) int {
	for k := range line.Values {
		if t, ok := line.Stamp(k); ok {
			if t == (text.Stamp{Year: s.Year, Month: s.Month, Day: s.Day, Hour: s.Hour, Minute: s.Min, Second: s.Sec, Nano: s.Nano}) {
				return k
			}
			break
		}
	}
	return -1
}

// zoneBehind returns the text of a zone behind a stamp, or what stands there.
func zoneBehind(line []byte, at int) []byte {
	var s Stamp
	if n := s.zone(line[at:]); n > 0 {
		return line[at : at+n]
	}
	if at < len(line) && line[at] == ' ' {
		if n := s.zone(line[at+1:]); n > 0 {
			return line[at : at+1+n]
		}
	}
	return nil
}

// settled reports whether the addresses of every line of the template are just
// those of its variables: no other part of it can be one, whatever its
// variables are.
func (s *splitter) settled(line *text.Line, b []byte) bool {
	k := 0
	for i := 0; i < len(b); {
		if byteClass[b[i]]&(byteHex|byteDot|byteColon) == 0 {
			i++
			continue
		}
		start, dots, colons, double := i, 0, 0, false
		for ; i < len(b) && byteClass[b[i]]&(byteHex|byteDot|byteColon) != 0; i++ {
			switch b[i] {
			case '.':
				dots++
			case ':':
				colons++
				double = double || i > start && b[i-1] == ':'
			}
		}
		for k < len(line.Marks) && int(line.Marks[k].End) <= start {
			k++
		}
		if dots < 3 && colons < 6 && !double {
			continue
		}
		if k == len(line.Marks) || int(line.Marks[k].Start) > i {
			continue // it is the same in all lines
		}
		m := line.Marks[k]
		switch kind := line.Kind(k); {
		case kind.IsText() && kind > text.KindColons && int(m.Start) <= start && int(m.End) >= i:
		case kind == text.KindIPv4 && int(m.Start) == start && colons < 2:
		case kind == text.KindColons && int(m.Start) == start && i-int(m.End) <= 1:
		default:
			return false
		}
	}
	return true
}
