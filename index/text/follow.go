package text

// How a slot is found that a known piece of text leads to. The pieces of a
// template tell how its line was scanned as far as nothing but them was looked
// at; what a scanner looks at besides, beyond the piece, is looked at again.
type follow uint8

const (
	followNot  follow = iota // the scanner has to go through the piece
	followSlot               // it may go on from where it came to stand
	followNumber
	followDecimal
	followHex
	followPrefixed // behind 0x
	followIPv4
	followStamp
	followPath
	followQuoted
	followValue
	followUser
	followEnd
)

// user is what stands before the blank before the name of a user, and user4 is
// the same as load32 reads it.
const (
	user  = "user"
	user4 = 'u' | 's'<<8 | 'e'<<16 | 'r'<<24
)

// follow takes the variables out to which known pieces of text lead, from i on,
// which is directly behind a variable or the start of the line. It returns where
// the scanner has to go on; where the line is ended, that is its end.
func (s *scanner) follow(i int) int {
	for {
		next := s.step()
		if next < 0 {
			return i
		}
		if i = next; s.ended {
			return i
		}
	}
}

// step goes to the next node and takes its variable out. It returns where the
// scanner stands then, or -1 where no known piece of text leads on.
func (s *scanner) step() int {
	t, wide, done := &s.trail, s.wide, s.done
	if done >= len(user) && load32(wide, done-len(user)) == user4 && wide[done] == ' ' {
		return -1 // a name follows
	}
	of := &t.nodes[s.node].kids
	for i := range of {
		k := of[i]
		if k == noNode {
			return -1
		}
		c := &t.nodes[k]
		if (load64(wide, done)^c.head)<<c.shift != 0 || c.follow == followNot || c.size > 8 && !t.rest(c, wide, done, len(s.line)) {
			continue
		}
		p, closed := done+int(c.size), s.closed
		if c.quote > 0 {
			as := 0
			if closed, as = s.isQuoted(done + int(c.quote) - 1); as != quotedParts {
				return -1
			}
		}
		v, end, behind := uint64(0), 0, 0
		switch c.follow {
		case followNumber:
			v, end = plainNumber(wide, p)
		case followIPv4:
			var ip uint32
			if ip, end = parseIPv4(wide, p); end > 0 {
				v = uint64(s.dict.addIPv4(ip))
			}
		case followStamp:
			v, end = s.again(p, c.code)
		case followPath:
			v, end = s.pathAt(p)
		case followDecimal:
			v, end = plainDecimal(wide, p, int(c.code>>8&0xFF))
		case followHex:
			v, end = plainHex(wide, p, c.code, false)
		case followPrefixed:
			v, end = plainHex(wide, p, c.code, true)
		case followValue:
			v, end = s.valueAt(p)
		case followUser:
			if v, end = s.userAt(p); end == 0 {
				continue
			}
		case followQuoted:
			behind = 1
			if v, end = s.quotedAt(p, c); end == 0 {
				continue
			}
		case followEnd:
			if p != len(s.line) {
				continue
			}
			if i > 0 {
				t.went(s.node, k)
			}
			s.node, s.ended = k, true
			return p
		}
		if end == 0 {
			return s.renew(k, p)
		}
		if i > 0 {
			t.went(s.node, k)
		}
		s.node, s.closed = k, closed
		s.record(c.code, p, end, v)
		return end + behind
	}
	return -1
}

// renew lets the scanner go on from where it came to stand behind the piece of a
// node that ends at p, as if it had gone through the piece. It returns -1, and
// leaves all as it was, where nothing is found so.
func (s *scanner) renew(k uint32, p int) int {
	at, j := &s.trail.stands[k], p
	if at.stop < 0 {
		j += int(at.stop)
	} else {
		j = nextStart(s.wide, len(s.line), p)
		if s.trail.nodes[k].follow == followStamp && j > p {
			if j > p+len("Nov  ") || monthOf(s.wide[p:p+3]) < 0 {
				return -1
			}
		}
		// After an equals sign there may be a text that ends before anything but
		// letters: it is none where a digit or a slash is found first.
		for n := p; n < j && s.trail.nodes[k].follow != followStamp; n++ {
			if classes[s.wide[n]]&isAlnum == 0 {
				return -1
			}
		}
		if at.stop == 0 && j > p || s.wide[j] == '"' || s.wide[j] == '=' {
			return -1
		}
	}
	if j >= len(s.line) {
		return -1
	}
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
	n := len(s.values)
	i := s.dispatch(j, false)
	s.expect = noNode
	if len(s.values) > n {
		return i
	}
	s.opened, s.closed, s.quote = opened, closed, -1
	return -1
}
