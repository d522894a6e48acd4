package logs

import (
	"bytes"

	"stilltrace/index"
)

// readLogin reads the messages of login(1), of shadow and of util-linux:
//
//	FAILED LOGIN (1) on '/dev/tty1' FOR 'root', Authentication failure
//	FAILED LOGIN 1 FROM host FOR root, Authentication failure
//	ROOT LOGIN  on '/dev/tty1'        LOGIN ON tty1 BY bob
//
// The name in a failed one is what was typed at the prompt.
func readLogin(msg []byte, e *Entry) {
	if rest, ok := cut(msg, "FAILED LOGIN "); ok {
		e.mark(index.ActionLoginFailed, index.OutcomeFailure, index.LevelWarning)
		if _, rest, ok := around(rest, " FOR "); ok {
			if name, reason, ok := aroundLast(rest, ", "); ok {
				e.User = bytes.Trim(name, "'")
				e.Set("reason", reason)
			}
		}
		return
	}
	if _, ok := cut(msg, "ROOT LOGIN "); ok {
		e.mark(index.ActionLogin, index.OutcomeSuccess, index.LevelNotice)
		return
	}
	rest, ok := cut(msg, "LOGIN ON ")
	tty, rest, ok1 := around(rest, " BY ")
	if !ok || !ok1 {
		return
	}
	e.mark(index.ActionLogin, index.OutcomeSuccess, index.LevelInfo)
	name, host, ok := around(rest, " FROM ")
	if ok {
		e.about(host)
	}
	e.User = name
	e.Set("tty", tty)
}
