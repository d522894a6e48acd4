package main

import (
	"fmt"
	"strings"
)

// askRequests asks who wanted what of nginx, and how it was answered.
func askRequests(c *comparison) {
	acts := c.of(actRequest)
	asked := func(ip string) []eventRow { return c.events("after", "action:http_request", "service:nginx", "ip:"+ip) }
	c.byAddress("requests", acts, func(a act) string { return strings.TrimSpace(statusOf(a) + " " + a.Path + " " + a.User) }, func(ip string) bag {
		return counted(asked(ip), func(e eventRow) string {
			return strings.TrimSpace(e.Fields["status"] + " " + e.Fields["path"] + " " + e.User)
		})
	})
	c.others("requests", acts, counted(c.events("after", "action:http_request", "service:nginx"), addressIn))
	c.inTime("times of requests", everywhere, acts, func(a act) string { return a.From + " " + statusOf(a) + " " + a.Path },
		c.events("after", "action:http_request", "service:nginx"), func(e eventRow) string { return e.IP + " " + e.Fields["status"] + " " + e.Fields["path"] })
	c.byAddress("ip: requests", acts, nothing, func(ip string) bag { return bag{"": c.address("after", ip).Requests} })
	c.others("ip: requests", acts, c.everybody(func(r addressRow) int { return r.Requests }))
	c.together("ip: statuses", everywhere, acts, func(a act) string { return statusOf(a)[:1] + "xx" }, func(ip string) bag {
		return bag(c.address("after", ip).Statuses)
	})
	refused := c.of(actAuthRefused)
	c.byAddress("failures by HTTP", refused, userOf, func(ip string) bag {
		return counted(c.events("after", "action:login_failed", "service:nginx", "ip:"+ip), userIn)
	})
	all := c.events("after", "action:login_failed", "service:nginx")
	c.row("failures by HTTP", everywhere, tallied(refused, requestOf), counted(all, requestIn))
	c.inTime("times of these", "failures by HTTP", refused, requestOf, all, requestIn)
}

// statusOf is the status of a request, of three digits.
func statusOf(a act) string { return fmt.Sprintf("%03s", a.Detail["status"]) }
