package index

import (
	"stilltrace/index/summary"
	"stilltrace/index/text"
)

// taken is an entry of one line that lies as a pattern says, and waits to be
// counted.
type taken struct {
	*Pattern
	values []uint64
	at     Time
	line   int // of the block
}

// takenAtOnce is how many wait: a few kilobytes.
const takenAtOnce = 64

// Values returns of what template line i of the block is, and its values. They
// are valid until the next Begin.
func (b *SegmentBuilder) Values(i int) (template uint32, values []uint64) {
	return b.shape.text.Values(i)
}

// IsAlone reports whether RepeatLine takes lines of the pattern: all that their
// events have to themselves are the time and values of variables.
func (p *Pattern) IsAlone() bool { return p.alone }

func (p *Pattern) isAlone() bool {
	return len(p.templates) == 1 && p.stamp >= 0 && len(p.apart) == 0 && p.named == nil && !p.session.varies() && (!p.user.varies() || p.user.mark >= 0)
}

// RepeatLine is Repeat for line i of the block, whose values these are, and a
// pattern that is alone. at must be a known time.
func (b *SegmentBuilder) RepeatLine(p *Pattern, i int, values []uint64, at Time, offset int64) bool {
	if !p.alone || i <= b.line || offset != p.offset || at <= 0 {
		return false
	}
	b.flowOn(i, i, p.number)
	b.see(at)
	if b.taken = append(b.taken, taken{p, values, at, i}); len(b.taken) == takenAtOnce {
		b.settle()
	}
	return true
}

// settle counts the entries that wait. Where their addresses and users are in
// memory is as good as random, so all of it is asked for first, in a loop that
// does nothing else: most of the waiting is done once.
func (b *SegmentBuilder) settle() {
	set, warm := &b.set, uint32(0)
	for i := range b.taken {
		t := &b.taken[i]
		for _, k := range t.ipv4[0] {
			if n := t.values[k]; n < uint64(len(set.ipv4)) {
				warm += set.ipv4[n].term
			}
		}
		if t.user.mark >= 0 {
			if n, of := t.values[t.user.mark], b.names[t.user.kind]; n < uint64(len(of)) {
				warm += of[n].term
			}
		}
	}
	b.warm += warm
	for i := range b.taken {
		b.count(&b.taken[i])
	}
	b.taken = b.taken[:0]
}

// count makes what an entry names terms of the block, and counts the entry.
func (b *SegmentBuilder) count(t *taken) {
	set, p := &b.set, t.Pattern
	if p.seen != set.block {
		p.seen = set.block
		for _, n := range p.terms {
			set.mark(n)
		}
	}
	for _, k := range p.ipv4[0] {
		set.addIPv4(&b.shape.text, t.values[k])
	}
	for _, k := range p.colons[0] {
		set.addColons(&b.shape.text, t.values[k])
	}
	if p.pid >= 0 {
		set.addPID(int(t.values[p.pid]))
	}
	var user *knownName
	if p.user.mark >= 0 {
		user = b.userOf(t)
		if user.block != set.block {
			user.block = set.block
			set.mark(user.term - 1)
		}
	}
	if b.counts() {
		if p.opened != set.block {
			p.opened = set.block
			b.sum.open(p)
		}
		b.sum.count(t, b, user)
	}
}

// userOf returns what is known of the text that is the user of an entry.
func (b *SegmentBuilder) userOf(t *taken) *knownName {
	n := t.values[t.user.mark]
	user := b.nameAt(t.user.kind, n)
	if user.term == 0 {
		user.term = b.set.user(b.shape.text.Text(t.user.kind, n)) + 1
	}
	return user
}

// count counts an entry whose user, if each has another one, is known.
func (s *summarizer) count(t *taken, b *SegmentBuilder, user *knownName) {
	p, v := t.Pattern, &s.event
	c := &p.sum
	v.User, v.About = c.name, summary.None
	if user != nil {
		if user.round != s.round.Names+1 {
			user.round, user.number = s.round.Names+1, int32(s.User(b.shape.text.Text(p.user.kind, t.values[p.user.mark])))
		}
		v.User = int(user.number)
	}
	v.Names = v.Names[:0]
	for _, k := range p.ipv4[0] {
		if n := s.ipv4(b, t.values[k]); k != p.ip {
			v.Names = append(v.Names, n)
		} else {
			v.About = n
		}
	}
	for _, k := range p.colons[0] {
		if m := b.set.colon(&b.shape.text, t.values[k]); m.addr.IsValid() {
			if n := s.number(&m.numbered, m.addr); k != p.ip {
				v.Names = append(v.Names, n)
			} else {
				v.About = n
			}
		}
	}
	start, end := b.shape.bounds(t.line)
	v.Time, v.Line, v.Offset = int64(t.at), b.line0+int64(t.line), b.at0+int64(start)
	if s.See(&c.lot, v) && c.keep {
		c.lot.Message = c.messageOf(b, t, start, end)
	}
}

// messageOf returns the message of an entry.
func (s *patternSum) messageOf(b *SegmentBuilder, t *taken, start, end int) []byte {
	if s.always != nil {
		return s.always
	}
	var line text.Line
	b.LineTo(&line, t.line)
	from, ok1 := line.At(s.message.from)
	to, ok2 := line.At(s.message.to)
	if !ok1 || !ok2 || from > to || to > end-start {
		return nil
	}
	return b.raw[start+from : start+to]
}

// open begins the lot of the block's events of a pattern.
func (s *summarizer) open(p *Pattern) {
	c := s.counted(p)
	c.lot.Kind, c.lot.Times = c.number, c.times
	s.OpenLot(&c.lot)
	s.lots = append(s.lots, &c.lot)
}

// end counts the lots of a block.
func (s *summarizer) end() {
	for _, l := range s.lots {
		s.CloseLot(l)
	}
	clear(s.lots)
	s.lots = s.lots[:0]
}
