package main

import (
	"fmt"
	"slices"
	"time"
)

// questions are all that is asked, group by group.
var questions = []struct {
	about string
	ask   func(*comparison)
}{
	{"the host", askFacts},
	{"the quiet host", askQuiet},
	{"a window of time", askWindow},
	{"addresses", askAddresses},
	{"logins", askLogins},
	{"bans", askBans},
	{"sudo", askSudo},
	{"sessions", askSessions},
	{"processes and sockets", askStills},
	{"implants", askImplants},
	{"what stands out", askSigns},
	{"what is left behind", askOrphans},
	{"reasons", askReasons},
	{"CPU", askCPU},
	{"parts of processes", askParts},
	{"secrets", askSecrets},
	{"network namespaces", askNetworks},
	{"queues", askPressure},
	{"names of addresses", askNames},
	{"limits", askLimits},
	{"requests", askRequests},
	{"errors of the site", askSite},
	{"errors of databases", askDatabases},
	{"errors of the host", askHost},
	{"times of failures", askTimes},
	{"categories", askCategories},
	{"services", askServices},
	{"errors that nobody made", askUnexplained},
	{"logs", askLogs},
}

// notYet is what today's stilltrace does not answer, by the name of the row, and
// by how much. One that is answered after all fails the comparison until it is
// taken off.
var notYet = map[string]later{
	"requests failed: 500, altogether":  {0, 10, "nginx and gunicorn both log a request, and both lines are counted"},
	"requests failed: 503, altogether":  {0, 2, "nginx and gunicorn both log a request, and both lines are counted"},
	"OOM kill's group: report.py":       {1, 0, "the kernel names the group in a line of its own, which is not joined to the one of the kill"},
	"OOM kills: report.py":              {0, 1, "rsyslog writes what the kernel says to kern.log and to syslog, and both lines are counted"},
	"segfaults: thumbnail.py":           {0, 1, "rsyslog writes what the kernel says to kern.log and to syslog, and both lines are counted"},
	"errors of memory: all programs":    {0, 3, "the kernel's line that it looks for a process to kill is another error, and both logs are counted"},
	"refused by the ban: all addresses": {5, 0, "fail2ban's rule in nftables refuses without a line in any log, and the rule's counters are not captured"},
	"crashes: redis":                    {1, 0, "SIGKILL leaves a program no last word: a start without a stop before it would tell"},
	"errors of crashes: redis":          {1, 0, "SIGKILL leaves a program no last word: a start without a stop before it would tell"},
}

// slack is how far a log's stamp may lie outside of the act: many logs have
// whole seconds, and what a daemon does last it writes when the client is gone,
// or does after it wrote it, and where much else wants to run that takes its time.
const slack = 3 * time.Second

// of are the acts of some kinds.
func (t truth) of(what ...string) (all []act) {
	for _, a := range t.Acts {
		if slices.Contains(what, a.What) {
			all = append(all, a)
		}
	}
	return all
}

// frame is the still of that name.
func (t truth) frame(name string) still {
	for _, s := range t.Stills {
		if s.Name == name {
			return s
		}
	}
	must(fmt.Errorf("it is not there"), "truth.json: still %s", name)
	return still{}
}

// done are those of the acts that were done when the still was taken.
func (s still) done(acts []act) (all []act) {
	for _, a := range acts {
		if a.Until.Before(s.At) {
			all = append(all, a)
		}
	}
	return all
}

// tallied puts a name to each act and adds up how often it was done.
func tallied(acts []act, name func(act) string) bag {
	b := bag{}
	for _, a := range acts {
		b[name(a)] += a.Count
	}
	return b
}

// between are those of the acts that took place after one still and before another.
func (t truth) between(from, to string, acts []act) (all []act) {
	for _, a := range t.frame(to).done(acts) {
		if a.At.After(t.frame(from).Until) {
			all = append(all, a)
		}
	}
	return all
}

// named are the acts in the name of a user.
func named(acts []act) []act {
	return slices.DeleteFunc(slices.Clone(acts), func(a act) bool { return a.User == "" })
}

func addressOf(a act) string { return a.From }
func userOf(a act) string    { return a.User }

// covers reports whether one of the acts took place at the time.
func covers(acts []act, at time.Time) bool {
	return slices.ContainsFunc(acts, func(a act) bool {
		return !at.Before(a.At.Add(-slack)) && !at.After(a.Until.Add(slack))
	})
}

// inTime asks whether each event lies within the acts that have its key.
func (c *comparison) inTime(question, subject string, acts []act, key func(act) string, events []eventRow, keyIn func(eventRow) string) {
	byKey := map[string][]act{}
	for _, a := range acts {
		byKey[key(a)] = append(byKey[key(a)], a)
	}
	c.row(question, subject, bag{"in time": total(acts)}, counted(events, func(e eventRow) string {
		switch {
		case e.Time == nil:
			return "without a time: " + keyIn(e)
		case covers(byKey[keyIn(e)], *e.Time):
			return "in time"
		}
		return stamp(*e.Time) + " " + keyIn(e)
	}))
}

func total(acts []act) (n int) {
	for _, a := range acts {
		n += a.Count
	}
	return n
}

// A subject is an address, or all addresses of one who came from many.
type subject struct {
	name string
	acts []act
}

// everywhere is the subject of a row that has all addresses in it.
const everywhere = "all addresses"

// maxAlone is how many addresses of one actor get a row each.
const maxAlone = 4

func subjects(acts []act) []subject {
	byActor := map[string][]string{}
	for _, a := range acts {
		if !slices.Contains(byActor[a.Actor], a.From) {
			byActor[a.Actor] = append(byActor[a.Actor], a.From)
		}
	}
	grouped := map[string][]act{}
	for _, a := range acts {
		name := a.From
		if n := len(byActor[a.Actor]); n > maxAlone {
			name = fmt.Sprintf("%s, %d addresses", a.Actor, n)
		}
		grouped[name] = append(grouped[name], a)
	}
	var all []subject
	for _, name := range sortedKeys(grouped) {
		all = append(all, subject{name, grouped[name]})
	}
	return all
}

// byAddress asks the same of each address that acted: thing says what of an act
// is compared, answer what stilltrace has of these for the address.
func (c *comparison) byAddress(question string, acts []act, thing func(act) string, answer func(ip string) bag) {
	for _, s := range subjects(acts) {
		c.together(question, s.name, s.acts, thing, answer)
	}
}

// together is one row of byAddress.
func (c *comparison) together(question, subject string, acts []act, thing func(act) string, answer func(ip string) bag) {
	told := bag{}
	for _, ip := range sortedKeys(tallied(acts, addressOf)) {
		for t, n := range answer(ip) {
			told[both(ip, t)] += n
		}
	}
	c.row(question, subject, tallied(acts, func(a act) string { return both(a.From, thing(a)) }), told)
}

// byUser is byAddress for users, who are few.
func (c *comparison) byUser(question string, acts []act, thing func(act) string, answer func(user string) bag) {
	for _, user := range sortedKeys(tallied(acts, userOf)) {
		mine := slices.DeleteFunc(slices.Clone(acts), func(a act) bool { return a.User != user })
		c.row(question, user, tallied(mine, thing), answer(user))
	}
}

// others asks that nobody but those who acted has any.
func (c *comparison) others(question string, acts []act, answer bag) {
	who := tallied(acts, addressOf)
	wrong := bag{}
	for ip, n := range answer {
		if _, did := who[ip]; !did && n > 0 {
			wrong[ip] = n
		}
	}
	c.row(question, "anyone else", bag{}, wrong)
}

// both is what is told of an address: the thing, or the address alone if all is the same.
func both(ip, thing string) string {
	if thing == "" {
		return ip
	}
	return ip + " " + thing
}
