package main

import (
	"strconv"
	"strings"
	"time"
)

const (
	beatsDir   = "/srv/beats" // where each job of cron writes down when it ran
	digestJob  = "/srv/jobs/digest"
	digestTab  = "/etc/cron.d/digest"
	everyBeat  = "* * * * *"
	digestUser = "www-data"
)

// startCron runs cron with a job that counts its own runs, and with another
// that does not end.
func (l *lab) startCron() {
	l.ownDirs(digestUser, beatsDir)
	l.write("/srv/jobs/pulse", 0o755, "#!/bin/sh\ndate +%s.%N >>"+beatsDir+"/pulse\n")
	l.write("/etc/cron.d/pulse", 0o644, everyBeat+" root /srv/jobs/pulse\n")
	l.write(digestTab, 0o644, everyBeat+" "+digestUser+" "+digestJob+"\n")
	l.start(Job{Name: "cron", Args: []string{"cron", "-f"}, Unit: "cron"})
}

// awaitCron waits for the job that does not end, at most until the minute is
// full, and writes down which process it is.
func (l *lab) awaitCron() {
	file := beatsDir + "/digest.pid"
	deadline := time.Now().Add(time.Minute + stepLimit)
	for !strings.HasSuffix(l.read(file), "\n") && time.Now().Before(deadline) {
		time.Sleep(pollEvery)
	}
	pid := l.pidIn(file)
	keepClear(15, 3) // of the next run, which the still must not catch
	at := seconds(strings.SplitN(l.read(beatsDir+"/digest"), "\n", 2)[0])
	l.note(act{What: actCronJob, Actor: "host", At: at.Truncate(time.Minute), Until: at, User: digestUser, Count: 1, PID: pid, Path: digestTab,
		Detail: map[string]string{"command": digestJob, "schedule": everyBeat}})
}

// keepClear waits if the minute is full within so many seconds, or has been
// for less than the others, until it has.
func keepClear(before, after int) {
	if s := time.Now().Second(); s >= 60-before || s < after {
		time.Sleep(time.Duration((60+after-s)%60) * time.Second)
	}
}

// noteCron gets out of the way of the next run, and writes down how often the
// jobs ran. Cron says so when the minute is full, and the job's own beat may be
// seconds later where much else wants to run.
func (l *lab) noteCron() {
	keepClear(15, 3) // cron writes its line before the job runs, and the last act is close
	for job, user := range map[string]string{"pulse": "root", "digest": digestUser} {
		for beat := range strings.Lines(l.read(beatsDir + "/" + job)) {
			at := seconds(strings.TrimSpace(beat))
			l.note(act{What: actCron, Actor: "host", At: at.Truncate(time.Minute), Until: at, User: user, Count: 1, Detail: map[string]string{"command": "/srv/jobs/" + job}})
		}
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
