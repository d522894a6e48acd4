package text

import "math/bits"

// leastOctet is the least number of so many digits that may be a part of an
// address.
var leastOctet = [4]uint32{256, 0, 10, 100}

// octetAt returns the number of n digits at i, or one that is too large where that
// is no part of an address.
func octetAt(line []byte, i, n int) uint32 {
	x := load32(line, i) ^ zeros&(1<<32-1)
	x <<= (32 - 8*uint(n)) & 31
	v := x>>8&15*100 + x>>16&15*10 + x>>24
	if v < leastOctet[n&3] {
		return 256
	}
	return v
}

// parseIPv4 returns the address at i in its usual form and where it ends, or 0.
// The line has margin bytes behind its end.
func parseIPv4(line []byte, i int) (ip uint32, end int) {
	stops := byteMask(notDigits(load64(line, i)^zeros)) | byteMask(notDigits(load64(line, i+8)^zeros))<<8
	a := bits.TrailingZeros32(stops)
	stops &= stops - 1
	b := bits.TrailingZeros32(stops)
	stops &= stops - 1
	c := bits.TrailingZeros32(stops)
	stops &= stops - 1
	d := bits.TrailingZeros32(stops)
	if uint(a-1) > 2 || uint(b-a-2) > 2 || uint(c-b-2) > 2 || uint(d-c-2) > 2 || line[i+a] != '.' || line[i+b] != '.' || line[i+c] != '.' {
		return 0, 0
	}
	// Each part is read by itself: none has to wait for another.
	p, q, r, s := octetAt(line, i, a), octetAt(line, i+a+1, b-a-1), octetAt(line, i+b+1, c-b-1), octetAt(line, i+c+1, d-c-1)
	if (p | q | r | s) > 255 {
		return 0, 0
	}
	ip = p<<24 | q<<16 | r<<8 | s
	i += d
	// More digits, or a fifth part: a version, or part of a word.
	if classes[line[i]]&isAlnum != 0 || line[i] == '.' && classes[line[i+1]]&isDigit != 0 {
		return 0, 0
	}
	return ip, i
}

// maxColons bounds how far is looked for an address, which is done for each of
// its numbers.
const maxColons = 64

// colons takes an IPv6 or MAC address out that the word at start is part of; it
// returns 0 where there is none. A port behind eight groups, which could be a
// ninth, is within, even where it has five digits.
func (s *scanner) colons(start int) int {
	start, end := s.colonsAt(start)
	if end == 0 {
		return 0
	}
	return s.word(KindColons, start, end)
}

// colonsAt returns where the address with colons begins that the word at start is
// part of, and where it ends, or 0. What is none from where it was looked at is
// none from further on.
func (s *scanner) colonsAt(start int) (from, end int) {
	line := s.line
	if start >= s.bare[0] && start < s.bare[1] {
		return 0, 0
	}
	for from := start; start > s.done && from-start < maxColons && (line[start-1] == ':' || classes[line[start-1]]&isHex != 0); {
		start--
	}
	n, letters, run := 0, false, 0
	end = start
	for ; end < len(line); end++ {
		c := classes[line[end]]
		if end-start > maxColons {
			return 0, 0
		} else if line[end] == ':' {
			if run > 4 {
				break
			}
			n++
			letters = letters || end > start && line[end-1] == ':'
			run = 0
		} else if c&isHex == 0 {
			break
		} else if run++; run > 4 && (run > 5 || n != 8 || digitsAt(s.wide, end-4) != 5) {
			if n <= 8 { // else it could be a port for who begins further on
				s.bare = [2]int{start, end - 3}
			}
			return 0, 0
		}
		letters = letters || c&isLetter != 0
	}
	if end < len(line) && classes[line[end]]&isAlnum != 0 || n < 2 || !letters {
		s.bare = [2]int{start, end}
		return 0, 0
	}
	if line[end-1] == ':' && line[end-2] != ':' {
		end--
	}
	return start, end
}

// isPort reports whether the digits line[p:end] behind a colon are clearly no part of an
// address with colons: this is the only one between a variable and what cannot be.
func (s *scanner) isPort(p, end int) bool {
	return p == s.done+1 && s.wide[end] != ':' && classes[s.wide[end]]&isAlnum == 0
}

// plainColons finds an address that begins with a digit, so that nothing but it
// is looked at.
func (s *scanner) plainColons(p int, c *node) (end int) {
	if end = s.same(p, c); end > 0 && s.wide[end] != ':' && classes[s.wide[end]]&isAlnum == 0 {
		return end
	}
	end = p
	for classes[s.wide[end]]&isDigit != 0 {
		end++
	}
	if end == p || s.wide[end] != ':' && classes[s.wide[end]]&isHex == 0 {
		return 0
	}
	_, end = s.colonsAt(p)
	return end
}
