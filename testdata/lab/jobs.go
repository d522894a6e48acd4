package main

import (
	"strings"
	"time"
)

// startCron runs cron with one job that counts its own runs.
func (l *lab) startCron() {
	l.write("/srv/jobs/pulse", 0o755, "#!/bin/sh\necho beat >>/srv/pulses\n")
	l.write("/etc/cron.d/pulse", 0o644, "* * * * * root /srv/jobs/pulse\n")
	l.start(Job{Name: "cron", Args: []string{"cron", "-f"}, Unit: "cron"})
}

// noteCron waits for the first run, and out of the way of the next, and writes
// down how often the job ran.
func (l *lab) noteCron(since time.Time) {
	deadline := time.Now().Add(65 * time.Second)
	for l.grep("/srv/pulses", "beat") == 0 && time.Now().Before(deadline) {
		time.Sleep(pollEvery)
	}
	if s := time.Now().Second(); s >= 50 || s < 3 { // cron writes its line before the job runs, and the last act is close
		time.Sleep(time.Duration((63-s)%60) * time.Second)
	}
	l.note(act{What: actCron, Actor: "host", At: since, User: "root", Count: strings.Count(l.read("/srv/pulses"), "beat"), Detail: map[string]string{"command": "/srv/jobs/pulse"}})
}

// startAudit starts auditd where the kernel lets it. In a pid namespace of its
// own it does not (audit_netlink_ok of kernel/audit.c: only the first one may
// set the daemon), and what auditctl says of it then is kept as the truth.
func (l *lab) startAudit() {
	start := time.Now()
	if l.command("sh", "-c", "command -v auditd").try() != nil {
		l.note(act{What: actAudit, Actor: "host", At: start, Detail: map[string]string{"state": "not installed"}})
		return
	}
	must(l.command("mkdir", "-p", "/var/log/audit").try(), "auditd")
	l.start(Job{Name: "auditd", Args: []string{"auditd", "-n"}, Unit: "auditd"})
	time.Sleep(time.Second)
	state := "running"
	if ask := l.command("auditctl", "-s"); ask.try() != nil {
		state = strings.TrimSpace(ask.out)
	}
	l.note(act{What: actAudit, Actor: "host", At: start, Detail: map[string]string{"state": state}})
}
