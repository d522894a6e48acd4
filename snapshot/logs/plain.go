package logs

import (
	"bytes"

	"stilltrace/index"
)

// plain takes every file that no other format fits: each line is an entry. A
// stamp at the start of the line is read where it has one of the known shapes,
// and a level where the first word behind it says so.
var plain = Format{
	Name:   "plain",
	Starts: func([]byte) bool { return true },
	Parse: func(entry []byte, e *Entry) bool {
		var rest []byte
		e.Stamp, rest = plainStamp(entry)
		e.Message = rest
		e.Level = plainLevel(rest)
		return true
	},
}

// plainStamp reads a stamp, with or without brackets around it.
func plainStamp(line []byte) (Stamp, []byte) {
	b, bracket := cut(line, "[")
	for _, read := range [...]func([]byte) (Stamp, int){stampISO, stampBSD, stampSlash, stampCLF, stampDay} {
		s, n := read(b)
		if n == 0 {
			continue
		}
		rest := b[n:]
		if bracket {
			var ok bool
			if rest, ok = cut(rest, "]"); !ok {
				continue
			}
		}
		if len(rest) > 0 && rest[0] != ' ' && rest[0] != '\t' && rest[0] != ':' {
			continue
		}
		return s, bytes.TrimLeft(rest, ": \t-")
	}
	if s, _, ok := apacheStamp(line); ok {
		_, rest, _ := around(line, "] ")
		return s, rest
	}
	return Stamp{}, line
}

// plainLevel reads the level of a line's first word: ERROR, [error], WARN: and
// <err>. A word in lower case counts only in brackets or with a colon: "error"
// can begin a sentence.
func plainLevel(b []byte) index.Level {
	if len(b) == 0 {
		return index.LevelUnknown
	}
	open := b[0] == '[' || b[0] == '<' || b[0] == '('
	if open {
		b = b[1:]
	}
	n := 0
	// The longest word of a level is "information"; longer ones need no reading.
	for n < len(b) && n < 12 && (b[n]|0x20) >= 'a' && (b[n]|0x20) <= 'z' {
		n++
	}
	marked := n < len(b) && (b[n] == ':' || open && (b[n] == ']' || b[n] == '>' || b[n] == ')'))
	ended := n == len(b) || b[n] == ' ' || b[n] == '\t'
	if !marked && (open || !ended || !isUpper(b[:n])) {
		return index.LevelUnknown
	}
	return levelWord(b[:n])
}

func isUpper(b []byte) bool {
	for _, c := range b {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return len(b) > 0
}

// levelWord reads the name of a level in any of its usual spellings, in either
// case.
func levelWord(b []byte) index.Level {
	for i := range levelWords {
		if bytes.EqualFold(b, []byte(levelWords[i].word)) {
			return levelWords[i].level
		}
	}
	return index.LevelUnknown
}

var levelWords = [...]struct {
	word  string
	level index.Level
}{
	{"info", index.LevelInfo}, {"error", index.LevelErr}, {"warning", index.LevelWarning}, {"debug", index.LevelDebug},
	{"warn", index.LevelWarning}, {"notice", index.LevelNotice}, {"critical", index.LevelCrit}, {"fatal", index.LevelCrit},
	{"crit", index.LevelCrit}, {"err", index.LevelErr}, {"alert", index.LevelAlert}, {"emerg", index.LevelEmerg},
	{"emergency", index.LevelEmerg}, {"panic", index.LevelEmerg}, {"severe", index.LevelErr}, {"trace", index.LevelDebug},
	{"information", index.LevelInfo},
}
