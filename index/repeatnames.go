package index

import (
	"bytes"
	"net/netip"
	"slices"
)

// patternNames are the addresses that all events of a pattern name beside those
// of their variables: they stand in a text that has to be the same, such as a
// rule that is quoted.
type patternNames struct {
	addrs []netip.Addr
	rest  []byte // what the shape cannot say: their numbers
}

// names takes e.Named in. It reports false where the event does not name these
// and the addresses of its variables, each of them once: which ones it lists
// would not be the same in other lines.
func (p *Pattern) names(b *SegmentBuilder, e *Entry) bool {
	s := &b.shape
	if !s.listed || len(e.Named) == 0 {
		return !s.listed && len(e.Named) == 0
	}
	marked := s.marked(b.raw)
	if len(s.parts) > 0 || len(e.IPs) != len(marked)+len(e.Named) {
		return false
	}
	for _, a := range e.IPs {
		if firstOf(marked, a) && !slices.Contains(e.Named, a) {
			return false
		}
	}
	p.named = &patternNames{slices.Grow(slices.Clone(e.Named), len(marked)), bytes.Clone(s.rest)}
	for _, a := range e.Named {
		p.terms = append(p.terms, b.set.address(a))
	}
	return true
}

// others reports whether the variables of the lines are other addresses than
// these, and each another one.
func (s *patternNames) others(p *Pattern, b *SegmentBuilder, l *Lines) bool {
	seen := s.addrs
	for n := range p.outers() {
		line := l.outer(n)
		for k := range line.Values {
			a, ok := addressOf(&b.shape.text, line, k)
			if ok && slices.Contains(seen, a) {
				return false
			}
			if ok {
				seen = append(seen, a)
			}
		}
	}
	return true
}
