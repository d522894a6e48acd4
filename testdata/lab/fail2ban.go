package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

const (
	banAfter = 5 // failures within findTime
	findTime = 60 * time.Second
	banTime  = 20 * time.Second
	banNotes = "/srv/bans" // what fail2ban's second action writes down
)

// startFail2ban watches auth.log with Debian's own filter for sshd and bans with
// its own action for nftables. Another action, run before it, writes down when:
// that is the truth about bans.
func (l *lab) startFail2ban() {
	l.write("/etc/fail2ban/action.d/note.conf", 0o644, `[Definition]
actionban = echo ban <ip> $(date +%%s.%%N) >>`+banNotes+`
actionunban = echo unban <ip> $(date +%%s.%%N) >>`+banNotes+"\n")
	l.write("/etc/fail2ban/jail.local", 0o644, fmt.Sprintf(`[DEFAULT]
backend = polling
usedns = no
allowipv6 = auto
[sshd]
enabled = true
logpath = /var/log/auth.log
banaction = nftables
action = note
         %%(action_)s
maxretry = %d
findtime = %d
bantime = %d
`, banAfter, int(findTime.Seconds()), int(banTime.Seconds())))
	l.write("/etc/fail2ban/fail2ban.local", 0o644, "[Definition]\ndbfile = /srv/fail2ban.sqlite3\n")
	must(os.MkdirAll(l.path("/run/fail2ban"), 0o755), "fail2ban")
	l.start(Job{Name: "fail2ban", Args: []string{"fail2ban-server", "-f", "-x", "start"}, Unit: "fail2ban"})
	// To ask it would be an error in its log, until it is ready.
	await("fail2ban", func() bool { return strings.Contains(l.read(labDir+"/fail2ban.talk"), "Server ready") })
}

// awaitBan returns once fail2ban has banned, or unbanned, an address n times.
func (l *lab) awaitBan(what, address string, n int) {
	await(fmt.Sprintf("%s of %s", what, address), func() bool {
		return strings.Count(l.read(banNotes), what+" "+address+" ") >= n && l.isBanned(address) == (what == "ban")
	})
}

// isBanned reports whether nftables has the address among those it refuses.
func (l *lab) isBanned(address string) bool {
	return strings.Contains(l.command("nft", "list", "ruleset").run(), address)
}

// noteBans writes down what fail2ban's action noted.
func (l *lab) noteBans() {
	s := bufio.NewScanner(strings.NewReader(l.read(banNotes)))
	for s.Scan() {
		f := strings.Fields(s.Text())
		if len(f) != 3 {
			must(errors.New(s.Text()), "fail2ban's notes")
		}
		at := seconds(f[2])
		what := actBan
		if f[0] == "unban" {
			what = actUnban
		}
		l.note(act{What: what, Actor: "host", At: at, Until: at, From: f[1], Count: 1})
	}
}

// knockBanned tries to connect while the address is banned; nftables refuses.
func (l *lab) knockBanned(from string, n int) {
	start := time.Now()
	for range n {
		c, err := dial(from, 22, time.Second)
		if err == nil {
			c.Close()
			err = errors.New("it was let through")
		} else if refused := net.Error(nil); errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &refused) && refused.Timeout() {
			err = nil // the rule rejects; by IPv6 the rejection may not come through
		}
		must(err, "connection of the banned %s", from)
		if !l.isBanned(from) {
			must(errors.New("the ban has ended"), "connection of the banned %s", from)
		}
	}
	l.note(act{What: actBlocked, Actor: outsideOf(from), At: start, From: from, Count: n, Port: 22})
}
