package text

// A kind says what the value of a slot is. In the text of a template a slot
// stands as the byte of its kind, followed by its parameters; all these bytes
// are below firstPlain, and none is a newline.
type kind byte

const (
	kindEscape   kind = 0x00 // no slot: the next byte is itself
	kindInt      kind = 0x01 // decimal digits; leading zeros in the top byte of the value
	kindDecimal  kind = 0x02 // 12.345: the number without its point; parameter: digits after it
	kindLower    kind = 0x03 // hexadecimal digits; parameter: how many
	kindUpper    kind = 0x04 // likewise, in upper case
	kindStamp    kind = 0x05 // a time; parameters: layout, digits of the fraction
	kindAgain    kind = 0x06 // a time as the difference to the first one of the line
	kindIPv4     kind = 0x07 // from here on: the number of a text in the kind's dictionary
	kindColons   kind = 0x08 // IPv6, MAC
	kindPath     kind = 0x09
	kindQuoted   kind = 0x0B
	kindValue    kind = 0x0C // after an equals sign
	kindUser     kind = 0x0D
	kindWord     kind = 0x0E
	kindLine     kind = 0x0F // a line that is too long for a template
	firstPlain        = 0x10
	firstParam        = 0x20 // parameters are written above it: they are never taken for kinds
	maxSlots          = 255
	maxTemplated      = 64 << 10
)

// params is how many parameters follow the byte of a kind.
func (k kind) params() int {
	switch k {
	case kindDecimal, kindLower, kindUpper:
		return 1
	case kindStamp, kindAgain:
		return 2
	}
	return 0
}

// isText reports whether values of the kind are numbers of texts.
func (k kind) isText() bool { return k >= kindIPv4 }

// isShared reports whether all slots of the kind are one group.
func (k kind) isShared() bool { return k == kindIPv4 || k == kindColons || k == kindUser }

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
	for _, c := range " \t\"'),;>]}" {
		t[c] |= endsPath | endsValue
	}
	for _, c := range "(<[{&:=" {
		t[c] |= endsValue
	}
	return t
}()
