package logs

import "testing"

func TestApacheError(t *testing.T) {
	const stamp = "[Mon Nov 23 02:41:19.552452 2026] "
	const head = stamp + "[core:error] [pid 12:tid 34] "
	entry := func(action, ip, msg, fields string) parsed {
		return parsed{service: "apache", pid: 12, level: "err", action: action, outcome: "failure", ip: ip, message: msg, fields: "module=core, tid=34" + fields}
	}
	testEntries(t, apacheError, []entryTest{
		{"client and code", head + "[client 192.0.2.7:5678] AH00037: Symbolic link not allowed", entry("permission_denied", "192.0.2.7", "AH00037: Symbolic link not allowed", ", port=5678, code=AH00037")},
		{"error number first", head + "(13)Permission denied: [client [2001:db8::7]:5678] AH00132: file permissions deny server access: /x",
			entry("permission_denied", "2001:db8::7", "AH00132: file permissions deny server access: /x", ", port=5678, code=AH00132")},
		{"referrer", head + "[client 192.0.2.7:5678] AH00128: File does not exist: /x, referer: http://a/, referer: http://b/",
			entry("other", "192.0.2.7", "AH00128: File does not exist: /x, referer: http://a/", ", port=5678, referer=http://b/, code=AH00128")},
		{"client in the message", head + "AH00128: File does not exist: /[client 203.0.113.66:1] AH01617: user x", entry("other", "", "AH00128: File does not exist: /[client 203.0.113.66:1] AH01617: user x", ", code=AH00128")},
		{"prefork", stamp + "[core:error] [pid 12] [client 192.0.2.7:5678] x", parsed{service: "apache", pid: 12, level: "err", action: "other", outcome: "failure", ip: "192.0.2.7", message: "x", fields: "module=core, port=5678"}},
		{"source file", stamp + "[core:trace3] [pid 12:tid 34] request.c(302): [client 192.0.2.7:5678] x",
			parsed{service: "apache", pid: 12, level: "debug", action: "other", ip: "192.0.2.7", message: "x", fields: "module=core, tid=34, port=5678"}},
		{"version 2.2", "[Mon Nov  2 02:41:19 2026] [error] [client 192.0.2.7] File does not exist: /x", parsed{service: "apache", level: "err", action: "other", outcome: "failure", ip: "192.0.2.7", message: "File does not exist: /x"}},
		{"wrong password", head + `[client 192.0.2.7:1] AH01617: user a: b: authentication failure for "/x": Password Mismatch`,
			parsed{service: "apache", pid: 12, level: "err", action: "login_failed", outcome: "failure", user: "a: b", ip: "192.0.2.7", message: `AH01617: user a: b: authentication failure for "/x": Password Mismatch`, fields: "module=core, tid=34, port=1, code=AH01617"}},
		{"unknown user, digest", head + "[client 192.0.2.7:1] AH01790: user `bob' in realm `x' not found: /x",
			parsed{service: "apache", pid: 12, level: "err", action: "login_failed", outcome: "failure", user: "bob", ip: "192.0.2.7", message: "AH01790: user `bob' in realm `x' not found: /x", fields: "module=core, tid=34, port=1, code=AH01790"}},
		{"timeout of the portable runtime", head + "(70007)The timeout specified has expired: [client 192.0.2.7:1] AH01102: error reading status line", entry("connection_timeout", "192.0.2.7", "AH01102: error reading status line", ", port=1, code=AH01102")},
		{"upstream refused", head + "(111)Connection refused: AH00957: http: attempt to connect to 127.0.0.1:1 (127.0.0.1) failed", entry("connection_refused", "", "AH00957: http: attempt to connect to 127.0.0.1:1 (127.0.0.1) failed", ", code=AH00957")},
		{"crash", stamp + "[core:notice] [pid 12:tid 34] AH00052: child pid 9 exit signal Segmentation fault (11)",
			parsed{service: "apache", pid: 12, level: "notice", action: "segfault", outcome: "failure", message: "AH00052: child pid 9 exit signal Segmentation fault (11)", fields: "module=core, tid=34, code=AH00052"}},
		{"started", stamp + "[mpm_event:notice] [pid 12:tid 34] AH00489: Apache/2.4.62 (Debian) configured -- resuming normal operations",
			parsed{service: "apache", pid: 12, level: "notice", action: "service_started", outcome: "success", message: "AH00489: Apache/2.4.62 (Debian) configured -- resuming normal operations", fields: "module=mpm_event, tid=34, code=AH00489"}},
		{"PHP out of memory", stamp + "[php:error] [pid 12] [client 192.0.2.7:1] PHP Fatal error:  Allowed memory size of 1 bytes exhausted",
			parsed{service: "apache", pid: 12, level: "err", action: "memory_error", outcome: "failure", ip: "192.0.2.7", message: "PHP Fatal error:  Allowed memory size of 1 bytes exhausted", fields: "module=php, port=1"}},
	})
	testRefused(t, apacheError, "", "[Mon Nov 23 02:41:19 2026]", "[Xxx Nov 23 02:41:19 2026] [error] x", "[Mon Nov 31 02:41:19 2026] [error] x", "[Mon Nov 23 02:41:19.5524 20x6] [error] x", "  continued")
}
