package main

import (
	"syscall"
	"time"
)

const (
	sitePID  = "/run/gunicorn/pid"
	sitePort = 8000
	webLog   = "/var/log/nginx/access.log"
)

// startSite runs the shop, a site of Django, in gunicorn as Debian has both.
func (l *lab) startSite() {
	start := time.Now()
	l.ownDirs("www-data", "/run/gunicorn", "/var/log/gunicorn", "/var/log/django")
	pid := l.start(Job{Name: "gunicorn", Args: as("www-data", "/usr/bin/gunicorn", "shop.wsgi"), Dir: "/srv/shop", Unit: "gunicorn"})
	await("gunicorn", func() bool { return l.listens(sitePort) })
	l.note(act{What: actStarted, Actor: "host", At: start, Count: 1, PID: pid, Detail: map[string]string{"service": "gunicorn"}})
}

// stopSite ends gunicorn, which first lets its requests come to an end.
func (l *lab) stopSite() {
	l.stopService("gunicorn", l.pidIn(sitePID), syscall.SIGTERM)
}

// stopService tells a daemon to end and waits until it has.
func (l *lab) stopService(service string, pid int, s syscall.Signal) {
	start := time.Now()
	l.kill(pid, s)
	l.gone(pid)
	l.note(act{What: actStopped, Actor: "host", At: start, Count: 1, PID: pid, Detail: map[string]string{"service": service}})
}

// startNginx runs nginx: a page of its own, one behind a password, and the shop.
func (l *lab) startNginx() {
	l.ownDirs("root", "/run/nginx", "/var/log/nginx")
	l.start(Job{Name: "nginx", Args: []string{"nginx", "-g", "daemon off;"}, Unit: "nginx"})
	await("nginx", func() bool { return l.listens(webPort) && l.exists("/run/nginx.pid") })
}

// shopping is what visitors do on a good day. A page that is not there is asked
// for as well.
func (l *lab) shopping() {
	for _, from := range []string{visitor4, admin6} {
		l.browse(visit{from: from, path: "/", status: 200}, 3)
		l.browse(visit{from: from, path: "/shop/", status: 200}, 2)
		l.browse(visit{from: from, path: "/shop/basket", status: 200}, 1)
	}
	l.browse(visit{from: visitor4, path: "/favicon.ico", status: 404}, 1)
	l.browse(visit{from: visitor4, path: "/shop/cherries", status: 404}, 1)
	l.browse(visit{from: admin4, path: "/admin/", status: 200, user: webUser, password: webPassword}, 2)
}

// refuseAuth offers wrong passwords for the page behind one, for the user whom
// nginx knows and for others.
func (l *lab) refuseAuth() {
	l.guess(sweepers()[0], webUser, 3)
	l.guess(sweepers()[1], "admin", 2)
	l.guess(sweepers()[20], webUser, 2)
	l.guess(sweepers()[21], "root", 1)
	l.guess(visitor4, webUser, 1)
}

func (l *lab) guess(from, user string, n int) {
	start := time.Now()
	l.browse(visit{from: from, path: "/admin/", status: 401, user: user, password: wrongPassword}, n)
	l.note(act{What: actAuthRefused, Actor: outsideOf(from), At: start, From: from, User: user, Count: n, Path: "/admin/"})
}

// giveUp has clients hang up before the slow view answers, after nginx has
// passed their requests on: its status for that is 499.
func (l *lab) giveUp() {
	const path, clients = "/shop/slow", 3
	for _, from := range []string{visitor4, admin6} {
		start := time.Now()
		before := l.grep(webLog, path)
		for range clients {
			c := visit{from: from, path: path}.send()
			time.Sleep(300 * time.Millisecond)
			c.Close()
		}
		await("nginx to notice that "+from+" hung up", func() bool { return l.grep(webLog, path) >= before+clients })
		l.note(act{What: actRequest, Actor: outsideOf(from), At: start, From: from, Path: path, Count: clients, Detail: map[string]string{"status": "499"}})
	}
}

// upstreamDown asks for the shop while it is stopped.
func (l *lab) upstreamDown() {
	for _, v := range []visit{{from: visitor4, path: "/shop/", status: 502}, {from: admin6, path: "/shop/basket", status: 502}} {
		start := time.Now()
		l.browse(v, 2)
		l.note(act{What: actUpstreamDown, Actor: outsideOf(v.from), At: start, From: v.from, Path: v.path, Count: 2})
	}
}
