package logs

import (
	"bytes"

	"stilltrace/index"
)

// sshdShapes are the messages of OpenSSH's server that are understood, by how
// they begin. The function gets what follows, without " [preauth]", and
// reports whether it has the shape.
//
// A refused credential is one login_failed, whatever its method; the field
// method tells them apart. "Failed none" is a client asking which methods there
// are, "Postponed" and "Partial" are steps of an attempt, and "maximum
// authentication attempts exceeded" repeats what was counted: all action other.
// Of the several lines with which a connection ends one is its end: "Received
// disconnect" comes before "Disconnected from" and is action other.
var sshdShapes = []struct {
	prefix string
	read   func(rest []byte, e *Entry) bool
}{
	{"Failed ", sshdFailed},
	{"Invalid user ", sshdInvalidUser},
	{"Illegal user ", sshdInvalidUser}, // before OpenSSH 4
	{"Accepted ", sshdAccepted},
	{"Postponed ", sshdStep},
	{"Partial ", sshdStep},
	{"Received disconnect from ", sshdReceivedDisconnect},
	{"Disconnected from ", sshdDisconnected},
	{"Connection closed by ", sshdClosed},
	{"Connection reset by ", sshdReset},
	{"Disconnecting ", sshdDisconnecting},
	{"maximum authentication attempts exceeded for ", sshdTooMany},
	{"PAM: ", sshdPAM},
	{"Did not receive identification string from ", sshdNoBanner},
	{"banner exchange: Connection from ", sshdRefusedPeer},
	{"Unable to negotiate with ", sshdRefusedPeer},
	{"Bad protocol version identification ", sshdBadBanner},
	{"ssh_dispatch_run_fatal: Connection from ", sshdDisconnecting},
	{"Timeout before authentication for ", sshdTimeout},
	{"Timeout, client not responding from ", sshdSilent},
	{"Read error from remote host ", sshdReadError},
	{"Connection from ", sshdConnection},
	{"drop connection #", sshdDropped},
	{"refused connect from ", sshdRefused},
	{"reverse mapping checking getaddrinfo for ", sshdReverse},
	{"Address ", sshdAddress},
	{"User ", sshdNotAllowed},
	{"ROOT LOGIN REFUSED FROM ", sshdRootRefused},
	{"Authentication refused: ", sshdBadModes},
	{"Server listening on ", sshdListening},
	{"Received signal ", sshdSignal},
	{"Bind to port ", sshdBind},
}

// readSSHD reads a message of sshd. sshd escapes control characters (log.c,
// vis(3)), so a user name cannot hold a newline, but anything else: blanks,
// " from 198.51.100.77 port 22", nothing at all.
func readSSHD(msg []byte, e *Entry) {
	msg, level := cutSSHDLevel(msg, e)
	msg, _ = cutEnd(msg, " [preauth]")
	for i := range sshdShapes {
		if rest, ok := cut(msg, sshdShapes[i].prefix); ok && sshdShapes[i].read(rest, e) {
			break
		}
	}
	if level != index.LevelUnknown {
		e.Level = level
	}
}

func cutSSHDLevel(msg []byte, e *Entry) ([]byte, index.Level) {
	if rest, ok := cut(msg, "error: "); ok {
		return rest, index.LevelErr
	}
	if rest, ok := cut(msg, "fatal: "); ok {
		return rest, index.LevelCrit
	}
	if rest, ok := cut(msg, "debug"); ok {
		number, rest := cutWord(rest)
		e.Decide(number)
		if string(number) == "1:" {
			return rest, index.LevelDebug
		}
	}
	return msg, index.LevelUnknown
}

// sshdFailed reads "METHOD for [invalid user ]NAME from ADDRESS port N ssh2[: KEY]".
// What begins like this is a refused credential even where the rest is torn.
func sshdFailed(rest []byte, e *Entry) bool {
	method, rest := cutWord(rest)
	rest, ok := cut(rest, "for ")
	if !ok {
		return false
	}
	if string(method) == "none" {
		e.mark(index.ActionOther, index.OutcomeFailure, index.LevelInfo)
	} else {
		e.mark(index.ActionLoginFailed, index.OutcomeFailure, index.LevelWarning)
	}
	e.Set("method", method)
	sshdAttempt(rest, method, e)
	return true
}

// sshdStep reads "METHOD for [invalid user ]NAME from ADDRESS port N ssh2[: KEY]"
// of an attempt that is not decided.
func sshdStep(rest []byte, e *Entry) bool {
	method, rest := cutWord(rest)
	rest, ok := cut(rest, "for ")
	if !ok {
		return false
	}
	e.Level = index.LevelInfo
	e.Set("method", method)
	sshdAttempt(rest, method, e)
	return true
}

// sshdAttempt reads "[invalid user ]NAME from ADDRESS port N ssh2[: KEY]". The
// name of no account is the client's text, so the shape is anchored at its end.
// The key's type and hash hold no blanks; but the ID of a certificate is the
// client's text too. With the name of an account the first place for the
// address is it; where an unknown name and an ID leave two, neither is believed.
func sshdAttempt(b []byte, method []byte, e *Entry) {
	head, ok := cutEnd(b, " ssh2")
	if !ok && (string(method) == "publickey" || string(method) == "hostbased") {
		_, unknown := cut(b, "invalid user ")
		if !unknown && sshdAccount(b, e) {
			return
		}
		var key []byte
		if head, key, ok = cutKey(b); !ok {
			e.Set("ambiguous", b)
			return
		}
		e.Set("key", key)
	}
	name, p, ok := cutFrom(head)
	if !ok {
		e.Set("ambiguous", b)
		return
	}
	sshdUser(name, e)
	p.set(e)
}

// sshdAccount reads "NAME from ADDRESS port N ssh2[: KEY]" where the name is
// that of an account.
func sshdAccount(b []byte, e *Entry) bool {
	name, rest, ok := around(b, " from ")
	p, rest, ok1 := cutPeer(rest)
	key, ok2 := cut(rest, " ssh2")
	if !ok || !ok1 || !ok2 {
		return false
	}
	e.User = name
	p.set(e)
	if key, ok = cut(key, ": "); ok {
		e.Set("key", key)
	}
	return true
}

// cutKey cuts " ssh2: KEY" from the end of an attempt.
func cutKey(b []byte) (head, key []byte, ok bool) {
	const mark = " ssh2: "
	if before, _, ok := aroundLast(b, " "); ok {
		if before, _, ok = aroundLast(before, " "); ok {
			if head, ok = cutEnd(before, mark[:len(mark)-1]); ok {
				return head, b[len(head)+len(mark):], true
			}
		}
	}
	found := 0
	for at := 0; ; {
		i := bytes.Index(b[at:], []byte(mark))
		if i < 0 {
			return head, key, found == 1
		}
		if endsInPort(b[:at+i]) {
			head, key = b[:at+i], b[at+i+len(mark):]
			found++
		}
		at += i + 1
	}
}

// endsInPort reports whether b ends in " port N".
func endsInPort(b []byte) bool {
	i := len(b)
	for i > 0 && isDigit(b[i-1]) {
		i--
	}
	_, ok := cutEnd(b[:i], " port ")
	return ok && i < len(b)
}

// sshdUser sets the user, without the word for an unknown one, which becomes
// the field account.
func sshdUser(name []byte, e *Entry) {
	if rest, ok := cut(name, "invalid user "); ok {
		e.Set("account", name[:len("invalid")])
		name = rest
	} else if rest, ok := cut(name, "illegal user "); ok {
		e.Set("account", name[:len("illegal")])
		name = rest
	}
	e.User = name
}

func sshdInvalidUser(rest []byte, e *Entry) bool {
	name, p, ok := cutFrom(rest)
	if !ok {
		return false
	}
	e.mark(index.ActionLoginInvalidUser, index.OutcomeFailure, index.LevelNotice)
	e.User = name
	p.set(e)
	return true
}

// sshdAccepted reads "METHOD for NAME from ADDRESS port N ssh2[: KEY]".
func sshdAccepted(rest []byte, e *Entry) bool {
	method, rest := cutWord(rest)
	rest, ok := cut(rest, "for ")
	if !ok {
		return false
	}
	e.Set("method", method)
	if !sshdAccount(rest, e) {
		return false
	}
	e.mark(index.ActionLogin, index.OutcomeSuccess, index.LevelInfo)
	return true
}

// sshdTooMany reads "[invalid user ]NAME from ADDRESS port N ssh2".
func sshdTooMany(rest []byte, e *Entry) bool {
	rest, _ = cutEnd(rest, " ssh2")
	name, p, ok := cutFrom(rest)
	if !ok {
		return false
	}
	e.mark(index.ActionOther, index.OutcomeFailure, index.LevelErr)
	sshdUser(name, e)
	p.set(e)
	return true
}

// sshdPAM reads "Authentication failure for [illegal user ]NAME from HOST". It
// stands beside a "Failed keyboard-interactive/pam" of the same attempt.
func sshdPAM(rest []byte, e *Entry) bool {
	reason, rest, ok := around(rest, " for ")
	if !ok {
		return false
	}
	name, p, ok := cutFrom(rest)
	if !ok {
		return false
	}
	e.mark(index.ActionOther, index.OutcomeFailure, index.LevelErr)
	sshdUser(name, e)
	p.set(e)
	e.Set("reason", reason)
	return true
}
