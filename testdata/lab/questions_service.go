package main

import (
	"fmt"
	"regexp"
	"slices"
)

// askServices asks what was started, stopped and crashed, and what cron ran.
func askServices(c *comparison) {
	started, stopped, crashed := c.of(actStarted), c.of(actStopped), c.of(actCrash)
	all := slices.Concat(started, stopped, crashed)
	for _, service := range sortedKeys(tallied(all, detail("service"))) {
		starts := c.events("after", "action:service_started", "service:"+service)
		stops := c.events("after", "action:service_stopped", "service:"+service)
		again := survivors(having(crashed, "service", service), having(started, "service", service))
		c.row("starts", service, tallied(slices.Concat(again, having(started, "service", service)), pidOf), counted(starts, pidIn))
		c.row("stops", service, tallied(having(stopped, "service", service), pidOf), counted(stops, pidIn))
		c.inTime("times of starts", service, slices.Concat(again, having(started, "service", service)), pidOf, starts, pidIn)
		c.inTime("times of stops", service, having(stopped, "service", service), pidOf, stops, pidIn)
	}
	for _, a := range crashed {
		told := bag{}
		for _, e := range c.events("after", "action:service_failed", "service:"+a.Detail["service"]) {
			if m := ended.FindStringSubmatch(e.Message); m != nil {
				told[fmt.Sprintf("pid %s, signal %s", m[1], m[2])] += e.Count
			} else {
				told[e.Message] += e.Count
			}
		}
		c.row("crashes", a.Detail["service"], bag{fmt.Sprintf("pid %d, signal %s", a.PID, a.Detail["signal"]): a.Count}, told)
		c.row("errors of crashes", a.Detail["service"], times(a.Count), times(c.errors("category:service", "service:"+a.Detail["service"])))
	}
	jobs := c.of(actCron)
	c.row("cron", "all jobs", tallied(jobs, detail("command")), counted(c.events("after", "action:scheduled_job"), field("command")))
	for _, command := range sortedKeys(tallied(jobs, detail("command"))) {
		mine := having(jobs, "command", command)
		runs := c.events("after", "action:scheduled_job", "message:"+command)
		c.row("cron", command, tallied(mine, userOf), counted(runs, userIn))
		c.inTime("times of cron", command, mine, nothing, runs, unnamed)
	}
}

// ended is how PostgreSQL tells of a process of its own that was killed.
var ended = regexp.MustCompile(`\(PID (\d+)\) was terminated by signal (\d+)`)

func pidOf(a act) string      { return fmt.Sprintf("pid %d", a.PID) }
func pidIn(e eventRow) string { return fmt.Sprintf("pid %d", e.PID) }

// survivors are crashes under the process that lived through the end of one of
// its children: it is the one that begins anew.
func survivors(crashed, started []act) (all []act) {
	for _, crash := range crashed {
		last := act{}
		for _, s := range started {
			if s.Until.Before(crash.At) && s.At.After(last.At) {
				last = s
			}
		}
		if last.PID == crash.PID {
			continue // it was that one itself: what was started then is in the truth
		}
		again := crash
		again.PID = last.PID
		all = append(all, again)
	}
	return all
}
