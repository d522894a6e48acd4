package main

// askBans asks whom fail2ban shut out, when, and whom it let in again.
func askBans(c *comparison) {
	for _, q := range []struct {
		question, what, action string
		number                 func(addressRow) int
	}{
		{"bans", actBan, "ip_banned", func(r addressRow) int { return r.Bans }},
		{"unbans", actUnban, "ip_unbanned", func(r addressRow) int { return r.Unbans }},
	} {
		acts := c.of(q.what)
		told := func(ip string) []eventRow { return c.events("after", "action:"+q.action, "ip:"+ip) }
		c.byAddress(q.question, acts, nothing, func(ip string) bag { return counted(told(ip), func(eventRow) string { return "" }) })
		c.others(q.question, acts, counted(c.events("after", "action:"+q.action), addressIn))
		c.inTime("times of "+q.question, everywhere, acts, addressOf, c.events("after", "action:"+q.action), addressIn)
		c.byAddress("ip: "+q.question, acts, nothing, func(ip string) bag { return bag{"": q.number(c.address("after", ip))} })
		c.others("ip: "+q.question, acts, c.everybody(q.number, "class:*"))
	}
	c.together("refused by the ban", everywhere, c.of(actBlocked), nothing, func(ip string) bag {
		return counted(c.events("after", "action:firewall_block", "ip:"+ip), func(eventRow) string { return "" })
	})
	c.row("bans", "the honest", bag{}, c.honest(func(r addressRow) int { return r.Bans + r.Unbans }))
}

// honest is a number of each address of those who mean well, where it is not 0.
func (c *comparison) honest(number func(addressRow) int) bag {
	b := bag{}
	for _, a := range c.Acts {
		if n := 0; a.From != "" && (a.Actor == "admin" || a.Actor == "visitor") {
			if n = number(c.address("after", a.From)); n > 0 {
				b[a.From] = n
			}
		}
	}
	return b
}
