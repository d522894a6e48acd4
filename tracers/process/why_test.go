package process_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
	"stilltrace/tracers/process"
)

// origins is a host with a process of every origin.
func origins() *records {
	in := func(p index.Process, cgroup string, login *uint32) index.Process {
		return with(p, func(p *index.Process) { p.Cgroup, p.LoginUID = cgroup, login })
	}
	const session = "/user.slice/user-1000.slice/session-3.scope"
	return &records{
		snap: index.Snapshot{Host: index.Host{
			Users:      []index.User{{Name: "root"}, {Name: "alice", UID: 1000}},
			Containers: []index.Container{{ID: "4e2f", Name: "shop", Image: "shop:7", Runtime: "docker", Source: "/var/lib/docker/containers/4e2f/config.v2.json"}},
			Cron: []index.CronJob{{Path: "/etc/crontab", Line: 17, User: "root", Schedule: "*/5 * * * *", Command: "/opt/backup --all"},
				{Path: "/etc/cron.d/x", Line: 2, User: "alice", Schedule: "@daily", Command: "/opt/other"}},
			Sessions: []index.LoginSession{
				{ID: "7", User: "alice", Scope: "session-7.scope", Service: "sshd", TTY: "pts/9", Remote: true, RemoteHost: "203.0.113.9", State: "closing", Started: 70},
				{ID: "3", User: "alice", Scope: "session-3.scope"},
			},
			Units: []index.Unit{
				{Name: "nginx.service", Path: "/lib/systemd/system/nginx.service", Exec: []string{"ExecStartPre=/bin/true", "ExecStart=/usr/sbin/nginx -g x"}},
				{Name: "backup.timer", Path: "/etc/systemd/system/backup.timer", Schedule: []string{"OnCalendar=daily"}},
				{Name: "cups.socket", Path: "/lib/systemd/system/cups.socket", Schedule: []string{"ListenStream=/run/cups.sock"}, Starts: "cups.service"},
				{Name: "backup.service", Path: "/etc/systemd/system/backup.service"},
				{Name: "postgresql@.service", Path: "/lib/systemd/system/postgresql@.service", Exec: []string{"ExecStart=-/usr/bin/pg_ctlcluster %i start"}},
				{Name: "postgresql@16-own.service", Path: "/etc/systemd/system/postgresql@16-own.service"},
			},
			Logins: &index.LoginHistory{Now: []index.Login{{Type: "user", User: "alice", Line: "pts/4", Host: "198.51.100.23", Time: 40}}},
		}},
		processes: []index.Process{
			proc(1, 0, "systemd", "/usr/lib/systemd/systemd", "/sbin/init"),
			with(proc(2, 0, "kthreadd", ""), func(p *index.Process) { p.Kernel = true }),
			in(proc(10, 1, "nginx", "/usr/sbin/nginx", "nginx: master"), "/system.slice/nginx.service", nil),
			in(proc(11, 1, "backup", "/opt/backup", "/opt/backup"), "/system.slice/backup.service", nil),
			in(proc(12, 1, "cupsd", "/usr/sbin/cupsd", "cupsd"), "/system.slice/cups.service", nil),
			in(proc(13, 1, "x", "/opt/x", "x"), "/system.slice/unknown.service", nil),
			in(proc(14, 1, "postgres", "/opt/postgres", "postgres"), "/system.slice/system-postgresql.slice/postgresql@15-main.service", nil),
			in(proc(15, 1, "postgres", "/opt/postgres", "postgres"), "/system.slice/system-postgresql.slice/postgresql@16-own.service", nil),
			in(proc(20, 1, "cron", "/usr/sbin/cron", "/usr/sbin/cron", "-f"), "/system.slice/cron.service", nil),
			in(proc(21, 20, "cron", "/usr/sbin/cron", "/usr/sbin/CRON", "-f"), "/system.slice/cron.service", nil),
			in(proc(22, 21, "sh", "/usr/bin/dash", "/bin/sh", "-c", "/opt/backup --all"), "/system.slice/cron.service", nil),
			in(proc(23, 22, "backup", "/opt/backup", "/opt/backup", "--all"), "/system.slice/cron.service", nil),
			in(proc(30, 1, "sshd", "/usr/sbin/sshd", "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"), "/system.slice/ssh.service", nil),
			in(proc(31, 30, "sshd-session", "/usr/lib/openssh/sshd-session", "sshd-session: alice [priv]"), session, id(1000)),
			in(proc(32, 31, "sshd-session", "/usr/lib/openssh/sshd-session", "sshd-session: alice@pts/0"), session, id(1000)),
			with(in(proc(33, 32, "bash", "/usr/bin/bash", "-bash"), session, id(1000)), func(p *index.Process) { p.TTY = "pts/0" }),
			in(proc(34, 33, "sudo", "/usr/bin/sudo", "sudo", "-s"), session, id(1000)),
			in(proc(35, 34, "su", "/usr/bin/su", "su", "-"), session, id(1000)),
			in(proc(36, 35, "bash", "/usr/bin/bash", "-bash"), session, id(1000)),
			in(proc(40, 1, "miner", "/opt/miner", "miner"), "/user.slice/user-1000.slice/session-7.scope", id(1000)),
			with(in(proc(41, 1, "x", "/opt/x", "x"), "/", id(1000)), func(p *index.Process) { p.Environ = variable("SSH_CONNECTION", "2001:db8::9 50000 2001:db8::1 22") }),
			with(in(proc(42, 1, "x", "/opt/x", "x"), "/", id(1001)), func(p *index.Process) { p.TTY = "pts/4" }),
			with(in(proc(43, 1, "x", "/opt/x", "x"), "/", id(1000)), func(p *index.Process) { p.Environ = variable("SSH_CONNECTION", "\x1b[2J") }),
			with(proc(50, 1, "app", "/app", "app"), func(p *index.Process) { p.Container, p.Cgroup = "4e2f", "/system.slice/docker-4e2f.scope" }),
			in(proc(60, 1, "login", "/usr/bin/login", "/bin/login", "-p"), "/user.slice/user-1000.slice/session-3.scope", id(1000)),
			in(proc(61, 60, "bash", "/usr/bin/bash", "-bash"), "/user.slice/user-1000.slice/session-3.scope", id(1000)),
			in(proc(70, 1, "systemd", "/usr/lib/systemd/systemd", "/lib/systemd/systemd", "--user"), "/user.slice/user-1000.slice/user@1000.service/init.scope", id(1000)),
			in(proc(71, 70, "tmux", "/usr/bin/tmux", "tmux"), "/user.slice/user-1000.slice/user@1000.service/app.slice/tmux.service", id(1000)),
			proc(80, 1, "x", "/opt/x", "x"),
			proc(81, 1, "cron", "/var/lib/.x/m", "cron"), proc(82, 81, "sh", "/usr/bin/dash", "sh", "-c", "/opt/backup --all"),
			proc(83, 1, "sshd", "/tmp/sshd", "sshd: alice@pts/0"), proc(84, 83, "sudo", "/opt/m", "sudo"),
			proc(90, 91, "x", "/opt/x", "x"), proc(91, 90, "x", "/opt/x", "x"),
		},
		sockets: []index.Socket{{Proto: "tcp", State: "ESTABLISHED", Local: netip.MustParseAddr("10.0.0.5"), LPort: 22, Remote: netip.MustParseAddr("203.0.113.7"), RPort: 51000,
			Inode: 901, Owner: []index.Owner{{PID: 32, FD: 4}, {PID: 31, FD: 4}}}},
	}
}

func TestWhy(t *testing.T) {
	r := origins().open(t)
	for _, c := range []struct {
		name string
		pid  int
		want process.Why
	}{
		{"kernel", 2, process.Why{Origin: "kernel", Evidence: []string{"/proc/2/stat"}}},
		{"init", 1, process.Why{Origin: "init", PID: 1, Evidence: []string{"/proc/1"}}},
		{"service", 10, process.Why{Origin: "service", Unit: "nginx.service", Command: "/usr/sbin/nginx -g x", Place: "/lib/systemd/system/nginx.service",
			Evidence: []string{"/proc/10/cgroup", "/lib/systemd/system/nginx.service"}}},
		{"timer", 11, process.Why{Origin: "timer", Unit: "backup.service", Trigger: "backup.timer OnCalendar=daily", Place: "/etc/systemd/system/backup.service",
			Evidence: []string{"/proc/11/cgroup", "/etc/systemd/system/backup.service"}}},
		{"socket", 12, process.Why{Origin: "service", Unit: "cups.service", Trigger: "cups.socket ListenStream=/run/cups.sock", Evidence: []string{"/proc/12/cgroup"}}},
		{"service without its file", 13, process.Why{Origin: "service", Unit: "unknown.service", Evidence: []string{"/proc/13/cgroup"}}},
		{"instance of a template", 14, process.Why{Origin: "service", Unit: "postgresql@15-main.service", Command: "-/usr/bin/pg_ctlcluster %i start",
			Place: "/lib/systemd/system/postgresql@.service", Evidence: []string{"/proc/14/cgroup", "/lib/systemd/system/postgresql@.service"}}},
		{"instance with a file of its own", 15, process.Why{Origin: "service", Unit: "postgresql@16-own.service", Place: "/etc/systemd/system/postgresql@16-own.service",
			Evidence: []string{"/proc/15/cgroup", "/etc/systemd/system/postgresql@16-own.service"}}},
		{"cron's own", 20, process.Why{Origin: "service", Unit: "cron.service", Evidence: []string{"/proc/20/cgroup"}}},
		{"cron", 23, process.Why{Origin: "cron", PID: 21, Unit: "cron.service", Command: "/opt/backup --all", Trigger: "*/5 * * * *", Place: "/etc/crontab:17", User: "root",
			Evidence: []string{"/proc/21", "/etc/crontab:17"}}},
		{"sshd itself", 30, process.Why{Origin: "service", Unit: "ssh.service", Evidence: []string{"/proc/30/cgroup"}}},
		{"ssh", 33, process.Why{Origin: "ssh", PID: 32, User: "alice", From: "203.0.113.7", Port: 51000, TTY: "pts/0", Session: "3",
			Evidence: []string{"/proc/32", "/proc/net/tcp inode 901"}}},
		{"ssh, sudo, su", 36, process.Why{Origin: "ssh", PID: 32, User: "alice", From: "203.0.113.7", Port: 51000, TTY: "pts/0", Session: "3",
			Became: []string{"sudo 34", "su 35"}, Evidence: []string{"/proc/32", "/proc/net/tcp inode 901"}}},
		{"left by ssh", 40, process.Why{Origin: "ssh", Session: "7", User: "alice", From: "203.0.113.9", TTY: "pts/9", Since: 70, Over: true,
			Evidence: []string{"/proc/40/cgroup", "/run/systemd/sessions/7"}}},
		{"left by ssh, by its environment", 41, process.Why{Origin: "ssh", User: "alice", From: "2001:db8::9", Port: 50000, Over: true,
			Evidence: []string{"/proc/41/loginuid", "/proc/41/environ"}}},
		{"left, by utmp", 42, process.Why{Origin: "login", User: "1001", TTY: "pts/4", From: "198.51.100.23", Since: 40, Over: true,
			Evidence: []string{"/proc/42/loginuid", "/run/utmp"}}},
		{"a forged environment", 43, process.Why{Origin: "login", User: "alice", Over: true, Evidence: []string{"/proc/43/loginuid"}}},
		{"container", 50, process.Why{Origin: "container", Container: "4e2f", Name: "shop", Image: "shop:7", Runtime: "docker",
			Evidence: []string{"/proc/50/cgroup", "/var/lib/docker/containers/4e2f/config.v2.json"}}},
		{"login", 61, process.Why{Origin: "login", PID: 60, User: "alice", Session: "3", Evidence: []string{"/proc/60"}}},
		{"user's service", 71, process.Why{Origin: "user", Unit: "tmux.service", User: "alice", Evidence: []string{"/proc/71/cgroup"}}},
		{"nothing tells", 80, process.Why{Origin: "unknown", Evidence: []string{"/proc/80/stat"}}},
		{"below what calls itself cron", 82, process.Why{Origin: "unknown", Evidence: []string{"/proc/82/stat"}}},
		{"below what calls itself sshd and sudo", 84, process.Why{Origin: "unknown", Evidence: []string{"/proc/84/stat"}}},
		{"a circle", 90, process.Why{Origin: "unknown", Evidence: []string{"/proc/90/stat"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, err := process.One(r, 0, c.pid)
			require.NoError(t, err)
			require.Equal(t, c.want, w.Why)
		})
	}
}
