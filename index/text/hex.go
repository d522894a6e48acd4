package text

import "math/bits"

// maxHex is how many hexadecimal digits an integer has.
const maxHex = 16

// hex takes line[i:end] out in parts that fit an integer.
func (s *scanner) hex(i, end int, upper bool) int {
	k := KindLower
	if upper {
		k = KindUpper
	}
	for i < end && !s.isFull() {
		n := min(end-i, maxHex)
		v, _ := hexAt(s.wide, i, n)
		s.slot(k.code(byte(n), 0), i, i+n, v)
		i += n
	}
	return end
}

// isNoHex is what hexAt has seen where a byte was no hexadecimal digit.
const isNoHex = isLetter

// hexAt returns the number that the n bytes at i are as hexadecimal digits, at
// most 16 of them, and which classes of digits are among them.
func hexAt(b []byte, i, n int) (v uint64, seen byte) {
	if n > 8 {
		v, seen = hexEight(load64(b, i))
		i, n = i+8, n-8
	}
	// Digits that are not of the number are zeros behind it.
	rest := 8 * uint(8-n)
	x := load64(b, i)<<rest>>rest | zeros<<(64-rest)
	last, also := hexEight(x)
	if n < 8 && also&isDigit != 0 && notDigits(x^zeros)|tops<<(64-rest) == tops {
		also &^= isDigit
	}
	return v<<(4*n) | last>>(4*(8-n)), seen | also
}

// hexEight is hexAt for the eight bytes of x.
func hexEight(x uint64) (v uint64, seen byte) {
	letter := notDigits(x ^ zeros)
	low := (x | 0x20*ones) &^ tops
	hex := (low + (128-'a')*ones) &^ (low + (128-'g')*ones) &^ x & tops
	switch upper := letter &^ (x << 2); {
	case letter&^hex != 0:
		return 0, isNoHex
	case letter == 0:
	case upper == 0:
		seen = isLower
	case upper == letter:
		seen = isUpper
	default:
		seen = isLower | isUpper
	}
	if letter != tops {
		seen |= isDigit
	}
	v = bits.ReverseBytes64(x&(15*ones) + letter>>7*9)
	v = (v | v>>4) & 0x00FF00FF00FF00FF
	v = (v | v>>8) & 0x0000FFFF0000FFFF
	return (v | v>>16) & 0xFFFFFFFF, seen
}

// plainHex returns the hexadecimal number of the slot that is a word at p, or all
// of it behind 0x, and where it ends; 0 where it may be something else.
func plainHex(wide []byte, p int, slot slotCode, prefixed bool) (v uint64, end int) {
	n := int(slot >> 8 & 0xFF)
	v, seen := hexAt(wide, p, n)
	end = p + n
	if c := wide[end]; seen&isNoHex != 0 || c == ':' || c == '-' && n == 8 || classes[c]&isAlnum != 0 {
		return 0, 0
	}
	letter, other := byte(isLower), byte(isUpper)
	if Kind(slot) == KindUpper {
		letter, other = other, letter
	}
	switch {
	case seen&other != 0, prefixed && Kind(slot) == KindUpper && seen&letter == 0:
		return 0, 0
	case !prefixed && (n < shortHex || seen&letter == 0 || seen&isDigit == 0):
		return 0, 0
	}
	return v, end
}

// longHex returns the first integer of a hexadecimal word at p that is longer, and
// where the word ends; 0 where it may be something else.
func longHex(wide []byte, p int, k Kind) (v uint64, end int) {
	v, seen := hexAt(wide, p, maxHex)
	for end = p + maxHex; seen&isNoHex == 0 && classes[wide[end]]&isHex != 0; end++ {
		seen |= classes[wide[end]] & isHex
	}
	letter, other := byte(isLower), byte(isUpper)
	if k == KindUpper {
		letter, other = other, letter
	}
	if seen&isNoHex != 0 || end == p+maxHex || classes[wide[end]]&isAlnum != 0 || seen&other != 0 || seen&letter == 0 || seen&isDigit == 0 {
		return 0, 0
	}
	return v, end
}

// uuidParts are how many hexadecimal digits the parts of a UUID have, which
// hyphens join (RFC 9562, section 4).
var uuidParts = [...]int{8, 4, 4, 4, 12}

// uuid takes the parts of the UUID at i out, all of them as hexadecimal: taken one
// by one, each has a template for digits alone, and for digits in each place. It
// returns 0 where there is none.
func (s *scanner) uuid(i int) int {
	const size = 36
	if i+size > len(s.line) || classes[s.wide[i+size]]&isAlnum != 0 || s.slots+len(uuidParts) > maxSlots {
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
