package text

import "bytes"

// noUser is behind every line.
const noUser = 1 << 62

// findUser returns where the next name of a user begins at or behind from, or
// noUser. It looks through the text once, and not once for each line.
func (s *scanner) findUser(from int) int {
	const mark = "user "
	for at := max(from, s.ahead); s.ahead < from+len(mark) && s.ahead < len(s.block); {
		i := bytes.Index(s.block[min(at, len(s.block)):], []byte(mark))
		if i < 0 {
			s.ahead = len(s.block) + 1
			break
		}
		if i += at; i > 0 && classes[s.block[i-1]]&isAlnum != 0 {
			at = i + 1 // what follows "superuser" is nobody's name
			continue
		}
		s.ahead = i + len(mark)
		at = max(from, s.ahead)
	}
	if s.ahead >= len(s.line) {
		return noUser
	}
	return s.ahead
}
