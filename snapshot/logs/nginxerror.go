package logs

import (
	"bytes"

	"stilltrace/index"
)

// nginxError is nginx's error log:
//
//	2026/11/23 02:41:14 [error] 8152#8152: *3 open() "/www/x" failed (2: No such file or directory), client: 192.0.2.1, server: s, request: "GET /x HTTP/1.1", host: "s"
//
// The stamp is local time without a zone. nginx escapes nothing here: a path,
// a request line and a referrer stand as the client sent them (source:
// ngx_log_error_core, ngx_http_log_error_handler).
var nginxError = Format{
	Name:   "nginx_error",
	Starts: func(line []byte) bool { _, _, _, ok := nginxHead(line); return ok },
	Parse:  nginxErrorParse,
}

var nginxLevels = [...]struct {
	name  string
	level index.Level
}{
	{"[error] ", index.LevelErr}, {"[warn] ", index.LevelWarning}, {"[info] ", index.LevelInfo}, {"[notice] ", index.LevelNotice},
	{"[crit] ", index.LevelCrit}, {"[alert] ", index.LevelAlert}, {"[emerg] ", index.LevelEmerg}, {"[debug] ", index.LevelDebug},
}

// nginxHead reads the stamp and the level.
func nginxHead(line []byte) (s Stamp, level index.Level, rest []byte, ok bool) {
	s, n := stampSlash(line)
	if n != 19 || len(line) < 20 || line[19] != ' ' {
		return s, 0, nil, false
	}
	for i := range nginxLevels {
		if rest, ok := cut(line[20:], nginxLevels[i].name); ok {
			return s, nginxLevels[i].level, rest, true
		}
	}
	return s, 0, nil, false
}

func nginxErrorParse(entry []byte, e *Entry) bool {
	stamp, level, rest, ok := nginxHead(entry)
	if !ok {
		return false
	}
	e.Stamp, e.Level = stamp, level
	e.Service = serviceNginx
	rest = nginxProcess(rest, e)
	msg := nginxContext(rest, e)
	e.Message = msg
	nginxAction(msg, e)
	return true
}

// nginxProcess reads "pid#tid: " and "*connection ".
func nginxProcess(rest []byte, e *Entry) []byte {
	head, after, ok := around(rest, ": ")
	pid, tid, both := around(head, "#")
	if !ok || !both || !e.process(pid) {
		return rest
	}
	if _, number := digits(tid); number {
		e.Set("tid", tid)
	}
	if conn, ok := cut(after, "*"); ok {
		if conn, msg, ok := around(conn, " "); ok && allDigits(conn) {
			e.Set("conn", conn)
			return msg
		}
	}
	return after
}

// nginxContext cuts the message from what nginx appends to it about the
// request (", client: A, server: S, request: …") and sets the fields of that.
//
// A client can write the same text into its path, which stands in the message,
// or into its request line or referrer, which stand behind the real one. The
// real one follows a whole message. A forged one does so only where the client
// imitates a message's end, too; where two such places name different clients
// the entry names none and says ambiguous: all the addresses are still among
// its IPs.
func nginxContext(rest []byte, e *Entry) []byte {
	const mark = ", client: "
	var client []byte // of the chosen place
	first, chosen, quote, from := -1, -1, -1, 0
	if bytes.Count(rest, []byte(mark)) > 1 {
		e.Decide(rest)
	}
	for {
		i := bytes.Index(rest[from:], []byte(mark))
		if i < 0 {
			break
		}
		if q := bytes.LastIndexByte(rest[from:from+i], '"'); q >= 0 {
			quote = from + q
		}
		i += from
		from = i + len(mark)
		name, _, _ := around(rest[from:], ",")
		if _, ok := parseIP(name); !ok && !bytes.HasPrefix(name, []byte("unix:")) {
			continue
		}
		if first < 0 {
			first = i
		}
		switch {
		case quote >= 0 && !nginxEnd(rest[quote+1:i]):
		case chosen < 0:
			chosen, client = i, name
			if quote < 0 {
				nginxFields(rest[from:], e) // nothing of the client's stands before it
				return rest[:i]
			}
		case !bytes.Equal(name, client):
			e.Set("ambiguous", wordClient)
			return rest[:chosen]
		}
	}
	if chosen < 0 {
		chosen = first
	}
	if chosen < 0 {
		return rest
	}
	nginxFields(rest[chosen+len(mark):], e)
	return rest[:chosen]
}

// nginxEnd reports whether b is what nginx writes behind the last quoted text
// of a message.
func nginxEnd(b []byte) bool {
	return len(b) == 0 || string(b) == ": password mismatch" || startsAny(b, " failed (", " is ", " while ", " was ", " (")
}

// nginxFields reads `A, server: S, request: "R", upstream: "U", host: "H"`.
func nginxFields(tail []byte, e *Entry) {
	client, tail, ok := around(tail, ", server: ")
	e.about(client)
	if !ok {
		return
	}
	names := [...]struct{ mark, name string }{
		{", request: \"", "request"}, {", subrequest: \"", "subrequest"}, {", upstream: \"", "upstream"}, {", host: \"", "host"}, {", referrer: \"", "referer"},
	}
	name, value := "server", tail
	for i := range names {
		before, after, ok := around(value, names[i].mark)
		if !ok {
			continue
		}
		e.Set(name, bytes.TrimSuffix(before, []byte{'"'}))
		name, value = names[i].name, after
	}
	e.Set(name, bytes.TrimSuffix(value, []byte{'"'}))
}

// nginxAction tells what happened. The number of the failed system call is
// looked for from the end, since a path before it can hold anything.
func nginxAction(msg []byte, e *Entry) {
	e.Action = errnoAction(nginxErrno(msg, e))
	switch {
	case nginxLogin(msg, e):
	case e.Action != index.ActionOther:
	case hasAny(msg, "upstream timed out", "client timed out"):
		e.Action = index.ActionConnectionTimeout
	case bytes.HasPrefix(msg, []byte("access forbidden")), bytes.HasPrefix(msg, []byte("directory index of ")):
		e.Action = index.ActionPermissionDenied
	case hasAny(msg, "prematurely closed connection", "client closed connection", "closed keepalive connection"):
		e.Action = index.ActionConnectionClosed
	case hasAny(msg, "SSL_do_handshake() failed", "cannot load certificate", "(SSL: error:", "SSL certificate verify"):
		e.Action = index.ActionCertError
	case hasAny(msg, "could not be resolved", "host not found in upstream"):
		e.Action = index.ActionDNSError
	case bytes.HasPrefix(msg, []byte("nginx/")):
		e.Action = index.ActionServiceStarted
	case bytes.HasPrefix(msg, []byte("signal ")) && (bytes.HasSuffix(msg, []byte(", exiting")) || bytes.HasSuffix(msg, []byte(", shutting down"))):
		e.Action = index.ActionServiceStopped
	case bytes.HasPrefix(msg, []byte("worker process ")) && bytes.Contains(msg, []byte("exited on signal ")):
		e.Action = signalAction(msg, "exited on signal ", e)
	case bytes.HasPrefix(msg, []byte("FastCGI sent in stderr: ")):
		e.Action = phpAction(msg)
	}
	e.Outcome = outcomeOf(e.Action, e.Level)
}

// nginxLogin recognises HTTP basic authentication that was refused.
func nginxLogin(msg []byte, e *Entry) bool {
	name, ok := cut(msg, "user \"")
	if !ok {
		return false
	}
	user, ok := cutEnd(name, "\": password mismatch")
	if !ok {
		user, _, ok = aroundLast(name, "\" was not found in \"")
	}
	if ok {
		e.User, e.Action = user, index.ActionLoginFailed
	}
	return ok
}

// nginxErrno returns the number of the last "(111: Connection refused)", or 0.
func nginxErrno(msg []byte, e *Entry) int {
	for i := len(msg) - 1; i >= 0; i-- {
		if msg[i] != '(' {
			continue
		}
		j := i + 1
		for j < len(msg) && j <= i+3 && isDigit(msg[j]) {
			j++
		}
		if n, ok := digits(msg[i+1 : j]); ok && bytes.HasPrefix(msg[j:], []byte(": ")) {
			e.Decide(msg[i+1 : j])
			return n
		}
	}
	return 0
}

// phpAction tells what PHP reports through a web server's error log.
func phpAction(msg []byte) index.Action {
	switch {
	case bytes.Contains(msg, []byte("PHP Fatal error:  Allowed memory size of ")):
		return index.ActionMemoryError
	case bytes.Contains(msg, []byte("PHP Fatal error:  ")):
		return index.ActionException
	}
	return index.ActionOther
}
