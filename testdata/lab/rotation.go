package main

import (
	"os"
	"path/filepath"
	"time"
)

// setRotation lays down logrotate's orders: what is rotated a second time is compressed.
func (l *lab) setRotation() {
	l.write("/etc/logrotate.d/rsyslog", 0o644, `/var/log/auth.log /var/log/syslog {
  rotate 4
  compress
  delaycompress
  missingok
  sharedscripts
  postrotate
    kill -HUP $(cat /run/rsyslogd.pid)
  endscript
}
`)
	l.write("/etc/logrotate.d/nginx", 0o644, `/var/log/nginx/*.log {
  rotate 4
  compress
  delaycompress
  missingok
  create 0640 www-data adm
  sharedscripts
  postrotate
    kill -USR1 $(cat /run/nginx.pid)
  endscript
}
`)
}

// rotate runs logrotate over all that it has orders for. The daemons open their
// new files when they are next told to write: all are given the time for it.
func (l *lab) rotate() {
	start := time.Now()
	before := map[string]os.FileInfo{}
	for _, f := range []string{"/var/log/auth.log", "/var/log/syslog", "/var/log/nginx/access.log", "/var/log/nginx/error.log"} {
		info, err := os.Stat(l.path(f))
		must(err, "rotation")
		before[f] = info
	}
	l.command("logrotate", "--force", "--state", "/srv/logrotate.state", "/etc/logrotate.d").run()
	for f := range before {
		await(filepath.Base(f)+" to begin anew", func() bool {
			if now, err := os.Stat(l.path(f)); err == nil && !os.SameFile(before[f], now) {
				return true
			}
			// rsyslogd makes a file when it has something to write, and may not have heard the signal yet.
			l.command("logger", "-p", "auth.info", "-t", "logrotate", "rotated").run()
			l.command("logger", "-p", "user.info", "-t", "logrotate", "rotated").run()
			return false
		})
		l.note(act{What: actRotation, Actor: "host", At: start, Path: f, Count: 1})
	}
}
