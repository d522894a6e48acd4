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
	if end := s.nameEnd(start, i, e); end > 0 {
		return end
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

// byteMask returns the highest bit of each byte of m, which has no others.
func byteMask(m uint64) uint32 { return uint32(m * 0x0002040810204081 >> 56) }

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
	x <<= (64 - 8*uint(n)) & 63
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
	s.slot(KindIPv4.code(0, 0), i, end, uint64(s.dict.addIPv4(s.line[i:end], ip)))
	return end
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
	if n := fraction(line, i, e); n > 0 {
		v = v*powers[n] + decimal(line, e+1, n)
		s.slot(KindDecimal.code(byte(n), 0), i, e+1+n, v)
		return e + 1 + n
	}
	zeros := 0
	for zeros < e-i-1 && line[i+zeros] == '0' {
		zeros++
	}
	s.slot(KindNumber.code(0, 0), i, e, v|uint64(zeros)<<zeroShift)
	return e
}

// fraction returns how many digits the fraction of the number line[i:e] has, 3 or
// 6, or 0 where it has none such.
func fraction(line []byte, i, e int) int {
	if line[e] != '.' || line[i] == '0' && e-i > 1 || e-i > 10 || i > 0 && line[i-1] == '.' {
		return 0
	}
	n := digitsAt(line, e+1)
	if f := e + 1 + n; n != 3 && n != 6 || classes[line[f]]&isAlnum != 0 || line[f] == '.' {
		return 0
	}
	return n
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

func zigzag(v uint64) uint64   { return v<<1 ^ uint64(int64(v)>>63) }
func unzigzag(v uint64) uint64 { return v>>1 ^ -(v & 1) }
