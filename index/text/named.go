package text

// Digits that belong to a name say nothing of the line that they stand in: those
// of ssh2, of the version of HTTP, of the zone behind a stamp. They are static
// text, since a variable costs each line something.

// nameEnd returns where the name, version or zone ends to which the digits
// line[i:e] belong, 0 where they belong to none. The word around them begins at
// start.
func (s *scanner) nameEnd(start, i, e int) int {
	line := s.wide
	switch {
	case start < i:
		end := e
		for classes[line[end]]&isAlnum != 0 {
			end++
		}
		if (start > s.done || start == 0) && isName(line[start:end]) {
			return end
		}
		return 0
	case i == 0:
		return 0
	}
	switch line[i-1] {
	case '/':
		if s.isVersion(i) {
			return versionEnd(line, i, e)
		}
	case '+', '-':
		if s.isZone(i) {
			return zoneEnd(line, i, e)
		}
	case '>':
		if s.isSyslogVersion(i) && e == i+1 && line[i] == '1' && line[e] == ' ' {
			return e
		}
	}
	return 0
}

// isName reports whether a word with digits is the name of something.
func isName(word []byte) bool {
	switch string(word) {
	case "ssh2", "fail2ban", "SHA1", "SHA256", "SHA384", "SHA512", "MD5", "IPv4", "IPv6":
		return true
	}
	return false
}

// beginsName reports whether a name may begin with these letters, before a digit.
func beginsName(letters []byte) bool {
	switch string(letters) {
	case "ssh", "fail", "SHA", "MD", "IPv":
		return true
	}
	return false
}

// mayBeName reports whether digits at i could belong to a name, a version or a
// zone. The word around them begins at start.
func (s *scanner) mayBeName(start, i int) bool {
	if start < i {
		return beginsName(s.line[start:i])
	}
	return i > 0 && (s.isVersion(i) || s.isZone(i) || s.isSyslogVersion(i))
}

// isVersion reports whether the version of HTTP stands at i (RFC 9112, 2.3).
func (s *scanner) isVersion(i int) bool {
	const http = "HTTP/"
	return i-len(http) >= s.done && string(s.line[i-len(http):i]) == http
}

// versionEnd returns where a version ends whose first digits are line[i:e]: one
// digit, or two with a point between them. Who asks for something may write any.
func versionEnd(line []byte, i, e int) int {
	if e > i+1 {
		return 0
	}
	if line[e] == '.' && digitsAt(line, e+1) == 1 {
		e += 2
	}
	if line[e] == '.' || classes[line[e]]&isAlnum != 0 {
		return 0
	}
	return e
}

// isZone reports whether the digits at i stand behind a sign, and that behind a
// stamp.
func (s *scanner) isZone(i int) bool {
	if c := s.line[i-1]; s.slots == 0 || c != '+' && c != '-' {
		return false
	}
	if i-1 != s.done && (i-2 != s.done || s.line[s.done] != ' ') {
		return false
	}
	k := s.lastKind()
	return k == KindStamp || k == KindAgain
}

// zoneEnd returns where a zone ends whose first digits are line[i:e]: hours and
// minutes, with a colon between them or without, as far from UTC as some place is.
func zoneEnd(line []byte, i, e int) int {
	switch {
	case e-i == 2 && line[e] == ':' && digitsAt(line, e+1) == 2:
		e += 3
	case e-i != 4:
		return 0
	}
	if two(line, i) > 14 || two(line, e-2)%15 != 0 {
		return 0
	}
	if c := line[e]; c == '.' || c == ':' || classes[c]&isAlnum != 0 {
		return 0
	}
	return e
}

// isSyslogVersion reports whether what stands at i is behind the priority of a
// message of syslog (RFC 5424, 6.2).
func (s *scanner) isSyslogVersion(i int) bool {
	return s.slots == 1 && i == s.done+1 && s.line[s.done] == '>' && s.line[0] == '<' && s.at[0].Start == 1
}
