package logs

import (
	"bytes"

	"stilltrace/index"
)

// sudoDenied are the reasons by which sudo says that the command was not run
// because it was not allowed, or because the user could not prove who he is
// (sudoers(5), "LOG FORMAT").
var sudoDenied = []string{
	"user NOT in sudoers",
	"user NOT authorized on host",
	"command not allowed",
	"a password is required",
	"authentication failure",
	"account validation failure",
	"sorry, you ",
	"user not allowed to ",
	"no tty present and no askpass program specified",
}

// readSudo reads "NAME : [REASON ; ]TTY=… ; PWD=… ; USER=… ; COMMAND=…". One
// line is one sudo or one sudo_denied: "3 incorrect password attempts" is one
// denied command.
func readSudo(msg []byte, e *Entry) {
	name, rest, ok := around(bytes.TrimLeft(msg, " "), " : ")
	if !ok {
		return
	}
	if _, ok := cut(rest, "(command continued)"); ok {
		e.User = name
		e.Level = index.LevelNotice
		return
	}
	reason, rest, ok := cutSudoReason(rest)
	if !ok {
		return
	}
	e.User = name
	e.Set("reason", reason)
	sudoFields(rest, e)
	switch {
	case len(reason) == 0:
		e.mark(index.ActionSudo, index.OutcomeSuccess, index.LevelNotice)
	case isSudoDenied(reason):
		e.mark(index.ActionSudoDenied, index.OutcomeFailure, index.LevelWarning)
	default: // "unable to …", "problem with defaults entries"
		e.mark(index.ActionOther, index.OutcomeFailure, index.LevelErr)
	}
}

// cutSudoReason splits a message before the first of its NAME=value fields.
func cutSudoReason(b []byte) (reason, fields []byte, ok bool) {
	if startsSudoFields(b) {
		return nil, b, true
	}
	reason, fields, ok = around(b, " ; ")
	return reason, fields, ok && startsSudoFields(fields)
}

func startsSudoFields(b []byte) bool {
	for _, s := range [...]string{"TTY=", "HOST=", "CHROOT=", "PWD=", "USER="} {
		if _, ok := cut(b, s); ok {
			return true
		}
	}
	return false
}

func isSudoDenied(reason []byte) bool {
	for _, s := range sudoDenied {
		if _, ok := cut(reason, s); ok {
			return true
		}
	}
	n, rest := cutWord(reason)
	_, number := digits(n)
	_, ok := cut(rest, "incorrect password attempt")
	return number && ok
}

// sudoFields reads the fields. PWD and COMMAND are the user's own text and may
// hold what looks like another field; where they do, they are not believed and
// the entry says ambiguous.
func sudoFields(b []byte, e *Entry) {
	const user, command = " ; USER=", " ; COMMAND="
	before, last, _ := around(b, command)
	if tty, rest, ok := around(before, " ; "); ok {
		if tty, ok := cut(tty, "TTY="); ok {
			e.Set("tty", tty)
			before = rest
		}
	}
	if _, _, twice := around(last, command); twice || bytes.Count(b, []byte(user)) > 1 {
		e.Set("ambiguous", b)
		return
	}
	pwd, rest, _ := around(before, user)
	if pwd, ok := cut(pwd, "PWD="); ok {
		e.Set("pwd", pwd)
	}
	target, _, _ := around(rest, " ; ") // GROUP, TSID and ENV may follow
	e.Set("target_user", target)
	e.Set("command", last)
}
