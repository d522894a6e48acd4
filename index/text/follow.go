package text

import "math/bits"

// How a slot is found that a known piece of text leads to. The pieces of a
// template tell how its line was scanned as far as nothing but them was looked
// at; what a scanner looks at besides, beyond the piece, is looked at again.
type follow uint8

const (
	followNot  follow = iota // the scanner has to go through the piece
	followSlot               // it may go on from where it came to stand
	followNumber
	followBehind // a number behind a colon
	followDecimal
	followHex
	followLong     // of more digits than an integer has
	followPrefixed // behind 0x
	followStamp
	followIPv4 // from here on: texts
	followColons
	followPath
	followValue
	followUser
	followQuoted
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
	t := &s.trail
	if s.isBeforeName() {
		return i
	}
	for {
		wide, done, from := s.wide, s.done, s.node
		head := load64(wide, done)
		k := t.nodes[from].latest()
		c := &t.nodes[k]
		end := -1
		if (head^c.head)<<(c.half&63)<<(c.half&63) == 0 && (c.size <= 8 || t.rest(c, wide, done, len(s.line))) {
			p := done + int(c.size)
			if c.follow == followNumber && c.quote == 0 {
				x := load64(wide, p) ^ zeros
				if m := notDigits(x); m != 0 {
					n := bits.TrailingZeros64(m) / 8
					if n >= int(digitsBefore[wide[p+n]]) || n > 0 && isPlain(wide, p, p+n) {
						i, s.node = p+n, k
						s.record(KindNumber.code(0, 0), p, i, small(x, n))
						continue // no name stands behind digits
					}
				}
			}
			if c.follow == followEnd && p == len(s.line) {
				s.node, s.ended = k, true
				return p
			}
			end = s.take(k, p)
		}
		if end < 0 {
			if end = s.another(from, head); end < 0 {
				return i
			}
		}
		if i = end; s.ended || s.isBeforeName() {
			return i
		}
	}
}

// isBeforeName reports whether a user's name follows.
func (s *scanner) isBeforeName() bool {
	return s.done >= len(user) && load32(s.wide, s.done-len(user)) == user4 && s.wide[s.done] == ' '
}

// another is follow for the pieces that lead from a node and not to its latest kid.
func (s *scanner) another(from uint32, head uint64) (end int) {
	t := &s.trail
	nodes := t.nodes
	deep := nodes[from].half&isDeep != 0
	if deep {
		if end := s.byWay(from, head); end >= 0 {
			return end
		}
	}
	for m := nodes[from].alike(head); m != 0; m &= m - 1 {
		k := uint32(uint16(nodes[from].kids >> (bits.TrailingZeros64(m) &^ 15)))
		if k == noNode {
			return -1
		}
		if end := s.try(k, head); end >= 0 {
			if deep {
				t.gone(from, k)
			}
			return end
		}
	}
	if deep || nodes[from].kids>>48 == noNode {
		return -1
	}
	return s.byWay(from, head)
}

// byWay is another for the pieces that have ways.
func (s *scanner) byWay(from uint32, head uint64) (end int) {
	t := &s.trail
	w, _ := t.way(from, head)
	if at := s.done + int(w.skip); w.skip > 0 && at+8 <= len(s.wide) {
		deep, _ := t.way(from, t.deeper(head, load64(s.wide, at)))
		if end = s.tryAll(uint32(deep.first), head); end >= 0 {
			return end
		}
	}
	if end = s.tryAll(uint32(w.first), head); end >= 0 {
		return end
	}
	w, _ = t.way(from, short)
	return s.tryAll(uint32(w.first), head)
}

// tryAll is try for the nodes of a chain from k on.
func (s *scanner) tryAll(k uint32, head uint64) (end int) {
	for ; k != noNode; k = uint32(s.trail.nodes[k].next) {
		if end := s.try(k, head); end >= 0 {
			return end
		}
	}
	return -1
}

// try takes the variable of the node k out, if its piece is what follows.
func (s *scanner) try(k uint32, head uint64) (end int) {
	c := &s.trail.nodes[k]
	if (head^c.head)<<(c.half&63)<<(c.half&63) != 0 || c.follow == followNot || c.size > 8 && !s.trail.rest(c, s.wide, s.done, len(s.line)) {
		return -1
	}
	return s.take(k, s.done+int(c.size))
}

// take takes the variable of the node k at p out, and returns where the scanner
// has to go on; -1 where there is none.
func (s *scanner) take(k uint32, p int) (end int) {
	t := &s.trail
	c := &t.nodes[k]
	v, text, ip := uint64(0), false, uint32(0)
	switch c.follow {
	case followNumber:
		v, end = s.numberAt(p)
	case followIPv4:
		if v, end = s.dict.knownIPv4(s.wide, p); end == 0 {
			ip, end = parseIPv4(s.wide, p)
			text = true
		}
	case followStamp:
		v, end = s.again(p, c.code)
	case followPath:
		end = s.pathAt(p)
		text = true
	case followUser:
		if end = skipTo(endsValue, s.wide, p); end == p {
			return -1
		}
		text = true
	case followQuoted:
		if v, end = s.quotedAt(p, c); end == 0 {
			return -1
		}
	case followNot:
		return -1
	case followEnd:
		if p != len(s.line) {
			return -1
		}
		t.went(s.node, k)
		s.node, s.ended = k, true
		return p
	default:
		v, end = s.rarely(c, p)
		text = c.follow == followValue
	}
	if end == 0 {
		return s.renew(k, p)
	}
	if c.quote > 0 {
		closed := s.closing(c, end)
		if closed == 0 {
			return -1
		}
		s.closed = closed
	}
	t.went(s.node, k)
	s.node = k
	if text {
		v = s.textOf(c, p, end, ip)
	}
	switch c.follow {
	case followStamp:
		s.dated(byte(c.code>>8), byte(c.code>>16), v) // the line's first one is as it is
	case followPath:
		s.opened = -1
	case followColons:
		v = s.textAt(c, p, end)
	case followQuoted:
		s.record(c.code, p, end, v)
		return end + 1
	case followLong:
		s.long(c.code, p, end, v)
		return end
	}
	s.record(c.code, p, end, v)
	return end
}

// textOf returns the number of the text line[p:end] of a node's kind, which may be that
// of ip.
func (s *scanner) textOf(c *node, p, end int, ip uint32) uint64 {
	if k := Kind(c.code); k != KindIPv4 {
		return uint64(s.dict.add(k, s.line[p:end]))
	}
	return uint64(s.dict.addIPv4(s.line[p:end], ip))
}

// rarely looks for the variable of a node at p that few lines have.
func (s *scanner) rarely(c *node, p int) (v uint64, end int) {
	switch c.follow {
	case followBehind:
		if v, end = s.numberAt(p); end > 0 && !s.isPort(p, end) {
			if _, to := s.colonsAt(p); to > 0 {
				end = 0
			}
		}
	case followDecimal:
		v, end = plainDecimal(s.wide, p, int(c.code>>8&0xFF))
	case followHex:
		v, end = plainHex(s.wide, p, c.code, false)
	case followPrefixed:
		v, end = plainHex(s.wide, p, c.code, true)
	case followLong:
		v, end = longHex(s.wide, p, Kind(c.code))
	case followValue:
		end = s.valueAt(p)
	case followColons:
		end = s.plainColons(p, c)
	}
	return v, end
}

// long takes a hexadecimal word of several integers out, of which the first is v.
func (s *scanner) long(c slotCode, p, end int, v uint64) {
	s.record(c, p, p+maxHex, v)
	s.behind()
	s.stop, s.before = p, s.opened
	s.hex(p+maxHex, end, Kind(c) == KindUpper)
}
