package text

import (
	"bytes"
	"math/bits"
)

// digitsBefore is how many digits must stand before a byte that they are a number,
// whatever follows it.
var digitsBefore = func() (t [256]uint8) {
	for c := range t {
		switch {
		case c == ' ':
			t[c] = 3
		case classes[c]&isAlnum == 0 && c != ':' && c != '.' && c != '-' && c != '/':
			t[c] = 1
		default:
			t[c] = maxDigits + 1
		}
	}
	return t
}()

// numberAt returns the number whose digits begin at p, behind what is no part of
// it, and where it ends; 0 where it may be something else.
func (s *scanner) numberAt(p int) (v uint64, end int) {
	wide := s.wide
	x := load64(wide, p) ^ zeros
	n := bits.TrailingZeros64(notDigits(x)) / 8
	if n == 8 {
		n = digitsAt(wide, p)
	}
	end = p + n
	if n == 0 || n > maxDigits || n < int(digitsBefore[wide[end]]) && !s.isNumber(p, end) {
		return 0, 0
	}
	if n <= 8 {
		return small(x, n), end
	}
	v = decimal(wide, p, n)
	if byte(x) == 0 {
		n -= len(bytes.TrimLeft(wide[p:end-1], "0"))
		return v | uint64(n-1)<<zeroShift, end
	}
	return v, end
}

// small returns the value of a number that is the first n bytes of x^zeros, from 1 to 8.
func small(x uint64, n int) uint64 {
	v := eight(x, n)
	if byte(x) == 0 {
		v |= leadingZeros(x, n)
	}
	return v
}

// leadingZeros returns what the value of a number shows of its leading zeros, which
// is the first n bytes of x^zeros.
func leadingZeros(x uint64, n int) uint64 {
	return uint64(min(bits.TrailingZeros64(x)/8, n-1)) << zeroShift
}

// isPlain reports whether what ends the digits at p is clearly none of a time, a
// fraction, an address or a UUID.
func isPlain(wide []byte, p, end int) bool {
	n := end - p
	switch wide[end] {
	case ' ':
		return wide[end+3] != ':' && wide[end+4] != ' '
	case '.':
		return isNoFraction(wide, end+1)
	case '/':
		return (n != 4 || wide[p+7] != '/') && (n != 2 || wide[p+6] != '/')
	case '-':
		return n != 8 && (n != 4 || wide[p+7] != '-')
	case ':':
		return wide[end+1] != ':' && classes[wide[end+1]]&isHex == 0
	}
	return false
}

// isNumber reports whether the digits at p, which end at end, are surely a number,
// in spite of what follows. Letters before them are those of no hexadecimal word.
func (s *scanner) isNumber(p, end int) bool {
	wide, n := s.wide, end-p
	word := p > s.done && classes[wide[p-1]]&isAlnum != 0
	switch c := wide[end]; c {
	case ' ':
		return word || n > 2 || wide[end+3] != ':' && wide[end+4] != ' ' || !s.isStamp(p, end)
	case '-':
		return word || n != 8 && (n != 4 || wide[p+7] != '-' || !s.isStamp(p, end)) // a UUID begins with eight digits
	case '/':
		return word || (n != 4 || wide[p+7] != '/') && (n != 2 || wide[p+6] != '/') || !s.isStamp(p, end)
	case ':':
		if word || wide[end+1] != ':' && classes[wide[end+1]]&isHex == 0 {
			return true
		}
		_, to := s.colonsAt(p)
		return to == 0
	case '.':
		if isNoFraction(wide, end+1) {
			return true
		}
		if fraction(wide, p, end) > 0 {
			return false
		}
		_, to := parseIPv4(wide, p)
		return word || to == 0
	case 'x':
		return false
	}
	odd := word
	for classes[wide[end]]&isAlnum != 0 {
		if classes[wide[end]]&isDigit != 0 {
			return false
		}
		odd = odd || classes[wide[end]]&isHex == 0
		end++
	}
	return odd && wide[end] != ':'
}

func (s *scanner) isStamp(p, end int) bool {
	_, ok := findStamp(s.line, s.done, p, end)
	return ok
}

// isNoFraction reports whether what stands at i, behind a number and a point, is
// clearly neither the fraction of it nor the second part of an address.
func isNoFraction(wide []byte, i int) bool {
	n := bits.TrailingZeros64(notDigits(load64(wide, i)^zeros)) / 8
	return n != 3 && n != 6 && n != 8 && wide[i+n] != '.'
}

// plainDecimal is plainNumber for one with so many digits after the point.
func plainDecimal(wide []byte, p, digits int) (v uint64, end int) {
	x := load64(wide, p) ^ zeros
	m := notDigits(x)
	if m == 0 {
		return 0, 0
	}
	n := bits.TrailingZeros64(m) / 8
	if n == 0 || wide[p+n] != '.' || byte(x) == 0 && n > 1 {
		return 0, 0
	}
	p += n + 1
	y := load64(wide, p) ^ zeros
	m = notDigits(y)
	if m == 0 || bits.TrailingZeros64(m)/8 != digits {
		return 0, 0
	}
	end = p + digits
	if c := wide[end]; c == '.' || classes[c]&isAlnum != 0 {
		return 0, 0
	}
	return eight(x, n)*powers[digits] + eight(y, digits), end
}
