package logs

import (
	"bytes"

	"stilltrace/index"
)

// fail2ban is fail2ban's own log:
//
//	2026-11-23 02:31:39,123 fail2ban.actions        [812]: NOTICE  [sshd] Ban 203.0.113.7
//
// Its stamps name no zone. An entry of several lines is one whose text held a
// newline: the command of a failed action.
//
// One ban is one "Ban" line. "Restore Ban" puts a ban of before a restart back
// and "Reban" repeats a failed action: neither is a new one, both are action
// other. "Found" by the filter is one ip_found; the observer's "Found …, bad"
// judges the same failure once more and is action other.
var fail2ban = Format{Name: "fail2ban", Starts: startsFail2ban, Parse: parseFail2ban}

// fail2banName is what every logger of the program is called, the first part of the name.
const fail2banName = "fail2ban"

func startsFail2ban(line []byte) bool {
	_, n := stampISO(line)
	if n == 0 {
		return false
	}
	_, ok := cut(line[n:], " "+fail2banName)
	return ok
}

func parseFail2ban(entry []byte, e *Entry) bool {
	s, n := stampISO(entry)
	if n == 0 {
		return false
	}
	logger, ok := cut(entry[n:], " ")
	if _, named := cut(logger, fail2banName); !ok || !named {
		return false
	}
	i := bytes.IndexAny(logger, " :[\n")
	if i < 0 {
		return false
	}
	logger, rest := logger[:i], bytes.TrimLeft(logger[i:], " ")
	if inner, ok := cut(rest, "["); ok {
		number, after, ok := around(inner, "]")
		if !ok || !e.process(number) {
			return false
		}
		rest = after
	}
	msg, ok := cut(rest, ":")
	if !ok {
		return false
	}
	e.Stamp = s
	e.Service = logger
	e.Message = bytes.TrimLeft(msg, " ")
	readFail2ban(e.Message, e)
	return true
}

// readFail2ban reads "NOTICE  [sshd] Ban 203.0.113.7", which stands in
// fail2ban's own log and, if it is told so, in syslog. The service becomes
// fail2ban, and its part that speaks the field logger.
func readFail2ban(msg []byte, e *Entry) {
	if _, ok := cut(e.Service, fail2banName+"."); ok {
		e.Set("logger", e.Service[len(fail2banName)+1:])
	}
	e.Service = e.Service[:len(fail2banName)]
	word, text := cutWord(msg)
	level, ok := fail2banLevel(word)
	if !ok {
		text = msg
	}
	text = bytes.TrimLeft(text, " ")
	e.Message = e.Message[len(msg)-len(text):]
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		text = text[:i]
		e.Variable = text
	}
	text, _ = cutEnd(text, "\r")
	if jailed, ok := cut(text, "["); ok {
		if jail, rest, ok := around(jailed, "] "); ok {
			e.Set("jail", jail)
			fail2banAddress(rest, e)
		}
	} else {
		fail2banState(text, e)
	}
	e.Level = level
}

func fail2banLevel(word []byte) (index.Level, bool) {
	switch string(word) {
	case "CRITICAL":
		return index.LevelCrit, true
	case "ERROR":
		return index.LevelErr, true
	case "WARNING":
		return index.LevelWarning, true
	case "NOTICE":
		return index.LevelNotice, true
	case "INFO":
		return index.LevelInfo, true
	case "DEBUG", "TRACEDEBUG", "HEAVYDEBUG":
		return index.LevelDebug, true
	}
	return index.LevelUnknown, false
}

// fail2banAddress reads what follows "[jail] ".
func fail2banAddress(b []byte, e *Entry) {
	switch word, rest := cutWord(b); string(word) {
	case "Ban":
		e.mark(index.ActionIPBanned, index.OutcomeSuccess, index.LevelNotice)
		fail2banID(rest, e)
	case "Unban":
		e.mark(index.ActionIPUnbanned, index.OutcomeSuccess, index.LevelNotice)
		fail2banID(rest, e)
	case "Found":
		if id, _, ok := aroundLast(rest, ", bad - "); ok {
			fail2banID(id, e)
		} else if id, _, ok := aroundLast(rest, " - "); ok {
			e.mark(index.ActionIPFound, index.OutcomeUnknown, index.LevelInfo)
			fail2banID(id, e)
		}
	case "Restore", "Increase":
		if rest, ok := cut(rest, "Ban "); ok {
			id, _ := cutWord(rest)
			fail2banID(id, e)
		}
	case "Ignore", "Reban", "IP": // "IP 203.0.113.7 is bad: …"
		id, _ := cutWord(rest)
		id, _ = cutEnd(id, ",")
		fail2banID(id, e)
	default:
		if id, ok := cutEnd(b, " already banned"); ok {
			fail2banID(id, e)
		}
	}
}

// fail2banID sets what is banned: an address, or what a jail's own filter
// takes instead (a prefix, a user), which becomes the field target.
func fail2banID(b []byte, e *Entry) {
	if ip, ok := parseIP(b); ok {
		e.IP = ip
		return
	}
	e.Set("target", b)
}

// fail2banState reads a message that is of no jail's address.
func fail2banState(b []byte, e *Entry) {
	if _, rest, ok := around(b, "ail '"); ok { // "Jail 'sshd' started", "Failed to execute ban jail 'sshd' action …"
		if jail, rest, ok := around(rest, "'"); ok {
			e.Set("jail", jail)
			switch string(rest) {
			case " started":
				e.mark(index.ActionServiceStarted, index.OutcomeSuccess, index.LevelInfo)
			case " stopped":
				e.mark(index.ActionServiceStopped, index.OutcomeSuccess, index.LevelInfo)
			}
		}
	} else if _, ok := cut(b, "Starting Fail2ban "); ok {
		e.mark(index.ActionServiceStarted, index.OutcomeSuccess, index.LevelInfo)
	} else if string(b) == "Exiting Fail2ban" {
		e.mark(index.ActionServiceStopped, index.OutcomeSuccess, index.LevelInfo)
	}
	if _, ok := cut(b, "Failed to "); ok {
		e.Outcome = index.OutcomeFailure
	}
}
