package logs

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// entryTest is one entry of a format and what must be parsed.
type entryTest struct {
	name string
	text string
	want parsed
}

func testEntries(t *testing.T, f Format, tests []entryTest) {
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var e Entry
			require.True(t, f.Parse([]byte(test.text), &e))
			require.Equal(t, test.want, parsedOf(&e))
			line, _, _ := strings.Cut(test.text, "\n")
			require.True(t, f.Starts([]byte(line)))
		})
	}
}

func testRefused(t *testing.T, f Format, texts ...string) {
	for _, text := range texts {
		var e Entry
		require.False(t, f.Parse([]byte(text), &e), "%q", text)
		require.False(t, f.Starts([]byte(text)), "%q", text)
	}
}

const accessStamp = " [23/Nov/2026:02:41:14 +0100] "

func request(p parsed) parsed {
	p.action = "http_request"
	return p
}

func TestAccess(t *testing.T) {
	testEntries(t, access, []entryTest{
		{"common", "192.0.2.7 - -" + accessStamp + `"GET /a HTTP/1.0" 200 6`, request(parsed{level: "info", outcome: "success", ip: "192.0.2.7",
			fields: "method=GET, path=/a, proto=HTTP/1.0, status=200, bytes=6", message: "GET /a HTTP/1.0"})},
		{"combined with a user", "192.0.2.7 - alice" + accessStamp + `"POST /a?b=1 HTTP/2.0" 302 0 "https://x/" "Mozilla/5.0 (X11)"`, request(parsed{level: "info", outcome: "success",
			ip: "192.0.2.7", user: "alice", fields: "method=POST, path=/a?b=1, proto=HTTP/2.0, status=302, bytes=0, referer=https://x/, agent=Mozilla/5.0 (X11)", message: "POST /a?b=1 HTTP/2.0"})},
		{"virtual host first", "shop.example.com:443 2001:db8::7 - -" + accessStamp + `"GET / HTTP/1.1" 500 6 "-" "-"`, request(parsed{level: "err", outcome: "failure", ip: "2001:db8::7",
			fields: "vhost=shop.example.com:443, method=GET, path=/, proto=HTTP/1.1, status=500, bytes=6", message: "GET / HTTP/1.1"})},
		{"virtual host that is an address", "[2001:db8::1]:80 192.0.2.7 - -" + accessStamp + `"GET / HTTP/1.1" 200 6`, request(parsed{level: "info", outcome: "success", ip: "192.0.2.7",
			fields: "vhost=[2001:db8::1]:80, method=GET, path=/, proto=HTTP/1.1, status=200, bytes=6", message: "GET / HTTP/1.1"})},
		{"IPv4-mapped client", "::ffff:192.0.2.7 - -" + accessStamp + `"GET / HTTP/1.1" 200 6`, request(parsed{level: "info", outcome: "success", ip: "192.0.2.7",
			fields: "method=GET, path=/, proto=HTTP/1.1, status=200, bytes=6", message: "GET / HTTP/1.1"})},
		{"client logged by name", "host.example.net - -" + accessStamp + `"GET / HTTP/1.1" 404 -`, request(parsed{level: "warning", outcome: "failure",
			fields: "rhost=host.example.net, method=GET, path=/, proto=HTTP/1.1, status=404", message: "GET / HTTP/1.1"})},
		{"user with blanks and a forged entry", `192.0.2.7 - x [01/Jan/2001:00:00:00 +0000] \"GET / HTTP/1.1\" 200` + accessStamp + `"GET /b HTTP/1.1" 401 6`, request(parsed{level: "warning", outcome: "failure",
			ip: "192.0.2.7", user: `x [01/Jan/2001:00:00:00 +0000] \"GET / HTTP/1.1\" 200`, fields: "method=GET, path=/b, proto=HTTP/1.1, status=401, bytes=6", message: "GET /b HTTP/1.1"})},
		{"escaped quotes in the request", "192.0.2.7 - -" + accessStamp + `"GET /\" 200 5 \"-\" HTTP/1.1" 404 6 "\\" "a\\\"b"`, request(parsed{level: "warning", outcome: "failure", ip: "192.0.2.7",
			fields: `method=GET, path=/\" 200 5 \"-\", proto=HTTP/1.1, status=404, bytes=6, referer=\\, agent=a\\\"b`, message: `GET /\" 200 5 \"-\" HTTP/1.1`})},
		{"TLS on a plain port", "192.0.2.7 - -" + accessStamp + `"\x16\x03\x01\x00\xEE\x22 ab" 400 157 "-" "-"`, request(parsed{level: "warning", outcome: "failure", ip: "192.0.2.7",
			fields: "status=400, bytes=157", message: `\x16\x03\x01\x00\xEE\x22 ab`})},
		{"no request", "192.0.2.7 - -" + accessStamp + `"-" 408 0 "-" "-"`, request(parsed{level: "warning", outcome: "failure", ip: "192.0.2.7",
			fields: "status=408, bytes=0", message: "-"})},
		{"empty request", "192.0.2.7 - -" + accessStamp + `"" 400 0 "-" "-"`, request(parsed{level: "warning", outcome: "failure", ip: "192.0.2.7", fields: "status=400, bytes=0"})},
		{"blanks in the target", "192.0.2.7 - -" + accessStamp + `"GET /x y z HTTP/1.1" 400 0`, request(parsed{level: "warning", outcome: "failure", ip: "192.0.2.7",
			fields: "method=GET, path=/x y z, proto=HTTP/1.1, status=400, bytes=0", message: "GET /x y z HTTP/1.1"})},
		{"status without a number", "192.0.2.7 - -" + accessStamp + `"GET / HTTP/1.1" - -`, request(parsed{level: "info", ip: "192.0.2.7",
			fields: "method=GET, path=/, proto=HTTP/1.1", message: "GET / HTTP/1.1"})},
		{"more bytes than an int32", "192.0.2.7 - -" + accessStamp + `"GET / HTTP/1.1" 200 123456789012`, request(parsed{level: "info", outcome: "success", ip: "192.0.2.7",
			fields: "method=GET, path=/, proto=HTTP/1.1, status=200, bytes=123456789012", message: "GET / HTTP/1.1"})},
		{"fields behind the format", "192.0.2.7 - -" + accessStamp + `"GET / HTTP/1.1" 200 6 "-" "-" "203.0.113.9, 10.0.0.1" rt=0.004 upstream="x"`, request(parsed{level: "info", outcome: "success", ip: "192.0.2.7",
			fields: "method=GET, path=/, proto=HTTP/1.1, status=200, bytes=6, forwarded_for=203.0.113.9, 10.0.0.1", message: "GET / HTTP/1.1"})},
		{"a field that is no list of addresses", "192.0.2.7 - -" + accessStamp + `"GET / HTTP/1.1" 200 6 "-" "-" "evil"`, request(parsed{level: "info", outcome: "success", ip: "192.0.2.7",
			fields: "method=GET, path=/, proto=HTTP/1.1, status=200, bytes=6", message: "GET / HTTP/1.1"})},
	})
	var e Entry
	require.True(t, access.Parse([]byte("192.0.2.7 - -"+accessStamp+`"GET / HTTP/1.1" 200 6`), &e))
	require.Equal(t, Stamp{Year: 2026, Month: 11, Day: 23, Hour: 2, Min: 41, Sec: 14, Zone: 3600, HasZone: true}, e.Stamp)

	testRefused(t, access, "", `"`, `] "`, "192.0.2.7 - - [23/Nov/2026:02:41:14] \"GET / HTTP/1.1\" 200 6", "192.0.2.7 - - [31/Feb/2026:02:41:14 +0000] \"GET / HTTP/1.1\" 200 6",
		"192.0.2.7 - - [23/Nov/2026 02:41:14] \"GET / HTTP/1.1\" 200 6")
}

func TestParseIPPort(t *testing.T) {
	for _, test := range []struct{ text, ip, port string }{
		{"192.0.2.7", "192.0.2.7", ""}, {"192.0.2.7:80", "192.0.2.7", "80"}, {"[2001:db8::7]:80", "2001:db8::7", "80"}, {"[2001:db8::7]", "2001:db8::7", ""},
		{"::1:42200", "::1", "42200"}, {"::1", "::1", ""}, {"::ffff:192.0.2.7:80", "192.0.2.7", "80"},
	} {
		ip, port, ok := parseIPPort([]byte(test.text))
		require.True(t, ok, test.text)
		require.Equal(t, test.ip, ip.String(), test.text)
		require.Equal(t, test.port, string(port), test.text)
	}
	for _, text := range []string{"", ":", "[", "[]", "x:80", "192.0.2.7:", "192.0.2.777:80"} {
		_, _, ok := parseIPPort([]byte(text))
		require.False(t, ok, text)
	}
}
