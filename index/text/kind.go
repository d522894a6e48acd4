package text

// A kind says what the value of a slot is. In the text of a template a slot
// stands as the byte of its kind, followed by its parameters; all these bytes
// are below firstPlain, and none is a newline.
type Kind byte

const (
	KindEscape   Kind = 0x00 // no slot: the next byte is itself
	KindNumber   Kind = 0x01 // decimal digits; leading zeros in the top byte of the value
	KindDecimal  Kind = 0x02 // 12.345: the number without its point; parameter: digits after it
	KindLower    Kind = 0x03 // hexadecimal digits; parameter: how many
	KindUpper    Kind = 0x04 // likewise, in upper case
	KindStamp    Kind = 0x05 // a time; parameters: layout, digits of the fraction
	KindAgain    Kind = 0x06 // a time as the difference to the first one of the line
	KindIPv4     Kind = 0x07 // from here on: the number of a text in the kind's dictionary
	KindColons   Kind = 0x08 // IPv6, MAC
	KindPath     Kind = 0x09
	KindQuoted   Kind = 0x0B
	KindValue    Kind = 0x0C // after an equals sign
	KindUser     Kind = 0x0D
	KindWord     Kind = 0x0E
	KindLine     Kind = 0x0F // a line that is too long for a template
	firstPlain        = 0x10
	firstParam        = 0x20 // parameters are written above it: they are never taken for kinds
	maxSlots          = 255
	maxTemplated      = 64 << 10
)

// params is how many parameters follow the byte of a kind.
func (k Kind) params() int {
	switch k {
	case KindDecimal, KindLower, KindUpper:
		return 1
	case KindStamp, KindAgain:
		return 2
	}
	return 0
}

// isVaried reports whether values of a slot of the kind differ in length.
func (k Kind) isVaried() bool { return k <= KindDecimal || k >= KindIPv4 }

// isShared reports whether all slots of the kind are one group.
func (k Kind) isShared() bool { return k == KindIPv4 || k == KindColons || k == KindUser }

// The classes of bytes that the scanner asks for.
const (
	isDigit = 1 << iota
	isLower // a to f
	isUpper // A to F
	isLetter
	endsPath
	endsValue
)

const (
	isHex   = isDigit | isLower | isUpper
	isAlnum = isDigit | isLetter
)

var classes = func() (t [256]byte) {
	for c := range t {
		switch {
		case c >= '0' && c <= '9':
			t[c] |= isDigit
		case c >= 'a' && c <= 'f':
			t[c] |= isLower | isLetter
		case c >= 'A' && c <= 'F':
			t[c] |= isUpper | isLetter
		case c >= 'g' && c <= 'z', c >= 'G' && c <= 'Z':
			t[c] |= isLetter
		}
	}
	for _, c := range " \t\n\"'),;>]}" {
		t[c] |= endsPath | endsValue
	}
	for _, c := range "(<[{&:=" {
		t[c] |= endsValue
	}
	return t
}()
