package text

import "bytes"

// The following return where what they find at p ends, behind a piece of text that
// leads to it; 0 where there is nothing or the scanner has to look.

func (s *scanner) pathAt(p int) (end int) {
	if s.wide[p] != '/' || s.wide[p+1] == '/' && p > 0 && s.wide[p-1] == ':' {
		return 0
	}
	end = p + 1
	for classes[s.wide[end]]&endsPath == 0 {
		end++
	}
	if end-p < 2 {
		return 0
	}
	return end
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

func (s *scanner) userAt(p int) (end int) {
	end = p
	for classes[s.wide[end]]&endsValue == 0 {
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
	q := s.done + int(c.quote) - 1
	if s.wide[end] != '"' || s.wide[end+1] == ':' {
		closed, as := s.isQuoted(q)
		if as != quotedParts {
			return 0
		}
		return closed
	}
	if !c.parts && !hasParts(s.line[q+1:end]) {
		return 0
	}
	return end
}

// areParts reports whether a quoted text is sure to have parts that is in and
// behind it a variable of a kind.
func areParts(in []byte, k Kind) bool {
	switch space := bytes.IndexByte(in, ' '); {
	case k < KindNumber || k > KindPath || k == KindColons:
		return false
	case len(in) > 0 && (classes[in[0]]&isDigit != 0 || in[0] == '/'):
		return true
	case k == KindStamp || k == KindAgain:
		return len(in) == 0
	case space >= 0 && space+1 < len(in):
		return in[space+1] == '/'
	default:
		return space < 0 || k == KindPath
	}
}
