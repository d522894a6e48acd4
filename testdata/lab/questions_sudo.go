package main

import (
	"slices"
	"strings"
)

// askSudo asks what was run, and what was not, by sudo.
func askSudo(c *comparison) {
	for _, q := range []struct{ question, what, action string }{
		{"sudo", actSudo, "sudo"},
		{"sudo denied", actSudoDenied, "sudo_denied"},
	} {
		acts := c.of(q.what)
		c.byUser(q.question, acts, func(a act) string { return plain(a.Detail["command"]) + " as " + a.Detail["as"] }, func(user string) bag {
			return counted(c.events("after", "action:"+q.action, "user:"+user), func(e eventRow) string {
				return plain(e.Fields["command"]) + " as " + e.Fields["target_user"]
			})
		})
		c.inTime("times: "+q.question, "all users", acts, func(a act) string { return a.User + ": " + plain(a.Detail["command"]) },
			c.events("after", "action:"+q.action), func(e eventRow) string { return e.User + ": " + plain(e.Fields["command"]) })
		who := tallied(acts, userOf)
		others := slices.DeleteFunc(slices.Clone(c.events("after", "action:"+q.action)), func(e eventRow) bool { return who[e.User] > 0 })
		c.row(q.question, "any other user", bag{}, counted(others, userIn))
	}
}

// plain is a command without what sudo does to it when it writes it down: it
// names the program by another of its two paths, and quotes arguments.
func plain(command string) string {
	return strings.ReplaceAll(strings.TrimPrefix(command, "/usr"), "'", "")
}
