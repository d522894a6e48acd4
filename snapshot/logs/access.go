package logs

import (
	"bytes"

	"stilltrace/index"
	"stilltrace/index/text"
)

// access is the request log of nginx, Apache httpd and gunicorn: the common
// and the combined log format, with or without a virtual host first
// (vhost_combined), and with whatever a site has appended.
//
// The anchor is the first quote that no backslash escapes. All three servers
// escape quotes in what a client sends (nginx as \x22, the others as \"), so
// the first bare one opens the request line, whatever user name precedes it.
//
// https://httpd.apache.org/docs/2.4/mod/mod_log_config.html,
// https://nginx.org/en/docs/http/ngx_http_log_module.html
var access = Format{Name: "access", Starts: accessStarts, Parse: accessParse, Opaque: 1<<text.KindQuoted | 1<<text.KindPath}

// clfLen is the length of `[02/Jan/2006:15:04:05 +0000] `.
const clfLen = 29

func accessStarts(line []byte) bool {
	_, stamp, _, ok := accessSplit(line)
	if !ok {
		return false
	}
	_, n := stampCLF(stamp)
	return n == len(stamp)
}

// accessSplit cuts a line into what precedes the stamp, the stamp without its
// brackets, and what follows the quote that opens the request line.
func accessSplit(line []byte) (head, stamp, rest []byte, ok bool) {
	q := bareQuote(line)
	if q < clfLen+1 || line[q-1] != ' ' || line[q-2] != ']' || line[q-clfLen] != '[' || line[q-clfLen-1] != ' ' {
		return nil, nil, nil, false
	}
	return line[:q-clfLen-1], line[q-clfLen+1 : q-2], line[q+1:], true
}

func accessParse(entry []byte, e *Entry) bool {
	line, _, _ := bytes.Cut(entry, []byte{'\n'})
	head, stamp, rest, ok := accessSplit(line)
	if !ok {
		return false
	}
	var n int
	if e.Stamp, n = stampCLF(stamp); n != len(stamp) {
		return false
	}
	request, rest, ok := quoted(rest)
	if !ok || !accessHead(head, e) {
		return false
	}
	rest, ok = setRequest(request, rest, e)
	if !ok {
		return false
	}
	if referer, after, ok := nextQuoted(rest); ok {
		setKnown(e, "referer", referer)
		agent, after, _ := nextQuoted(after)
		setKnown(e, "agent", agent)
		// The log_format "main" of nginx's own packages appends X-Forwarded-For.
		if list, _, ok := nextQuoted(after); ok {
			e.Decide(list)
			if isAddrList(list) {
				e.Set("forwarded_for", list)
			}
		}
	}
	return true
}

// accessHead reads "client ident user" or "vhost client ident user". A user
// name may hold blanks.
func accessHead(head []byte, e *Entry) bool {
	client, rest := cutWord(head)
	if _, ok := parseIP(client); !ok {
		// Without an address first it is "vhost client", or a client that was logged by name.
		second, after := cutWord(rest)
		if _, ok := parseIP(second); ok || bytes.IndexByte(client, ':') > 0 && bytes.IndexByte(after, ' ') >= 0 {
			e.Set("vhost", client)
			client, rest = second, after
		}
	}
	_, user, ok := around(rest, " ")
	if !ok || len(client) == 0 {
		return false
	}
	e.about(client)
	if string(user) != "-" {
		e.User = user
	}
	return true
}

// setRequest fills e from a request line and from ` status bytes` after it,
// and returns what follows them.
func setRequest(request, rest []byte, e *Entry) ([]byte, bool) {
	if len(rest) < 2 || rest[0] != ' ' {
		return nil, false
	}
	status, rest := cutWord(rest[1:])
	size, rest := cutWord(rest)
	e.Action, e.Message, e.Level = index.ActionHTTPRequest, request, index.LevelInfo
	setRequestLine(request, e)
	e.Decide(status)
	switch code, ok := digits(status); {
	case ok && len(status) == 3:
		e.Set("status", status)
		e.Outcome = index.OutcomeSuccess
		if code >= 400 {
			e.Outcome, e.Level = index.OutcomeFailure, index.LevelWarning
		}
		if code >= 500 {
			e.Level = index.LevelErr
		}
	case string(status) != "-":
		return nil, false
	}
	if _, ok := digits(size); ok || len(size) > 9 {
		e.Set("bytes", size)
	}
	return rest, true
}

// setRequestLine sets method, path and proto of "METHOD target HTTP/x". What
// is no HTTP request (a TLS greeting on a plain port, an empty line) has none.
func setRequestLine(request []byte, e *Entry) {
	method, target, more := bytes.Cut(request, []byte{' '})
	if !more || !isMethod(method) || bytes.IndexByte(request, '"') >= 0 {
		e.Decide(request)
	}
	if !isMethod(method) {
		return
	}
	var proto []byte
	if i := bytes.LastIndexByte(target, ' '); i >= 0 && bytes.HasPrefix(target[i+1:], []byte("HTTP/")) {
		target, proto = target[:i], target[i+1:]
	}
	e.Set("method", method)
	e.Set("path", target)
	e.Set("proto", proto)
}

// maxMethodLen is the longest method taken for one; the longest registered
// one, UPDATEREDIRECTREF, has 17 letters (IANA HTTP method registry).
const maxMethodLen = 17

func isMethod(b []byte) bool {
	if len(b) == 0 || len(b) > maxMethodLen {
		return false
	}
	for _, c := range b {
		if (c < 'A' || c > 'Z') && c != '-' && c != '_' {
			return false
		}
	}
	return b[0] >= 'A' && b[0] <= 'Z'
}

// setKnown sets a field unless the log says "-" for it.
func setKnown(e *Entry, name string, value []byte) {
	if string(value) != "-" {
		e.Set(name, value)
	}
}

// isAddrList reports whether b can be a list of addresses as proxies write it.
func isAddrList(b []byte) bool {
	for _, c := range b {
		if !isDigit(c) && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') && c != '.' && c != ':' && c != ',' && c != ' ' {
			return false
		}
	}
	return bytes.ContainsAny(b, ".:")
}

// bareQuote returns the place of the first quote with an even number of
// backslashes before it, or -1.
func bareQuote(b []byte) int {
	for from := 0; ; {
		i := bytes.IndexByte(b[from:], '"')
		if i < 0 {
			return -1
		}
		i += from
		slashes := 0
		for slashes < i-from && b[i-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return i
		}
		from = i + 1
	}
}

// quoted cuts b behind its closing quote; the opening one is gone already.
func quoted(b []byte) (value, rest []byte, ok bool) {
	i := bareQuote(b)
	if i < 0 {
		return nil, b, false
	}
	return b[:i], b[i+1:], true
}

// nextQuoted reads one quoted value, after blanks if there are any.
func nextQuoted(b []byte) (value, rest []byte, ok bool) {
	b = bytes.TrimLeft(b, " ")
	if len(b) == 0 || b[0] != '"' {
		return nil, b, false
	}
	return quoted(b[1:])
}
