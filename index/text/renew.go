package text

// renew lets the scanner go on from where it came to stand behind the piece of a
// node that ends at p, as if it had gone through the piece. It returns -1, and
// leaves all as it was, where nothing is found so.
func (s *scanner) renew(k uint32, p int) int {
	at, j := &s.trail.stands[k], p
	if at.stop < 0 {
		j += int(at.stop)
	} else if classes[s.wide[p]]&isDigit == 0 {
		j = s.newStop(k, p)
	}
	if j < 0 || j >= len(s.line) {
		return -1
	}
	s.behind()
	opened, closed := s.opened, s.closed
	if quote := s.trail.nodes[k].quote; quote > 0 {
		q := s.done + int(quote) - 1
		end, as := s.isQuoted(q)
		if as != quotedParts {
			return -1
		}
		s.closed, s.quote = end, q
	}
	switch {
	case at.opened > 0:
		s.opened = s.done + int(at.opened) - 1
	case at.opened < 0:
		s.opened = -1
	}
	s.expect = k
	n := s.slots
	i := s.dispatch(j, false)
	s.expect = noNode
	if s.slots > n {
		return i
	}
	s.opened, s.closed, s.quote = opened, closed, -1
	return -1
}

// newStop returns where the scanner comes to stand behind the piece of a node
// that ends at p, where no digit is, or -1 where more than the piece decides that.
func (s *scanner) newStop(k uint32, p int) int {
	if s.trail.stands[k].stop == 0 {
		if s.wide[p] != '/' {
			return -1
		}
		return p
	}
	stamp := s.trail.nodes[k].follow == followStamp
	if stamp && monthOf(s.wide[p:p+3]) < 0 {
		return -1
	}
	j := nextStart(s.wide, len(s.line), p)
	if s.wide[j] == '"' || s.wide[j] == '=' || stamp && j > p+len("Nov  ") {
		return -1
	}
	// After an equals sign there may be a text that ends before anything but
	// letters: it is none where a digit or a slash is found first.
	for n := p; n < j && !stamp; n++ {
		if classes[s.wide[n]]&isAlnum == 0 {
			return -1
		}
	}
	return j
}
