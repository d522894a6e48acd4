package logs

import "stilltrace/index/text"

// The masks of a signature. They are part of what makes two errors the same,
// in this case and in every other: changing one changes every signature.
const (
	maskNumber = "<n>"
	maskHex    = "<hex>"
	maskUUID   = "<uuid>"
	maskTime   = "<time>"
	maskIP     = "<ip>"
	maskMAC    = "<mac>"
	maskPath   = "<path>"
	maskText   = "<text>"
	maskValue  = "<value>"
	maskUser   = "<user>"
	maskID     = "<id>"
)

const (
	// maxSigned is how much of a message its signature is made of: what tells errors apart stands at their start.
	maxSigned = 1 << 10
	// maxSignature bounds a signature; masks can make a text longer.
	maxSignature = 512
)

// variable is one variable of a message: where it stands in it, and its mask.
type variable struct {
	start, end int
	mask       string
}

// maskOf is the mask of a kind of variable that is no address.
func maskOf(k text.Kind) string {
	switch k {
	case text.KindLower, text.KindUpper:
		return maskHex
	case text.KindStamp, text.KindAgain:
		return maskTime
	case text.KindIPv4:
		return maskIP
	case text.KindPath:
		return maskPath
	case text.KindQuoted, text.KindLine:
		return maskText
	case text.KindValue:
		return maskValue
	case text.KindUser:
		return maskUser
	case text.KindWord:
		return maskID
	}
	return maskNumber
}

// signer makes signatures: the text of a message with its variables masked.
// What is a variable is for package text to say, so that all lines of a
// template have one signature; the exceptions are UUIDs, of which it sees the
// parts, and what stands between single quotes.
type signer struct {
	out  []byte
	base int
	msg  []byte
	vars []variable // in order
	next int        // the first of them that is not behind
	// loose tells that another line of the template could have another signature.
	loose bool
}

// sign appends the signature of msg to out. The user is masked where it stands
// from userStart to userEnd.
func (s *signer) sign(out, msg []byte, userStart, userEnd int, vars []variable) []byte {
	*s = signer{out: out, base: len(out), msg: msg, vars: vars}
	if len(msg) > maxSigned {
		s.msg, s.loose = msg[:maxSigned], true
	}
	msg = s.msg
	for i := 0; i < len(msg) && len(s.out)-s.base < maxSignature; {
		v := s.at(i)
		switch c := msg[i]; {
		case i == userStart && userEnd > i:
			s.mask(maskUser)
			i = userEnd
		case v != nil && v.mask != maskNumber && v.mask != maskHex:
			s.mask(v.mask)
			i = v.end
		case byteClass[c]&byteHex != 0 && (i == 0 || byteClass[msg[i-1]]&byteWord == 0) && uuidLength(msg[i:]) > 0:
			s.mask(maskUUID)
			s.loose = s.loose || !s.isUUID(i)
			i += uuidLength(msg[i:])
		case byteClass[c]&byteHex != 0 && (i == 0 || byteClass[msg[i-1]]&byteWord == 0) && s.hexWord(i) > 0:
			s.mask(maskHex)
			i = s.hexWord(i)
		case v != nil:
			s.mask(v.mask)
			i = v.end
			for v.mask == maskNumber && i+1 < len(msg) && msg[i] == '.' {
				// The parts of a version are one number.
				if v = s.at(i + 1); v == nil || v.start != i+1 || v.mask != maskNumber {
					break
				}
				i = v.end
			}
		case isDigit(c):
			i = s.digits(i)
		case c == '\'' || c == '`' || c == '"':
			i = s.quoted(i)
		case c == '/' && pathStarts(msg, i):
			s.mask(maskPath)
			i = s.pathEnd(i)
		case c == '\n' || c == '\r' || c == '\t' || c == ' ':
			s.mask(" ")
			for i++; i < len(msg) && (msg[i] == ' ' || msg[i] == '\n' || msg[i] == '\r' || msg[i] == '\t'); i++ {
			}
		default:
			s.out = append(s.out, c)
			i++
		}
	}
	s.out = s.out[:min(len(s.out), s.base+maxSignature)]
	for len(s.out) > s.base && s.out[len(s.out)-1] == ' ' {
		s.out = s.out[:len(s.out)-1]
	}
	return s.out
}

// digits masks digits that are no variable, such as those of ssh2 or HTTP/1.1, and
// returns where they end.
func (s *signer) digits(i int) int {
	s.mask(maskNumber)
	for {
		for i < len(s.msg) && isDigit(s.msg[i]) {
			i++
		}
		if i+1 >= len(s.msg) || s.msg[i] != '.' || !isDigit(s.msg[i+1]) {
			return i
		}
		i++
	}
}

func (s *signer) mask(mask string) { s.out = append(s.out, mask...) }

// at returns the variable that begins at i, or that i is in.
func (s *signer) at(i int) *variable {
	for s.next < len(s.vars) && s.vars[s.next].end <= i {
		s.next++
	}
	if s.next < len(s.vars) && s.vars[s.next].start <= i {
		return &s.vars[s.next]
	}
	return nil
}

// isUUID reports whether the UUID at i is one in all lines of the template: each
// of its parts is a hexadecimal variable.
func (s *signer) isUUID(i int) bool {
	for _, n := range [...]int{8, 4, 4, 4, 12} {
		if v := s.at(i); v == nil || v.mask != maskHex || v.start != i || v.end != i+n {
			return false
		}
		i += n + 1
	}
	return true
}

// behind returns the first place from i on that is in no variable.
func (s *signer) behind(i int) int {
	for _, v := range s.vars[s.next:] {
		if v.start > i {
			break
		}
		if i < v.end {
			i = v.end
		}
	}
	return i
}

// hexWord returns where the word at i ends if it is a hexadecimal number: 0x and
// digits, or digits and at least three letters; fewer can be a unit. Otherwise
// it returns 0.
func (s *signer) hexWord(i int) int {
	end, digits, letters := i, 0, 0
	for ; end < len(s.msg) && byteClass[s.msg[end]]&byteWord != 0; end++ {
		switch c := s.msg[end]; {
		case isDigit(c):
			digits++
		case byteClass[c]&byteHex != 0:
			letters++
		case c != 'x' || end != i+1 || s.msg[i] != '0':
			return 0
		}
	}
	if zero := end > i+2 && s.msg[i+1] == 'x'; zero || digits > 0 && letters > 2 {
		return end
	}
	return 0
}

// quoted masks what stands between two equal quotes. An apostrophe within a
// word opens nothing.
func (s *signer) quoted(i int) int {
	msg := s.msg
	q := msg[i]
	s.out = append(s.out, q)
	if q == '\'' && i > 0 && byteClass[msg[i-1]]&byteWord != 0 {
		return i + 1
	}
	for j := s.behind(i + 1); j < len(msg) && msg[j] != '\n'; j = s.behind(j + 1) {
		if msg[j] == '\\' {
			j++
			continue
		}
		if msg[j] == q && (q != '\'' || j+1 == len(msg) || byteClass[msg[j+1]]&byteWord == 0) {
			if j > i+1 {
				s.mask(maskText)
			}
			s.out = append(s.out, q)
			return j + 1
		}
	}
	return i + 1
}

// pathStarts reports whether the slash at i begins a path: it follows no word
// and something follows it.
func pathStarts(msg []byte, i int) bool {
	if i+1 >= len(msg) || msg[i+1] == ' ' || msg[i+1] == '*' {
		return false
	}
	return i == 0 || byteClass[msg[i-1]]&byteWord == 0 && msg[i-1] != '>' && msg[i-1] != '.' && msg[i-1] != ')'
}

func (s *signer) pathEnd(i int) int {
	for i = s.behind(i); i < len(s.msg); i = s.behind(i + 1) {
		switch s.msg[i] {
		case ' ', '\t', '\n', '"', '\'', ',', ';', ')', ']', '>', '|':
			return i
		}
	}
	return i
}

// uuidLength returns 36 where b begins with a UUID in its usual form (RFC 9562
// section 4).
func uuidLength(b []byte) int {
	const size = 36
	if len(b) < size || b[8] != '-' || len(b) > size && byteClass[b[size]]&byteWord != 0 {
		return 0
	}
	for i, c := range b[:size] {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return 0
			}
		} else if byteClass[c]&byteHex == 0 {
			return 0
		}
	}
	return size
}
