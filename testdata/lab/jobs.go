package main

import (
	"strconv"
	"strings"
	"time"
)

// startCron runs cron with one job that counts its own runs.
func (l *lab) startCron() {
	l.write("/srv/jobs/pulse", 0o755, "#!/bin/sh\ndate +%s.%N >>/srv/pulses\n")
	l.write("/etc/cron.d/pulse", 0o644, "* * * * * root /srv/jobs/pulse\n")
	l.start(Job{Name: "cron", Args: []string{"cron", "-f"}, Unit: "cron"})
}

// noteCron waits for the first run, and out of the way of the next, and writes
// down how often the job ran.
func (l *lab) noteCron() {
	deadline := time.Now().Add(65 * time.Second)
	for !l.exists("/srv/pulses") && time.Now().Before(deadline) {
		time.Sleep(pollEvery)
	}
	if s := time.Now().Second(); s >= 50 || s < 3 { // cron writes its line before the job runs, and the last act is close
		time.Sleep(time.Duration((63-s)%60) * time.Second)
	}
	for beat := range strings.Lines(l.read("/srv/pulses")) {
		at := seconds(strings.TrimSpace(beat))
		l.note(act{What: actCron, Actor: "host", At: at, Until: at, User: "root", Count: 1, Detail: map[string]string{"command": "/srv/jobs/pulse"}})
	}
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

// seconds is the time that `date +%s.%N` prints.
func seconds(text string) time.Time {
	s, err := strconv.ParseFloat(text, 64)
	must(err, "date")
	return time.UnixMicro(int64(s * 1e6))
}
