package logs

import (
	"bytes"

	"stilltrace/index"
)

// readSystemd reads a message of the service manager. A start is one "Started",
// a stop one "Stopped", a failure one "Failed with result" or "Dependency
// failed for"; the lines around them ("Starting", "Deactivated successfully",
// "Main process exited", "Failed to start") tell of the same and are action
// other. A one-shot service that ran is "Finished" and neither started nor stopped.
func readSystemd(msg []byte, e *Entry) {
	e.Level = index.LevelInfo
	if rest, ok := cut(msg, "Started "); ok {
		systemdUnit(rest, index.ActionServiceStarted, e)
	} else if rest, ok := cut(msg, "Stopped "); ok {
		systemdUnit(rest, index.ActionServiceStopped, e)
	} else if rest, ok := cut(msg, "Dependency failed for "); ok {
		systemdUnit(rest, index.ActionServiceFailed, e)
		e.Outcome, e.Level = index.OutcomeFailure, index.LevelErr
	} else if rest, ok := cut(msg, "Failed to start "); ok {
		systemdUnit(rest, index.ActionOther, e)
		e.Outcome, e.Level = index.OutcomeFailure, index.LevelErr
	} else if bytes.Contains(msg, []byte("Time has been changed")) || bytes.HasPrefix(msg, []byte("System time ")) {
		e.Action = index.ActionTimeChange
	} else if unit, text, ok := around(msg, ": "); ok && isUnit(unit) {
		e.Set("unit", unit)
		systemdState(text, e)
	}
}

// systemdUnit reads "ssh.service - OpenBSD Secure Shell server.", and before
// systemd 250 the description alone. Only services are services: a scope is a
// session, and a timer, a slice, a target run nothing.
func systemdUnit(rest []byte, a index.Action, e *Entry) {
	unit, _, ok := around(rest, " - ")
	if !ok {
		unit, _ = cutEnd(rest, ".")
	}
	if isUnit(unit) {
		e.Set("unit", unit)
		if !bytes.HasSuffix(unit, []byte(".service")) {
			return
		}
	} else if bytes.HasPrefix(rest, []byte("Session ")) {
		return
	}
	e.Action, e.Outcome = a, index.OutcomeSuccess
}

// systemdState reads what follows "UNIT: ".
func systemdState(text []byte, e *Entry) {
	if result, ok := cut(text, "Failed with result "); ok {
		e.mark(index.ActionServiceFailed, index.OutcomeFailure, index.LevelErr)
		result, _ = cutEnd(result, ".")
		e.Set("reason", bytes.Trim(result, "'"))
		return
	}
	for _, s := range [...]string{"Main process exited", "Control process exited", "Scheduled restart job", "Start request repeated too quickly",
		"A process of this unit has been killed by the OOM killer", "State '", "Failed to ", "Watchdog timeout"} {
		if _, ok := cut(text, s); ok {
			e.mark(index.ActionOther, index.OutcomeFailure, index.LevelWarning)
			return
		}
	}
}

// isUnit reports whether b is the name of a unit (systemd.unit(5)).
func isUnit(b []byte) bool {
	if bytes.IndexByte(b, ' ') >= 0 {
		return false
	}
	_, kind, ok := aroundLast(b, ".")
	if !ok {
		return false
	}
	switch string(kind) {
	case "service", "socket", "target", "device", "mount", "automount", "timer", "swap", "path", "slice", "scope":
		return true
	}
	return false
}

// readLogind reads "New session 5 of user bob." and "Removed session 5.".
func readLogind(msg []byte, e *Entry) {
	e.Level = index.LevelInfo
	if rest, ok := cut(msg, "New session "); ok {
		session, rest := cutWord(rest)
		if name, ok := cut(rest, "of user "); ok {
			e.mark(index.ActionSessionOpened, index.OutcomeSuccess, index.LevelInfo)
			e.User, _ = cutEnd(name, ".")
			e.Set("session", session)
		}
		return
	}
	if rest, ok := cut(msg, "Removed session "); ok {
		e.mark(index.ActionSessionClosed, index.OutcomeSuccess, index.LevelInfo)
		session, _ := cutEnd(rest, ".")
		e.Set("session", session)
		return
	}
	if rest, ok := cut(msg, "Session "); ok {
		session, _ := cutWord(rest)
		e.Set("session", session)
	}
}

// readOOMD reads "Killed CGROUP due to memory pressure …" of systemd-oomd.
func readOOMD(msg []byte, e *Entry) {
	rest, ok := cut(msg, "Killed ")
	group, _, ok1 := around(rest, " due to ")
	if !ok || !ok1 {
		return
	}
	e.mark(index.ActionOOMKill, index.OutcomeUnknown, index.LevelErr)
	e.Set("cgroup", group)
}

// timeChanges are the messages by which the keepers of the clock say that they
// set it, not merely slewed it.
var timeChanges = []string{
	"System clock was stepped by ",
	"System clock time unset or jumped backwards",
	"Initial clock synchronization to ",
	"time reset ",
}

// readTimeChange reads a message of chronyd, ntpd or systemd-timesyncd.
func readTimeChange(msg []byte, e *Entry) {
	for _, s := range timeChanges {
		if _, ok := cut(msg, s); ok {
			e.mark(index.ActionTimeChange, index.OutcomeSuccess, index.LevelNotice)
			return
		}
	}
}
