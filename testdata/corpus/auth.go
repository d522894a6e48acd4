package main

import (
	"container/heap"
	"fmt"
	"strings"
)

// The auth simulation drives sshd, sudo, cron and fail2ban off one queue of
// events, so that a ban follows from the failures that stand in auth.log and
// a banned address falls silent until its unban.

type authTruth struct {
	Failed    map[string]int64 `json:"failed_by_ip"`       // "Failed password" lines, "message repeated N times" counted as N
	Invalid   map[string]int64 `json:"invalid_user_by_ip"` // "Invalid user" lines
	Accepted  map[string]int64 `json:"accepted_by_ip"`
	Bans      map[string]int64 `json:"bans_by_ip"`
	Unbans    map[string]int64 `json:"unbans_by_ip"`
	Users     map[string]int64 `json:"failed_by_user"`
	FailedAll int64            `json:"failed_total"`
	SudoDeny  int64            `json:"sudo_denied"`
	Sweeps    []sweepTruth     `json:"sweeps"`
	Floods    []floodTruth     `json:"floods_while_fail2ban_was_down"`
	Breach    []breachTruth    `json:"breaches"`
}
type sweepTruth struct {
	Net   string `json:"net"`
	From  string `json:"from"`
	To    string `json:"to"`
	Hosts int    `json:"hosts"`
	Fails int64  `json:"failed"`
}
type floodTruth struct {
	IP    string `json:"ip"`
	From  string `json:"from"`
	To    string `json:"to"`
	Fails int64  `json:"failed"`
}
type breachTruth struct {
	IP     string `json:"ip"`
	User   string `json:"user"`
	Before int64  `json:"failed_before"`
	At     string `json:"accepted_at"`
	Sudo   int    `json:"sudo_commands"`
}

type foe struct {
	ip     string
	found  []int64
	banned bool
	nban   int
	port   int
	conns  int // left in this burst
	slow   bool
	rdns   string
	onFail *int64
}

type ev struct {
	t    int64
	seq  uint64
	run  func(t int64) // when set, this is not a line
	text string
	f2b  bool
	foe  *foe
	ips  []string
	fail int    // "Failed password" count
	user string // whose
	inv  bool
}
type evq []ev

func (q evq) Len() int           { return len(q) }
func (q evq) Less(i, j int) bool { return q[i].t < q[j].t || q[i].t == q[j].t && q[i].seq < q[j].seq }
func (q evq) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *evq) Push(x any)        { *q = append(*q, x.(ev)) }
func (q *evq) Pop() any {
	o := *q
	x := o[len(o)-1]
	o[len(o)-1] = ev{}
	*q = o[:len(o)-1]
	return x
}

type auth struct {
	r                      *rng
	out, ban               *sink
	q                      evq
	seq                    uint64
	pid                    int
	sess                   int
	pending                int64
	tr                     authTruth
	foes                   int
	f2bDown                bool
	floodFails, sweepFails []*int64
	c, c2                  clock
}

const host = "web-01"

var bruteUsers = strings.Fields(`root admin test ubuntu user oracle postgres guest ftpuser git pi deploy hadoop mysql www jenkins
 support nagios tomcat dev administrator es steam minecraft elastic ansible vagrant teamspeak ts3 zabbix ec2-user centos debian
 odoo student demo backup web nginx kafka docker redis weblogic server sysadmin operator uucp sales info webmaster mail ftp nobody
 data app apache gitlab runner vpn proxy monitor butter telnet default super svn testuser user1 user2 test1 test2 test3 username
 alex michael david john james robert maria anna peter paul chris daniel kevin sam tom mark max eric frank george jack kim lisa
 wang zhang li chen yang huang zhao wu zhou xu sun ma zhu hu guo he lin gao liang zheng luo song tang han feng deng cao peng
 dspace bitnami plex cassandra spark hive hdfs solr sonar nexus grafana prometheus rabbitmq mongodb mongo couchdb influx airflow
 superset jupyter notebook ml gpu trainer sol solana validator eth ethereum node miner bitcoin btc wallet lightning polkadot cosmos`)

type staff struct {
	name, ip, key string
	uid           int
}

func runAuth(seed uint64, out, ban *sink) *authTruth {
	a := &auth{r: newRNG(seed, "auth"), out: out, ban: ban, pid: 1200, sess: 1}
	a.tr = authTruth{Failed: map[string]int64{}, Invalid: map[string]int64{}, Accepted: map[string]int64{},
		Bans: map[string]int64{}, Unbans: map[string]int64{}, Users: map[string]int64{}}
	r := a.r
	names := strings.Fields("alice bob carol dmitri erin farid grace heiko ines jonas deploy backup")
	var people []staff
	for i, n := range names {
		people = append(people, staff{n, visitorIP(900000 + i*12), r.b64(43), 1000 + i})
	}
	span := out.end - out.start

	// fail2ban starts
	a.f2b(out.start+1e6, "server", "INFO   ", "--------------------------------------------------")
	a.f2b(out.start+1e6+20000, "server", "INFO   ", "Starting Fail2ban v1.0.2")
	a.f2b(out.start+1e6+31000, "jail", "INFO   ", "Jail 'sshd' started")

	// set pieces
	for i, at := 0, span/5; at < span; i, at = i+1, at+3*86400e6 {
		a.sweep(out.start+at, i, min(20*60e6, span/12))
	}
	for at := span / 2; at < span; at += 5 * 86400e6 {
		a.flood(out.start+at, min(40*60e6, span/16))
	}
	a.breach(out.start+span*7/10, people[11])

	// every minute: cron, staff and as many attackers as the budget asks for
	var minute func(t int64)
	minute = func(t int64) {
		a.minute(t, people)
		if t+60e6 < out.end {
			a.at(t+60e6, minute)
		}
	}
	a.at(out.start+60e6-out.start%60e6, minute)
	var tick func(t int64)
	tick = func(t int64) {
		want := int64(float64(out.budget) * float64(t+20e6-out.start) / float64(span))
		for guard := 0; out.Bytes+a.pending < want && guard < 2000; guard++ {
			a.attack(t + int64(r.n(20e6)))
		}
		if t+20e6 < out.end {
			a.at(t+20e6, tick)
		}
	}
	a.at(out.start, tick)

	for len(a.q) > 0 {
		e := heap.Pop(&a.q).(ev)
		if e.t >= out.end {
			break
		}
		switch {
		case e.run != nil:
			e.run(e.t)
		case e.f2b:
			a.ban.event(e.t, e.text, e.ips...)
		default:
			a.deliver(&e)
		}
	}
	for i := range a.tr.Floods {
		a.tr.Floods[i].Fails = *a.floodFails[i]
	}
	for i := range a.tr.Sweeps {
		a.tr.Sweeps[i].Fails = *a.sweepFails[i]
	}
	return &a.tr
}

// deliver writes an event of sshd and of those beside it, unless its sender has
// been banned meanwhile, and tallies it.
func (a *auth) deliver(e *ev) {
	a.pending -= int64(len(e.text)) + 1
	if e.foe != nil && e.foe.banned {
		return
	}
	a.out.event(e.t, e.text, e.ips...)
	if e.fail > 0 {
		a.tr.Failed[e.foe.ip] += int64(e.fail)
		a.tr.FailedAll += int64(e.fail)
		a.tr.Users[e.user] += int64(e.fail)
		if e.foe.onFail != nil {
			*e.foe.onFail += int64(e.fail)
		}
	}
	if e.inv {
		a.tr.Invalid[e.foe.ip]++
	}
	if e.fail > 0 || e.inv {
		a.seen(e.t, e.foe)
	}
}

func (a *auth) push(e ev) {
	a.seq++
	e.seq = a.seq
	if e.run == nil && !e.f2b {
		a.pending += int64(len(e.text)) + 1
	}
	heap.Push(&a.q, e)
}
func (a *auth) at(t int64, f func(int64)) { a.push(ev{t: t, run: f}) }
func (a *auth) next() int {
	a.pid += a.r.span(1, 7)
	if a.pid > 4194303 {
		a.pid = 400
	}
	return a.pid
}
func (a *auth) line(t int64, prog string, pid int, msg string, ips ...string) {
	a.push(ev{t: t, text: a.fmt(t, prog, pid, msg), ips: ips})
}
func (a *auth) fmt(t int64, prog string, pid int, msg string) string {
	b := make([]byte, 0, 160)
	b = append(b, a.c.at(t).bsd...)
	b = append(b, ' ')
	b = append(b, host...)
	b = append(b, ' ')
	b = append(b, prog...)
	if pid > 0 {
		b = append(b, '[')
		b = appendInt(b, int64(pid), 0, 0)
		b = append(b, ']')
	}
	b = append(b, ": "...)
	return string(append(b, msg...))
}
func (a *auth) f2b(t int64, mod, level, msg string, ips ...string) {
	txt := a.c2.at(t).iso + "," + frac(t, 3) + " " + fmt.Sprintf("%-24s[812]: %s %s", "fail2ban."+mod, level, msg)
	a.push(ev{t: t, f2b: true, text: txt, ips: ips})
}

// seen is fail2ban reading a failure: 5 in 10 minutes ban for an hour, then
// twice as long each time up to a day.
func (a *auth) seen(t int64, f *foe) {
	if a.f2bDown {
		return
	}
	r := a.r
	d := t + int64(r.span(4000, 900000))
	a.f2b(d, "filter", "INFO   ", "[sshd] Found "+f.ip+" - "+a.c.at(t).iso, f.ip)
	if f.nban > 0 && r.pm(300) {
		a.f2b(d+300, "observer", "INFO   ", fmt.Sprintf("[sshd] Found %s, bad - %s, %d # -> %d.0", f.ip, a.c.at(t).iso, f.nban, f.nban+1), f.ip)
	}
	keep := f.found[:0]
	for _, x := range f.found {
		if t-x < 600e6 {
			keep = append(keep, x)
		}
	}
	f.found = append(keep, t)
	if len(f.found) < 5 || f.banned {
		return
	}
	f.found = f.found[:0]
	a.at(d+int64(r.span(50000, 700000)), func(t int64) {
		if f.banned || a.f2bDown {
			return
		}
		f.banned = true
		f.nban++
		a.tr.Bans[f.ip]++
		a.f2b(t, "actions", "NOTICE ", "[sshd] Ban "+f.ip, f.ip)
		dur := int64(3600e6) << min(f.nban-1, 5)
		dur = min(dur, 86400e6)
		if f.nban > 1 {
			h := dur / 3600e6
			a.f2b(t+1200, "observer", "NOTICE ", fmt.Sprintf("[sshd] Increase Ban %s (%d # %d:00:00 -> %s)", f.ip, f.nban, h, a.c2.at(t+dur).iso), f.ip)
		}
		if r.pm(40) {
			a.f2b(t+900000, "actions", "WARNING", "[sshd] "+f.ip+" already banned", f.ip)
		}
		a.at(t+dur+int64(r.n(400000)), func(t int64) {
			f.banned = false
			if a.f2bDown {
				return
			}
			a.tr.Unbans[f.ip]++
			a.f2b(t, "actions", "NOTICE ", "[sshd] Unban "+f.ip, f.ip)
			if r.pm(650) {
				f.conns = r.span(3, 30)
				a.at(t+int64(r.span(1, 900))*1e6, func(t int64) { a.conn(t, f) })
			}
		})
	})
}

func (a *auth) newFoe(ip string) *foe {
	f := &foe{ip: ip, port: a.r.span(32768, 60500)}
	if a.r.pm(60) && strings.IndexByte(ip, ':') < 0 {
		f.rdns = "ec2-" + strings.ReplaceAll(ip, ".", "-") + ".compute.amazonaws.com"
	}
	return f
}
