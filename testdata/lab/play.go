package main

import (
	"fmt"
	"os"
	"time"
)

// play lets the incident happen: a quiet host, an attack, a break-in with
// everything going wrong at once, and the day after.
func (l *lab) play() {
	l.step("the host comes up")
	l.startSyslog()
	l.layFiles()
	together(l.startSSHD, l.makeDatabase, l.startRedis, l.startNginx)
	together(l.startFail2ban, l.startCron, l.startSite, l.startAudit, l.startLedger)
	l.setRotation()
	l.quiet()
	l.still("before")

	l.step("attacks")
	together(l.sweep, l.bruteForce, l.slowScan, func() {
		l.probeWeb()
		l.refuseAuth()
		l.shopping()
	})
	l.rotate()

	l.step("the break-in, and everything goes wrong")
	i := l.breakIn()
	admin := l.open(admin4, adminUser, nil, "during")
	l.digIn(i, admin)
	l.failRedis()
	together(l.failDatabase, l.failHost)
	l.awaitCron()
	f := l.floodWeb()
	l.twice("during", func() {
		f.end()
		l.shopping()
	})

	l.step("the day after")
	l.retreat(i)
	mistyped := l.open(admin6, adminUser, []string{"correct-hrose-battery", adminPassword}, "")
	l.cleanUp(admin, i.pids["memfd"])
	l.leave(admin)
	l.leave(mistyped)
	l.rotate()
	l.shopping()
	l.noteCron()
	l.noteBans()
	l.still("after")
	l.keepLogs()
}

// failRedis is the trouble of the shop's baskets; it ends with a full file
// system, on which Redis can save nothing.
func (l *lab) failRedis() {
	l.wrongRedis()
	l.fillRedis()
	l.fillDisk()
	l.saveRedis()
	l.crashRedis()
}

// failDatabase is the trouble of the shop, its database, and then the shop itself.
func (l *lab) failDatabase() {
	l.deadlock()
	l.exhaustConnections()
	l.crashBackend()
	l.refuseDatabase()
	l.giveUp()
	l.stopSite()
	l.upstreamDown()
	l.startSite()
}

// failHost is what single processes run out of, or into.
func (l *lab) failHost() {
	l.exhaustFiles()
	l.killByMemory()
	l.segfault()
}

// step says on standard error what comes next.
func (l *lab) step(what string) {
	fmt.Fprintln(os.Stderr, "lab:", what)
}

// quiet is what the host does on a good day.
func (l *lab) quiet() {
	l.shopping()
	s := l.open(admin4, adminUser, nil, "")
	l.sudo(s, "/usr/bin/id")
	l.leave(s)
}

// sweep is one attempt from each of many addresses of one network, and never
// enough for a ban.
func (l *lab) sweep() {
	users := []string{"admin", "test", "oracle", "ubuntu", "git"}
	var acts []func()
	for n, from := range sweepers() {
		acts = append(acts, func() { l.refused(from, users[n%len(users)], 1) })
	}
	together(acts...)
}

// probeWeb has the sweep ask for what is often left open.
func (l *lab) probeWeb() {
	for _, from := range sweepers() {
		for _, path := range []string{"/wp-login.php", "/.env"} {
			l.browse(visit{from: from, path: path, status: 404}, 1)
		}
	}
}

// bruteForce is the stubborn attacker, by both families: as many wrong passwords
// as bring a ban and not one more, which the ban might cut off unjudged, knocks
// at the closed door, and the end of the ban.
func (l *lab) bruteForce() {
	together(func() {
		l.refused(attacker4, "root", 3)
		l.refused(attacker4, weakUser, 2)
		l.awaitBan("ban", attacker4, 1)
		l.knockBanned(attacker4, 3)
		l.awaitBan("unban", attacker4, 1)
	}, func() {
		l.refused(attacker6, "backup", 2)
		l.refused(attacker6, "root", 3)
		l.awaitBan("ban", attacker6, 1)
		l.knockBanned(attacker6, 2)
	})
}

// slowScan stays below the threshold, one attempt at a time.
func (l *lab) slowScan() {
	for _, user := range []string{"root", "pi", "root"} {
		l.refused(slow4, user, 1)
		time.Sleep(5 * time.Second)
	}
}
