package logs

import (
	"bytes"

	"stilltrace/index"
)

// pgMessage tells what the message of an entry means. Messages are recognised
// by their start: their ends hold names and values that clients choose.
func pgMessage(word string, e *Entry) {
	msg, _, _ := bytes.Cut(e.Message, []byte{'\n'})
	switch word {
	case "ERROR":
		pgError(msg, e)
	case "FATAL", "PANIC":
		pgFatal(msg, e)
	default:
		pgLog(msg, e)
	}
}

// pgError is a statement that was refused; the session goes on.
func pgError(msg []byte, e *Entry) {
	switch {
	case startsAny(msg, "deadlock detected"):
		e.Action = index.ActionDeadlock
	case startsAny(msg, "permission denied", "must be owner of", "must be superuser"):
		e.Action = index.ActionPermissionDenied
	case startsAny(msg, "out of memory"):
		e.Action = index.ActionMemoryError
	case startsAny(msg, "could not "):
		e.Action = pgErrno(msg, e)
	}
	if e.Action == index.ActionOther {
		e.Action = index.ActionQueryError
	}
}

// pgFatal is a session, or with PANIC a server, that ended.
func pgFatal(msg []byte, e *Entry) {
	switch {
	case pgRefused(msg, e):
	case startsAny(msg, "sorry, too many clients already", "too many connections", "remaining connection slots are reserved", "the database system is", "database \""):
		e.Action = index.ActionDBConnection
	case startsAny(msg, "terminating connection due to idle", "canceling authentication due to timeout", "terminating connection due to conflict"):
		e.Action = index.ActionConnectionTimeout
	case startsAny(msg, "terminating connection", "connection to client lost"):
		e.Action = index.ActionConnectionClosed
	case startsAny(msg, "permission denied"):
		e.Action = index.ActionPermissionDenied
	case startsAny(msg, "out of memory"):
		e.Action = index.ActionMemoryError
	case startsAny(msg, "lock file \"", "could not create any TCP/IP sockets", "could not load "):
		e.Action = index.ActionServiceFailed
	case startsAny(msg, "could not "):
		e.Action = pgErrno(msg, e)
	}
}

// pgRefused recognises a client that was not let in.
func pgRefused(msg []byte, e *Entry) bool {
	// The method's name comes first: password, Peer, Ident, LDAP, PAM, certificate, …
	if method, user, ok := around(msg, " authentication failed for user \""); ok && bytes.IndexByte(method, ' ') < 0 {
		e.Action = index.ActionLoginFailed
		e.User, _ = cutEnd(user, "\"")
		pgDetailClient(e)
		return true
	}
	if role, ok := cut(msg, "role \""); ok {
		if role, ok := cutEnd(role, "\" does not exist"); ok {
			e.Action, e.User = index.ActionLoginInvalidUser, role
			return true
		}
	}
	rest, ok := cut(msg, "no pg_hba.conf entry for ")
	if !ok {
		rest, ok = cut(msg, "pg_hba.conf rejects ")
	}
	if ok {
		e.Action = index.ActionDBConnection
		if _, host, ok := around(rest, "host \""); ok {
			host, _, _ = around(host, "\"")
			pgClient(host, e)
		}
	}
	return ok
}

// pgDetailClient reads the "(client A)" at the end of the detail of a refused
// login.
func pgDetailClient(e *Entry) {
	for _, f := range e.Fields {
		if f.Name != "detail" || e.IP.IsValid() {
			continue
		}
		if _, client, ok := aroundLast(f.Value, "(client "); ok {
			client, _ = cutEnd(client, ")")
			pgClient(client, e)
		}
	}
}

// pgLog is what the server tells on its own account, and what log_connections,
// log_statement and log_min_duration_statement add.
func pgLog(msg []byte, e *Entry) {
	switch {
	case startsAny(msg, "duration: ", "statement: ", "execute "):
		pgStatement(e)
	case startsAny(msg, "connection received: host="):
		e.Action = index.ActionConnectionOpened
		host, _, _ := around(msg[len("connection received: host="):], " ")
		pgClient(host, e)
	case startsAny(msg, "connection authorized: user="):
		// log_connections writes this once for each session, whatever the method; "connection authenticated" before it is no second login.
		e.Action = index.ActionLogin
		if user, database, ok := around(msg[len("connection authorized: user="):], " database="); ok && len(e.User) == 0 {
			database, _ = cutWord(database)
			pgNames(user, database, e)
		}
	case startsAny(msg, "disconnection: session time: "):
		e.Action = index.ActionConnectionClosed
		if _, host, ok := aroundLast(msg, " host="); ok {
			host, _ = cutWord(host)
			pgClient(host, e)
		}
	case startsAny(msg, "could not accept SSL connection"):
		e.Action = index.ActionCertError
	case startsAny(msg, "could not "):
		e.Action = pgErrno(msg, e)
	case startsAny(msg, "unexpected EOF on client connection"):
		e.Action = index.ActionConnectionClosed
	case startsAny(msg, "database system is ready to accept"):
		e.Action = index.ActionServiceStarted
	case string(msg) == "database system is shut down":
		e.Action = index.ActionServiceStopped
	case startsAny(msg, "server process (PID ") && bytes.Contains(msg, []byte(" was terminated by signal ")):
		e.Action = signalAction(msg, " by signal ", e)
	case startsAny(msg, "received SIGHUP, reloading configuration files", "parameter \""):
		e.Action = index.ActionConfigChanged
	}
}

// pgErrno tells why a system call failed: "could not do something: reason". An
// address in parentheses behind the reason is the peer's.
func pgErrno(msg []byte, e *Entry) index.Action {
	_, reason, _ := aroundLast(msg, ": ")
	if _, peer, ok := aroundLast(reason, " ("); ok {
		peer, _ = cutEnd(peer, ")")
		pgClient(peer, e)
	}
	return errnoTextAction(reason)
}

// pgStatement reads "duration: 152.449 ms  statement: …" and "execute <unnamed>: …".
func pgStatement(e *Entry) {
	rest := e.Message
	if after, ok := cut(rest, "duration: "); ok {
		ms, after, _ := around(after, " ms")
		e.Set("duration_ms", ms)
		rest = bytes.TrimLeft(after, " ")
	}
	if sql, ok := cut(rest, "statement: "); ok {
		e.Set("statement", sql)
	} else if startsAny(rest, "execute ", "parse ", "bind ") {
		_, sql, _ := around(rest, ": ")
		e.Set("statement", sql)
	}
}
