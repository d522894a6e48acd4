package main

// packages are the Debian packages that the lab's programs come from, with one
// file or command of each by which it is known to be there.
var packages = []struct{ name, program string }{
	{"cron", "cron"},
	{"fail2ban", "fail2ban-server"},
	{"gunicorn", "/usr/bin/gunicorn"},
	{"iproute2", "ip"},
	{"logrotate", "logrotate"},
	{"nftables", "nft"},
	{"nginx", "nginx"},
	{"openssh-client", "ssh"},
	{"openssh-server", "sshd"},
	{"passwd", "useradd"},
	{"postgresql", "/usr/share/doc/postgresql"},
	{"procps", "ps"},
	{"python3-django", "/usr/lib/python3/dist-packages/django"},
	{"python3-psycopg2", "/usr/lib/python3/dist-packages/psycopg2"},
	{"python3-redis", "/usr/lib/python3/dist-packages/redis"},
	{"redis-server", "redis-server"},
	{"rsyslog", "rsyslogd"},
	{"sudo", "sudo"},
	{"tzdata", "/usr/share/zoneinfo/Europe/Berlin"},
	{"util-linux", "setpriv"},
}
