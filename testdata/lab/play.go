package main

import (
	"fmt"
	"os"
	"time"
)

// play lets the incident happen: a quiet host, an attack, a break-in with
// everything going wrong at once, and the day after.
func (l *lab) play() {
	begun := time.Now()
	l.step("the host comes up")
	l.startSyslog()
	l.startSSHD()
	together(l.startFail2ban, l.startCron)
	l.setRotation()
	l.quiet()
	l.still("before")

	l.step("attacks")
	together(l.sweep, l.bruteForce, l.slowScan)

	l.rotate()

	l.step("the break-in")
	i := l.breakIn()
	admin := l.open(admin4, adminUser, nil, "during")
	l.still("during")

	l.step("the day after")
	l.retreat(i)
	mistyped := l.open(admin6, adminUser, []string{"correct-hrose-battery", adminPassword}, "")
	l.cleanUp(admin, i.pids["memfd"])
	l.leave(admin)
	l.leave(mistyped)
	l.rotate()
	l.noteCron(begun)
	l.noteBans()
	l.still("after")
	l.keepLogs()
}

// step says on standard error what comes next.
func (l *lab) step(what string) {
	fmt.Fprintln(os.Stderr, "lab:", what)
}

// quiet is what the host does on a good day.
func (l *lab) quiet() {
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

// bruteForce is the stubborn attacker, by both families: five wrong passwords, a
// ban, knocks at the closed door, and the end of the ban.
func (l *lab) bruteForce() {
	together(func() {
		l.refused(attacker4, "root", 3)
		l.refused(attacker4, weakUser, 2)
		l.awaitBan("ban", attacker4, 1)
		l.knockBanned(attacker4, 3)
		l.awaitBan("unban", attacker4, 1)
	}, func() {
		l.refused(attacker6, "backup", 2)
		l.refused(attacker6, "root", 4)
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
