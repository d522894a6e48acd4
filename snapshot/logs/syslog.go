package logs

import (
	"bytes"

	"stilltrace/index"
)

// syslog is a file of the system logger with any of its three headers:
//
//	Nov 23 02:31:39 host prog[pid]: message                            RFC 3164
//	2026-11-23T02:31:39.123456+00:00 host prog[pid]: message           rsyslog's RSYSLOG_FileFormat
//	<38>1 2026-11-23T02:31:39.123456+00:00 host prog pid id - message  RFC 5424
//
// each of the first two with or without a <PRI> before it.
//
// The level is that of PRI. Without one it is what the message itself says of
// its severity, or unknown. The address, the user and the action are those of
// the program's own text, read by the function of its row in services.
var syslog = Format{Name: "syslog", Starts: startsSyslog, Parse: parseSyslog}

// services lists the programs whose messages are understood. A row's function
// gets the message, one line, and sets what it means; a message that it does
// not know it leaves as it is: ActionOther, with the level unknown.
var services = map[string]func(msg []byte, e *Entry){
	"sshd":         readSSHD,
	"sshd-session": readSSHD, // OpenSSH 9.8 and later: the child of one connection
	"sshd-auth":    readSSHD, // OpenSSH 10.0 and later: the part of it before authentication

	"sudo":  readSudo,
	"su":    readSu,
	"login": readLogin,

	"useradd":  readAccount,
	"usermod":  readAccount,
	"userdel":  readAccount,
	"groupadd": readAccount,
	"groupmod": readAccount,
	"groupdel": readAccount,
	"gpasswd":  readAccount,
	"passwd":   readAccount,
	"chpasswd": readAccount,
	"chage":    readAccount,
	"chfn":     readAccount,
	"chsh":     readAccount,

	"CRON":    readCron,
	"cron":    readCron,
	"crond":   readCron,
	"CROND":   readCron,
	"crontab": readCron,
	"anacron": readAnacron,

	"kernel": readKernel,

	"systemd":        readSystemd,
	"systemd-logind": readLogind,
	"systemd-oomd":   readOOMD,

	"systemd-timesyncd": readTimeChange,
	"chronyd":           readTimeChange,
	"ntpd":              readTimeChange,

	"fail2ban.actions":  readFail2ban,
	"fail2ban.filter":   readFail2ban,
	"fail2ban.jail":     readFail2ban,
	"fail2ban.server":   readFail2ban,
	"fail2ban.observer": readFail2ban,
	"fail2ban-server":   readFail2ban,
}

func startsSyslog(line []byte) bool {
	_, rest, hasPRI := cutPRI(line, &Entry{})
	if hasPRI {
		if _, ok := cut(rest, "1 "); ok {
			return true
		}
	}
	_, n := stampSyslog(rest)
	return n > 0 && n < len(rest) && rest[n] == ' '
}

func parseSyslog(entry []byte, e *Entry) bool {
	first, more := entry, false
	if i := bytes.IndexByte(entry, '\n'); i >= 0 {
		first, more = entry[:i], true
	}
	msg, ok := cutHeader(first, e)
	if !ok {
		return false
	}
	e.Message = entry[len(first)-len(msg):]
	msg, _ = cutEnd(msg, "\r")
	if more {
		e.Variable = msg
	} else {
		e.Message = msg
	}
	// Only the first line has a shape to read: what follows a newline was not written by the program's own format.
	readMessage(msg, e)
	return true
}

// readMessage sets what the message of e.Service means.
func readMessage(msg []byte, e *Entry) {
	given := e.Level
	if n, inner, ok := cutRepeated(msg, e); ok {
		e.Count, e.Variable = n, inner
		msg = inner
	}
	if !readPAM(msg, e) {
		if read, ok := services[string(e.Service)]; ok {
			read(msg, e)
		} else {
			readUnknown(msg, e)
		}
	}
	if given != index.LevelUnknown {
		e.Level = given
	}
}

// cutRepeated opens "message repeated 3 times: [ text]", by which rsyslog
// stands for three more of the message before it.
func cutRepeated(msg []byte, e *Entry) (n int, inner []byte, ok bool) {
	rest, ok := cut(msg, "message repeated ")
	if !ok {
		return 0, nil, false
	}
	number, rest := cutWord(rest)
	n, ok1 := digits(number)
	rest, ok2 := cut(rest, "times: [")
	rest, ok3 := cutEnd(rest, "]")
	if !ok1 || !ok2 || !ok3 || n == 0 {
		return 0, nil, false
	}
	e.Decide(number)
	return n, bytes.TrimLeft(rest, " "), true
}
