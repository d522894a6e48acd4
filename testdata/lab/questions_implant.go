package main

import (
	"fmt"
	"slices"
	"strings"
)

// askImplants asks for what the attacker left: who listens, from which
// executable, who calls home, and what became of it.
func askImplants(c *comparison) {
	for _, a := range c.of(actListener) {
		pid := fmt.Sprintf("pid %d", a.PID)
		told := bag{}
		for _, s := range rows[socketRow](c.asker, "network", "during", "state:LISTEN", fmt.Sprintf("lport:%d", a.Port)) {
			for _, n := range s.PIDs {
				told[fmt.Sprintf("pid %d", n)]++
			}
		}
		subject := fmt.Sprintf("port %d, %s", a.Port, a.Detail["kind"])
		c.row("listener", subject, things(pid), told)
		c.row("its user", subject, things(pid+" of "+a.User), c.userOf("during", a.PID))
		c.row("its executable", subject, things(running(a)), c.executable("during", a.PID))
	}
	for _, s := range c.Stills {
		c.row("deleted executables", s.Name, c.implants(s, func(a act) bool { return strings.HasSuffix(running(a), deletedMark) }),
			c.executables(s.Name, "deleted:true"))
		c.row("run from /dev/shm", s.Name, c.implants(s, func(a act) bool { return within(a.Path, "/dev/shm") }),
			c.executables(s.Name, "exe:/dev/shm/*"))
		c.row("run from memory", s.Name, c.implants(s, func(a act) bool { return strings.HasPrefix(a.Path, "/memfd:") }),
			c.executables(s.Name, "exe:/memfd:*"))
	}
	c.askStandingOut()
	for _, a := range c.of(actOutgoing) {
		told := bag{}
		for _, s := range rows[socketRow](c.asker, "network", "during", "direction:outbound", "raddr:"+a.From, fmt.Sprintf("rport:%d", a.Port)) {
			told[fmt.Sprintf("pid %v, port %d", s.PIDs, s.LPort)]++
		}
		c.row("calls home", a.From, things(fmt.Sprintf("pid [%d], port %s", a.PID, a.Detail["from"])), told)
	}
	c.row("times of implants", "during", bag{"in time": len(c.of(actListener, actOutgoing))}, c.startedInTime())
	gone := map[string]bag{}
	for _, a := range c.of(actKilled) {
		if gone[a.Actor] == nil {
			gone[a.Actor] = bag{}
		}
		for exe := range c.executable("after", a.PID) {
			gone[a.Actor][exe]++
		}
	}
	for _, actor := range sortedKeys(gone) {
		c.row("killed, gone later", "by the "+actor, bag{}, gone[actor])
	}
}

// startedInTime tells the implants that were started when they truly were.
func (c *comparison) startedInTime() bag {
	b := bag{}
	for _, a := range c.of(actListener, actOutgoing) {
		for _, p := range rows[processRow](c.asker, "process", "during", fmt.Sprintf("pid:%d", a.PID)) {
			if covers([]act{a}, p.Started) {
				b["in time"]++
			} else {
				b["at "+stamp(p.Started)]++
			}
		}
	}
	return b
}

// deletedMark is what the kernel adds to the path of an executable that is gone, proc_pid_exe(5).
const deletedMark = " (deleted)"

// running is the path of an implant's executable as it is when nothing happens
// any more: one that is of the deleted kind is deleted after its start.
func running(a act) string {
	if a.Detail["kind"] == "deleted" {
		return strings.TrimSuffix(a.Path, deletedMark) + deletedMark
	}
	return a.Path
}

// path is the executable's as the kernel shows it.
func (r processRow) path() string {
	if r.Deleted {
		return r.Exe + deletedMark
	}
	return r.Exe
}

func (c *comparison) executable(still string, pid int) bag {
	return things(c.paths(still, fmt.Sprintf("pid:%d", pid))...)
}

func (c *comparison) paths(still, term string) (all []string) {
	for _, p := range rows[processRow](c.asker, "process", still, term) {
		all = append(all, p.path())
	}
	return all
}

// executables are the processes of a kind with their executables.
func (c *comparison) executables(still, term string) bag {
	b := bag{}
	for _, p := range rows[processRow](c.asker, "process", still, term) {
		b[fmt.Sprintf("%d %s", p.PID, p.path())]++
	}
	return b
}

// implants are those that ran while the still was taken.
func (c *comparison) implants(s still, kind func(act) bool) bag {
	b := bag{}
	for _, a := range s.done(c.of(actListener, actOutgoing, actTraces)) {
		if kind(a) && !c.killed(s, a.PID) {
			b[fmt.Sprintf("%d %s", a.PID, running(a))]++
		}
	}
	return b
}

func (c *comparison) killed(s still, pid int) bool {
	return slices.ContainsFunc(s.done(c.of(actKilled)), func(a act) bool { return a.PID == pid })
}

// askStandingOut asks which of the attacker's processes are pointed out, and
// whether any other is.
func (c *comparison) askStandingOut() {
	found, masked := bag{}, bag{}
	for _, f := range whole[struct {
		Findings []struct {
			PID     int `json:"pid"`
			Factors []struct {
				Name string `json:"name"`
			} `json:"factors"`
		} `json:"findings"`
	}](c.asker, "process", "during").Findings {
		pid := fmt.Sprintf("pid %d", f.PID)
		for _, factor := range f.Factors {
			if factor.Name != "fd_limit" { // trouble, not an intrusion
				found[pid] = 1
			}
			if factor.Name == "kernel_name" {
				masked[pid]++
			}
		}
	}
	s := c.frame("during")
	all, kernel := bag{}, bag{}
	for _, a := range s.done(c.of(actListener, actOutgoing, actTraces, actPreloaded, actShell, actSetuid)) {
		subject := a.What
		if a.What == actListener {
			subject = fmt.Sprintf("port %d, %s", a.Port, a.Detail["kind"])
		}
		all[pidOf(a)] = 1
		if a.What == actTraces {
			all[tracedOf(a)] = 1
		}
		c.row("stands out", subject, things(pidOf(a)), found.within(things(pidOf(a))))
		if slices.ContainsFunc(s.Processes, func(p process) bool { return p.PID == a.PID && strings.HasPrefix(p.Args, "[") }) {
			kernel[pidOf(a)] = 1
		}
	}
	c.row("stands out", "any other process", bag{}, found.without(all))
	c.row("like a kernel's", "during", kernel, masked)
}

// askLimits asks for processes that have as many files open as they may.
func askLimits(c *comparison) {
	for _, a := range c.of(actTooManyFiles) {
		limit := "of " + a.Detail["limit"]
		told := bag{}
		p := whole[struct {
			Process processRow `json:"process"`
		}](c.asker, "process", "during", fmt.Sprint(a.PID)).Process
		for _, l := range p.Limits {
			if l.Name == "nofile" && p.FDs != nil {
				told[fmt.Sprintf("%d of %d", *p.FDs, l.Soft)]++
			}
		}
		c.row("open files", "at the limit", things(a.Detail["limit"]+" "+limit), told)
	}
}
