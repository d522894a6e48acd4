package logs

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFail2ban(t *testing.T) {
	line := func(logger, level, msg string) string {
		return "2026-11-23 02:31:39,123 fail2ban." + logger + "        [812]: " + level + " " + msg
	}
	p := func(level, action, outcome, ip, fields, message string) parsed {
		return parsed{service: "fail2ban", pid: 812, level: level, action: action, outcome: outcome, ip: ip, fields: fields, message: message}
	}
	tests := []struct {
		name string
		line string
		want parsed
	}{
		{"found", line("filter ", "INFO   ", "[sshd] Found 203.0.113.7 - 2026-11-23 02:31:38"),
			p("info", "ip_found", "", "203.0.113.7", "logger=filter, jail=sshd", "[sshd] Found 203.0.113.7 - 2026-11-23 02:31:38")},
		{"found bad, the same failure", line("observer", "INFO   ", "[sshd] Found 203.0.113.7, bad - 2026-11-23 02:31:38, 1 # -> 2.0"),
			p("info", "other", "", "203.0.113.7", "logger=observer, jail=sshd", "[sshd] Found 203.0.113.7, bad - 2026-11-23 02:31:38, 1 # -> 2.0")},
		{"ban", line("actions", "NOTICE ", "[sshd] Ban 2001:db8::7"), p("notice", "ip_banned", "success", "2001:db8::7", "logger=actions, jail=sshd", "[sshd] Ban 2001:db8::7")},
		{"ban of no address", line("actions", "NOTICE ", "[web] Ban 203.0.113.0/24"), p("notice", "ip_banned", "success", "", "logger=actions, jail=web, target=203.0.113.0/24", "[web] Ban 203.0.113.0/24")},
		{"restored, not a new ban", line("actions", "NOTICE ", "[sshd] Restore Ban 203.0.113.7"), p("notice", "other", "", "203.0.113.7", "logger=actions, jail=sshd", "[sshd] Restore Ban 203.0.113.7")},
		{"again, not a new ban", line("actions", "NOTICE ", "[sshd] Reban 203.0.113.7, action 'x'"),
			p("notice", "other", "", "203.0.113.7", "logger=actions, jail=sshd", "[sshd] Reban 203.0.113.7, action 'x'")},
		{"longer", line("observer", "NOTICE ", "[sshd] Increase Ban 203.0.113.7 (2 # 2:00:00 -> 2026-11-23 04:31:39)"),
			p("notice", "other", "", "203.0.113.7", "logger=observer, jail=sshd", "[sshd] Increase Ban 203.0.113.7 (2 # 2:00:00 -> 2026-11-23 04:31:39)")},
		{"unban", line("actions", "NOTICE ", "[sshd] Unban 203.0.113.7"), p("notice", "ip_unbanned", "success", "203.0.113.7", "logger=actions, jail=sshd", "[sshd] Unban 203.0.113.7")},
		{"already banned", line("actions", "WARNING", "[sshd] 203.0.113.7 already banned"), p("warning", "other", "", "203.0.113.7", "logger=actions, jail=sshd", "[sshd] 203.0.113.7 already banned")},
		{"ignored", line("filter ", "INFO   ", "[sshd] Ignore 203.0.113.7 by ip"), p("info", "other", "", "203.0.113.7", "logger=filter, jail=sshd", "[sshd] Ignore 203.0.113.7 by ip")},
		{"jail started", line("jail   ", "INFO   ", "Jail 'sshd' started"), p("info", "service_started", "success", "", "logger=jail, jail=sshd", "Jail 'sshd' started")},
		{"jail stopped", line("jail   ", "INFO   ", "Jail 'sshd' stopped"), p("info", "service_stopped", "success", "", "logger=jail, jail=sshd", "Jail 'sshd' stopped")},
		{"started", line("server ", "INFO   ", "Starting Fail2ban v1.0.2"), p("info", "service_started", "success", "", "logger=server", "Starting Fail2ban v1.0.2")},
		{"ended", line("server ", "INFO   ", "Exiting Fail2ban"), p("info", "service_stopped", "success", "", "logger=server", "Exiting Fail2ban")},
		{"a failed action", line("actions", "ERROR  ", "Failed to execute ban jail 'sshd' action 'note' info 'ActionInfo({'ip': '203.0.113.7'})': Error banning 203.0.113.7"),
			p("err", "other", "failure", "", "logger=actions, jail=sshd", "Failed to execute ban jail 'sshd' action 'note' info 'ActionInfo({'ip': '203.0.113.7'})': Error banning 203.0.113.7")},
		{"several lines", line("utils  ", "ERROR  ", "7f -- exec: if true\nthen [sshd] Ban 203.0.113.9"),
			p("err", "other", "", "", "logger=utils", "7f -- exec: if true\nthen [sshd] Ban 203.0.113.9")},
		{"version 0.8", "2013-11-23 02:31:39,123 fail2ban.actions: WARNING [ssh] Ban 203.0.113.7",
			parsed{service: "fail2ban", level: "warning", action: "ip_banned", outcome: "success", ip: "203.0.113.7", fields: "logger=actions, jail=ssh", message: "[ssh] Ban 203.0.113.7"}},
		{"the program's own logger", "2026-11-23 02:31:39,123 fail2ban                [812]: ERROR   no such jail",
			parsed{service: "fail2ban", pid: 812, level: "err", action: "other", message: "no such jail"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var e Entry
			require.True(t, fail2ban.Starts([]byte(tt.line)))
			require.True(t, fail2ban.Parse([]byte(tt.line), &e))
			require.Equal(t, tt.want, parsedOf(&e))
			require.Equal(t, 123_000_000, e.Stamp.Nano)
			require.False(t, e.Stamp.HasZone)
		})
	}
}

func TestFail2banRefuses(t *testing.T) {
	for _, s := range []string{"", "2026-11-23 02:31:39,123", "2026-11-23 02:31:39,123 fail2ban", "2026-11-23 02:31:39,123 fail2ban.actions", "2026-11-23 02:31:39,123 fail2ban.actions [x]: INFO",
		"2026-11-23 02:31:39,123 nginx: INFO", "then [sshd] Ban 203.0.113.9"} {
		require.False(t, fail2ban.Parse([]byte(s), &Entry{}), s)
	}
}

func TestFail2banInSyslog(t *testing.T) {
	var e Entry
	require.True(t, syslog.Parse([]byte("<29>Nov 23 02:31:39 web01 fail2ban.actions[812]: NOTICE [sshd] Ban 203.0.113.7"), &e))
	require.Equal(t, parsed{host: "web01", service: "fail2ban", pid: 812, level: "notice", action: "ip_banned", outcome: "success", ip: "203.0.113.7",
		fields: "logger=actions, jail=sshd", message: "[sshd] Ban 203.0.113.7"}, parsedOf(&e))
}
