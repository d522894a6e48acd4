package process

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// kernelThread are the names of kernel threads that every host has. A process
// without the flag that has such a name is made to be overlooked.
var kernelThread = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(kworker/|ksoftirqd/|migration/|cpuhp/|idle_inject/|watchdog/|irq/[0-9]|scsi_eh_[0-9]|jbd2/|xfsaild/|rcu_|kswapd[0-9]|kcompactd[0-9]|nfsd$|(kthreadd|khugepaged|kdevtmpfs|kauditd|khungtaskd|oom_reaper|kblockd|ksmd|kintegrityd|netns|writeback|watchdogd)$)`)
})

// kernelName: ps(1) writes the names of kernel threads in brackets, which is
// why impostors take such a name.
func kernelName(_ *host, p *Row) *verdict {
	const flag = "it lacks the flag PF_KTHREAD"
	v := &verdict{points: 80, title: "a process named like a kernel thread"}
	switch {
	case p.Kernel:
		return nil
	case len(p.Cmdline) > 0 && bracketed(p.Cmdline[0]):
		v.reasons, v.files = []string{"its first argument is " + p.Cmdline[0], flag}, []string{"cmdline", "stat"}
	case bracketed(p.Comm), kernelThread().MatchString(p.Comm) && !ownName(p):
		v.reasons, v.files = []string{"its name is " + p.Comm, flag}, []string{"comm", "stat"}
	default:
		return nil
	}
	return v
}

func bracketed(s string) bool { return strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") }

// commBytes is how much of a name the kernel keeps: TASK_COMM_LEN less its end.
const commBytes = 15

// fewArguments is within how many of the first arguments the name of a script stands.
const fewArguments = 6

// ownName reports whether the name (comm) is that of the executable, of the
// script, or of the first argument as it was given: a link to a program of
// several names (busybox, sh) gives them.
func ownName(p *Row) bool {
	named := []string{path.Base(p.Exe)}
	if len(p.Cmdline) > 0 {
		first, _, _ := strings.Cut(p.Cmdline[0], " ")
		named = append(named, path.Base(strings.TrimPrefix(strings.TrimSuffix(first, ":"), "-")))
	}
	for _, arg := range p.Cmdline[min(1, len(p.Cmdline)):] {
		if strings.Contains(arg, "/") || !strings.HasPrefix(arg, "-") {
			named = append(named, path.Base(arg)) // the script that an interpreter runs
		}
		if len(named) == fewArguments {
			break
		}
	}
	for _, n := range named {
		if n[:min(len(n), commBytes)] == p.Comm {
			return true
		}
	}
	return false
}

// daemons are the names that an impostor takes to look like part of the host,
// and what executables may have them.
var daemons = map[string][]string{
	"systemd": {"systemd"}, "systemd-journal": {"systemd-journald"}, "systemd-logind": {"systemd-logind"}, "systemd-udevd": {"systemd-udevd", "udevadm"},
	"systemd-resolve": {"systemd-resolved"}, "systemd-network": {"systemd-networkd"}, "systemd-timesyn": {"systemd-timesyncd"},
	"init": {"init", "systemd", "busybox", "tini", "runit", "upstart", "openrc-init"}, "dbus-daemon": {"dbus-daemon"}, "dbus-broker": {"dbus-broker"},
	"sshd": {"sshd"}, "sshd-session": {"sshd-session"}, "sshd-auth": {"sshd-auth"}, "cron": {"cron"}, "crond": {"crond", "busybox"}, "atd": {"atd"},
	"rsyslogd": {"rsyslogd"}, "syslog-ng": {"syslog-ng"}, "auditd": {"auditd"}, "agetty": {"agetty"}, "login": {"login"}, "polkitd": {"polkitd"},
	"nginx": {"nginx"}, "apache2": {"apache2"}, "httpd": {"httpd"}, "mysqld": {"mysqld"}, "mariadbd": {"mariadbd"}, "postgres": {"postgres"},
	"redis-server": {"redis-server", "redis-check-rdb"}, "dockerd": {"dockerd"}, "containerd": {"containerd"}, "chronyd": {"chronyd"}, "ntpd": {"ntpd"},
	"snapd": {"snapd"}, "irqbalance": {"irqbalance"}, "accounts-daemon": {"accounts-daemon"}, "NetworkManager": {"NetworkManager"},
}

// commAgainstExe: a process may set its own name. Many do so to say what they
// are at, which weighs little; one that calls itself after a daemon that it is
// not, weighs much.
func commAgainstExe(_ *host, p *Row) *verdict {
	if p.Kernel || p.Exe == "" || p.Comm == "" {
		return nil
	}
	base := path.Base(p.Exe)
	v := &verdict{points: 10, title: "a process that calls itself otherwise than its executable",
		reasons: []string{"its name is " + p.Comm, "its executable is " + p.Exe}, files: []string{"comm", "exe"}}
	if whose, daemon := daemons[p.Comm]; daemon && !slices.Contains(whose, base) {
		v.points, v.title = 50, "a process that calls itself after a daemon that it is not"
		return v
	}
	// python3 runs python3.11, php-fpm runs php-fpm8.2. Names of kernel threads have a rule of their own.
	if kernelThread().MatchString(p.Comm) || ownName(p) || strings.HasPrefix(base, p.Comm) || strings.HasPrefix(p.Comm, base) {
		return nil
	}
	return v
}

// noArguments: a process keeps its arguments in its own memory and can wipe
// them; ps(1) then writes its name in brackets. Those that have ended have none
// either, and an unknown executable leaves open that nothing could be read.
func noArguments(h *host, p *Row) *verdict {
	ended := p.State == "Z" || p.State == "X" || p.State == "x"
	if p.Kernel || ended || p.Blocked || h.unread[p.Evidence()+"/cmdline"] || p.Exe == "" || strings.Join(p.Cmdline, "") != "" {
		return nil
	}
	return &verdict{50, "a process without arguments, which is listed like a kernel thread",
		[]string{"its arguments are empty", "its executable is " + p.Exe}, []string{"cmdline", "exe"}}
}
