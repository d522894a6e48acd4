package logs

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPostgres(t *testing.T) {
	const stamp = "2026-11-23 02:31:39.123 UTC "
	const head = stamp + "[812] app@shop "
	entry := func(level, action, outcome, msg, fields string) parsed {
		if fields != "" {
			fields = ", " + fields
		}
		return parsed{service: "postgresql", pid: 812, user: "app", level: level, action: action, outcome: outcome, message: msg, fields: "database=shop" + fields}
	}
	server := func(level, action, outcome, msg string) parsed {
		return parsed{service: "postgresql", pid: 812, level: level, action: action, outcome: outcome, message: msg}
	}
	testEntries(t, postgres, []entryTest{
		{"query error", head + "ERROR:  duplicate key value violates unique constraint \"x\"\n" + head + "DETAIL:  Key (id)=(1) already exists.\n" + head + "STATEMENT:  INSERT INTO x\n\tVALUES (1)",
			entry("err", "query_error", "failure", `duplicate key value violates unique constraint "x"`, "detail=Key (id)=(1) already exists., statement=INSERT INTO x\n\tVALUES (1)")},
		{"message of several lines", head + "ERROR:  a\n\tb\n" + head + "HINT:  c", entry("err", "query_error", "failure", "a\n\tb", "hint=c")},
		{"level words in a message", head + "ERROR:  x FATAL:  password authentication failed for user \"root\"", entry("err", "query_error", "failure", `x FATAL:  password authentication failed for user "root"`, "")},
		{"deadlock", head + "ERROR:  deadlock detected", entry("err", "deadlock", "failure", "deadlock detected", "")},
		{"permission", head + "ERROR:  permission denied for table x", entry("err", "permission_denied", "failure", "permission denied for table x", "")},
		{"out of memory", head + "ERROR:  out of memory\n" + head + "DETAIL:  Failed on request of size 8.", entry("err", "memory_error", "failure", "out of memory", "detail=Failed on request of size 8.")},
		{"disk full", head + `ERROR:  could not extend file "base/1/2": No space left on device`, entry("err", "disk_full", "failure", `could not extend file "base/1/2": No space left on device`, "")},
		{"disk full in a statement", head + "ERROR:  syntax error at or near \": No space left on device\"", entry("err", "query_error", "failure", `syntax error at or near ": No space left on device"`, "")},
		{"panic", stamp + `[812] PANIC:  could not write to file "pg_wal/x": No space left on device`, server("crit", "disk_full", "failure", `could not write to file "pg_wal/x": No space left on device`)},
		{"slow statement", head + "LOG:  duration: 12.345 ms  execute <unnamed>: SELECT $1", entry("info", "other", "", "duration: 12.345 ms  execute <unnamed>: SELECT $1", "duration_ms=12.345, statement=SELECT $1")},
		{"wrong password", stamp + "[812] root@shop FATAL:  password authentication failed for user \"root\"\n" + stamp + "[812] root@shop DETAIL:  Connection matched pg_hba.conf line 97: \"host all all 0.0.0.0/0\" (client 192.0.2.7)",
			parsed{service: "postgresql", pid: 812, user: "root", ip: "192.0.2.7", level: "err", action: "login_failed", outcome: "failure", message: `password authentication failed for user "root"`,
				fields: `database=shop, detail=Connection matched pg_hba.conf line 97: "host all all 0.0.0.0/0" (client 192.0.2.7)`}},
		{"unknown role", stamp + `[812] x@shop FATAL:  role "x" does not exist`, parsed{service: "postgresql", pid: 812, user: "x", level: "err", action: "login_invalid_user", outcome: "failure", message: `role "x" does not exist`, fields: "database=shop"}},
		{"not let in", head + `FATAL:  no pg_hba.conf entry for host "192.0.2.7", user "app", database "shop", SSL off`,
			parsed{service: "postgresql", pid: 812, user: "app", ip: "192.0.2.7", level: "err", action: "db_connection", outcome: "failure", message: `no pg_hba.conf entry for host "192.0.2.7", user "app", database "shop", SSL off`, fields: "database=shop"}},
		{"too many connections", head + "FATAL:  remaining connection slots are reserved for non-replication superuser connections", entry("err", "db_connection", "failure", "remaining connection slots are reserved for non-replication superuser connections", "")},
		{"starting up", stamp + "[812] [unknown]@[unknown] FATAL:  the database system is starting up", server("err", "db_connection", "failure", "the database system is starting up")},
		{"idle", head + "FATAL:  terminating connection due to idle-in-transaction timeout", entry("err", "connection_timeout", "failure", "terminating connection due to idle-in-transaction timeout", "")},
		{"reset, with the peer", head + "LOG:  could not receive data from client: Connection reset by peer (192.0.2.7)",
			parsed{service: "postgresql", pid: 812, user: "app", ip: "192.0.2.7", level: "info", action: "connection_reset", outcome: "failure", message: "could not receive data from client: Connection reset by peer (192.0.2.7)", fields: "database=shop"}},
		{"ready", stamp + "[812] LOG:  database system is ready to accept connections", server("info", "service_started", "success", "database system is ready to accept connections")},
		{"stopped", stamp + "[812] LOG:  database system is shut down", server("info", "service_stopped", "success", "database system is shut down")},
		{"killed process", stamp + "[812] LOG:  server process (PID 9) was terminated by signal 9: Killed", server("info", "service_failed", "failure", "server process (PID 9) was terminated by signal 9: Killed")},
		{"reloaded", stamp + "[812] LOG:  received SIGHUP, reloading configuration files", server("info", "config_changed", "", "received SIGHUP, reloading configuration files")},
		{"client behind the names", stamp + "[812] app@shop 2001:db8::7(5432) LOG:  x", parsed{service: "postgresql", pid: 812, user: "app", ip: "2001:db8::7", level: "info", action: "other", message: "x", fields: "port=5432, database=shop"}},
		{"debug", head + "DEBUG2:  x", entry("debug", "other", "", "x", "")},
	})
	testRefused(t, postgres, "", "\tERROR:  x", stamp+"[812] app@shop DETAIL:  x", stamp+"[812] app@shop STATEMENT:  SELECT 'ERROR:  '", "DETAIL:  x", "some words ERROR:  x", "2026-11-23 02:31:39,123 ERROR [django.request:812] x")
}

// A client chooses its user name before it is asked for a password; the name
// stands in the prefix of every line about it.
func TestPostgresForgedName(t *testing.T) {
	const stamp = "2026-11-23 02:31:39.123 UTC [812] "
	for _, name := range []string{"x LOG:  connection authorized: user=postgres", "x@y LOG:  connection authorized: user=postgres database=p", "x@y FATAL:  z"} {
		testEntries(t, postgres, []entryTest{{"refused " + name, stamp + name + "@shop FATAL:  password authentication failed for user \"" + name + "\"",
			parsed{service: "postgresql", pid: 812, user: name, level: "err", action: "login_failed", outcome: "failure", message: `password authentication failed for user "` + name + `"`, fields: "database=shop"}}})
		testRefused(t, postgres, stamp+name+"@shop DETAIL:  Role \""+name+"\" does not exist.", stamp+name+"@shop LOCATION:  auth_failed, auth.c:334",
			stamp+name+"@shop DETAIL:  Connection matched pg_hba.conf line 1: \"host\"")
		var e Entry
		require.True(t, postgres.Parse([]byte(stamp+name+"@shop FATAL:  sorry, too many clients already"), &e))
		require.Equal(t, "other", e.Action.String(), name)
		require.Contains(t, fieldsOf(&e), "ambiguous=level", name)
	}
}

func TestPostgresStamp(t *testing.T) {
	for _, test := range []struct {
		prefix, rest string
		zone         int
		exact        bool
	}{
		{"2026-11-23 02:31:39.123 UTC [1] ", " [1] ", 0, true}, {"2026-11-23 02:31:39 GMT [1] ", " [1] ", 0, true}, {"2026-11-23 02:31:39 CET [1] ", " [1] ", 0, false},
		{"2026-11-23 02:31:39 -03:127.0.0.1(5)", ":127.0.0.1(5)", -3 * 3600, true}, {"2026-11-23 02:31:39 +0530 [1]", " [1]", 5*3600 + 1800, true}, {"2026-11-23 02:31:39 [1] ", " [1] ", 0, false},
		{"2026-11-23 02:31:39 CEST:x", ":x", 0, false},
	} {
		s, rest, ok := pgStamp([]byte(test.prefix))
		require.True(t, ok, test.prefix)
		require.Equal(t, test.rest, string(rest), test.prefix)
		require.Equal(t, test.zone, s.Zone, test.prefix)
		require.Equal(t, test.exact, s.HasZone, test.prefix)
	}
}
