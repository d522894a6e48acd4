package process

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"stilltrace/index"
)

// traced: whoever traces a process reads its memory and acts in its name
// (ptrace(2)).
func traced(h *host, p *Row) *verdict {
	if p.Tracer == 0 {
		return nil
	}
	v := &verdict{50, "traced by another process", []string{fmt.Sprintf("it is traced by %d", p.Tracer)}, []string{"status"}}
	if tracer := h.thread(p.Tracer); tracer != nil {
		v.reasons[0] += " (" + tracer.Comm + ")"
		if slices.Contains(debuggers, path.Base(tracer.Exe)) {
			v.points = 25
		}
	}
	return v
}

// thread finds the process of a thread: only one of them traces.
func (h *host) thread(id int) *Row {
	if i, ok := h.at[id]; ok {
		return h.rows[i]
	}
	for _, p := range h.rows {
		if slices.ContainsFunc(p.Tasks, func(t index.Thread) bool { return t.TID == id }) {
			return p
		}
	}
	return nil
}

var debuggers = []string{"gdb", "strace", "ltrace", "lldb", "dlv", "rr", "perf", "valgrind", "proot", "uftrace"}

// isShell reports whether p is a command interpreter, by its executable: a name
// can be chosen.
func isShell(p *Row) bool {
	base := path.Base(p.Exe)
	return p.Exe != "" && slices.Contains(shells, base) || strings.HasPrefix(base, "zsh-")
}

var shells = []string{"sh", "bash", "dash", "zsh", "ksh", "ksh93", "mksh", "ash", "fish", "csh", "tcsh", "rbash", "busybox"}

// remoteShell: a shell that reads its commands from the network. Login
// services give theirs a terminal or a pipe.
func remoteShell(h *host, p *Row) *verdict {
	if !isShell(p) {
		return nil
	}
	for i := range p.Files {
		f := &p.Files[i]
		if f.FD > 2 || f.Type != "socket" {
			continue
		}
		s := h.inet[f.Inode]
		if s == nil {
			continue
		}
		v := &verdict{70, "a shell whose input or output is a network connection",
			[]string{fmt.Sprintf("its descriptor %d is a connection to %s", f.FD, peer(s))}, []string{fmt.Sprintf("fd/%d", f.FD)}}
		if root(p) {
			v.points = 90
			v.reasons = append(v.reasons, "it is root's")
		}
		return v
	}
	return cmp.Or(remoteTerminal(h, p), relayed(h, p))
}

func peer(s *index.Socket) string {
	if s.RPort == 0 {
		return "anyone"
	}
	return fmt.Sprintf("%s port %d", s.Remote, s.RPort)
}

func root(p *Row) bool { return p.EUID != nil && *p.EUID == 0 }

// servers are programs that speak to strangers and have no need of a shell of
// their own.
var servers = []string{"nginx", "apache2", "httpd", "php-fpm", "php-cgi", "lighttpd", "caddy", "postgres", "mysqld", "mariadbd", "redis-server", "mongod",
	"memcached", "named", "vsftpd", "proftpd", "exim4", "smbd", "nc", "ncat", "netcat", "nc.openbsd", "nc.traditional", "socat"}

// appServers run programs of others, some of which start shells for their work.
var appServers = []string{"java", "gunicorn", "uwsgi", "tomcat", "unicorn", "puma"}

// shellParent: a shell that a server started is how most holes of web
// applications look while they are used.
func shellParent(_ *host, p *Row) *verdict {
	if !isShell(p) || p.parent == nil || p.parent.Kernel {
		return nil
	}
	up := p.parent
	is := func(name string) bool { return namedAfter(path.Base(up.Exe), name) || up.Comm == name }
	points := 40
	switch {
	case slices.ContainsFunc(servers, is):
	case slices.ContainsFunc(appServers, is):
		points = 20
	default:
		return nil
	}
	return &verdict{points, "a shell that a server started", []string{fmt.Sprintf("its parent %d is %s", up.PID, up.Comm)}, []string{"stat"}}
}

// uidChange: one user's process whose child is root's, without a program in
// between that may do so.
func uidChange(_ *host, p *Row) *verdict {
	if p.Kernel || p.EUID == nil {
		return nil
	}
	setuid := p.ExeFile != nil && p.ExeFile.Mode&0o6000 != 0
	trusted := packaged(p.Exe) && !p.ExeGone && (setuid || slices.Contains(setuidPrograms, path.Base(p.Exe)))
	if up := p.parent; root(p) && up != nil && up.EUID != nil && *up.EUID != 0 && !trusted && !up.runs(starters...) && sameUsers(p, up) {
		return &verdict{50, "a process of root whose parent is another user's",
			[]string{"it is root's", fmt.Sprintf("its parent %d (%s) is %s's", up.PID, up.Comm, userOf(up))}, []string{"status"}}
	}
	if p.UID != nil && *p.UID != *p.EUID && !trusted {
		return &verdict{30, "a process that changed its user", []string{fmt.Sprintf("its real user is %s, its effective one %s", realUser(p), userOf(p))}, []string{"status"}}
	}
	if setuid && !packaged(p.Exe) && *p.EUID == 0 {
		return &verdict{30, "a setuid program where no package puts one", []string{fmt.Sprintf("%s has the mode %04o", p.Exe, p.ExeFile.Mode&0o7777)}, []string{"exe"}}
	}
	return nil
}

// starters run as other users and have root's processes for children: a
// user's service manager adopts what sudo(8) started, the message bus starts
// services through its setuid helper.
var starters = []string{"systemd", "dbus-daemon"}

// sameUsers reports whether both count users alike: in a user namespace root
// is somebody else outside of it.
func sameUsers(a, b *Row) bool {
	return a.Spaces.User == b.Spaces.User || a.Spaces.User == 0 || b.Spaces.User == 0
}

func realUser(p *Row) string {
	if p.RealUser != "" {
		return p.RealUser
	}
	return fmt.Sprint(*p.UID)
}

// setuidPrograms are what distributions install with the setuid bit; the list
// is for cases in which the mode of executables is not known.
var setuidPrograms = []string{"sudo", "su", "doas", "pkexec", "passwd", "chsh", "chfn", "newgrp", "gpasswd", "mount", "umount", "fusermount", "fusermount3",
	"ping", "crontab", "at", "ssh-keysign", "ssh-agent", "dbus-daemon-launch-helper", "polkit-agent-helper-1", "Xorg", "Xorg.wrap", "unix_chkpwd", "chage", "expiry",
	"newuidmap", "newgidmap", "chrome-sandbox", "exim4", "sendmail", "postdrop", "postqueue", "screen", "traceroute6.iputils", "snap-confine"}

// orphaned: started from a login, and left behind by it. Whoever wants to stay
// does so, and so does every daemon that is started by hand. Daemons of the
// service manager have no login user, those of a user's own have their unit.
func orphaned(_ *host, p *Row) *verdict {
	reaped := p.PPID == 1 || p.parent != nil && p.parent.Comm == "systemd"
	login := p.Service == "session" || p.PPID == 1 && p.LoginUID != nil && p.Container == ""
	if p.Kernel || !reaped || !login || slices.Contains(loginPrograms, p.Comm) {
		return nil
	}
	return &verdict{10, "a process that outlived the login that started it",
		[]string{fmt.Sprintf("its parent is %d, and it was started from a login", p.PPID)}, []string{"stat"}}
}

// loginPrograms begin a login, with the service manager as their parent.
var loginPrograms = []string{"systemd", "(sd-pam)", "login", "sshd", "sshd-session", "gdm-session-wor", "lightdm", "sddm-helper"}
