package logs

import (
	"bytes"
	"unicode"

	"stilltrace/index"
)

// python is what Python programs log with the standard library's logging, as
// Django, Flask, Celery and gunicorn set it up:
//
//	2026-11-23 02:31:39,123 ERROR [django.request:812] message
//	2026-11-23 02:31:39,123 - django.request - ERROR - message
//	ERROR 2026-11-23 02:31:39,123 module 812 1399 message
//	[2026-11-23 02:31:39,123] ERROR in app: message
//	[2026-11-23 02:31:39,123: ERROR/MainProcess] message
//	[2026-11-23 02:31:39 +0000] [812] [ERROR] message
//	ERROR:django.request:message
//	[23/Nov/2026 02:31:39] "GET / HTTP/1.1" 200 10
//
// A traceback follows its message on lines of its own and belongs to it. Only
// gunicorn's stamp has a zone.
//
// https://docs.python.org/3/library/logging.html#logrecord-attributes,
// https://docs.djangoproject.com/en/stable/topics/logging/
var python = Format{Name: "python", Starts: pythonStarts, Parse: pythonParse}

func pythonStarts(line []byte) bool {
	if _, ok := pythonHead(line); ok {
		return true
	}
	if _, _, _, ok := devServer(line); ok {
		return true
	}
	return djangoBare(line)
}

// djangoBare reports whether line is a message of django.request as the
// development server prints it: without stamp and level.
func djangoBare(line []byte) bool {
	return startsAny(line, "Internal Server Error: /", "Not Found: /", "Forbidden: /", "Bad Request: /", "Forbidden (", "Method Not Allowed (")
}

func pythonParse(entry []byte, e *Entry) bool {
	line, _, _ := bytes.Cut(entry, []byte{'\n'})
	message := 0
	if stamp, client, rest, ok := devServer(line); ok {
		e.Stamp = stamp
		devRequest(client, rest, e)
		message = len(line) - len(rest)
	} else if h, ok := pythonHead(line); ok {
		e.Stamp, e.Level = h.stamp, h.level
		e.process(h.pid)
		e.Set("logger", h.logger)
		message = len(line) - len(h.msg)
	} else if djangoBare(line) {
		e.Level = index.LevelWarning
		if startsAny(line, "Internal") {
			e.Level = index.LevelErr
		}
		e.Set("logger", loggerRequest)
	} else if !bytes.HasPrefix(line, tracebackHead) {
		return false
	}
	traceback := tracebackIn(entry, message)
	if e.Action == index.ActionOther {
		e.Message = bytes.TrimRight(entry[message:traceback], "\n")
		pythonAction(e)
	}
	if traceback < len(entry) {
		setTraceback(entry[traceback:], e)
	}
	return true
}

// pythonAction recognises what gunicorn's master says of itself; what an
// application logs is its own text and means nothing certain, even where it
// speaks of logins.
func pythonAction(e *Entry) {
	switch msg := e.Message; {
	case startsAny(msg, "Listening at: "):
		e.Action, e.Service = index.ActionServiceStarted, serviceGunicorn
	case startsAny(msg, "Shutting down: Master"):
		e.Action, e.Service = index.ActionServiceStopped, serviceGunicorn
	case startsAny(msg, "Connection in use: ", "WORKER TIMEOUT (pid:"):
		e.Action, e.Service = index.ActionServiceFailed, serviceGunicorn
	}
	e.Outcome = outcomeOf(e.Action, e.Level)
}

type pythonLine struct {
	stamp  Stamp
	level  index.Level
	pid    []byte
	logger []byte
	msg    []byte
}

// pythonHead reads everything before the message.
func pythonHead(b []byte) (h pythonLine, ok bool) {
	if len(b) == 0 {
		return h, false
	}
	if rest, bracket := cut(b, "["); bracket {
		return bracketHead(rest)
	}
	if isDigit(b[0]) {
		s, n := stampISO(b)
		if n == 0 {
			return h, false
		}
		h.stamp = s
		return loggedHead(b[n:], h)
	}
	return levelHead(b)
}

// bracketHead reads the shapes of Flask, Celery and gunicorn, behind the first
// bracket.
func bracketHead(b []byte) (h pythonLine, ok bool) {
	s, n := stampISO(b)
	if n == 0 {
		return h, false
	}
	b = b[n:]
	if zone, blank := cut(b, " "); blank && !s.HasZone {
		b = zone[s.zone(zone):]
	}
	h.stamp = s
	if rest, celery := cut(b, ": "); celery {
		level, process, _ := around(rest, "/")
		h.level = pythonLevel(level)
		_, h.msg, ok = around(process, "] ")
		return h, ok && h.level != index.LevelUnknown
	}
	b, ok = cut(b, "] ")
	if !ok {
		return h, false
	}
	if level, rest := cutWord(b); pythonLevel(level) != index.LevelUnknown {
		if name, in := cut(rest, "in "); in {
			h.level = pythonLevel(level)
			h.logger, h.msg, ok = around(name, ": ")
			return h, ok
		}
	}
	if pid, rest, ok := bracketed(b); ok && allDigits(pid) {
		if level, msg, ok := bracketed(rest); ok && pythonLevel(level) != index.LevelUnknown {
			h.pid = pid
			h.level, h.msg = pythonLevel(level), msg
			return h, true
		}
	}
	return loggedHead(b, h)
}

// loggedHead reads up to the level, which is one of the first words, and the
// logger, which stands before it or, in brackets or with a colon, behind it.
func loggedHead(b []byte, h pythonLine) (pythonLine, bool) {
	const maxWords = 8 // the names and numbers of process and thread, the logger, and dashes between them
	const maxNames = 3 // more words are a sentence
	names := 0
	for range maxWords {
		b = bytes.TrimLeft(b, " ")
		w, rest := cutWord(b)
		b = rest
		inner := bytes.Trim(w, "[]():|,-")
		if h.level = pythonLevel(inner); h.level != index.LevelUnknown {
			h.msg = loggerBehind(b, &h)
			return h, true
		}
		if _, ok := digits(inner); ok {
			if h.pid == nil {
				h.pid = inner
			}
		} else if isName(inner) && names < maxNames {
			names++
			h.logger = inner
		} else if len(inner) > 0 {
			return h, false
		}
	}
	return h, false
}

// loggerBehind reads "[name:pid] ", "[name] " or "name: " behind the level, and
// the dash of " - ". A name with a colon is one only in lower case, as modules
// are named; "Reason: …" is a message.
func loggerBehind(b []byte, h *pythonLine) []byte {
	b = bytes.TrimLeft(b, " ")
	for _, sep := range [...]string{"- ", "| ", ": "} {
		b, _ = cut(b, sep)
	}
	w, rest := cutWord(b)
	if name, ok := cut(w, "["); ok {
		name, ok = cutEnd(bytes.TrimSuffix(name, []byte{':'}), "]")
		name, pid, both := around(name, ":")
		if _, number := digits(pid); both && number {
			h.pid = pid
		}
		if ok && isName(name) {
			h.logger = name
			return rest
		}
	} else if name, ok := cutEnd(w, ":"); ok && h.logger == nil && isName(name) && rest != nil && !bytes.ContainsFunc(name, unicode.IsUpper) {
		h.logger = name
		return rest
	}
	return b
}

// levelHead reads "LEVEL stamp module pid thread message" and
// "LEVEL:name:message".
func levelHead(b []byte) (h pythonLine, ok bool) {
	n := 0
	// CRITICAL is the longest name of a level.
	for n < len(b) && n <= len("CRITICAL") && b[n] >= 'A' && b[n] <= 'Z' {
		n++
	}
	if h.level = pythonLevel(b[:n]); h.level == index.LevelUnknown || n >= len(b) {
		return h, false
	}
	if b[n] == ':' {
		name, msg, ok := around(b[n+1:], ":")
		if ok && isName(name) {
			h.logger, h.msg = name, msg
			return h, true
		}
		return h, false
	}
	b = bytes.TrimLeft(b[n:], " ")
	s, n := stampISO(b)
	if n == 0 || n >= len(b) || b[n] != ' ' {
		return h, false
	}
	h.stamp, h.msg = s, b[n+1:]
	name, rest := cutWord(h.msg)
	pid, rest := cutWord(rest)
	thread, rest := cutWord(rest)
	if _, ok := digits(pid); ok && isName(name) && allDigits(thread) {
		h.logger, h.pid, h.msg = name, pid, rest
	}
	return h, true
}

// pythonLevel reads the name of a level as logging writes it.
func pythonLevel(b []byte) index.Level {
	if len(b) == 0 || b[0] < 'A' || b[0] > 'Z' {
		return index.LevelUnknown
	}
	switch string(b) {
	case "DEBUG":
		return index.LevelDebug
	case "INFO":
		return index.LevelInfo
	case "WARNING", "WARN":
		return index.LevelWarning
	case "ERROR":
		return index.LevelErr
	case "CRITICAL", "FATAL":
		return index.LevelCrit
	}
	return index.LevelUnknown
}

// isName reports whether b can be the name of a logger, module or class.
func isName(b []byte) bool {
	for _, c := range b {
		if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'z') && c != '_' && c != '.' && c != '-' {
			return false
		}
	}
	return len(b) > 0 && !isDigit(b[0])
}
