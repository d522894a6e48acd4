package text

import "bytes"

// noUser is behind every line.
const noUser = 1 << 62

// findUser returns where in the line the next name of a user begins at or behind
// from, or noUser. What was looked through is not looked through again.
func (s *scanner) findUser(from int) int {
	const mark = "user "
	for s.ahead < from+len(mark) {
		at := min(max(from, s.ahead), len(s.line))
		i := bytes.Index(s.line[at:], []byte(mark))
		if i < 0 {
			s.ahead = noUser
			break
		}
		i += at
		s.ahead = i + len(mark)
		if i > 0 && classes[s.line[i-1]]&isAlnum != 0 {
			from = max(from, i+1) // what follows "superuser" is nobody's name
		}
	}
	if s.ahead >= len(s.line) {
		return noUser
	}
	return s.ahead
}
