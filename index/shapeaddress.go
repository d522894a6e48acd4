package index

import (
	"net/netip"

	"stilltrace/index/text"
)

// ip says where the address stands that the event is about.
func (s *shaper) ip(raw []byte, a netip.Addr, shared *shared) {
	if !a.IsValid() {
		s.byte(addressNone)
		return
	}
	for i, m := range s.marked(raw) {
		if m.addr != a {
			continue
		}
		for _, other := range s.addresses[i+1:] {
			s.unsure = s.unsure || other.addr == a
		}
		s.ipMark, s.ipLast = m.mark, m.kind == addressLast
		break
	}
	s.address(raw, a, shared)
}

// address says where one address stands.
func (s *shaper) address(raw []byte, a netip.Addr, shared *shared) {
	for _, m := range s.marked(raw) {
		if m.addr == a {
			s.byte(m.kind)
			s.uint(uint64(m.mark))
			return
		}
	}
	s.byte(addressApart)
	s.aside(shared.address(a))
}

// ips says which addresses the event names.
func (s *shaper) ips(raw []byte, ips []netip.Addr, shared *shared) {
	all, n := s.marked(raw), 0
	for i, m := range all {
		if firstOf(all[:i], m.addr) {
			if n >= len(ips) || ips[n] != m.addr {
				n = -1
				break
			}
			n++
		}
	}
	if n == len(ips) {
		s.byte(namesAll)
		return
	}
	s.byte(namesThese)
	s.listed = true
	s.uint(uint64(len(ips)))
	for _, a := range ips {
		s.address(raw, a, shared)
	}
}

// firstOf reports whether none of the addresses is a.
func firstOf(before []markedAddress, a netip.Addr) bool {
	for i := range before {
		if before[i].addr == a {
			return false
		}
	}
	return true
}

// marked returns the addresses that the variables of the event's lines are.
func (s *shaper) marked(raw []byte) []markedAddress {
	if s.found {
		return s.addresses
	}
	s.found = true
	add := func(kind byte, line *text.Line) {
		for i := range line.Values {
			if a, ok := addressOf(&s.text, line, i); ok {
				s.addresses = append(s.addresses, markedAddress{a, kind, i})
			}
		}
	}
	add(addressFirst, &s.marks)
	add(addressLast, &s.lastMarks)
	return s.addresses
}

// addressOf returns the address that variable i of the line is.
func addressOf(texts *text.Encoder, line *text.Line, i int) (netip.Addr, bool) {
	switch line.Kind(i) {
	case text.KindIPv4:
		return ipv4Of(texts, line.Values[i]), true
	case text.KindColons:
		return ParseColons(texts.Text(text.KindColons, line.Values[i]))
	}
	return netip.Addr{}, false
}

// ipv4Of returns the address of four bytes that is text n of the segment.
func ipv4Of(texts *text.Encoder, n uint64) netip.Addr {
	return netip.AddrFrom4([4]byte(texts.Text(text.KindIPv4, n)))
}
