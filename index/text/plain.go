package text

import "math/bits"

// ends marks bytes behind which digits are a number, whatever follows.
var ends = func() (t [256]bool) {
	for c := range t {
		t[c] = classes[c]&isAlnum == 0 && c != ':' && c != '.' && c != ' ' && c != '-' && c != '/'
	}
	return t
}()

// plainNumber returns the number whose digits begin at p, behind what is no part
// of it, and where it ends; 0 where it may be something else.
func plainNumber(wide []byte, p int) (v uint64, end int) {
	x := load64(wide, p) ^ zeros
	m := notDigits(x)
	if m == 0 {
		return 0, 0
	}
	n := bits.TrailingZeros64(m) / 8
	end = p + n
	if !ends[wide[end]] && !isNumber(wide, p, n) {
		return 0, 0
	}
	if n == 0 {
		return 0, 0
	}
	v = eight(x, n)
	if byte(x) == 0 {
		v |= uint64(bits.TrailingZeros64(x|1<<(8*uint(n-1)))/8) << zeroShift
	}
	return v, end
}

// isNumber reports whether n digits at p are surely a number, in spite of what
// follows. Letters before them are those of no hexadecimal word.
func isNumber(wide []byte, p, n int) bool {
	end := p + n
	word := classes[wide[p-1]]&isAlnum != 0
	switch c := wide[end]; c {
	case ' ': // a stamp otherwise
		return word || n > 2 || wide[end+3] != ':' && wide[end+4] != ' '
	case '-': // a date, or a UUID
		return word || (n != 4 || wide[p+7] != '-') && n != 8
	case '/':
		return word || (n != 4 || wide[p+7] != '/') && (n != 2 || wide[p+6] != '/')
	case ':': // an address
		return word || wide[end+1] != ':' && classes[wide[end+1]]&isHex == 0
	case '.':
		return isNoFraction(wide, end+1)
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

// isNoFraction reports whether what stands at i, behind a number and a point, is
// neither the fraction of it nor the second part of an address.
func isNoFraction(wide []byte, i int) bool {
	m := notDigits(load64(wide, i) ^ zeros)
	n := bits.TrailingZeros64(m) / 8
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

// What a nibble was written as stands above its value.
const (
	nibbleDigit = 0x10
	nibbleLower = 0x20
	nibbleUpper = 0x40
)

// nibbles has the value of each hexadecimal digit.
var nibbles = func() (t [256]uint8) {
	for c := range t {
		switch k := classes[c]; {
		case k&isDigit != 0:
			t[c] = nibbleDigit | uint8(c-'0')
		case k&isLower != 0:
			t[c] = nibbleLower | uint8(c-'a'+10)
		case k&isUpper != 0:
			t[c] = nibbleUpper | uint8(c-'A'+10)
		}
	}
	return t
}()

// plainHex returns the hexadecimal number of the slot that is a word at p, or all
// of it behind 0x, and where it ends; 0 where it may be something else.
func plainHex(wide []byte, p int, slot slotCode, prefixed bool) (v uint64, end int) {
	n := int(slot >> 8 & 0xFF)
	seen := uint8(0)
	for _, c := range wide[p : p+n] {
		d := nibbles[c]
		if d == 0 {
			return 0, 0
		}
		seen |= d
		v = v<<4 | uint64(d&15)
	}
	end = p + n
	if c := wide[end]; c == ':' || c == '-' && n == 8 || classes[c]&isAlnum != 0 {
		return 0, 0
	}
	letter, other := uint8(nibbleLower), uint8(nibbleUpper)
	if Kind(slot) == KindUpper {
		letter, other = other, letter
	}
	switch {
	case seen&other != 0, prefixed && Kind(slot) == KindUpper && seen&letter == 0:
		return 0, 0
	case !prefixed && (n < shortHex || seen&letter == 0 || seen&nibbleDigit == 0):
		return 0, 0
	}
	return v, end
}
