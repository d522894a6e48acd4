package logs

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

// parsed is what a test expects of one entry, in text.
type parsed struct {
	host, service string
	pid           int
	level         string
	action        string
	outcome       string
	user, ip      string
	count         int
	fields        string // name=value, in order, with a comma between
	message       string // where it is not what follows the header
}

func parsedOf(e *Entry) parsed {
	p := parsed{
		host: string(e.Host), service: string(e.Service), pid: e.PID, level: e.Level.String(), action: e.Action.String(),
		outcome: e.Outcome.String(), user: string(e.User), count: e.Count, fields: fieldsOf(e), message: string(e.Message),
	}
	if e.IP.IsValid() {
		p.ip = e.IP.String()
	}
	return p
}

func fieldsOf(e *Entry) string {
	var all []string
	for _, f := range e.Fields {
		all = append(all, f.Name+"="+string(f.Value))
	}
	return strings.Join(all, ", ")
}

// messageTest is one message of one program and what it means.
type messageTest struct {
	name string
	msg  string
	want parsed
}

// testMessages parses each message behind a header of RFC 3164.
func testMessages(t *testing.T, service string, tests []messageTest) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var e Entry
			line := "Nov 23 02:31:39 web01 " + service + "[812]: " + tt.msg
			require.True(t, syslog.Starts([]byte(line)))
			require.True(t, syslog.Parse([]byte(line), &e))
			want := tt.want
			want.host, want.service = "web01", service
			if want.pid == 0 {
				want.pid = 812
			}
			if want.action == "" {
				want.action = "other"
			}
			if want.message == "" {
				want.message = strings.TrimLeft(tt.msg, " ")
			}
			require.Equal(t, want, parsedOf(&e))
		})
	}
}

func TestSyslogHeader(t *testing.T) {
	bsd := Stamp{Month: 11, Day: 23, Hour: 2, Min: 31, Sec: 39}
	iso := Stamp{Year: 2026, Month: 11, Day: 23, Hour: 2, Min: 31, Sec: 39, Nano: 123_456_000, HasZone: true}
	tests := []struct {
		name  string
		line  string
		stamp Stamp
		want  parsed
	}{
		{"RFC 3164", "Nov 23 02:31:39 web01 app[7]: hello", bsd, parsed{host: "web01", service: "app", pid: 7, message: "hello"}},
		{"RFC 3164 without a pid", "Nov 23 02:31:39 web01 app: hello", bsd, parsed{host: "web01", service: "app", message: "hello"}},
		{"RFC 3164 without a colon", "Nov 23 02:31:39 web01 app[7] hello", bsd, parsed{host: "web01", service: "app", pid: 7, message: "hello"}},
		{"RFC 3164 with PRI", "<34>Nov 23 02:31:39 web01 app[7]: hello", bsd, parsed{host: "web01", service: "app", pid: 7, level: "crit", message: "hello"}},
		{"PRI is above the meaning", "<38>Nov 23 02:31:39 web01 sshd[7]: Failed password for bob from 192.0.2.1 port 9 ssh2", bsd, parsed{host: "web01", service: "sshd", pid: 7,
			level: "info", action: "login_failed", outcome: "failure", user: "bob", ip: "192.0.2.1", fields: "method=password, port=9",
			message: "Failed password for bob from 192.0.2.1 port 9 ssh2"}},
		{"a mark without a tag", "Nov 23 02:31:39 web01 -- MARK --", bsd, parsed{host: "web01", message: "-- MARK --"}},
		{"an empty message", "Nov 23 02:31:39 web01 app[7]:", bsd, parsed{host: "web01", service: "app", pid: 7}},
		{"a tag with a path", "Nov 23 02:31:39 mx postfix/smtpd[7]: connect", bsd, parsed{host: "mx", service: "postfix/smtpd", pid: 7, message: "connect"}},
		{"a tag with brackets", "Nov 23 02:31:39 mx run-parts(/etc/cron.daily)[7]: x", bsd, parsed{host: "mx", service: "run-parts(/etc/cron.daily)", pid: 7, message: "x"}},
		{"a tag with colons", "Nov 23 02:31:39 mx a::b[7]: x", bsd, parsed{host: "mx", service: "a::b", pid: 7, message: "x"}},
		{"a pid that is none", "Nov 23 02:31:39 mx app[main]: x", bsd, parsed{host: "mx", service: "app", message: "x"}},
		{"busybox", "Nov 23 02:31:39 alpine auth.warn sshd[7]: hello", bsd, parsed{host: "alpine", service: "sshd", pid: 7, level: "warning", message: "hello"}},
		{"CRLF", "Nov 23 02:31:39 web01 app[7]: hello\r", bsd, parsed{host: "web01", service: "app", pid: 7, message: "hello"}},
		{"an IPv6 host", "Nov 23 02:31:39 2001:db8::1 app[7]: hello", bsd, parsed{host: "2001:db8::1", service: "app", pid: 7, message: "hello"}},
		{"the kernel's uptime", "Nov 23 02:31:39 web01 kernel: [12345.678901] hello", bsd, parsed{host: "web01", service: "kernel", fields: "uptime=12345.678901", message: "hello"}},
		{"the kernel's uptime, padded, and its caller", "Nov 23 02:31:39 web01 kernel: [    5.678901][  T123] hello", bsd,
			parsed{host: "web01", service: "kernel", fields: "uptime=5.678901", message: "hello"}},
		{"no uptime", "Nov 23 02:31:39 web01 kernel: [drm] hello", bsd, parsed{host: "web01", service: "kernel", message: "[drm] hello"}},
		{"RFC 3339", "2026-11-23T02:31:39.123456+00:00 web01 app[7]: hello", iso, parsed{host: "web01", service: "app", pid: 7, message: "hello"}},
		{"RFC 3339 with PRI", "<4>2026-11-23T02:31:39.123456+00:00 web01 app[7]: hello", iso, parsed{host: "web01", service: "app", pid: 7, level: "warning", message: "hello"}},
		{"RFC 3339 without a tag", "2026-11-23T02:31:39.123456+00:00 web01 evt structured", iso, parsed{host: "web01", message: "evt structured"}},
		{"RFC 5424", "<38>1 2026-11-23T02:31:39.123456+00:00 web01 app 7 ID47 - hello", iso,
			parsed{host: "web01", service: "app", pid: 7, level: "info", fields: "msgid=ID47", message: "hello"}},
		{"RFC 5424, all nil", "<191>1 - - - - - -", Stamp{}, parsed{level: "debug"}},
		{"RFC 5424, data and BOM", "<165>1 2026-11-23T02:31:39.123456+00:00 web01 app 7 - [a@1 k=\"v \\] \\\" x\"][b] \xEF\xBB\xBFhello", iso,
			parsed{host: "web01", service: "app", pid: 7, level: "notice", fields: "sd=[a@1 k=\"v \\] \\\" x\"][b]", message: "hello"}},
		{"RFC 5424, data and no message", "<165>1 2026-11-23T02:31:39.123456+00:00 web01 app 7 - [a@1]", iso,
			parsed{host: "web01", service: "app", pid: 7, level: "notice", fields: "sd=[a@1]"}},
		{"RFC 5424, the kernel", "<6>1 2026-11-23T02:31:39.123456+00:00 web01 kernel - - - [ 5.25] hello", iso,
			parsed{host: "web01", service: "kernel", level: "info", fields: "uptime=5.25", message: "hello"}},
		{"repeated", "Nov 23 02:31:39 web01 sshd[7]: message repeated 5 times: [ Failed password for root from 192.0.2.1 port 9 ssh2]", bsd,
			parsed{host: "web01", service: "sshd", pid: 7, level: "warning", action: "login_failed", outcome: "failure", user: "root", ip: "192.0.2.1", count: 5,
				fields:  "method=password, port=9",
				message: "message repeated 5 times: [ Failed password for root from 192.0.2.1 port 9 ssh2]"}},
		{"repeated, torn", "Nov 23 02:31:39 web01 sshd[7]: message repeated 5 times: [ Failed password for root from 192.0.2.1", bsd,
			parsed{host: "web01", service: "sshd", pid: 7, message: "message repeated 5 times: [ Failed password for root from 192.0.2.1"}},
		{"repeated more often than can be", "Nov 23 02:31:39 web01 app: message repeated 99999999999 times: [ x]", bsd,
			parsed{host: "web01", service: "app", message: "message repeated 99999999999 times: [ x]"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var e Entry
			require.True(t, syslog.Starts([]byte(tt.line)))
			require.True(t, syslog.Parse([]byte(tt.line), &e))
			if tt.want.action == "" {
				tt.want.action = "other"
			}
			require.Equal(t, tt.stamp, e.Stamp)
			require.Equal(t, tt.want, parsedOf(&e))
		})
	}
}

func TestSyslogRefuses(t *testing.T) {
	for name, line := range map[string]string{
		"empty":                       "",
		"a stamp alone":               "Nov 23 02:31:39",
		"a stamp and a blank":         "Nov 23 02:31:39 ",
		"a host that is none":         "Nov 23 02:31:39 \"GET app: x",
		"an application's level":      "2026-11-23T02:31:39Z INFO main: started",
		"an application's text":       "2026-11-23T02:31:39Z started in seconds",
		"a blank for T":               "2026-11-23 02:31:39+00:00 web01 app[7]: x",
		"no zone":                     "2026-11-23T02:31:39 web01 app[7]: x",
		"mysqld":                      "2026-11-23T02:31:39.123456Z 12 [Note] [MY-010] [Server] x",
		"RFC 5424 with torn data":     "<165>1 2026-11-23T02:31:39Z web01 app 7 - [a@1 k=\"v",
		"RFC 5424 with too few":       "<165>1 2026-11-23T02:31:39Z web01 app",
		"RFC 5424 with a stamp of no": "<165>1 yesterday web01 app 7 - - x",
		"PRI above 191":               "<192>Nov 23 02:31:39 web01 app: x",
		"PRI not closed":              "<19Nov 23 02:31:39 web01 app: x",
	} {
		t.Run(name, func(t *testing.T) {
			require.False(t, syslog.Parse([]byte(line), &Entry{}))
		})
	}
}

// What follows a newline is kept as a part of the message and never read for
// its meaning.
func TestSyslogForgedLine(t *testing.T) {
	entry := "Nov 23 02:31:39 web01 sshd[7]: Invalid user x\nAccepted password for root from 192.0.2.1 port 9 ssh2"
	var e Entry
	require.True(t, syslog.Parse([]byte(entry), &e))
	require.Equal(t, index.ActionOther, e.Action)
	require.False(t, e.IP.IsValid())
	require.Equal(t, "Invalid user x\nAccepted password for root from 192.0.2.1 port 9 ssh2", string(e.Message))
	require.Equal(t, "Invalid user x", string(e.Variable))
}

func TestUnknownService(t *testing.T) {
	testMessages(t, "app", []messageTest{
		{"a level at the start", "ERROR: cannot go on", parsed{level: "err"}},
		{"a level in brackets", "[warn] slow", parsed{level: "warning"}},
		{"logfmt", `time="2026-11-23T02:31:39Z" level=error msg="gone"`, parsed{level: "err"}},
		{"a sentence", "error handling was improved", parsed{}},
		{"no space", "write /srv/x: No space left on device", parsed{action: "disk_full", outcome: "failure", level: "err"}},
		{"its own level stays", "WARNING: open: Too many open files", parsed{action: "too_many_files", outcome: "failure", level: "warning"}},
		{"a name not found", "could not resolve db01: Name or service not known", parsed{action: "dns_error", outcome: "failure", level: "err"}},
	})
}
