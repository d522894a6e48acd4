package main

import "fmt"

func (a *auth) login(t int64, s staff, ip, how string, dur int64) {
	r, pid := a.r, a.next()
	p := r.span(32768, 60999)
	from := fmt.Sprintf("%s port %d", ip, p)
	a.sess++
	id := a.sess
	if how == "password" {
		a.line(t, "sshd", pid, "Accepted password for "+s.name+" from "+from+" ssh2", ip)
	} else {
		a.line(t, "sshd", pid, "Accepted publickey for "+s.name+" from "+from+" ssh2: ED25519 SHA256:"+s.key, ip)
	}
	open := fmt.Sprintf("session opened for user %s(uid=%d) by (uid=0)", s.name, s.uid)
	a.line(t+9000, "sshd", pid, "pam_unix(sshd:session): "+open)
	a.line(t+15000, "systemd-logind", 631, fmt.Sprintf("New session %d of user %s.", id, s.name))
	if r.pm(300) {
		a.line(t+21000, "systemd", a.next(), "pam_unix(systemd-user:session): "+open)
	}
	e := t + dur
	a.line(e, "sshd", pid+1, "Received disconnect from "+from+":11: disconnected by user", ip)
	a.line(e+80, "sshd", pid+1, "Disconnected from user "+s.name+" "+from, ip)
	a.line(e+400, "sshd", pid, "pam_unix(sshd:session): session closed for user "+s.name)
	a.line(e+9000, "systemd-logind", 631, fmt.Sprintf("Session %d logged out. Waiting for processes to exit.", id))
	a.line(e+12000, "systemd-logind", 631, fmt.Sprintf("Removed session %d.", id))
}

func (a *auth) sudo(t int64, s staff, pwd, cmd string, ips ...string) {
	a.line(t, "sudo", 0, fmt.Sprintf("%8s : TTY=pts/%d ; PWD=%s ; USER=root ; COMMAND=%s", s.name, a.r.n(4), pwd, cmd), ips...)
	a.line(t+9000, "sudo", 0, fmt.Sprintf("pam_unix(sudo:session): session opened for user root(uid=0) by %s(uid=%d)", s.name, s.uid))
	a.line(t+int64(a.r.span(20, 9000))*1e3+9000, "sudo", 0, "pam_unix(sudo:session): session closed for user root")
}

var sudoCmds = []string{"/usr/bin/systemctl restart shop", "/usr/bin/systemctl status nginx", "/usr/bin/journalctl -u shop -n 200", "/usr/bin/apt update",
	"/usr/bin/tail -f /var/log/nginx/error.log", "/usr/sbin/nginx -t", "/usr/bin/systemctl reload nginx", "/usr/bin/docker ps", "/usr/bin/less /var/log/syslog",
	"/usr/bin/vim /etc/nginx/sites-enabled/shop.conf", "/usr/bin/du -sh /var/lib/postgresql", "/bin/bash", "/usr/bin/ss -tanp", "/usr/bin/fail2ban-client status sshd"}

func (a *auth) minute(t int64, people []staff) {
	r := a.r
	m := t / 60e6
	cron := func(user string, uid int, d int64) {
		pid := a.next()
		c := t + int64(r.span(1000, 60000))
		a.line(c, "CRON", pid, fmt.Sprintf("pam_unix(cron:session): session opened for user %s(uid=%d) by (uid=0)", user, uid))
		a.line(c+d, "CRON", pid, "pam_unix(cron:session): session closed for user "+user)
	}
	cron("root", 0, int64(r.span(30, 900))*1e3)
	if m%5 == 0 {
		cron("www-data", 33, int64(r.span(300, 9000))*1e3)
	}
	if m%10 == 3 {
		a.tr.Accepted[people[10].ip]++
		a.login(t+int64(r.n(50e6)), people[10], people[10].ip, "publickey", int64(r.span(800, 90000))*1e3)
	}
	if m%60 == 17 {
		cron("root", 0, 40000)
	}
	h := (t / 3600e6) % 24
	if h >= 7 && h < 19 && r.pm(180) {
		s := people[r.n(10)]
		ip := s.ip
		if r.pm(120) {
			ip = visitorIP(910000 + s.uid + 12*r.n(30))
		}
		st := t + int64(r.n(55e6))
		if r.pm(90) {
			f := &foe{ip: ip, port: r.span(32768, 60000)}
			a.push(ev{t: st - 5e6, text: a.fmt(st-5e6, "sshd", a.next(), fmt.Sprintf("Failed password for %s from %s port %d ssh2", s.name, ip, f.port)), foe: f, ips: []string{ip}, fail: 1, user: s.name})
		}
		a.tr.Accepted[ip]++
		dur := int64(r.span(30, 9000)) * 1e6
		how := "publickey"
		if r.pm(150) {
			how = "password"
		}
		a.login(st, s, ip, how, dur)
		for i, n := 0, r.n(6); i < n; i++ {
			a.sudo(st+dur*int64(i+1)/int64(n+1), s, "/home/"+s.name, r.pick(sudoCmds))
		}
		if r.pm(25) {
			a.tr.SudoDeny++
			a.line(st+dur/2, "sudo", 0, "pam_unix(sudo:auth): authentication failure; logname="+s.name+" uid="+fmt.Sprint(s.uid)+" euid=0 tty=/dev/pts/1 ruser="+s.name+" rhost=  user="+s.name)
			a.line(st+dur/2+8e6, "sudo", 0, fmt.Sprintf("%8s : 3 incorrect password attempts ; TTY=pts/1 ; PWD=/home/%s ; USER=root ; COMMAND=%s", s.name, s.name, r.pick(sudoCmds)))
		}
	}
}
