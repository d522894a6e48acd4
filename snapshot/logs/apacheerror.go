package logs

import (
	"bytes"

	"stilltrace/index"
)

// apacheError is the error log of Apache httpd 2.4, and of 2.2:
//
//	[Mon Nov 23 02:41:19.552452 2026] [core:error] [pid 8150:tid 8162] (13)Permission denied: [client 192.0.2.1:37826] AH00132: file permissions deny …
//	[Mon Nov 23 02:41:19 2026] [error] [client 192.0.2.1] File does not exist: …
//
// The stamp is local time without a zone. Everything up to the client is
// written by the server alone, so what a client sends cannot forge it.
//
// https://httpd.apache.org/docs/2.4/mod/core.html#errorlogformat
var apacheError = Format{
	Name:   "apache_error",
	Starts: func(line []byte) bool { _, _, ok := apacheStamp(line); return ok },
	Parse:  apacheErrorParse,
}

const weekdayNames = "MonTueWedThuFriSatSun"

// apacheStamp reads "[Mon Nov 23 02:41:19.552452 2026] [" at the start of b
// and returns what follows the bracketed stamp and its blank.
func apacheStamp(b []byte) (s Stamp, rest []byte, ok bool) {
	if len(b) < 28 || b[0] != '[' || b[4] != ' ' || b[8] != ' ' || b[11] != ' ' {
		return s, nil, false
	}
	known := false
	for d := 0; d < len(weekdayNames); d += 3 {
		known = known || string(b[1:4]) == weekdayNames[d:d+3]
	}
	day := b[9:11]
	if day[0] == ' ' {
		day = day[1:]
	}
	var ok1, ok2 bool
	s.Month = month(b[5:])
	s.Day, ok1 = digits(day)
	n := s.clock(b[12:])
	if !known || !ok1 || n == 0 || len(b) < 12+n+8 {
		return s, nil, false
	}
	b = b[12+n:]
	s.Year, ok2 = digits(b[1:5])
	if b[0] != ' ' || !ok2 || s.Year == 0 || string(b[5:8]) != "] [" || !s.valid() {
		return s, nil, false
	}
	return s, b[7:], true
}

func apacheErrorParse(entry []byte, e *Entry) bool {
	stamp, rest, ok := apacheStamp(entry)
	if !ok {
		return false
	}
	e.Stamp = stamp
	e.Service = serviceApache
	name, rest, ok := bracketed(rest)
	if !ok {
		return false
	}
	module, level, ok := around(name, ":")
	if ok {
		e.Set("module", module)
	} else {
		level = name
	}
	e.Level = apacheLevel(level)
	rest = apacheProcess(rest, e)
	number, rest := apacheErrno(rest, e)
	rest = apacheClient(rest, e)
	if msg, referer, ok := aroundLast(rest, ", referer: "); ok {
		rest = msg
		e.Set("referer", referer)
	}
	e.Message = rest
	code, _, ok := around(rest, ": ")
	if ok = ok && startsAny(code, "AH") && allDigits(code[2:]); ok {
		e.Decide(code)
	}
	if ok && len(code) == len("AH01618") {
		e.Set("code", code)
		rest = rest[len(code)+len(": "):]
		apacheAction(number, string(code), module, rest, e)
	} else {
		apacheAction(number, "", module, rest, e)
	}
	return true
}

// bracketed reads "[text] " and returns the text.
func bracketed(b []byte) (text, rest []byte, ok bool) {
	inner, ok := cut(b, "[")
	if !ok {
		return nil, b, false
	}
	text, rest, ok = around(inner, "] ")
	if !ok {
		return nil, b, false
	}
	return text, rest, true
}

// apacheLevel reads a LogLevel; the eight trace levels are debug.
func apacheLevel(b []byte) index.Level {
	switch string(b) {
	case "emerg":
		return index.LevelEmerg
	case "alert":
		return index.LevelAlert
	case "crit":
		return index.LevelCrit
	case "error":
		return index.LevelErr
	case "warn":
		return index.LevelWarning
	case "notice":
		return index.LevelNotice
	case "info":
		return index.LevelInfo
	case "debug":
		return index.LevelDebug
	}
	if bytes.HasPrefix(b, []byte("trace")) {
		return index.LevelDebug
	}
	return index.LevelUnknown
}

// apacheProcess reads "[pid 12:tid 34] " or "[pid 12] ", and the "file.c(123): "
// that stands behind it where the level is debug.
func apacheProcess(rest []byte, e *Entry) []byte {
	text, after, ok := bracketed(rest)
	text, named := cut(text, "pid ")
	if !ok || !named {
		return rest
	}
	pid, tid, _ := around(text, ":tid ")
	e.process(pid)
	e.Set("tid", tid)
	if file, msg, ok := around(after, "): "); ok {
		if name, line, ok := aroundLast(file, "("); ok && bytes.HasSuffix(name, []byte(".c")) && allDigits(line) && bytes.IndexByte(name, ' ') < 0 {
			return msg
		}
	}
	return after
}

// apacheErrno reads "(13)Permission denied: ". Numbers of 20000 and more are
// those of the Apache Portable Runtime (apr_errno.h).
func apacheErrno(b []byte, e *Entry) (int, []byte) {
	rest, ok := cut(b, "(")
	if !ok {
		return 0, b
	}
	number, rest, _ := around(rest, ")")
	n, ok := digits(number)
	e.Decide(number)
	_, rest, found := around(rest, ": ")
	if !ok || !found {
		return 0, b
	}
	return n, rest
}

// apacheClient reads "[client 192.0.2.1:37826] "; [remote …] is what mod_proxy and 2.4's connection log call it.
func apacheClient(b []byte, e *Entry) []byte {
	text, rest, ok := bracketed(b)
	if !ok {
		return b
	}
	name, ok := cut(text, "client ")
	if !ok {
		name, ok = cut(text, "remote ")
	}
	if !ok {
		return b
	}
	if ip, port, ok := parseIPPort(name); ok {
		e.IP = ip
		e.Set("port", port)
	} else {
		e.about(name)
	}
	return rest
}

// Numbers of the Apache Portable Runtime.
const (
	aprEOF   = 70014 // APR_EOF
	aprTimed = 70007 // APR_TIMEUP
)

func apacheAction(number int, code string, module, msg []byte, e *Entry) {
	switch e.Action = errnoAction(number); code {
	case "AH01617", "AH01618", "AH01790", "AH01791", "AH01792": // mod_auth_basic and mod_auth_digest: password mismatch, user not found
		e.Action = index.ActionLoginFailed
		e.User = apacheUser(msg)
	case "AH00037", "AH00132", "AH00529", "AH01276", "AH01630", "AH01797":
		e.Action = index.ActionPermissionDenied
	case "AH00163", "AH00489", "AH00292":
		e.Action = index.ActionServiceStarted
	case "AH00169", "AH00491", "AH00492", "AH00295":
		e.Action = index.ActionServiceStopped
	case "AH00015", "AH00020":
		e.Action = index.ActionServiceFailed
	case "AH00051", "AH00052":
		if bytes.Contains(msg, []byte("Segmentation fault")) {
			e.Action = index.ActionSegfault
		}
	}
	switch {
	case e.Action != index.ActionOther:
	case number == aprTimed:
		e.Action = index.ActionConnectionTimeout
	case number == aprEOF:
		e.Action = index.ActionConnectionClosed
	case string(module) == "ssl" && hasAny(msg, "SSL handshake failed", "SSL Library Error", "SSL library error"):
		e.Action = index.ActionCertError
	case startsAny(msg, "PHP Fatal error:  ", "Got error 'PHP message: "):
		e.Action = phpAction(msg)
	}
	e.Outcome = outcomeOf(e.Action, e.Level)
}

// apacheUser reads the user of "user alice: authentication failure for …" and
// of the other shapes of a refused login.
func apacheUser(msg []byte) []byte {
	name, ok := cut(msg, "user ")
	if !ok {
		return nil
	}
	for _, end := range [...]string{": authentication failure for ", "' in realm `", ": password mismatch: ", " not found: "} {
		if user, _, ok := around(name, end); ok {
			user, _ = cut(user, "`")
			return user
		}
	}
	return nil
}
