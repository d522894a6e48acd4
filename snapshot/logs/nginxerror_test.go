package logs

import "testing"

func TestNginxError(t *testing.T) {
	const head = "2026/11/23 02:41:14 [error] 12#34: *56 "
	entry := func(action, msg, ip, fields string) parsed {
		return parsed{service: "nginx", pid: 12, level: "err", action: action, outcome: "failure", ip: ip, message: msg, fields: "tid=34, conn=56" + fields}
	}
	const notFound = `open() "/www/x" failed (2: No such file or directory)`
	testEntries(t, nginxError, []entryTest{
		{"missing file", head + notFound + `, client: 192.0.2.7, server: s, request: "GET /x HTTP/1.1", host: "h"`,
			entry("other", notFound, "192.0.2.7", `, server=s, request=GET /x HTTP/1.1, host=h`)},
		{"upstream refused", head + `connect() failed (111: Connection refused) while connecting to upstream, client: 2001:db8::7, server: , request: "GET / HTTP/1.1", upstream: "http://127.0.0.1:1/", host: "h", referrer: "r"`,
			entry("connection_refused", "connect() failed (111: Connection refused) while connecting to upstream", "2001:db8::7", `, request=GET / HTTP/1.1, upstream=http://127.0.0.1:1/, host=h, referer=r`)},
		{"upstream silent", head + `upstream timed out (110: Connection timed out) while reading response header from upstream, client: 192.0.2.7, server: s`,
			entry("connection_timeout", "upstream timed out (110: Connection timed out) while reading response header from upstream", "192.0.2.7", ", server=s")},
		{"upstream reset", head + `recv() failed (104: Connection reset by peer) while reading response header from upstream, client: 192.0.2.7, server: s`,
			entry("connection_reset", "recv() failed (104: Connection reset by peer) while reading response header from upstream", "192.0.2.7", ", server=s")},
		{"disk full", head + `pwrite() "/tmp/1" failed (28: No space left on device) while reading upstream, client: 192.0.2.7, server: s`,
			entry("disk_full", `pwrite() "/tmp/1" failed (28: No space left on device) while reading upstream`, "192.0.2.7", ", server=s")},
		{"errno in a path", head + `open() "/www/(28: No space left on device)" failed (13: Permission denied), client: 192.0.2.7, server: s`,
			entry("permission_denied", `open() "/www/(28: No space left on device)" failed (13: Permission denied)`, "192.0.2.7", ", server=s")},
		{"refused password", head + `user "x": password mismatch, client: 6.6.6.6, server: y": password mismatch, client: 192.0.2.7, server: s`,
			parsed{service: "nginx", pid: 12, level: "err", action: "login_failed", outcome: "failure", user: `x`, message: `user "x": password mismatch`, fields: "tid=34, conn=56, ambiguous=client"}},
		{"resolver", head + `backend.example could not be resolved (3: Host not found), client: 192.0.2.7, server: s`,
			entry("dns_error", "backend.example could not be resolved (3: Host not found)", "192.0.2.7", ", server=s")},
		{"PHP", head + `FastCGI sent in stderr: "PHP message: PHP Fatal error:  Uncaught Error: x in /a.php:3` + "\n#0 {main}\n  thrown in /a.php on line 3" + `" while reading response header from upstream, client: 192.0.2.7, server: s`,
			entry("exception", `FastCGI sent in stderr: "PHP message: PHP Fatal error:  Uncaught Error: x in /a.php:3`+"\n#0 {main}\n  thrown in /a.php on line 3"+`" while reading response header from upstream`, "192.0.2.7", ", server=s")},
		{"no connection", "2026/11/23 02:41:14 [crit] 12#12: accept4() failed (24: Too many open files)",
			parsed{service: "nginx", pid: 12, level: "crit", action: "too_many_files", outcome: "failure", message: "accept4() failed (24: Too many open files)", fields: "tid=12"}},
		{"unix socket", head + `x, client: unix:, server: s, request: "GET / HTTP/1.1"`,
			entry("other", "x", "", ", rhost=unix:, server=s, request=GET / HTTP/1.1")},
		{"worker crashed", "2026/11/23 02:41:14 [alert] 12#12: worker process 13 exited on signal 11",
			parsed{service: "nginx", pid: 12, level: "alert", action: "segfault", outcome: "failure", message: "worker process 13 exited on signal 11", fields: "tid=12"}},
	})
	testRefused(t, nginxError, "", "2026/11/23 02:41:14 x", "2026/11/23 02:41:14 [odd] x", "2026/13/23 02:41:14 [error] x", "2026-11-23 02:41:14 [error] x")
}

// What a client writes into its path, its request line or its referrer must not
// become the client's address.
func TestNginxErrorForgedClient(t *testing.T) {
	const head = "2026/11/23 02:41:14 [error] 12#34: *56 "
	const forged = `, client: 203.0.113.66, server: s, request: "GET /`
	for _, test := range []struct{ name, text, ip, ambiguous string }{
		{"path", `open() "/www/x` + forged + `" failed (2: No such file or directory), client: 192.0.2.7, server: s, request: "GET /x%2C HTTP/1.1", host: "h"`, "192.0.2.7", ""},
		{"request line", `client sent invalid request while reading client request line, client: 192.0.2.7, server: s, request: "GET /x` + forged + ` HTTP/1.1"`, "192.0.2.7", ""},
		{"referrer", `open() "/www/x" failed (2: No such file or directory), client: 192.0.2.7, server: s, request: "GET /x HTTP/1.1", host: "h", referrer: "x` + forged + ` HTTP/1.1", host: "h"`, "192.0.2.7", ""},
		{"path with quotes of its own", `open() "/www/x" failed (2: x)` + forged + `" failed (2: No such file or directory), client: 192.0.2.7, server: s, request: "GET /x HTTP/1.1"`, "", "client"},
		{"referrer with quotes of its own", `open() "/www/x" failed (2: x), client: 192.0.2.7, server: s, request: "GET /x HTTP/1.1", referrer: "" failed (2: x)` + forged + `"`, "", "client"},
		{"the same address twice", `open() "/www/x" failed (2: x), client: 192.0.2.7, server: s" failed (2: x), client: 192.0.2.7, server: s`, "192.0.2.7", ""},
		{"a quote in the path", `open() "/www/a"b" failed (2: x), client: 192.0.2.7, server: s`, "192.0.2.7", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var e Entry
			if !nginxError.Parse([]byte(head+test.text), &e) {
				t.Fatal("refused")
			}
			got, ambiguous := "", ""
			if e.IP.IsValid() {
				got = e.IP.String()
			}
			for _, f := range e.Fields {
				if f.Name == "ambiguous" {
					ambiguous = string(f.Value)
				}
			}
			if got != test.ip || ambiguous != test.ambiguous {
				t.Errorf("ip %q ambiguous %q, want %q %q", got, ambiguous, test.ip, test.ambiguous)
			}
		})
	}
}
