package logs

import (
	"bytes"

	"stilltrace/index"
)

// outcomeOf is how a service's own report ended: what could not be done or was
// refused is a failure, and so is all that the service calls an error.
func outcomeOf(a index.Action, l index.Level) index.Outcome {
	switch a {
	case index.ActionLogin, index.ActionConnectionOpened, index.ActionServiceStarted, index.ActionServiceStopped, index.ActionLogout:
		return index.OutcomeSuccess
	case index.ActionOther, index.ActionConnectionClosed, index.ActionConfigChanged, index.ActionHTTPRequest:
		if l.AtLeast(index.LevelErr) {
			return index.OutcomeFailure
		}
		return index.OutcomeUnknown
	}
	return index.OutcomeFailure
}

// signalAction is the action of a process that a signal ended, whose number
// stands behind mark.
func signalAction(msg []byte, mark string, e *Entry) index.Action {
	_, number, _ := around(msg, mark)
	n := 0
	for n < len(number) && isDigit(number[n]) {
		n++
	}
	e.Decide(number[:n])
	if string(number[:n]) == "11" {
		return index.ActionSegfault
	}
	return index.ActionServiceFailed
}

// hasAny reports whether b holds one of the texts.
func hasAny(b []byte, texts ...string) bool {
	for _, t := range texts {
		if bytes.Contains(b, []byte(t)) {
			return true
		}
	}
	return false
}

// startsAny reports whether b begins with one of the texts.
func startsAny(b []byte, texts ...string) bool {
	for _, t := range texts {
		if bytes.HasPrefix(b, []byte(t)) {
			return true
		}
	}
	return false
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if !isDigit(c) {
			return false
		}
	}
	return len(b) > 0
}
