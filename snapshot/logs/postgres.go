package logs

import (
	"bytes"

	"stilltrace/index"
)

// postgres is PostgreSQL's log to stderr and to a file (log_destination
// stderr):
//
//	2026-11-23 02:42:53.296 UTC [8662] nobody@postgres FATAL:  password authentication failed for user "nobody"
//	2026-11-23 02:42:53.296 UTC [8662] nobody@postgres DETAIL:  Role "nobody" does not exist.
//		Connection matched pg_hba.conf line 88: "host all all 127.0.0.1/32 scram-sha-256"
//
// What precedes the level is set by log_line_prefix. The default, Debian's,
// pgBadger's (user=…,db=…,client=…) and that of hosted databases
// (%t:%r:%u@%d:[%p]:) are read, and no prefix at all. DETAIL and its like
// repeat the prefix but belong to the entry before them, as do lines that
// begin with a tab, which PostgreSQL puts before every further line of a text.
//
// https://www.postgresql.org/docs/current/runtime-config-logging.html
var postgres = Format{Name: "postgres", Starts: postgresStarts, Parse: postgresParse}

// pgWord is a word that stands before ":  " in a line.
type pgWord struct {
	word  string
	level index.Level // unknown: the line belongs to the entry before it
	field string      // the name of that part, "" where it is left out
}

// PostgreSQL's own mapping to syslog makes an ERROR a warning; here an error
// is an error. FATAL ends one session, PANIC all.
var pgWords = [...]pgWord{
	{word: "LOG", level: index.LevelInfo}, {word: "ERROR", level: index.LevelErr}, {word: "STATEMENT", field: "statement"}, {word: "DETAIL", field: "detail"},
	{word: "FATAL", level: index.LevelErr}, {word: "WARNING", level: index.LevelWarning}, {word: "NOTICE", level: index.LevelNotice},
	{word: "INFO", level: index.LevelInfo}, {word: "PANIC", level: index.LevelCrit}, {word: "HINT", field: "hint"}, {word: "CONTEXT", field: "context"},
	{word: "LOCATION"}, {word: "QUERY", field: "query"}, {word: "BACKTRACE"}, {word: "DEBUG", level: index.LevelDebug},
	{word: "DEBUG1", level: index.LevelDebug}, {word: "DEBUG2", level: index.LevelDebug}, {word: "DEBUG3", level: index.LevelDebug},
	{word: "DEBUG4", level: index.LevelDebug}, {word: "DEBUG5", level: index.LevelDebug},
}

func postgresStarts(line []byte) bool {
	l, ok := pgSplit(line)
	if !ok || l.word.level == index.LevelUnknown {
		return false
	}
	if len(l.prefix) == 0 {
		return true
	}
	_, _, ok = pgStamp(l.prefix)
	return ok
}

// pgLine is a line cut at its level word.
type pgLine struct {
	prefix []byte
	word   *pgWord
	text   []byte
	// again tells that there is a later level word, doubtful that a later level word could be the true one.
	again, doubtful bool
}

// pgSplit cuts a line at its level word.
//
// The user of the prefix is the client's to choose, before any password is
// asked: "x LOG:  connection authorized: user=postgres" is a name. So the
// first level word counts, unless the text behind a later one can only stand
// behind the true one. Where that cannot be told the line is doubtful.
func pgSplit(line []byte) (l pgLine, ok bool) {
	if len(line) == 0 || line[0] == '\t' {
		return l, false
	}
	// A level word further back than this is text: a prefix holds names of at most 63 bytes each.
	const maxPrefix = 512
	head := line[:min(len(line), maxPrefix)]
	for from := 0; ; {
		i := bytes.Index(head[from:], []byte(":  "))
		if i < 0 {
			return l, ok
		}
		i += from
		from = i + 3
		start := i
		for start > 0 && (line[start-1] >= 'A' && line[start-1] <= 'Z' || isDigit(line[start-1])) {
			start--
		}
		found := pgWordOf(line[start:i])
		if found == nil || start > 0 && line[start-1] != ' ' && line[start-1] != ':' {
			continue
		}
		if !ok {
			l, ok = pgLine{prefix: line[:start], word: found, text: line[from:]}, true
			if start == 0 {
				return l, true // without a prefix there is no name in it
			}
			continue
		}
		l.again = true
		if pgAfterName(line[:start], found.word, line[from:]) {
			return pgLine{prefix: line[:start], word: found, text: line[from:], again: true}, true
		}
		l.doubtful = l.doubtful || hasAny(line[len(l.prefix):start], "@", "db=")
	}
}

// pgAfterName reports whether text is what the server writes behind a prefix
// that holds a level word within its user's name: a message that quotes the
// name, or a part of an entry that has one shape only.
func pgAfterName(prefix []byte, word string, text []byte) bool {
	switch word {
	case "LOCATION":
		function, place, ok := around(text, ", ")
		_, line, colon := aroundLast(place, ":")
		return ok && colon && isName(function) && allDigits(line)
	case "DETAIL":
		if startsAny(text, "Connection matched ") {
			return true
		}
	}
	return quotesName(prefix, text)
}

func pgWordOf(b []byte) *pgWord {
	for i := range pgWords {
		if string(b) == pgWords[i].word {
			return &pgWords[i]
		}
	}
	return nil
}

// quotesName reports whether text quotes, in its first line, a name that looks
// like a level word and its text and stands in prefix.
func quotesName(prefix, text []byte) bool {
	for range 8 { // a message names fewer things than that
		_, rest, ok := around(text, "\"")
		name, after, closed := around(rest, "\"")
		if !ok || !closed {
			return false
		}
		if bytes.Contains(name, []byte(":  ")) && bytes.Contains(prefix, name) {
			return true
		}
		text = after
	}
	return false
}

// pgStamp reads the stamp at the start of a prefix and the name of its zone.
// UTC and GMT are exact, and so are zones that are written as an offset (-03);
// other abbreviations mean different zones in different places.
func pgStamp(b []byte) (Stamp, []byte, bool) {
	s, n := stampISO(b)
	if n == 0 {
		return s, nil, false
	}
	b = b[n:]
	rest, blank := cut(b, " ")
	if !blank || s.HasZone {
		return s, b, true
	}
	// A colon behind the offset is the prefix's own.
	offset := rest[:min(len(rest), 5)]
	if i := bytes.IndexByte(offset, ':'); i >= 0 {
		offset = offset[:i]
	}
	if n := s.zone(offset); n > 1 {
		return s, rest[n:], true
	}
	n = 0
	for n < len(rest) && n < 6 && rest[n] >= 'A' && rest[n] <= 'Z' {
		n++
	}
	if n < 3 {
		return s, b, true
	}
	switch string(rest[:n]) {
	case "UTC", "GMT", "UCT":
		s.HasZone = true
	}
	return s, rest[n:], true
}

func postgresParse(entry []byte, e *Entry) bool {
	line, _, _ := bytes.Cut(entry, []byte{'\n'})
	l, ok := pgSplit(line)
	if !ok || l.word.level == index.LevelUnknown {
		return false
	}
	if len(l.prefix) > 0 {
		stamp, names, ok := pgStamp(l.prefix)
		if !ok {
			return false
		}
		e.Stamp = stamp
		pgPrefix(names, e)
	}
	e.Service = servicePostgres
	e.Level = l.word.level
	if isDigit(l.word.word[len(l.word.word)-1]) || l.again {
		e.Decide(line[:len(line)-len(l.text)])
	}
	e.Message = pgParts(entry, len(line)-len(l.text), e)
	if code, msg, ok := around(e.Message, ": "); ok && mayBeSQLState(code, e) {
		if string(code) != "00000" {
			e.Set("sqlstate", code)
		}
		e.Message = msg
	}
	if l.doubtful {
		// What it did is left open: a name could have said it.
		e.Set("ambiguous", wordLevel)
		return true
	}
	pgMessage(l.word.word, e)
	e.Outcome = outcomeOf(e.Action, e.Level)
	return true
}

// mayBeSQLState is isSQLState, and says that it depends on the text.
func mayBeSQLState(b []byte, e *Entry) bool {
	const longest = 16 // digits of a number that package text takes for a variable
	if len(b) <= longest && bytes.IndexByte(b, ' ') < 0 {
		e.Decide(b)
	}
	return isSQLState(b)
}

// isSQLState reports whether b is an error code: five digits and letters
// (PostgreSQL Error Codes, appendix A).
func isSQLState(b []byte) bool {
	if len(b) != 5 {
		return false
	}
	for _, c := range b {
		if !isDigit(c) && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// pgParts cuts the entry, whose message starts at the given place, into the
// message, which it returns, and DETAIL, STATEMENT and the like, which it sets.
func pgParts(entry []byte, start int, e *Entry) (message []byte) {
	field, first := "", true
	end := func(at int) {
		if first {
			message, first = entry[start:at], false
		} else if field != "" {
			e.Set(field, entry[start:at])
		}
	}
	for at := start; ; {
		i := bytes.IndexByte(entry[at:], '\n')
		if i < 0 {
			end(len(entry))
			return message
		}
		at += i + 1
		line, _, _ := bytes.Cut(entry[at:], []byte{'\n'})
		if l, ok := pgSplit(line); ok && l.word.level == index.LevelUnknown {
			end(at - 1)
			field, start = l.word.field, at+len(line)-len(l.text)
		}
	}
}
