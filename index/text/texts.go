package text

import (
	"bytes"
	"math/bits"
)

// The following return where what they find at p ends, behind a piece of text that
// leads to it; 0 where there is nothing or the scanner has to look.

func (s *scanner) pathAt(p int) (end int) {
	if s.wide[p] != '/' || s.wide[p+1] == '/' && p > 0 && s.wide[p-1] == ':' {
		return 0
	}
	if end = skipTo(endsPath, s.wide, p+1); end-p < 2 {
		return 0
	}
	return end
}

// skipTo returns where at or behind i the first byte of a class stands, of which there
// is one.
func skipTo(class byte, wide []byte, i int) int {
	for {
		m := mayEnd(load64(wide, i))
		for ; m != 0; m &= m - 1 {
			if at := i + bits.TrailingZeros64(m)/8; classes[wide[at]]&class != 0 {
				return at
			}
		}
		i += 8
	}
}

// mayEnd marks the bytes that may end a value or a path, but for letters, digits, and
// some of what stands between them.
func mayEnd(x uint64) uint64 {
	low := x &^ tops
	first := low + (128-'-')*ones // the sums do not carry from byte to byte
	colon := (low + (128-':')*ones) &^ (low + (128-'?')*ones)
	brackets := ((low | 0x20*ones) ^ '}'*ones - ones) | ((low | 0x20*ones) ^ '{'*ones - ones)
	return (^first | colon | brackets) &^ x & tops
}

func (s *scanner) valueAt(p int) (end int) {
	if s.wide[p-1] == '<' {
		return bracketed(s.wide, p)
	}
	end = p
	for classes[s.wide[end]]&endsValue == 0 {
		if classes[s.wide[end]]&isDigit != 0 || s.wide[end] == '/' {
			return 0
		}
		end++
	}
	if end == p {
		return 0
	}
	return end
}

// quotedAt finds a quoted text that is the last one here without a look at what
// is in it.
func (s *scanner) quotedAt(p int, c *node) (v uint64, end int) {
	if end = s.same(p, c); end > 0 && s.wide[end] == '"' && s.wide[end+1] != ':' {
		return uint64(c.text - 1), end
	}
	end, as := s.isQuoted(p - 1)
	if as != quotedText {
		return 0, 0
	}
	v = uint64(s.dict.add(KindQuoted, s.line[p:end]))
	c.text = uint32(v) + 1
	return v, end
}

// same returns where the text that was found at the slot of a node last ends at
// p, or 0 where it does not stand there again.
func (s *scanner) same(p int, c *node) (end int) {
	if c.text == 0 {
		return 0
	}
	text := s.dict.text(Kind(c.code), c.text-1)
	if end = p + len(text); end > len(s.line) || !bytes.Equal(s.line[p:end], text) {
		return 0
	}
	return end
}

// textAt returns the number of the text of a node that stands in line[p:end].
func (s *scanner) textAt(c *node, p, end int) uint64 {
	if c.text == 0 || !bytes.Equal(s.line[p:end], s.dict.text(Kind(c.code), c.text-1)) {
		c.text = s.dict.add(Kind(c.code), s.line[p:end]) + 1
	}
	return uint64(c.text - 1)
}

// closing returns where the quote is closed that the piece of a node opens, behind
// a variable that ends at end, or 0 where it is none that has parts.
func (s *scanner) closing(c *node, end int) int {
	q, closed := s.done+int(c.quote)-1, end
	if s.wide[end] != '"' {
		n := bytes.IndexByte(s.line[end:], '"')
		if n < 0 {
			return 0
		}
		closed += n
	}
	switch {
	case s.wide[closed+1] == ':':
		if _, as := s.isQuoted(q); as != quotedParts {
			return 0
		}
	case c.parts == partsAlways, c.parts == partsAlone && closed == end:
	case !hasParts(s.line[q+1 : closed]):
		return 0
	}
	return closed
}

// parts says whether a quote whose text goes on with a slot is sure to have parts.
type parts uint8

const (
	partsUnknown parts = iota
	partsAlone         // if it is closed directly behind the slot
	partsAlways
)

// areParts returns the parts of a quoted text that is in and behind it a variable
// of a kind.
func areParts(in []byte, k Kind) parts {
	switch space := bytes.IndexByte(in, ' '); {
	case k < KindNumber || k > KindPath || k == KindColons:
		return partsUnknown
	case len(in) > 0 && (classes[in[0]]&isDigit != 0 || in[0] == '/'):
		return partsAlways
	case k == KindStamp || k == KindAgain:
		if len(in) > 0 {
			return partsUnknown
		}
	case space >= 0 && space+1 < len(in):
		if in[space+1] != '/' {
			return partsUnknown
		}
		return partsAlways
	case space >= 0 && k == KindPath:
		return partsAlways
	case space >= 0:
		return partsUnknown
	}
	return partsAlone
}
