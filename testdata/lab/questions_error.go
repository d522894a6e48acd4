package main

import (
	"fmt"
	"slices"
	"strings"
)

// askSite asks for the exceptions of the site, by their class and then by what
// they say, and for the requests that nginx could not pass on.
func askSite(c *comparison) {
	acts := c.of(actException)
	for _, class := range sortedKeys(tallied(acts, detail("type"))) {
		mine := having(acts, "type", class)
		c.row("exceptions", class, times(total(mine)), times(c.errors("type:"+class, "service:django")))
		events := c.events("after", "exception:"+class, "service:django")
		c.row("what they say", class, tallied(mine, detail("message")), counted(events, field("exception_message")))
		c.row("what caused them", class, tallied(mine, detail("cause")), counted(events, field("cause")))
		c.inTime("times of exceptions", class, mine, detail("message"), events, field("exception_message"))
	}
	down := c.of(actUpstreamDown)
	refused := c.events("after", "action:connection_refused", "service:nginx")
	c.row("upstream down", "in nginx's error log", times(total(down)), times(c.errors("type:connection_refused", "service:nginx")))
	c.row("upstream down", everywhere, tallied(down, requestOf), counted(refused, requestIn))
	c.inTime("times of these", "upstream down", down, requestOf, refused, requestIn)
	for _, status := range sortedKeys(tallied(c.of(actRequest), statusOf)) {
		if status >= "500" {
			failed := times(total(having(c.of(actRequest), "status", status)))
			c.row("requests failed", status+", by nginx", failed, times(c.errors("category:http", "type:"+status, "service:nginx")))
			c.row("requests failed", status+", altogether", failed, times(c.errors("category:http", "type:"+status)))
		}
	}
}

// requestOf and requestIn are who asked for what, as nginx's error log has it.
func requestOf(a act) string      { return a.From + " GET " + a.Path + " HTTP/1.1" }
func requestIn(e eventRow) string { return e.IP + " " + e.Fields["request"] }

// errors is how often errors that fit all terms were met.
func (c *comparison) errors(terms ...string) (n int) {
	for _, r := range rows[errorRow](c.asker, "error", "after", terms...) {
		n += r.Count
	}
	return n
}

// having are the acts with that detail.
func having(acts []act, key, value string) (all []act) {
	for _, a := range acts {
		if a.Detail[key] == value {
			all = append(all, a)
		}
	}
	return all
}

func detail(key string) func(act) string     { return func(a act) string { return a.Detail[key] } }
func field(key string) func(eventRow) string { return func(e eventRow) string { return e.Fields[key] } }

// askDatabases asks for what went wrong in PostgreSQL and Redis.
func askDatabases(c *comparison) {
	c.row("deadlocks", "postgresql", times(total(c.of(actDeadlock))), times(c.errors("type:deadlock", "service:postgresql")))
	full := c.of(actTooManyConns)
	for _, message := range sortedKeys(tallied(full, detail("message"))) {
		c.row("no room for clients", message, times(total(having(full, "message", message))),
			times(c.errors("category:database", "service:postgresql", "message:"+message)))
	}
	// Redis itself logs a refused password nowhere.
	c.row("Redis: password", "in the site's log", times(total(c.of(actRedisPassword))), times(c.errors("service:django", "raw:WRONGPASS")))
	c.row("Redis: no memory", "in the site's log", times(total(c.of(actRedisMemory))), times(c.errors("service:django", "raw:OOM command not allowed")))
	c.row("Redis: cannot save", "in its own log", times(total(c.of(actRedisDisk))), times(c.errors("type:disk_full", "service:redis")))
}

// askTimes asks when each of the failures happened that have no other name.
func askTimes(c *comparison) {
	for _, q := range []struct {
		what  string
		terms []string
	}{
		{actDeadlock, []string{"action:deadlock", "service:postgresql"}},
		{actTooManyConns, []string{"action:db_connection", "service:postgresql", "message:clients already"}},
		{actTooManyConns, []string{"action:db_connection", "service:postgresql", "message:slots are reserved"}},
		{actRedisPassword, []string{"service:django", "raw:WRONGPASS"}},
		{actRedisMemory, []string{"service:django", "raw:OOM command not allowed"}},
		{actRedisDisk, []string{"action:disk_full", "service:redis"}},
		{actTooManyFiles, []string{"action:too_many_files"}},
	} {
		mine := slices.DeleteFunc(c.of(q.what), func(a act) bool {
			m := a.Detail["message"]
			return m != "" && !strings.Contains(m, strings.TrimPrefix(q.terms[len(q.terms)-1], "message:"))
		})
		c.inTime("times of failures", strings.Join(append([]string{q.what}, q.terms[min(2, len(q.terms)):]...), " "), mine, nothing, c.events("after", q.terms...), unnamed)
	}
}

// askCategories asks how many errors of a category there were in all, where the
// truth can be added up.
func askCategories(c *comparison) {
	c.row("errors of nginx", "permission", times(total(c.of(actAuthRefused))), times(c.errors("category:permission", "service:nginx")))
	static := slices.DeleteFunc(having(c.of(actRequest), "status", "404"), func(a act) bool { return strings.HasPrefix(a.Path, "/shop/") })
	c.row("errors of nginx", "files that are not there", times(total(static)), times(c.errors("category:other", "service:nginx")))
	c.row("errors of memory", "all programs", times(total(c.of(actOOMKill))), times(c.errors("category:memory")))
	c.row("errors of disks", "all programs", times(total(c.of(actDiskFull, actRedisDisk))), times(c.errors("category:disk")))
}

func unnamed(eventRow) string { return "" }

// askHost asks for what the kernel and the file systems had to say.
func askHost(c *comparison) {
	for _, q := range []struct{ question, what, terms string }{
		{"OOM kills", actOOMKill, "action:oom_kill"},
		{"segfaults", actSegfault, "action:segfault"},
	} {
		acts := c.of(q.what)
		for _, a := range acts {
			name := a.Detail["name"]
			c.row(q.question, name, bag{fmt.Sprintf("pid %d", a.HostPID): a.Count},
				counted(c.events("after", q.terms, "process:"+name), func(e eventRow) string { return fmt.Sprintf("pid %d", e.PID) }))
		}
		c.row(q.question, "any other process", bag{}, counted(slices.DeleteFunc(slices.Clone(c.events("after", q.terms)), func(e eventRow) bool {
			return slices.ContainsFunc(acts, func(a act) bool { return a.Detail["name"] == e.Fields["process"] })
		}), field("process")))
		c.inTime("times of "+q.question, "in kern.log", acts, detail("name"), c.events("after", q.terms, "source:*/kern.log"), field("process"))
	}
	for _, a := range c.of(actOOMKill) {
		told := bag{}
		for _, e := range c.events("after", "action:oom_kill", "process:"+a.Detail["name"]) {
			for _, value := range e.Fields {
				if value == a.Detail["group"] {
					told[value] = 1
				}
			}
		}
		c.row("OOM kill's group", a.Detail["name"], things(a.Detail["group"]), told)
	}
	for _, a := range c.of(actDiskFull) {
		full := c.events("after", "action:disk_full", "message:"+a.Path)
		c.row("disk full", a.Path, bag{a.Detail["program"]: a.Count}, counted(full, func(e eventRow) string {
			program, _, _ := strings.Cut(e.Message, ":")
			return program
		}))
		c.inTime("times of disk full", a.Path, []act{a}, nothing, full, unnamed)
	}
	c.row("disk full", "all that backup says", times(total(c.of(actDiskFull))), times(c.errors("type:disk_full", "service:backup")))
	c.row("too many open files", "all programs", times(total(c.of(actTooManyFiles))), times(c.errors("category:files")))
}
