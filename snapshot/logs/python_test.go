package logs

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPython(t *testing.T) {
	entry := func(pid int, level, logger, msg string) parsed {
		p := parsed{pid: pid, level: level, action: "other", message: msg}
		if level == "err" || level == "crit" {
			p.outcome = "failure"
		}
		if logger != "" {
			p.fields = "logger=" + logger
		}
		return p
	}
	const stamp = "2026-11-23 02:31:39,123"
	testEntries(t, python, []entryTest{
		{"level and name in brackets", stamp + " ERROR [django.request:812] a b", entry(812, "err", "django.request", "a b")},
		{"name in brackets", stamp + " INFO [shop] a", entry(0, "info", "shop", "a")},
		{"dashes", stamp + " - shop.views - WARNING - a - b", entry(0, "warning", "shop.views", "a - b")},
		{"level in brackets", stamp + " [CRITICAL] shop.views: a", entry(0, "crit", "shop.views", "a")},
		{"pid in brackets", stamp + " [812] INFO a: b", entry(812, "info", "a", "b")},
		{"a word with a colon that is no module", stamp + " ERROR Timeout: a", entry(0, "err", "", "Timeout: a")},
		{"verbose", "ERROR 2026-11-23 02:31:39,123 views 812 1399 a", entry(812, "err", "views", "a")},
		{"simple with a stamp", "ERROR 2026-11-23 02:31:39,123 a b c d", entry(0, "err", "", "a b c d")},
		{"no stamp", "WARNING:shop.views:a: b", entry(0, "warning", "shop.views", "a: b")},
		{"Flask", "[" + stamp + "] ERROR in app: a", entry(0, "err", "app", "a")},
		{"Celery", "[" + stamp + ": ERROR/MainProcess] a", entry(0, "err", "", "a")},
		{"gunicorn", "[2026-11-23 02:31:39 +0000] [812] [INFO] Reason: a", entry(812, "info", "", "Reason: a")},
		{"gunicorn listens", "[2026-11-23 02:31:39 +0000] [812] [INFO] Listening at: http://127.0.0.1:1 (812)", parsed{service: "gunicorn", pid: 812, level: "info", action: "service_started", outcome: "success", message: "Listening at: http://127.0.0.1:1 (812)"}},
		{"an application's own text", stamp + " WARNING [shop.auth:812] login failed for user 'bob' from 203.0.113.7", entry(812, "warning", "shop.auth", "login failed for user 'bob' from 203.0.113.7")},
		{"several lines", stamp + " INFO [shop:1] a\n b", entry(1, "info", "shop", "a\n b")},
		{"runserver", `[23/Nov/2026 02:31:39] "GET /a"b HTTP/1.1" 404 10`, parsed{level: "warning", action: "http_request", outcome: "failure", message: `GET /a"b HTTP/1.1`, fields: `method=GET, path=/a"b, proto=HTTP/1.1, status=404, bytes=10`}},
		{"runserver speaks", "[23/Nov/2026 02:31:39] code 400, message Bad request", parsed{level: "warning", action: "other", message: "code 400, message Bad request"}},
		{"werkzeug", `192.0.2.7 - - [23/Nov/2026 02:31:39] "GET / HTTP/1.1" 200 -`, parsed{ip: "192.0.2.7", level: "info", action: "http_request", outcome: "success", message: "GET / HTTP/1.1", fields: "method=GET, path=/, proto=HTTP/1.1, status=200"}},
		{"Django without a head", "Not Found: /x", entry(0, "warning", "django.request", "Not Found: /x")},
	})
	testRefused(t, python, "", "a line of text", "2026-11-23 02:31:39 something happened here now ERROR", "INFORMATION:x:y", "  File \"x.py\", line 1, in y", "KeyError: 'x'", "[23/Nov/2026 02:31:39", "ERROR:  deadlock detected")

	var e Entry
	require.True(t, python.Parse([]byte("[2026-11-23 02:31:39 +0130] [812] [INFO] a"), &e))
	require.Equal(t, Stamp{Year: 2026, Month: 11, Day: 23, Hour: 2, Min: 31, Sec: 39, Zone: 5400, HasZone: true}, e.Stamp)
}

func TestTraceback(t *testing.T) {
	const head = "2026-11-23 02:31:39,123 ERROR [django.request:812] Internal Server Error: /x\n"
	const frames = "Traceback (most recent call last):\n  File \"/a.py\", line 1, in b\n    c()\n    ^^^\n"
	const during = "\n\nDuring handling of the above exception, another exception occurred:\n\n"
	const direct = "\n\nThe above exception was the direct cause of the following exception:\n\n"
	for _, test := range []struct{ name, text, variable, action, fields string }{
		{"plain", frames + "KeyError: 'x'", "KeyError: 'x'", "exception", "exception=KeyError, exception_message='x'"},
		{"no message", frames + "MemoryError", "MemoryError", "memory_error", "exception=MemoryError"},
		{"during", frames + "KeyError: 'x'" + during + frames + "ValueError: y", "ValueError: y", "exception", "exception=ValueError, exception_message=y, cause=KeyError"},
		{"chain of three", frames + "a.A: 1" + direct + frames + "b.B: 2" + during + frames + "c.C: 3", "c.C: 3", "exception", "exception=c.C, exception_message=3, cause=a.A"},
		{"message of several lines", frames + "ValueError: a\n  File \"x\"\nMemoryError", "ValueError: a", "exception", "exception=ValueError, exception_message=a"},
		{"carriage returns", frames + "KeyError: 'x'\r\n", "KeyError: 'x'", "exception", "exception=KeyError, exception_message='x'"},
		{"cut short", frames, "", "exception", ""},
		{"no class", frames + "<odd>", "<odd>", "exception", ""},
		{"group", "  + Exception Group Traceback (most recent call last):\n  |   File \"a\"\n  | ExceptionGroup: many (2 sub-exceptions)\n  +-+---------------- 1 ----------------\n    | ValueError: a", "ExceptionGroup: many (2 sub-exceptions)", "exception", "exception=ExceptionGroup, exception_message=many (2 sub-exceptions)"},
		{"database refused", frames + "django.db.utils.OperationalError: could not connect to server: Connection refused\n\tIs the server running", "django.db.utils.OperationalError: could not connect to server: Connection refused", "db_connection", "exception=django.db.utils.OperationalError, exception_message=could not connect to server: Connection refused"},
		{"database deadlock", frames + "x.OperationalError: deadlock detected", "x.OperationalError: deadlock detected", "deadlock", "exception=x.OperationalError, exception_message=deadlock detected"},
		{"missing table", frames + "x.OperationalError: no such table: y", "x.OperationalError: no such table: y", "query_error", "exception=x.OperationalError, exception_message=no such table: y"},
		{"disk full", frames + "OSError: [Errno 28] No space left on device: '/x'", "OSError: [Errno 28] No space left on device: '/x'", "disk_full", "exception=OSError, exception_message=[Errno 28] No space left on device: '/x'"},
		{"too many files", frames + "OSError: [Errno 24] Too many open files", "OSError: [Errno 24] Too many open files", "too_many_files", "exception=OSError, exception_message=[Errno 24] Too many open files"},
		{"wrapped refusal", frames + "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='x'): Max retries exceeded (Caused by NewConnectionError('[Errno 111] Connection refused'))", "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='x'): Max retries exceeded (Caused by NewConnectionError('[Errno 111] Connection refused'))", "connection_refused",
			"exception=requests.exceptions.ConnectionError, exception_message=HTTPSConnectionPool(host='x'): Max retries exceeded (Caused by NewConnectionError('[Errno 111] Connection refused'))"},
		{"timeout", frames + "requests.exceptions.ReadTimeout: x", "requests.exceptions.ReadTimeout: x", "connection_timeout", "exception=requests.exceptions.ReadTimeout, exception_message=x"},
		{"resolver", frames + "socket.gaierror: [Errno -2] Name or service not known", "socket.gaierror: [Errno -2] Name or service not known", "dns_error", "exception=socket.gaierror, exception_message=[Errno -2] Name or service not known"},
		{"certificate", frames + "ssl.SSLCertVerificationError: x", "ssl.SSLCertVerificationError: x", "cert_error", "exception=ssl.SSLCertVerificationError, exception_message=x"},
		{"redis", frames + "redis.exceptions.ConnectionError: Error 111 connecting to x:6379. Connection refused.", "redis.exceptions.ConnectionError: Error 111 connecting to x:6379. Connection refused.", "db_connection", "exception=redis.exceptions.ConnectionError, exception_message=Error 111 connecting to x:6379. Connection refused."},
		{"a key that looks like an error", frames + "KeyError: '[Errno 28] No space left on device'", "KeyError: '[Errno 28] No space left on device'", "exception", "exception=KeyError, exception_message='[Errno 28] No space left on device'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var e Entry
			require.True(t, python.Parse([]byte(head+test.text), &e))
			require.Equal(t, test.variable, string(e.Variable))
			require.Equal(t, test.action, e.Action.String())
			require.Equal(t, "Internal Server Error: /x", string(e.Message))
			fields := "logger=django.request"
			if test.fields != "" {
				fields += ", " + test.fields
			}
			require.Equal(t, fields, fieldsOf(&e))
		})
	}
	var e Entry
	require.True(t, python.Parse([]byte(frames+"KeyError: 'x'"), &e), "a traceback at the start of a file")
	require.Equal(t, "err", e.Level.String())
	require.Equal(t, "KeyError: 'x'", string(e.Message))
}
