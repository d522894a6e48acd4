package event

import (
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
	"stilltrace/tracers/casetest"
)

// small is a case with the traps of one log: a repeated message, an entry of
// two addresses, a user with a blank, text that is not UTF-8, an unknown
// level, and an entry of several lines.
func small(t testing.TB) *index.Reader {
	at := func(s string) index.Time { return casetest.At(t, s) }
	return casetest.Open(t, []casetest.Source{
		{Path: "/var/log/auth.log", Events: []casetest.Event{
			{Time: at("2026-03-01T10:00:02Z"), Clock: index.ClockNoYear, Host: "web01", Service: "sshd", PID: 812, Level: index.LevelInfo,
				Action: index.ActionLoginFailed, Outcome: index.OutcomeFailure, User: "root", IP: "203.0.113.7",
				Message: "message repeated 5 times: [ Failed password for root from 203.0.113.7 port 22 ssh2]", Count: 5},
			{Time: at("2026-03-01T10:00:04Z"), Service: "sshd", Action: index.ActionLoginFailed, User: "a b", IP: "2001:db8::1",
				Message: "Failed password for invalid user a b from 2001:db8::1 port 22 ssh2"},
			{Time: at("2026-03-01T10:00:03Z"), Service: "kernel", Action: index.ActionFirewallBlock, IP: "203.0.113.7",
				IPs: []string{"203.0.113.7", "198.51.100.1"}, Message: "[UFW BLOCK] SRC=203.0.113.7 DST=198.51.100.1"},
		}},
		{Path: "/var/log/app.log", Events: []casetest.Event{
			{Time: at("2026-03-01T10:00:01.25Z"), Service: "app", Level: index.LevelErr, Action: index.ActionException,
				Raw: "10:00:01 boom\nTraceback:\n  \xff\xfe", Message: "boom", Fields: []index.Field{{Name: "exception", Value: "KeyError"}}},
			{Time: at("2026-03-01T10:00:05Z"), Message: "line three is followed by this"},
		}},
	})
}

func list(t testing.TB, r *index.Reader, q index.Query) []*Row {
	t.Helper()
	var rows []*Row
	for row, err := range List(r, q) {
		require.NoError(t, err)
		rows = append(rows, row)
	}
	return rows
}

func TestListIsTheContract(t *testing.T) {
	r := small(t)
	cases := []struct{ name, term, want string }{
		{"repeated message", "user:root", `{
			"id": "1-0", "time": "2026-03-01T10:00:02Z", "clock": "no_year", "source": "/var/log/auth.log", "line": 1, "line_end": 1, "offset": 0,
			"host": "web01", "service": "sshd", "pid": 812, "level": "info", "action": "login_failed", "outcome": "failure",
			"user": "root", "ip": "203.0.113.7", "ips": ["203.0.113.7"],
			"message": "message repeated 5 times: [ Failed password for root from 203.0.113.7 port 22 ssh2]", "count": 5,
			"signature": "message repeated 5 times: [ Failed password for root from 203.0.113.7 port 22 ssh2]", "fields": {},
			"raw": "message repeated 5 times: [ Failed password for root from 203.0.113.7 port 22 ssh2]"}`},
		{"several lines, not UTF-8, no address", "exception:KeyError", `{
			"id": "2-0", "time": "2026-03-01T10:00:01.25Z", "clock": "exact", "source": "/var/log/app.log", "line": 1, "line_end": 3, "offset": 0,
			"host": "", "service": "app", "pid": 0, "level": "err", "action": "exception", "outcome": "",
			"user": "", "ip": "", "ips": [], "message": "boom", "count": 1, "signature": "boom", "fields": {"exception": "KeyError"},
			"raw": "10:00:01 boom\nTraceback:\n  \ufffd\ufffd",
			"raw_b64": "` + base64.StdEncoding.EncodeToString([]byte("10:00:01 boom\nTraceback:\n  \xff\xfe")) + `"}`},
		{"nothing known but the text", "message:three", `{
			"id": "2-30", "time": "2026-03-01T10:00:05Z", "clock": "exact", "source": "/var/log/app.log", "line": 4, "line_end": 4, "offset": 30,
			"host": "", "service": "", "pid": 0, "level": "", "action": "other", "outcome": "",
			"user": "", "ip": "", "ips": [], "message": "line three is followed by this", "count": 1,
			"signature": "line three is followed by this", "fields": {}, "raw": "line three is followed by this"}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			rows := list(t, r, casetest.Query(t, c.term))
			require.Len(t, rows, 1)
			got, err := json.Marshal(rows[0])
			require.NoError(t, err)
			require.JSONEq(t, c.want, string(got))
		})
	}
}

func TestListOrderAndTerms(t *testing.T) {
	r := small(t)
	cases := []struct {
		name  string
		terms []string
		since string
		until string
		want  []string
	}{
		{"all, in the order of time", nil, "", "", []string{"/var/log/app.log:1", "/var/log/auth.log:1", "/var/log/auth.log:3", "/var/log/auth.log:2", "/var/log/app.log:4"}},
		{"an address beside the one it is about", []string{"ip:198.51.100.1"}, "", "", []string{"/var/log/auth.log:3"}},
		{"a network", []string{"ip:203.0.113.0/24"}, "", "", []string{"/var/log/auth.log:1", "/var/log/auth.log:3"}},
		{"a range of pids", []string{"pid:800-812"}, "", "", []string{"/var/log/auth.log:1"}},
		{"two terms", []string{"service:sshd", "-user:root"}, "", "", []string{"/var/log/auth.log:2"}},
		{"a user with a blank", []string{"user:a b"}, "", "", []string{"/var/log/auth.log:2"}},
		{"a window: since is in, until is out", nil, "2026-03-01T10:00:02Z", "2026-03-01T10:00:04Z", []string{"/var/log/auth.log:1", "/var/log/auth.log:3"}},
		{"nothing", []string{"user:nobody"}, "", "", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, brute := range []bool{false, true} {
				q := casetest.Query(t, c.terms...)
				q.Brute = brute
				if c.since != "" {
					q.Since, q.Until = casetest.At(t, c.since), casetest.At(t, c.until)
				}
				var got []string
				for _, row := range list(t, r, q) {
					got = append(got, row.Evidence())
				}
				require.Equal(t, c.want, got, "brute %t", brute)
			}
		})
	}
}

func TestListStopsEarlyAndReportsErrors(t *testing.T) {
	r := small(t)
	n := 0
	for _, err := range List(r, casetest.Query(t)) {
		require.NoError(t, err)
		n++
		break
	}
	require.Equal(t, 1, n)

	var errs []error
	for row, err := range List(r, casetest.Query(t, "nosuch:field")) {
		require.Nil(t, row)
		errs = append(errs, err)
	}
	require.Len(t, errs, 1)
	require.ErrorContains(t, errs[0], "nosuch")
}

func TestFieldsKeepTheFirstOfAName(t *testing.T) {
	row := rowOf(&index.Event{Fields: []index.Field{{Name: "b", Value: "1"}, {Name: "a", Value: "2"}, {Name: "b", Value: "3"}}})
	got, err := json.Marshal(row.Fields)
	require.NoError(t, err)
	require.Equal(t, `{"a":"2","b":"1"}`, string(got))
}
