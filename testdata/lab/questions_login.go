package main

import (
	"fmt"
	"slices"
	"strings"
)

// askQuiet asks about the time before the attack, when nearly nothing was.
func askQuiet(c *comparison) {
	before := c.frame("before")
	for _, q := range []struct{ question, what, terms string }{
		{"quiet: failures", actLoginRefused, "action:login_failed"},
		{"quiet: logins", actLoginAccepted, "action:login service:sshd"},
		{"quiet: bans", actBan, "action:ip_banned"},
	} {
		c.row(q.question, everywhere, tallied(before.done(c.of(q.what)), addressOf),
			counted(c.events("before", strings.Fields(q.terms)...), addressIn))
	}
	c.row("quiet: sudo denied", "all users", tallied(before.done(c.of(actSudoDenied)), userOf),
		counted(c.events("before", "action:sudo_denied"), userIn))
}

func addressIn(e eventRow) string { return e.IP }
func userIn(e eventRow) string    { return e.User }

// askWindow asks for what happened between the first still and the second. The
// stamps of sshd are finer than a second, others would be rounded out of it.
func askWindow(c *comparison) {
	window := []string{"--since", stamp(c.frame("before").Until), "--until", stamp(c.frame("during").At)}
	for _, q := range []struct{ question, what, terms string }{
		{"between: failures", actLoginRefused, "action:login_failed service:sshd"},
		{"between: logins", actLoginAccepted, "action:login service:sshd"},
	} {
		c.row(q.question, everywhere, tallied(c.between("before", "during", c.of(q.what)), addressOf),
			counted(c.events("after", append(strings.Fields(q.terms), window...)...), addressIn))
	}
}

// askLogins asks who tried which account how often, and who was let in.
func askLogins(c *comparison) {
	refused, accepted := c.of(actLoginRefused), c.of(actLoginAccepted)
	failed := func(ip string) []eventRow { return c.events("after", "action:login_failed", "service:sshd", "ip:"+ip) }
	c.byAddress("failed logins", refused, nothing, func(ip string) bag {
		return counted(failed(ip), func(eventRow) string { return "" })
	})
	c.others("failed logins", refused, counted(c.events("after", "action:login_failed", "service:sshd"), addressIn))
	c.together("failed users", everywhere, refused, userOf, func(ip string) bag { return counted(failed(ip), userIn) })
	c.row("failures, --by ip", everywhere, tallied(refused, addressOf), c.countedBy("ip", "action:login_failed", "service:sshd"))
	c.inTime("times of failures", everywhere, refused, func(a act) string { return both(a.From, a.User) },
		c.events("after", "action:login_failed", "service:sshd"), func(e eventRow) string { return both(e.IP, e.User) })
	c.unknownUsers(refused)

	// The row of an address counts the refused credentials of all services.
	all := slices.Concat(refused, c.of(actAuthRefused))
	c.byAddress("ip: failed_logins", all, nothing, func(ip string) bag { return bag{"": c.address("after", ip).Failed} })
	c.others("ip: failed_logins", all, c.everybody(func(r addressRow) int { return r.Failed }, "class:*"))
	c.byAddress("ip: users", once(named(slices.Concat(all, accepted, c.of(actRequest))), func(a act) string { return both(a.From, a.User) }), userOf,
		func(ip string) bag { return things(c.address("after", ip).Users...) })

	in := func(ip string) []eventRow { return c.events("after", "action:login", "service:sshd", "ip:"+ip) }
	c.byAddress("logins", accepted, func(a act) string {
		return fmt.Sprintf("%s by %s, port %d", a.User, a.Detail["method"], a.Port)
	}, func(ip string) bag {
		return counted(in(ip), func(e eventRow) string {
			return fmt.Sprintf("%s by %s, port %s", e.User, e.Fields["method"], e.Fields["port"])
		})
	})
	c.others("logins", accepted, counted(c.events("after", "action:login", "service:sshd"), addressIn))
	c.inTime("times of logins", everywhere, accepted, portOf, c.events("after", "action:login", "service:sshd"), portIn)
	c.byAddress("ip: logins", accepted, nothing, func(ip string) bag { return bag{"": c.address("after", ip).Logins} })
	c.byAddress("logouts", c.of(actLogout), func(a act) string { return fmt.Sprintf("%s, pid %d", a.User, a.PID) }, func(ip string) bag {
		return counted(c.events("after", "action:logout", "service:sshd", "ip:"+ip), func(e eventRow) string { return fmt.Sprintf("%s, pid %d", e.User, e.PID) })
	})
	c.inTime("times of logouts", everywhere, c.of(actLogout), portOf, c.events("after", "action:logout", "service:sshd"), portIn)
}

func portOf(a act) string      { return fmt.Sprintf("%s port %d", a.From, a.Port) }
func portIn(e eventRow) string { return fmt.Sprintf("%s port %s", e.IP, e.Fields["port"]) }

// unknownUsers asks which of the accounts that were tried do not exist, and how
// often sshd was told one: once in each connection, however many passwords follow.
func (c *comparison) unknownUsers(refused []act) {
	unknown, told := bag{}, bag{}
	tries := once(having(refused, "known", "false"), func(a act) string { return a.At.String() + a.From })
	for _, a := range tries {
		unknown[a.User] = 1
	}
	for _, e := range c.events("after", "action:login_invalid_user", "service:sshd") {
		told[e.User] = 1
	}
	c.row("unknown users", everywhere, unknown, told)
	c.row("ip: invalid_users", everywhere, tallied(tries, addressOf), c.everybody(func(r addressRow) int { return r.Invalid }, "class:*"))
}

func nothing(act) string { return "" }

// once are the acts without those of a name that was there before, each counted once.
func once(acts []act, name func(act) string) (all []act) {
	seen := map[string]bool{}
	for _, a := range acts {
		if !seen[name(a)] {
			seen[name(a)] = true
			a.Count = 1
			all = append(all, a)
		}
	}
	return all
}

// everybody is a number of each address that fits the terms; class:* brings in
// the host's own as well.
func (c *comparison) everybody(number func(addressRow) int, terms ...string) bag {
	b := bag{}
	for _, r := range rows[addressRow](c.asker, "ip", "after", terms...) {
		b[r.IP] += number(r)
	}
	return b
}
