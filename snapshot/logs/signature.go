package logs

// The masks of a signature. They are part of what makes two errors the same,
// in this case and in every other: changing one changes every signature.
const (
	maskNumber = "<n>"
	maskHex    = "<hex>"
	maskUUID   = "<uuid>"
	maskIP     = "<ip>"
	maskPath   = "<path>"
	maskText   = "<text>"
	maskUser   = "<user>"
)

const (
	// maxSigned is how much of a message its signature is made of: what tells errors apart stands at their start.
	maxSigned = 1 << 10
	// maxSignature bounds a signature; masks can make a text longer.
	maxSignature = 512
)

// appendSignature appends the text of msg with its variables masked: quoted
// text, addresses, UUIDs, hexadecimal words of four digits or more, paths,
// numbers, and the user, given by where it stands in msg.
func appendSignature(out, msg []byte, userStart, userEnd int) []byte {
	if len(msg) > maxSigned {
		msg = msg[:maxSigned]
	}
	base := len(out)
	_, ipStart, ipEnd := nextAddress(msg, 0)
	for i := 0; i < len(msg) && len(out)-base < maxSignature; {
		if ipEnd > 0 && ipStart < i {
			_, ipStart, ipEnd = nextAddress(msg, i)
		}
		switch c := msg[i]; {
		case i == userStart && userEnd > i:
			out = append(out, maskUser...)
			i = userEnd
		case ipEnd > 0 && i == ipStart:
			out = append(out, maskIP...)
			i = ipEnd
		case c == '"' || c == '\'' || c == '`':
			out, i = maskQuoted(out, msg, i)
		case c == '/' && pathStarts(msg, i):
			out = append(out, maskPath...)
			i = pathEnd(msg, i)
		case byteClass[c]&byteWord != 0:
			end := i
			for end < len(msg) && byteClass[msg[end]]&byteWord != 0 {
				end++
			}
			// A user's name may begin inside what looks like a word.
			if userStart > i && userStart < end {
				end = userStart
			}
			out, i = maskWord(out, msg, i, end)
		case c == '\n' || c == '\r' || c == '\t' || c == ' ':
			out = append(out, ' ')
			for i++; i < len(msg) && (msg[i] == ' ' || msg[i] == '\n' || msg[i] == '\r' || msg[i] == '\t'); i++ {
			}
		default:
			out = append(out, c)
			i++
		}
	}
	out = out[:min(len(out), base+maxSignature)]
	for len(out) > base && out[len(out)-1] == ' ' {
		out = out[:len(out)-1]
	}
	return out
}

// maskQuoted masks what stands between two equal quotes. An apostrophe within
// a word opens nothing.
func maskQuoted(out, msg []byte, i int) ([]byte, int) {
	q := msg[i]
	if q == '\'' && i > 0 && byteClass[msg[i-1]]&byteWord != 0 {
		return append(out, q), i + 1
	}
	for j := i + 1; j < len(msg) && msg[j] != '\n'; j++ {
		if msg[j] == '\\' {
			j++
			continue
		}
		if msg[j] == q && (q != '\'' || j+1 == len(msg) || byteClass[msg[j+1]]&byteWord == 0) {
			if j == i+1 {
				return append(out, q, q), j + 1
			}
			out = append(out, q)
			out = append(out, maskText...)
			return append(out, q), j + 1
		}
	}
	return append(out, q), i + 1
}

// pathStarts reports whether the slash at i begins a path: it follows no word
// and something follows it.
func pathStarts(msg []byte, i int) bool {
	if i+1 >= len(msg) || msg[i+1] == ' ' || msg[i+1] == '*' {
		return false
	}
	return i == 0 || byteClass[msg[i-1]]&byteWord == 0 && msg[i-1] != '>' && msg[i-1] != '.' && msg[i-1] != ')'
}

func pathEnd(msg []byte, i int) int {
	for i < len(msg) {
		switch msg[i] {
		case ' ', '\t', '\n', '"', '\'', ',', ';', ')', ']', '>', '|':
			return i
		}
		i++
	}
	return i
}

// maskWord masks the numbers in a word of letters and digits, or all of it
// where it is a UUID or a hexadecimal number.
func maskWord(out, msg []byte, i, end int) ([]byte, int) {
	if n := uuidLength(msg[i:]); n > 0 {
		return append(out, maskUUID...), i + n
	}
	if isHexWord(msg[i:end]) {
		return append(out, maskHex...), end
	}
	for i < end {
		if !isDigit(msg[i]) {
			out = append(out, msg[i])
			i++
			continue
		}
		for i < end && isDigit(msg[i]) {
			i++
		}
		// A fraction belongs to its number.
		if i == end && i+1 < len(msg) && msg[i] == '.' && isDigit(msg[i+1]) {
			for i++; i < len(msg) && isDigit(msg[i]); i++ {
			}
		}
		out = append(out, maskNumber...)
	}
	return out, i
}

// isHexWord reports whether w is 0x and hexadecimal digits, or at least four
// of them with both digits and letters: a plain number is no hexadecimal one,
// and "defaced" is a word.
func isHexWord(w []byte) bool {
	if len(w) > 2 && w[0] == '0' && w[1] == 'x' {
		for _, c := range w[2:] {
			if byteClass[c]&byteHex == 0 {
				return false
			}
		}
		return true
	}
	if len(w) < 4 {
		return false
	}
	digit, letter := false, false
	for _, c := range w {
		if byteClass[c]&byteHex == 0 {
			return false
		}
		digit = digit || isDigit(c)
		letter = letter || !isDigit(c)
	}
	return digit && letter
}

// uuidLength returns 36 where b begins with a UUID in its usual form (RFC 9562
// section 4).
func uuidLength(b []byte) int {
	const size = 36
	if len(b) < size || len(b) > size && byteClass[b[size]]&byteWord != 0 {
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
