package text

import "bytes"

// The following return what they find at p, behind a piece of text that leads to
// it, and where it ends; 0 where there is nothing or the scanner has to look.

func (s *scanner) pathAt(p int) (v uint64, end int) {
	if s.wide[p] != '/' || s.wide[p+1] == '/' && p > 0 && s.wide[p-1] == ':' {
		return 0, 0
	}
	end = p + 1
	for classes[s.wide[end]]&endsPath == 0 {
		end++
	}
	if end-p < 2 {
		return 0, 0
	}
	s.opened = -1
	return uint64(s.dict.add(KindPath, s.line[p:end])), end
}

// quotedAt holds the text against the last one that was quoted here first: its
// end need not be looked for then.
func (s *scanner) quotedAt(p int, c *node) (v uint64, end int) {
	if c.text > 0 {
		text := s.dict.text(KindQuoted, c.text-1)
		end = p + len(text)
		if end < len(s.line) && s.line[end] == '"' && s.wide[end+1] != ':' && bytes.Equal(s.line[p:end], text) {
			return uint64(c.text - 1), end
		}
	}
	end, as := s.isQuoted(p - 1)
	if as != quotedText {
		return 0, 0
	}
	v = uint64(s.dict.add(KindQuoted, s.line[p:end]))
	c.text = uint32(v) + 1
	return v, end
}

func (s *scanner) valueAt(p int) (v uint64, end int) {
	if s.wide[p-1] == '<' {
		if end = bracketed(s.wide, p); end == 0 {
			return 0, 0
		}
		return uint64(s.dict.add(KindValue, s.line[p:end])), end
	}
	end = p
	for classes[s.wide[end]]&endsValue == 0 {
		if classes[s.wide[end]]&isDigit != 0 || s.wide[end] == '/' {
			return 0, 0
		}
		end++
	}
	if end == p {
		return 0, 0
	}
	return uint64(s.dict.add(KindValue, s.line[p:end])), end
}

func (s *scanner) userAt(p int) (v uint64, end int) {
	end = p
	for classes[s.wide[end]]&endsValue == 0 {
		end++
	}
	if end == p {
		return 0, 0
	}
	return uint64(s.dict.add(KindUser, s.line[p:end])), end
}
