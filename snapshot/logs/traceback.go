package logs

import (
	"bytes"

	"stilltrace/index"
)

// tracebackHead begins each traceback of a chain, groupHead that of an
// ExceptionGroup, whose lines all stand behind groupMargin (PEP 654).
var (
	tracebackHead = []byte("Traceback (most recent call last):")
	groupHead     = []byte("  + Exception Group Traceback (most recent call last):")
)

const groupMargin = "  | "

// chainLinks stand between the tracebacks of a chain, with an empty line
// before and behind them (PEP 3134).
var chainLinks = [...][]byte{
	[]byte("\n\nDuring handling of the above exception, another exception occurred:\n\n"),
	[]byte("\n\nThe above exception was the direct cause of the following exception:\n\n"),
}

// tracebackIn returns where in entry, at or behind from, a line begins a
// traceback, or the entry's length.
func tracebackIn(entry []byte, from int) int {
	for _, head := range [...][]byte{tracebackHead, groupHead} {
		for at := from; ; {
			i := bytes.Index(entry[at:], head)
			if i < 0 {
				break
			}
			if i += at; i == 0 || entry[i-1] == '\n' {
				return i
			}
			at = i + len(head)
		}
	}
	return len(entry)
}

// setTraceback reads a chain of tracebacks. The exception is the last one, the
// one that was raised; the cause is the first.
//
// https://docs.python.org/3/library/traceback.html
func setTraceback(b []byte, e *Entry) {
	first := exceptionLine(b)
	last := first
	// Longer chains are cut: the last link that is looked at stands for the rest.
	const maxChain = 64
	for range maxChain {
		next := nextLink(b)
		if next == nil {
			break
		}
		b = next
		last = exceptionLine(b)
	}
	class, message, ok := exceptionOf(last)
	if e.Level == index.LevelUnknown || e.Action == index.ActionHTTPRequest {
		e.Level = index.LevelErr
	}
	e.Action, e.Outcome, e.Variable = index.ActionException, index.OutcomeFailure, last
	if len(e.Message) == 0 {
		e.Message = last
	}
	if !ok {
		return
	}
	e.Set("exception", class)
	e.Set("exception_message", message)
	e.Decide(errnoIn(message))
	if cause, _, ok := exceptionOf(first); ok && len(last) > 0 && &first[0] != &last[0] {
		e.Set("cause", cause)
	}
	if a := exceptionAction(class, message); a != index.ActionOther {
		e.Action = a
	}
}

// nextLink returns the traceback that follows b's in the chain, or nil.
func nextLink(b []byte) []byte {
	var next []byte
	for _, link := range chainLinks {
		i := bytes.Index(b, link)
		if i < 0 {
			continue
		}
		after := b[i+len(link):]
		if (bytes.HasPrefix(after, tracebackHead) || bytes.HasPrefix(after, groupHead)) && len(after) > len(next) {
			next = after
		}
	}
	return next
}

// exceptionLine returns the line that names the exception of the traceback
// that b begins with: the first one behind the head that is not indented. All
// that stands between them, frames and source lines, is.
func exceptionLine(b []byte) []byte {
	group := bytes.HasPrefix(b, groupHead)
	_, b, _ = bytes.Cut(b, []byte{'\n'})
	for len(b) > 0 {
		line, rest, _ := bytes.Cut(b, []byte{'\n'})
		if group {
			line, _ = cut(line, groupMargin)
		}
		if len(line) > 0 && line[0] != ' ' && line[0] != '\t' {
			return bytes.TrimRight(line, "\r")
		}
		b = rest
	}
	return nil
}

// exceptionOf splits "package.Class: message" and "Class".
func exceptionOf(line []byte) (class, message []byte, ok bool) {
	class, message, found := around(line, ": ")
	if !found {
		class = bytes.TrimSuffix(line, []byte{':'})
	}
	return class, message, isName(class)
}

// exceptionAction is the action of an exception that says more than that
// something went wrong. Only classes whose message comes from the system or
// from a driver are read further: a KeyError holds whatever the key was.
func exceptionAction(class, message []byte) index.Action {
	name := class
	if _, last, ok := aroundLast(class, "."); ok {
		name = last
	}
	switch string(name) {
	case "MemoryError":
		return index.ActionMemoryError
	case "DeadlockDetected":
		return index.ActionDeadlock
	case "ProgrammingError", "IntegrityError", "DataError", "InternalError", "NotSupportedError":
		return index.ActionQueryError
	case "OperationalError", "InterfaceError":
		return databaseAction(message)
	case "PermissionDenied", "PermissionError":
		return index.ActionPermissionDenied
	case "gaierror", "NameResolutionError":
		return index.ActionDNSError
	case "SSLError", "SSLCertVerificationError", "CertificateError":
		return index.ActionCertError
	case "BrokenPipeError", "ConnectionAbortedError":
		return index.ActionConnectionClosed
	case "OSError", "IOError", "URLError", "NewConnectionError", "MaxRetryError", "ProxyError", "ClientConnectorError", "error", "BlockingIOError", "FileNotFoundError":
		return systemAction(message)
	}
	switch {
	case startsAny(class, "redis.exceptions.ConnectionError", "redis.exceptions.TimeoutError", "redis.exceptions.BusyLoadingError"):
		return index.ActionDBConnection
	case bytes.HasSuffix(name, []byte("Timeout")), bytes.HasSuffix(name, []byte("TimeoutError")), string(name) == "TimeoutException":
		return index.ActionConnectionTimeout
	case bytes.HasPrefix(name, []byte("Connection")), bytes.HasPrefix(name, []byte("Connect")):
		return systemAction(message)
	}
	return index.ActionOther
}

// databaseAction reads what a database's driver reports as operational: mostly
// that it could not connect.
func databaseAction(message []byte) index.Action {
	switch {
	case hasAny(message, "deadlock detected", "Deadlock found"):
		return index.ActionDeadlock
	case hasAny(message, "could not connect", "connection to server", "Can't connect to", "could not translate host name", "timeout expired",
		"too many clients", "Too many connections", "too many connections", "remaining connection slots", "the database system is",
		"server closed the connection", "server has gone away", "Lost connection", "connection already closed", "SSL connection has been closed",
		"unable to open database file", "password authentication failed", "Access denied for user"):
		return index.ActionDBConnection
	}
	return index.ActionQueryError
}

// systemAction reads the error of the operating system in an exception's
// message: "[Errno 28] No space left on device: '/var/cache/x'".
func systemAction(message []byte) index.Action {
	if number := errnoIn(message); number != nil {
		_, rest, _ := around(message, "[Errno ")
		if n, ok := digits(number); ok {
			if a := errnoAction(n); a != index.ActionOther {
				return a
			}
			if n < 0 || hasAny(rest, "Name or service not known", "Temporary failure in name resolution") {
				return index.ActionDNSError
			}
		}
	}
	switch {
	case hasAny(message, "CERTIFICATE_VERIFY_FAILED", "SSLError("):
		return index.ActionCertError
	case hasAny(message, "Name or service not known", "Temporary failure in name resolution", "NameResolutionError("):
		return index.ActionDNSError
	case hasAny(message, "timed out"):
		return index.ActionConnectionTimeout
	case hasAny(message, "Connection refused"):
		return index.ActionConnectionRefused
	case hasAny(message, "Connection reset by peer", "RemoteDisconnected("):
		return index.ActionConnectionReset
	}
	return index.ActionOther
}

// errnoIn returns the number of the error of the operating system in an
// exception's message, or nil.
func errnoIn(message []byte) []byte {
	if _, rest, ok := around(message, "[Errno "); ok {
		number, _, _ := around(rest, "]")
		return number
	}
	return nil
}
