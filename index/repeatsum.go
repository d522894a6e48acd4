package index

import (
	"bytes"
	"net/netip"

	"stilltrace/index/summary"
	"stilltrace/index/text"
)

// patternSum is what a summary counts of the events of a pattern.
type patternSum struct {
	kind    summary.Kind
	keep    bool  // an example
	times   int64 // that each event stands for
	user    []byte
	message reach // where it stands; or it is always the same:
	always  []byte

	// Numbers are those of a round.
	round, number, name int
	lot                 summary.Lot
}

// settle fills in what is counted; false where an example could not be found in
// other lines.
func (s *patternSum) settle(p *Pattern, b *SegmentBuilder, e *Entry) bool {
	s.kind, s.keep = e.summaryKind(b.row.Source)
	s.times, s.round = Times(e.Count), -1
	if !p.user.varies() {
		s.user = bytes.Clone(e.User)
	}
	if !s.keep {
		return true
	}
	if within(b.raw, e.Message) < 0 {
		s.always = bytes.Clone(e.Message)
		return true
	}
	return s.message.place(&b.shape, b.raw, e.Message)
}

// counted returns what is counted of the events of a pattern, with the numbers
// of this round.
func (s *summarizer) counted(p *Pattern) *patternSum {
	c := &p.sum
	if c.round != s.round.Names {
		c.round, c.number, c.name = s.round.Names, s.Kind(c.kind, c.keep), summary.None
		if len(c.user) > 0 {
			c.name = s.User(c.user)
		}
	}
	return c
}

// repeat counts an event that lies in its lines as the pattern says.
func (s *summarizer) repeat(p *Pattern, b *SegmentBuilder, l *Lines, at Time) {
	c, v := s.counted(p), &s.event
	start, _ := b.shape.bounds(l.First)
	v.Kind, v.User, v.About = c.number, c.name, summary.None
	if p.user.varies() {
		v.User = s.userIn(&p.user, b, l)
	}
	v.Names = v.Names[:0]
	if p.named != nil {
		for _, a := range p.named.addrs {
			v.Names = append(v.Names, s.Address(a))
		}
	}
	for n := range p.outers() {
		line := l.outer(n)
		for _, k := range p.ipv4[n] {
			if k != p.ip || p.ipOf != n {
				v.Names = append(v.Names, s.ipv4(b, line.Values[k]))
			}
		}
		for _, k := range p.colons[n] {
			if m := b.set.colon(&b.shape.text, line.Values[k]); m.addr.IsValid() {
				v.Names = append(v.Names, s.number(&m.numbered, m.addr))
			}
		}
	}
	if p.ip >= 0 {
		line := l.outer(p.ipOf)
		if line.Kind(p.ip) == text.KindIPv4 {
			v.About = s.ipv4(b, line.Values[p.ip])
		} else {
			m := b.set.colon(&b.shape.text, line.Values[p.ip])
			v.About = s.number(&m.numbered, m.addr)
		}
	}
	v.Times, v.Time, v.Line, v.Offset = c.times, int64(at), b.line0+int64(l.First), b.at0+int64(start)
	if v.Message = nil; c.keep {
		if v.Message = c.always; v.Message == nil {
			v.Message = b.in(&c.message, l)
		}
	}
	s.Add(v)
}

// userIn returns the number of a user whose name is a part of the lines.
func (s *summarizer) userIn(r *reach, b *SegmentBuilder, l *Lines) int {
	if r.mark < 0 {
		if name := b.in(r, l); len(name) > 0 {
			return s.User(name)
		}
		return summary.None
	}
	line := l.Of[r.line]
	k := b.nameAt(r.kind, line.Values[r.mark])
	if k.round != s.round.Names+1 {
		k.round, k.number = s.round.Names+1, int32(s.User(b.in(r, l)))
	}
	return int(k.number)
}

// ipv4 returns the number of an address that is a text of the segment, and was
// added to its terms.
func (s *summarizer) ipv4(b *SegmentBuilder, n uint64) int {
	k := &b.set.ipv4[n]
	if k.round != int32(s.round.Addresses) {
		return s.number(&k.numbered, ipv4Of(&b.shape.text, n))
	}
	return int(k.number)
}

// number returns the number of an address.
func (s *summarizer) number(n *numbered, a netip.Addr) int {
	if round := int32(s.round.Addresses); n.round != round {
		*n = numbered{int32(s.NewAddress(a)), round}
	}
	return int(n.number)
}

// numbered is the number of an address in a round of the summary.
type numbered struct{ number, round int32 }
