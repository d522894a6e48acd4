package logs

import (
	"bytes"

	"stilltrace/index"
)

// devServer reads the head of a line of Django's runserver and of servers that
// are built on http.server (werkzeug):
//
//	[23/Nov/2026 02:31:39] "GET / HTTP/1.1" 200 10
//	192.0.2.1 - - [23/Nov/2026 02:31:39] "GET / HTTP/1.1" 200 -
//
// The stamp is local time without a zone.
func devServer(line []byte) (s Stamp, client, rest []byte, ok bool) {
	b, ok := cut(line, "[")
	if !ok {
		// The client of http.server is an address, which is shorter than this; no user name follows it.
		const mark, maxClient = " - - [", 64
		i := bytes.Index(line[:min(len(line), maxClient)], []byte(mark))
		if i < 0 {
			return s, nil, nil, false
		}
		client, b = line[:i], line[i+len(mark):]
	}
	const size = len("23/Nov/2026 02:31:39")
	if len(b) < size+2 || b[2] != '/' || b[6] != '/' || b[11] != ' ' || string(b[size:size+2]) != "] " {
		return s, nil, nil, false
	}
	var ok1, ok2 bool
	s.Day, ok1 = digits(b[:2])
	s.Month = month(b[3:])
	s.Year, ok2 = digits(b[7:11])
	if !ok1 || !ok2 || s.Year == 0 || s.clock(b[12:size]) != 8 || !s.valid() {
		return s, nil, nil, false
	}
	return s, client, b[size+2:], true
}

// devRequest reads a request and its status. What else the server says is left
// to the caller, as a message.
func devRequest(client, rest []byte, e *Entry) {
	if client != nil {
		e.about(client)
	}
	e.Level = index.LevelInfo
	if len(rest) == 0 || rest[0] != '"' {
		if bytes.HasPrefix(rest, []byte("code ")) {
			e.Level = index.LevelWarning
		}
		return
	}
	// Quotes in a request line are not escaped here, so it ends at the last one.
	request, after, ok := aroundLast(rest[1:], "\" ")
	if !ok {
		return
	}
	was := len(e.Fields)
	if _, ok := setRequest(request, rest[len(rest)-len(after)-1:], e); !ok {
		e.Fields = e.Fields[:was]
		e.Action, e.Outcome, e.Level, e.Message = index.ActionOther, index.OutcomeUnknown, index.LevelInfo, nil
	}
}
