package errs

import (
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

func TestClassify(t *testing.T) {
	status := func(s string) []index.Field { return []index.Field{{Name: "status", Value: s}} }
	cases := []struct {
		name     string
		event    index.Event
		category Category
		want     bool
	}{
		{"level err of no action", index.Event{Level: index.LevelErr}, Other, true},
		{"level emerg", index.Event{Level: index.LevelEmerg}, Other, true},
		{"level warning of no action", index.Event{Level: index.LevelWarning}, Other, false},
		{"unknown level of no action", index.Event{}, Other, false},
		{"a level beyond the known ones", index.Event{Level: index.Level(200)}, Other, false},
		{"an action beyond the known ones", index.Event{Action: index.Action(200), Level: index.LevelCrit}, Other, true},

		{"OOM kill at info", index.Event{Action: index.ActionOOMKill, Level: index.LevelInfo}, Memory, true},
		{"query error without a level", index.Event{Action: index.ActionQueryError}, Database, true},
		{"deadlock", index.Event{Action: index.ActionDeadlock}, Database, true},
		{"database unreachable", index.Event{Action: index.ActionDBConnection, Level: index.LevelNotice}, Database, true},
		{"segfault", index.Event{Action: index.ActionSegfault}, Process, true},
		{"disk full", index.Event{Action: index.ActionDiskFull}, Disk, true},
		{"too many files", index.Event{Action: index.ActionTooManyFiles}, Files, true},
		{"permission denied", index.Event{Action: index.ActionPermissionDenied}, Permission, true},
		{"service failed", index.Event{Action: index.ActionServiceFailed}, Service, true},
		{"exception", index.Event{Action: index.ActionException}, Application, true},
		{"certificate", index.Event{Action: index.ActionCertError}, Certificate, true},
		{"name", index.Event{Action: index.ActionDNSError, Level: index.LevelDebug}, DNS, true},

		{"refused at info", index.Event{Action: index.ActionConnectionRefused, Level: index.LevelInfo}, Network, false},
		{"refused at warning", index.Event{Action: index.ActionConnectionRefused, Level: index.LevelWarning}, Network, true},
		{"reset with outcome failure", index.Event{Action: index.ActionConnectionReset, Outcome: index.OutcomeFailure}, Network, true},
		{"timeout with outcome success", index.Event{Action: index.ActionConnectionTimeout, Outcome: index.OutcomeSuccess}, Network, false},

		{"login failed", index.Event{Action: index.ActionLoginFailed, Outcome: index.OutcomeFailure, Level: index.LevelWarning}, Permission, false},
		{"login failed at err", index.Event{Action: index.ActionLoginFailed, Level: index.LevelErr}, Permission, true},
		{"service started", index.Event{Action: index.ActionServiceStarted}, Service, false},

		{"request 200", index.Event{Action: index.ActionHTTPRequest, Fields: status("200")}, HTTP, false},
		{"request 404", index.Event{Action: index.ActionHTTPRequest, Fields: status("404")}, HTTP, false},
		{"request 500", index.Event{Action: index.ActionHTTPRequest, Fields: status("500")}, HTTP, true},
		{"request 599", index.Event{Action: index.ActionHTTPRequest, Fields: status("599")}, HTTP, true},
		{"request 5", index.Event{Action: index.ActionHTTPRequest, Fields: status("5")}, HTTP, false},
		{"request without a status", index.Event{Action: index.ActionHTTPRequest}, HTTP, false},
		{"status 500 of something else", index.Event{Action: index.ActionLogout, Fields: status("500")}, Other, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			k, ok := classify(kinds(), &c.event)
			require.Equal(t, c.want, ok)
			require.Equal(t, c.category, k.category)
		})
	}
}

// What is an error by its action alone must say what it means, and every
// category of the table must be one that a term can name.
func TestKindsAreWhole(t *testing.T) {
	for action, k := range kinds() {
		require.Contains(t, Categories(), string(k.category), action)
		if k.when != byLevel {
			require.NotEmpty(t, k.hint, action)
		}
		_, known := index.ParseAction(action.String())
		require.True(t, known, action)
	}
	for _, name := range []string{"service_failed", "oom_kill", "memory_error", "segfault", "disk_full", "io_error", "fs_error", "too_many_files",
		"deadlock", "query_error", "db_connection", "permission_denied", "exception", "cert_error", "dns_error"} {
		action, ok := index.ParseAction(name)
		require.True(t, ok, name)
		require.Equal(t, always, kinds()[action].when, name)
	}
}

func TestTypeOf(t *testing.T) {
	fields := func(pairs ...string) []index.Field {
		var out []index.Field
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, index.Field{Name: pairs[i], Value: pairs[i+1]})
		}
		return out
	}
	for _, c := range []struct {
		name string
		e    index.Event
		want string
	}{
		{"exception", index.Event{Action: index.ActionException, Fields: fields("exception", "KeyError")}, "KeyError"},
		{"state of SQL", index.Event{Action: index.ActionQueryError, Fields: fields("sqlstate", "42P01")}, "42P01"},
		{"exception with a status", index.Event{Action: index.ActionException, Fields: fields("status", "500", "exception", "ValueError")}, "ValueError"},
		{"request", index.Event{Action: index.ActionHTTPRequest, Fields: fields("status", "502")}, "502"},
		{"status of something else", index.Event{Action: index.ActionServiceFailed, Fields: fields("status", "203")}, "service_failed"},
		{"no more than the action", index.Event{Action: index.ActionOOMKill}, "oom_kill"},
	} {
		require.Equal(t, c.want, typeOf(&c.e), c.name)
	}
}
