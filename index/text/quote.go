package text

import "bytes"

// name takes the name of a user at i out.
func (s *scanner) name(i int) int {
	end := i
	for end < len(s.line) && classes[s.line[end]]&endsValue == 0 {
		end++
	}
	if end == i || i < s.done {
		return i
	}
	return s.word(KindUser, i, end)
}

// What a quote begins.
const (
	quotedNot = iota // what has no end
	quotedKey        // nothing, or a name that is static
	quotedText
	quotedParts // what is scanned, since it has parts
)

// isQuoted says what the quote at i begins, and where that ends.
func (s *scanner) isQuoted(i int) (end, as int) {
	n := bytes.IndexByte(s.line[i+1:], '"')
	if n < 0 {
		return 0, quotedNot
	}
	end = i + 1 + n
	switch {
	case n == 0 || end+1 < len(s.line) && s.line[end+1] == ':' && digitsAt(s.wide, i+1) < n:
		return end, quotedKey
	case hasParts(s.line[i+1 : end]):
		return end, quotedParts
	}
	return end, quotedText
}

// quoted takes the text after the quote at i out, or leaves it to be scanned
// where it has parts.
func (s *scanner) quoted(i int) int {
	if i == s.closed {
		s.quote = -1
		return i + 1
	}
	end, as := s.isQuoted(i)
	switch as {
	case quotedNot:
		s.unsure = true
		return i + 1
	case quotedKey:
		return end + 1
	case quotedParts:
		s.closed, s.quote = end, i
		return i + 1
	}
	s.word(KindQuoted, i+1, end)
	return end + 1
}

// hasParts reports whether a quoted text is better taken apart: it begins with
// a number, it is a request or an URL, or it is one word with digits.
func hasParts(in []byte) bool {
	if classes[in[0]]&isDigit != 0 || in[0] == '/' {
		return true
	}
	space := bytes.IndexByte(in, ' ')
	if space >= 0 {
		return space+1 < len(in) && in[space+1] == '/'
	}
	for _, c := range in {
		if classes[c]&isDigit != 0 || c == '/' {
			return true
		}
	}
	return false
}

// path takes the path at i out, if one begins there.
func (s *scanner) path(i int) int {
	if i > 0 && s.line[i-1] == ':' && i+1 < len(s.line) && s.line[i+1] == '/' {
		s.opened = i + 2
		return i + 2
	}
	if s.opened >= 0 {
		host := s.line[s.opened:i]
		s.opened = -1
		if bytes.IndexByte(host, ' ') >= 0 || bytes.IndexByte(host, '"') >= 0 {
			return i + 1
		}
	} else if i > 0 && classes[s.line[i-1]]&endsValue == 0 {
		return i + 1
	}
	end := i
	for end < len(s.line) && classes[s.line[end]]&endsPath == 0 {
		end++
	}
	if end-i < 2 {
		return end
	}
	return s.word(KindPath, i, end)
}

// value takes the text after an equals sign out if it has no digits, or stands in
// angle brackets.
func (s *scanner) value(i int) int {
	if s.wide[i] == '<' {
		if end := bracketed(s.wide, i+1); end > 0 {
			return s.word(KindValue, i+1, end)
		}
		s.unsure = true
		return i
	}
	end := i
	for end < len(s.line) && classes[s.line[end]]&endsValue == 0 {
		if classes[s.line[end]]&isDigit != 0 || s.line[end] == '/' {
			return i
		}
		end++
	}
	if end == i {
		return i
	}
	return s.word(KindValue, i, end)
}

// bracketed returns where the text at i ends, behind a "=<", that a bracket
// closes: a mail server writes names and identifiers so. It returns 0 where there
// is none, or what may be a number or an address. line ends with a newline.
func bracketed(line []byte, i int) (end int) {
	digit, other := false, false
	for end = i; classes[line[end]]&endsValue == 0; end++ {
		digit = digit || classes[line[end]]&isDigit != 0
		other = other || classes[line[end]]&isHex == 0 && line[end] != '.'
	}
	if end == i || line[end] != '>' || digit && !other {
		return 0
	}
	return end
}
