package logs

import (
	"bytes"

	"stilltrace/index/text"
)

// What is known of a text that is a variable.
const (
	textOdd     = 1 << iota // it may be more than one word to a format, or a word that means something
	textStrange             // likewise, even to a format that takes it as it is
	textNames               // an address is in it
	textPlain               // nothing of that stands against a plan
)

// What a byte of a text says besides.
const (
	byteOdd    = textPlain << 1 << iota // the text is odd, if it is no path
	bytePoint                           // a point, of which addresses have three or more
	byteOther                           // words on which formats make a difference have no such bytes
	byteColons                          // a colon, of which addresses have two or more
)

// examineTexts finds out what is to be known of the texts that are new in the
// block.
func (s *splitter) examineTexts() {
	for n := len(s.texts[text.KindColons]); n < s.builder.Texts(text.KindColons); n++ {
		// It is an address or something else, for all formats alike.
		f := uint8(textStrange)
		if s.builder.IsAddress(uint64(n)) {
			f = textPlain
		}
		s.texts[text.KindColons] = append(s.texts[text.KindColons], f)
	}
	for k := text.KindColons + 1; k <= text.KindLine; k++ {
		opaque := s.format.Opaque&(1<<k) != 0
		for n := len(s.texts[k]); n < s.builder.Texts(k); n++ {
			f := examine(k, s.builder.Text(k, uint64(n)))
			if f&(textStrange|textNames) == 0 && (f&textOdd == 0 || opaque) {
				f |= textPlain
			}
			s.texts[k] = append(s.texts[k], f)
		}
	}
}

// oddWords are words on which formats make a difference.
var oddWords = func() map[string]bool {
	words := map[string]bool{}
	for _, w := range [...]string{"none", "unknown", "UNKNOWN", "invalid", "illegal", "user", "from", "port", "for", "by", "on", "to", "in"} {
		words[w] = true
	}
	for _, w := range levelWords {
		words[w.word] = true
	}
	return words
}()

// isOddWord looks the word up in lower case.
func isOddWord(b []byte) bool {
	var lower [len("information")]byte // the longest one
	if len(b) > len(lower) {
		return false
	}
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		lower[i] = c
	}
	return oddWords[string(lower[:len(b)])]
}

// textBytes is what a text is because of one of its bytes.
var textBytes = func() (t [256]uint8) {
	for c := range t {
		switch {
		case c < ' ' || c == '\\' || c == 0x7f:
			t[c] = textStrange
		case c == '=' || c == '?' || c == '&' || c == '#':
			t[c] = byteOdd
		case byteClass[c]&byteWord == 0 && c < 0x80 && bytes.IndexByte([]byte(".-/+%@~"), byte(c)) < 0:
			t[c] = textOdd
		}
		switch c {
		case '.':
			t[c] |= bytePoint
		case ':':
			t[c] |= byteColons
		}
		if letter := c | 0x20; letter < 'a' || letter > 'z' {
			t[c] |= byteOther
		}
	}
	return t
}()

func examine(k text.Kind, b []byte) (found byte) {
	of := byte(0)
	for _, c := range b {
		of |= textBytes[c]
	}
	found = of & (textOdd | textStrange)
	switch {
	case of&byteOther == 0 && isOddWord(b), of&byteOdd != 0 && k != text.KindPath, k != text.KindPath && len(b) < 3 && bytes.Trim(b, "-") == nil:
		found |= textOdd
	}
	if string(b) == "-" {
		found |= textStrange
	}
	if of&bytePoint != 0 && bytes.Count(b, []byte{'.'}) >= 3 || of&byteColons != 0 && bytes.Count(b, []byte{':'}) >= 2 {
		if _, _, end := nextAddress(b, 0); end > 0 {
			found |= textNames
		}
	}
	return found
}
