package text

import "math/bits"

// number takes out what the digit at i belongs to.
func (s *scanner) number(i int) int {
	line := s.wide
	e := i + digitsAt(line, i)
	start := i
	for start > s.done && classes[line[start-1]]&isAlnum != 0 {
		start--
	}
	if start == i {
		if end := s.whenOrWhere(i, e); end > 0 {
			return end
		}
	}
	end := e
	for classes[line[end]]&isAlnum != 0 {
		end++
	}
	if line[end] == '-' && end-start == 8 && (start > s.done || start == 0) {
		if end := s.uuid(start); end > 0 {
			return end
		}
	}
	if line[end] == ':' || start > s.done && line[start-1] == ':' {
		if end := s.colons(start); end > 0 {
			return end
		}
	}
	if start == i && end == e {
		return s.digits(i, e)
	}
	return s.mixed(start, i, e, end)
}

const zeros = 0x3030303030303030

// notDigits marks the bytes of x^zeros that are above nine, each by its highest
// bit.
func notDigits(x uint64) uint64 { return (x&^tops + (128-10)*ones | x) & tops }

// digitsAt returns how many digits stand at i of what ends with no digit, and
// has eight bytes behind that.
func digitsAt(b []byte, i int) int {
	for n := i; ; n += 8 {
		if m := notDigits(load64(b, n) ^ zeros); m != 0 {
			return n - i + bits.TrailingZeros64(m)/8
		}
	}
}

// eight returns the number that the first n digits of x^zeros are, at most 8.
func eight(x uint64, n int) uint64 {
	x <<= 64 - 8*uint(n)
	x = x*10 + x>>8
	const pairs = 0x000000FF000000FF
	return (x&pairs*(100+1000000<<32) + x>>16&pairs*(1+10000<<32)) >> 32
}

// decimal returns the number that the n digits at i are, at most 16 of them.
func decimal(b []byte, i, n int) uint64 {
	x := load64(b, i) ^ zeros
	if n <= 8 {
		return eight(x, n)
	}
	return eight(x, 8)*powers[n-8] + eight(load64(b, i+8)^zeros, n-8)
}

// whenOrWhere takes a time or an IPv4 address out, whose first digits are
// line[i:e]; it returns 0 where there is none.
func (s *scanner) whenOrWhere(i, e int) int {
	if e+6 > len(s.line) {
		return 0
	}
	switch n, c := e-i, s.line[e]; {
	case n == 4 && (c == '-' || c == '/'), n <= 2 && c == ' ' && (s.line[e+3] == ':' || s.line[e+4] == ' '), n == 2 && c == '/':
		if st, ok := findStamp(s.line, s.done, i, e); ok {
			s.time(&st)
			return st.end
		}
		return 0
	case n > 3 || c != '.':
		return 0
	}
	ip, end := parseIPv4(s.wide, i)
	if end == 0 {
		return 0
	}
	s.slot(KindIPv4.code(0, 0), i, end, uint64(s.dict.addIPv4(ip)))
	return end
}

// leastOctet is the least number of so many digits that may be a part of an
// address, where the digits are not too many.
var leastOctet = [5]uint32{256, 0, 10, 100, 256}

// parseIPv4 returns the address at i in its usual form and where it ends, or 0.
// The line has margin bytes behind its end.
func parseIPv4(line []byte, i int) (ip uint32, end int) {
	for part := range 4 {
		x := load32(line, i) ^ zeros&(1<<32-1)
		const tops, ones = tops & (1<<32 - 1), ones & (1<<32 - 1)
		m := (x&^tops + (128-10)*ones | x) & tops
		n := min(uint32(bits.TrailingZeros32(m))/8, 4)
		x <<= 32 - 8*n
		v := x>>8&15*100 + x>>16&15*10 + x>>24
		if v > 255 || v < leastOctet[n] {
			return 0, 0
		}
		ip = ip<<8 | v
		i += int(n)
		if part < 3 {
			if line[i] != '.' {
				return 0, 0
			}
			i++
		}
	}
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
	line := s.line
	for from := start; start > s.done && from-start < maxColons && (line[start-1] == ':' || classes[line[start-1]]&isHex != 0); {
		start--
	}
	n, letters, run := 0, false, 0
	end := start
	for ; end < len(line); end++ {
		c := classes[line[end]]
		if end-start > maxColons {
			return 0
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
			return 0
		}
		letters = letters || c&isLetter != 0
	}
	if end < len(line) && classes[line[end]]&isAlnum != 0 || n < 2 || !letters {
		return 0
	}
	if line[end-1] == ':' && line[end-2] != ':' {
		end--
	}
	return s.word(KindColons, start, end)
}

// uuidParts are how many hexadecimal digits the parts of a UUID have, which
// hyphens join (RFC 9562, section 4).
var uuidParts = [...]int{8, 4, 4, 4, 12}

// uuid takes the parts of the UUID at i out, all of them as hexadecimal: taken one
// by one, each has a template for digits alone, and for digits in each place. It
// returns 0 where there is none.
func (s *scanner) uuid(i int) int {
	const size = 36
	if i+size > len(s.line) || classes[s.wide[i+size]]&isAlnum != 0 || len(s.values)-s.first+len(uuidParts) > maxSlots {
		return 0
	}
	seen, at := byte(0), i
	for _, n := range uuidParts {
		for _, c := range s.line[at : at+n] {
			if classes[c]&isHex == 0 {
				return 0
			}
			seen |= classes[c]
		}
		if at += n; at < i+size && s.line[at] != '-' {
			return 0
		}
		at++
	}
	if seen&(isLower|isUpper) == isLower|isUpper {
		return 0
	}
	for _, n := range uuidParts {
		s.hex(i, i+n, seen&isUpper != 0)
		i += n + 1
	}
	return i - 1
}

// maxDigits is how long a number may be: its leading zeros must fit above it.
const (
	maxDigits = 16
	zeroShift = 56
)

// digits takes the number line[i:e] out, with its fraction where that has
// three or six digits.
func (s *scanner) digits(i, e int) int {
	line := s.wide
	if e-i > maxDigits {
		return s.word(KindWord, i, e)
	}
	v := decimal(line, i, e-i)
	if line[e] == '.' && (line[i] != '0' || e-i == 1) && (i == 0 || line[i-1] != '.') {
		n := digitsAt(line, e+1)
		f := e + 1 + n
		if (n == 3 || n == 6) && e-i <= 10 && classes[line[f]]&isAlnum == 0 && line[f] != '.' {
			v = v*powers[n] + decimal(line, e+1, n)
			s.slot(KindDecimal.code(byte(n), 0), i, f, v)
			return f
		}
	}
	zeros := 0
	for zeros < e-i-1 && line[i+zeros] == '0' {
		zeros++
	}
	s.slot(KindNumber.code(0, 0), i, e, v|uint64(zeros)<<zeroShift)
	return e
}

// shortHex is how long a word is at least that is hexadecimal: of a shorter one,
// digits and letters must alternate.
const shortHex = 6

// mixed takes the word line[start:end] out whole if it is hexadecimal or looks
// random, and else only its digits at i.
func (s *scanner) mixed(start, i, e, end int) int {
	line := s.line
	seen, turns := byte(0), 0
	from := start
	if end-start > 2 && line[start] == '0' && line[start+1] == 'x' {
		from += 2
	}
	odd := false
	for j := from; j < end; j++ {
		c := classes[line[j]]
		seen |= c
		odd = odd || c&isHex == 0
		if j > from && (c^classes[line[j-1]])&isDigit != 0 {
			turns++
		}
	}
	hexadecimal := !odd && seen&(isLower|isUpper) != isLower|isUpper
	switch {
	case hexadecimal && (from > start || end-start >= shortHex || end-start >= 4 && turns >= 2):
		return s.hex(from, end, seen&isUpper != 0)
	case turns >= 3:
		return s.word(KindWord, start, end)
	}
	return s.digits(i, e)
}

// hex takes line[i:end] out in parts that fit an integer.
func (s *scanner) hex(i, end int, upper bool) int {
	k := KindLower
	if upper {
		k = KindUpper
	}
	for i < end && !s.isFull() {
		n := min(end-i, 16)
		v := uint64(0)
		for _, c := range s.line[i : i+n] {
			d := uint64(c & 15)
			if c >= 'A' {
				d += 9
			}
			v = v<<4 | d
		}
		s.slot(k.code(byte(n), 0), i, i+n, v)
		i += n
	}
	return end
}

func zigzag(v uint64) uint64   { return v<<1 ^ uint64(int64(v)>>63) }
func unzigzag(v uint64) uint64 { return v>>1 ^ -(v & 1) }
