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
	c.together("times of requests", everywhere, acts, inTime, func(ip string) bag { return timely(from(ip, acts), asked(ip)) })
	c.byAddress("ip: requests", acts, nothing, func(ip string) bag { return bag{"": c.address("after", ip).Requests} })
	c.others("ip: requests", acts, c.everybody(func(r addressRow) int { return r.Requests }))
	c.together("ip: statuses", everywhere, acts, func(a act) string { return statusOf(a)[:1] + "xx" }, func(ip string) bag {
		return bag(c.address("after", ip).Statuses)
	})
	c.byAddress("failures by HTTP", c.of(actAuthRefused), userOf, func(ip string) bag {
		return counted(c.events("after", "action:login_failed", "service:nginx", "ip:"+ip), userIn)
	})
}

// statusOf is the status of a request, of three digits.
func statusOf(a act) string { return fmt.Sprintf("%03s", a.Detail["status"]) }
