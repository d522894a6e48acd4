package logs

import (
	"bytes"

	"stilltrace/index"
)

// readUnknown reads the message of a program that has no row in services: the
// level that the message itself names, and the error text of the C library
// that it holds.
func readUnknown(msg []byte, e *Entry) {
	e.Level = plainLevel(msg)
	if e.Level == index.LevelUnknown {
		e.Level = logfmtLevel(msg)
	}
	a := errnoTextAction(msg)
	if a == index.ActionOther && hasAny(msg, "Temporary failure in name resolution", "Name or service not known") {
		a = index.ActionDNSError // gai_strerror(3)
	}
	if a == index.ActionOther {
		return
	}
	e.Action, e.Outcome = a, index.OutcomeFailure
	if e.Level == index.LevelUnknown {
		e.Level = index.LevelErr
	}
}

// logfmtLevel reads the "level=error" of programs that log key=value pairs. It
// stands at the start or behind the time.
func logfmtLevel(msg []byte) index.Level {
	const far = 80 // bytes: time="2026-11-23T02:31:39.123456789+00:00" and the level
	_, rest, ok := around(msg[:min(len(msg), far)], "level=")
	if !ok {
		return index.LevelUnknown
	}
	word, _ := cutWord(rest)
	return levelWord(bytes.Trim(word, `"`))
}
