package logs

import (
	"bytes"

	"stilltrace/index"
)

// readPAM reads a message of a PAM module, which the program that called PAM
// logs under its own name: "pam_unix(sshd:session): …". It reports whether the
// message is one. A refused credential is counted by the program's own line;
// PAM's line of the same attempt is action other.
func readPAM(msg []byte, e *Entry) bool {
	if rest, ok := cut(msg, "PAM "); ok { // "PAM 2 more authentication failures; …"
		n, rest := cutWord(rest)
		rest, ok := cut(rest, "more authentication failure")
		if _, number := digits(n); !ok || !number {
			return false
		}
		pamFailure(rest, e)
		return true
	}
	if _, ok := cut(msg, "pam_"); !ok {
		return false
	}
	_, text, ok := around(msg, "): ")
	if !ok {
		return true
	}
	if rest, ok := cut(text, "session opened for user "); ok {
		pamOpened(rest, e)
	} else if rest, ok := cut(text, "session closed for user "); ok {
		e.mark(index.ActionSessionClosed, index.OutcomeSuccess, index.LevelInfo)
		e.User = rest
	} else if rest, ok := cut(text, "authentication failure;"); ok {
		pamFailure(rest, e)
	} else if rest, ok := cut(text, "password changed for "); ok {
		e.mark(index.ActionAccountChanged, index.OutcomeSuccess, index.LevelNotice)
		e.User = rest
	} else if _, ok := cut(text, "check pass; user unknown"); ok {
		e.mark(index.ActionOther, index.OutcomeFailure, index.LevelNotice)
	}
	return true
}

// pamOpened reads "NAME(uid=N) by NAME(uid=N)"; the second name may be missing,
// and before Linux-PAM 1.4 the first one has no uid.
func pamOpened(rest []byte, e *Entry) {
	name, by, ok := aroundLast(rest, " by ")
	if !ok {
		return
	}
	e.mark(index.ActionSessionOpened, index.OutcomeSuccess, index.LevelInfo)
	e.User = withoutUID(name)
	e.Set("by", withoutUID(by))
}

// withoutUID cuts "(uid=N)" from the end of a name.
func withoutUID(b []byte) []byte {
	if i := bytes.LastIndex(b, []byte("(uid=")); i >= 0 && b[len(b)-1] == ')' {
		return b[:i]
	}
	return b
}

// pamFailure reads "… logname=N uid=0 euid=0 tty=ssh ruser=N rhost=HOST  user=N".
// The last name may be the client's own text (pam_sss writes it unchecked), so
// the first rhost is the one.
func pamFailure(rest []byte, e *Entry) {
	e.mark(index.ActionOther, index.OutcomeFailure, index.LevelNotice)
	_, rest, ok := around(rest, " rhost=")
	if !ok {
		return
	}
	host, rest := cutWord(rest)
	if len(host) > 0 {
		e.about(host)
	}
	if _, name, ok := around(rest, "user="); ok {
		e.User = name
	}
}
