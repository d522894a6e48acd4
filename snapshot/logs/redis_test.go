package logs

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRedis(t *testing.T) {
	const head = "812:M 23 Nov 2026 02:31:39.123 "
	entry := func(level, action, outcome, msg string) parsed {
		return parsed{service: "redis", pid: 812, level: level, action: action, outcome: outcome, message: msg, fields: "role=master"}
	}
	at := func(p parsed, ip, port string) parsed {
		p.ip, p.fields = ip, p.fields+", port="+port
		return p
	}
	const attack = "Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: commands to Redis."
	testEntries(t, redis, []entryTest{
		{"ready", head + "* Ready to accept connections tcp", entry("notice", "service_started", "success", "Ready to accept connections tcp")},
		{"exit", head + "# Redis is now ready to exit, bye bye...", entry("warning", "service_stopped", "success", "Redis is now ready to exit, bye bye...")},
		{"fork without memory", head + "# Can't save in background: fork: Cannot allocate memory", entry("warning", "memory_error", "failure", "Can't save in background: fork: Cannot allocate memory")},
		{"out of memory", head + "# Out Of Memory allocating 8 bytes!", entry("warning", "memory_error", "failure", "Out Of Memory allocating 8 bytes!")},
		{"disk full", head + "# Write error saving DB on disk: No space left on device", entry("warning", "disk_full", "failure", "Write error saving DB on disk: No space left on device")},
		{"attack", head + "# " + attack + " Connection from 192.0.2.7:41 aborted.", at(entry("warning", "other", "", attack+" Connection from 192.0.2.7:41 aborted."), "192.0.2.7", "41")},
		{"accepted", head + "- Accepted ::1:41", at(entry("info", "connection_opened", "success", "Accepted ::1:41"), "::1", "41")},
		{"closed, with a forged name", head + "- Client closed connection id=3 addr=192.0.2.7:41 laddr=127.0.0.1:6379 name=x addr=203.0.113.66:1", at(entry("info", "connection_closed", "", "Client closed connection id=3 addr=192.0.2.7:41 laddr=127.0.0.1:6379 name=x addr=203.0.113.66:1"), "192.0.2.7", "41")},
		{"master gone", "812:S 23 Nov 2026 02:31:39.123 # Error condition on socket for SYNC: Connection refused", parsed{service: "redis", pid: 812, level: "warning", action: "connection_refused", outcome: "failure", message: "Error condition on socket for SYNC: Connection refused", fields: "role=replica"}},
		{"debug", "812:X 23 Nov 2026 02:31:39.123 . x", parsed{service: "redis", pid: 812, level: "debug", action: "other", message: "x", fields: "role=sentinel"}},
		{"up to version 2.8", "[812] 23 Nov 02:31:39.123 # x", parsed{service: "redis", pid: 812, level: "warning", action: "other", message: "x"}},
		{"signal handler", "812:signal-handler (1795401824) Received SIGTERM scheduling shutdown...", parsed{service: "redis", pid: 812, level: "warning", action: "other", message: "Received SIGTERM scheduling shutdown..."}},
		{"crash report joins", head + "# Redis 7.0.15 crashed by signal: 11, si_code: 2\n\n------ STACK TRACE ------", entry("warning", "segfault", "failure", "Redis 7.0.15 crashed by signal: 11, si_code: 2\n\n------ STACK TRACE ------")},
	})
	testRefused(t, redis, "", "=== REDIS BUG REPORT START", "812:Z 23 Nov 2026 02:31:39.123 # x", "812:M 31 Feb 2026 02:31:39.123 # x", "812:M 23 Nov 2026 02:31:39.123 ? x", "812:M 23 Nov 2026 02:31:39.123 #x", "[812]", "812:")

	for text, want := range map[string]Stamp{
		"812:M 23 Nov 2026 02:31:39.123 # x":  {Year: 2026, Month: 11, Day: 23, Hour: 2, Min: 31, Sec: 39, Nano: 123_000_000},
		"[812] 23 Nov 02:31:39 # x":           {Month: 11, Day: 23, Hour: 2, Min: 31, Sec: 39},
		"[812] 29 Feb 02:31:39 # x":           {Month: 2, Day: 29, Hour: 2, Min: 31, Sec: 39},
		"812:signal-handler (1795401824) bye": {Year: 2026, Month: 11, Day: 23, Hour: 2, Min: 43, Sec: 44, HasZone: true},
	} {
		var e Entry
		require.True(t, redis.Parse([]byte(text), &e), text)
		require.Equal(t, want, e.Stamp, text)
	}
}
