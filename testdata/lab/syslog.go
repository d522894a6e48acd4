package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// startSyslog runs rsyslogd with Debian's division of files: auth.log in today's
// stamp, kern.log and syslog in the old one without a year, so that both are met.
func (l *lab) startSyslog() {
	const pipe = "/run/klog"
	must(unix.Mkfifo(l.path(pipe), 0o600), "kernel log")
	l.write("/etc/rsyslog.conf", 0o644, `
module(load="imuxsock" SysSock.RateLimit.Interval="0")
module(load="imklog" LogPath="`+pipe+`")
auth,authpriv.*          action(type="omfile" file="/var/log/auth.log" template="RSYSLOG_FileFormat")
kern.*                   action(type="omfile" file="/var/log/kern.log" template="RSYSLOG_TraditionalFileFormat")
*.*;auth,authpriv.none   action(type="omfile" file="/var/log/syslog" template="RSYSLOG_TraditionalFileFormat")
`)
	l.feedKernelLog(pipe)
	l.start(Job{Name: "rsyslogd", Args: []string{"rsyslogd", "-n", "-i", "/run/rsyslogd.pid"}, Unit: "rsyslog"})
	await("rsyslogd", func() bool { return l.exists("/dev/log") && l.exists("/run/rsyslogd.pid") })
	l.command("logger", "-p", "auth.info", "-t", "logger", "the host is up").run()
	await("auth.log", func() bool { return l.exists("/var/log/auth.log") })
}

// feedKernelLog passes on what the kernel logs from now on. The victim shares
// the machine's kernel: imklog on /proc/kmsg would take the machine's own log
// away from it, and begin with all that it still holds.
func (l *lab) feedKernelLog(pipe string) {
	records, err := os.Open("/dev/kmsg")
	must(err, "kernel log")
	_, err = unix.Seek(int(records.Fd()), 0, unix.SEEK_END)
	must(err, "kernel log")
	// Open for both, or opening would wait for rsyslogd.
	out, err := os.OpenFile(l.path(pipe), os.O_RDWR, 0)
	must(err, "kernel log")
	go func() {
		record := make([]byte, 8192) // one record a read, Documentation/ABI/testing/dev-kmsg
		for {
			n, err := records.Read(record)
			if err != nil {
				return
			}
			if line, ok := asKmsg(record[:n]); ok {
				if _, err := out.WriteString(line); err != nil {
					return
				}
			}
		}
	}()
}

// asKmsg writes a record of /dev/kmsg, "priority,sequence,microseconds,flags;text",
// the way /proc/kmsg has it.
func asKmsg(record []byte) (string, bool) {
	head, text, ok := bytes.Cut(record, []byte(";"))
	f := bytes.Split(head, []byte(","))
	if !ok || len(f) < 3 {
		return "", false
	}
	us, err := strconv.ParseUint(string(f[2]), 10, 64)
	if err != nil {
		return "", false
	}
	text, _, _ = bytes.Cut(text, []byte("\n")) // a dictionary may follow
	return fmt.Sprintf("<%s>[%5d.%06d] %s\n", f[0], us/1e6, us%1e6, text), true
}
