package logs

import "bytes"

// pgPrefix reads what log_line_prefix puts between the stamp and the level:
//
//	[8662] nobody@postgres                                             %m [%p] %q%u@%d
//	[8734]: [2-1] user=postgres,db=shop,app=psql,client=192.0.2.1      pgBadger's
//	:192.0.2.1(36808):postgres@shop:[8840]:                            %t:%r:%u@%d:[%p]:
func pgPrefix(b []byte, e *Entry) {
	b = bytes.Trim(b, " :")
	if rest, ok := cut(b, "["); ok {
		b = pgPID(rest, e)
	} else if rest, last, ok := aroundLast(b, "["); ok {
		pgPID(last, e)
		b = rest
	}
	b = bytes.Trim(b, " :")
	if rest, ok := cut(b, "["); ok { // the number of the line in its session
		_, rest, _ = around(rest, "]")
		b = bytes.TrimLeft(rest, " ")
	}
	if pairs, ok := cut(b, "user="); ok {
		pgPairs(pairs, e)
		return
	}
	// The client's address, where the prefix has one, stands before the names or behind them.
	if client, rest, ok := around(b, ":"); ok && pgClient(client, e) {
		b = rest
	} else if rest, client, ok := aroundLast(b, " "); ok && pgClient(client, e) {
		b = rest
	}
	if user, database, ok := aroundLast(b, "@"); ok {
		pgNames(user, database, e)
	}
}

// pgPID reads "8662] …" or "8662-1] …" and returns what follows.
func pgPID(b []byte, e *Entry) []byte {
	number, rest, ok := around(b, "]")
	number, _, _ = around(number, "-")
	if ok && e.process(number) {
		return rest
	}
	return b
}

// pgPairs reads "postgres,db=shop,app=psql,client=192.0.2.1". The client is
// the last pair: an application's name is the client's to choose.
func pgPairs(b []byte, e *Entry) {
	b, client, _ := aroundLast(b, ",client=")
	pgClient(client, e)
	b, app, _ := around(b, ",app=")
	user, database, _ := aroundLast(b, ",db=")
	pgNames(user, database, e)
	if string(app) != "[unknown]" {
		e.Set("application", app)
	}
}

// pgNames sets the names that are known yet.
func pgNames(user, database []byte, e *Entry) {
	if string(user) != "[unknown]" {
		e.User = user
	}
	if string(database) != "[unknown]" {
		e.Set("database", database)
	}
}

// pgClient reads an address, or an address and a port as in 192.0.2.1(36808).
func pgClient(b []byte, e *Entry) bool {
	host, port, _ := around(b, "(")
	ip, ok := parseIP(host)
	if ok {
		e.IP = ip
		e.Set("port", bytes.TrimSuffix(port, []byte{')'}))
	}
	return ok
}
