package logs

import "stilltrace/index"

// readSu reads the messages of util-linux's su,
//
//	(to root) bob on pts/0            FAILED SU (to root) bob on pts/0
//
// and of shadow's,
//
//	Successful su for root by bob     FAILED su for root by bob
//
// whose second line for the same ("+ pts/0 bob:root") is action other. The user
// is who called; the account's name in the first shape is his text, so it is
// anchored at its end.
func readSu(msg []byte, e *Entry) {
	rest, failed := cut(msg, "FAILED SU ")
	if rest, ok := cut(rest, "(to "); ok {
		rest, tty, ok := aroundLast(rest, " on ")
		target, caller, ok1 := aroundLast(rest, ") ")
		if ok && ok1 {
			suResult(e, failed, caller, target)
			e.Set("tty", tty)
		}
		return
	}
	rest, failed = cut(msg, "FAILED su for ")
	if !failed {
		var ok bool
		if rest, ok = cut(msg, "Successful su for "); !ok {
			return
		}
	}
	if target, caller, ok := aroundLast(rest, " by "); ok {
		suResult(e, failed, caller, target)
	}
}

func suResult(e *Entry, failed bool, caller, target []byte) {
	e.User = caller
	e.Set("target_user", target)
	if failed {
		e.mark(index.ActionSuFailed, index.OutcomeFailure, index.LevelWarning)
		return
	}
	e.mark(index.ActionSu, index.OutcomeSuccess, index.LevelNotice)
}
