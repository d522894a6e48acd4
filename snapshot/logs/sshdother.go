package logs

import "stilltrace/index"

// sshdConnection reads "ADDRESS port N on ADDRESS port N" (LogLevel VERBOSE).
func sshdConnection(rest []byte, e *Entry) bool {
	p, rest, ok := cutPeer(rest)
	if _, on := cut(rest, " on "); !ok || !on {
		return false
	}
	e.mark(index.ActionConnectionOpened, index.OutcomeSuccess, index.LevelInfo)
	p.set(e)
	return true
}

// sshdTimeout reads "ADDRESS port N", and since OpenSSH 9.8 "connection from
// ADDRESS to ADDRESS, pid = N".
func sshdTimeout(rest []byte, e *Entry) bool {
	rest, _ = cut(rest, "connection from ")
	p, _, ok := cutPeer(rest)
	if !ok {
		p.address, _ = cutWord(rest)
	}
	e.mark(index.ActionConnectionTimeout, index.OutcomeFailure, index.LevelNotice)
	p.set(e)
	return true
}

// sshdReadError reads "ADDRESS port N: ERROR".
func sshdReadError(rest []byte, e *Entry) bool {
	p, reason, ok := cutPeer(rest)
	if !ok {
		if p.address, reason, ok = around(rest, ": "); !ok {
			return false
		}
	} else if reason, ok = cut(reason, ": "); !ok {
		return false
	}
	e.mark(index.ActionConnectionClosed, index.OutcomeFailure, index.LevelNotice)
	switch string(reason) {
	case "Connection reset by peer":
		e.Action = index.ActionConnectionReset
	case "Connection timed out":
		e.Action = index.ActionConnectionTimeout
	}
	p.set(e)
	e.Set("reason", reason)
	return true
}

// sshdDropped reads "4 from [ADDRESS]:PORT on [ADDRESS]:PORT past MaxStartups",
// and since OpenSSH 9.8 "… penalty: REASON".
func sshdDropped(rest []byte, e *Entry) bool {
	_, rest, ok := around(rest, " from [")
	address, rest, ok1 := around(rest, "]:")
	if !ok || !ok1 {
		return false
	}
	port, rest := cutWord(rest)
	e.mark(index.ActionConnectionRefused, index.OutcomeFailure, index.LevelWarning)
	peer{address, port}.set(e)
	if rest, ok := cut(rest, "on "); ok {
		_, reason := cutWord(rest)
		e.Set("reason", reason)
	}
	return true
}

// sshdRefused reads "HOST (ADDRESS)", written by libwrap (hosts_access(5)).
func sshdRefused(rest []byte, e *Entry) bool {
	rest, ok := cutEnd(rest, ")")
	_, address, ok1 := aroundLast(rest, "(")
	if !ok || !ok1 {
		return false
	}
	e.mark(index.ActionConnectionRefused, index.OutcomeFailure, index.LevelWarning)
	e.about(address)
	return true
}

// sshdReverse reads "HOST [ADDRESS] failed."; whoever owns the address's
// reverse zone chooses the host.
func sshdReverse(rest []byte, e *Entry) bool {
	rest, _ = cutEnd(rest, " - POSSIBLE BREAK-IN ATTEMPT!")
	rest, _ = cutEnd(rest, ".")
	rest, ok := cutEnd(rest, "] failed")
	_, address, ok1 := aroundLast(rest, " [")
	if !ok || !ok1 {
		return false
	}
	e.Level = index.LevelNotice
	e.about(address)
	return true
}

// sshdAddress reads "ADDRESS maps to HOST, but this does not map back to the address."
func sshdAddress(rest []byte, e *Entry) bool {
	address, rest := cutWord(rest)
	if _, ok := cut(rest, "maps to "); !ok {
		return false
	}
	e.Level = index.LevelNotice
	e.about(address)
	return true
}

// sshdNotAllowed reads "NAME from HOST not allowed because REASON" and "NAME
// not allowed because REASON"; the name is that of an account here.
func sshdNotAllowed(rest []byte, e *Entry) bool {
	name, reason, ok := around(rest, " not allowed because ")
	if !ok {
		return false
	}
	e.mark(index.ActionOther, index.OutcomeFailure, index.LevelNotice)
	if before, p, ok := cutFrom(name); ok {
		name = before
		p.set(e)
	}
	e.User = name
	e.Set("reason", reason)
	return true
}

func sshdRootRefused(rest []byte, e *Entry) bool {
	p, _, ok := cutPeer(rest)
	if !ok {
		return false
	}
	e.mark(index.ActionOther, index.OutcomeFailure, index.LevelNotice)
	p.set(e)
	return true
}

// sshdBadModes reads "bad ownership or modes for FILE".
func sshdBadModes(rest []byte, e *Entry) bool {
	e.mark(index.ActionPermissionDenied, index.OutcomeFailure, index.LevelWarning)
	e.Set("reason", rest)
	return true
}

func sshdListening(rest []byte, e *Entry) bool {
	e.mark(index.ActionServiceStarted, index.OutcomeSuccess, index.LevelInfo)
	return true
}

// sshdSignal reads "15; terminating."
func sshdSignal(rest []byte, e *Entry) bool {
	number, _, ok := around(rest, ";")
	e.Decide(number)
	if !ok || string(number) != "15" {
		return false
	}
	e.mark(index.ActionServiceStopped, index.OutcomeSuccess, index.LevelInfo)
	return true
}

// sshdBind reads "22 on ADDRESS failed: ERROR".
func sshdBind(rest []byte, e *Entry) bool {
	_, reason, ok := around(rest, " failed: ")
	if !ok {
		return false
	}
	e.mark(index.ActionServiceFailed, index.OutcomeFailure, index.LevelErr)
	e.Set("reason", reason)
	return true
}
