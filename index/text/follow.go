package text

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
	t, wide := &s.trail, s.wide
following:
	for {
		done, from := s.done, s.node
		if done >= len(user) && load32(wide, done-len(user)) == user4 && wide[done] == ' ' {
			return i // a name follows
		}
		head, k := load64(wide, done), uint32(noNode)
		for rank := 0; ; rank++ {
			switch {
			case rank < kids:
				kid := t.nodes[from].kids[rank]
				if k = uint32(kid.node); kid.look != 0 && kid.look != look(head) {
					continue
				}
			case rank == kids:
				k = uint32(t.way(from, head).first)
			default:
				k = uint32(t.nodes[k].next)
			}
			if k == noNode {
				return i
			}
			c := &t.nodes[k]
			if (head^c.head)<<c.shift != 0 || c.follow == followNot || c.size > 8 && !t.rest(c, wide, done, len(s.line)) {
				continue
			}
			p := done + int(c.size)
			v, end, behind := uint64(0), 0, 0
			switch c.follow {
			case followNumber:
				v, end = s.numberAt(p)
			case followIPv4:
				var ip uint32
				ip, end = parseIPv4(wide, p)
				v = uint64(ip)
			case followStamp:
				v, end = s.again(p, c.code)
			case followPath:
				end = s.pathAt(p)
			case followUser:
				if end = s.userAt(p); end == 0 {
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
				if rank > 0 {
					t.went(from, k)
				}
				s.node, s.ended = k, true
				return p
			default:
				v, end = s.rarely(c, p)
			}
			if end == 0 {
				if end = s.renew(k, p); end < 0 {
					continue
				}
				i = end
				continue following
			}
			if c.quote > 0 {
				closed := s.closing(c, end)
				if closed == 0 {
					continue
				}
				s.closed = closed
			}
			switch c.follow {
			case followIPv4:
				v = uint64(s.dict.addIPv4(uint32(v)))
			case followStamp:
				s.dated(byte(c.code>>8), byte(c.code>>16), v) // the line's first one is as it is
			case followPath:
				s.opened = -1
				v = uint64(s.dict.add(KindPath, s.line[p:end]))
			case followUser, followValue:
				v = uint64(s.dict.add(Kind(c.code), s.line[p:end]))
			case followColons:
				v = s.textAt(c, p, end)
			}
			if rank > 0 {
				t.went(from, k)
			}
			s.node, i = k, end+behind
			if c.follow == followLong {
				s.long(c.code, p, end, v)
				continue following
			}
			s.record(c.code, p, end, v)
			continue following
		}
	}
}

// rarely looks for the variable of a node at p that few lines have.
func (s *scanner) rarely(c *node, p int) (v uint64, end int) {
	switch c.follow {
	case followBehind:
		if _, to := s.colonsAt(p); to == 0 {
			v, end = s.numberAt(p)
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
	s.stop, s.before = p, s.opened
	s.hex(p+maxHex, end, Kind(c) == KindUpper)
}
