package main

import (
	"cmp"
	"errors"
	"fmt"
	"math/bits"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// signs are the findings by which each thing that the attacker did must be
// told, for that process and for no other.
var signs = []struct {
	finding string
	what    string
	pid     func(act) string
}{
	{"preload", actPreloaded, pidOf},
	{"code_place", actPreloaded, pidOf},
	{"rwx", actWritable, pidOf},
	{"remote_shell", actShell, pidOf},
	{"uid_change", actSetuid, pidOf},
	{"traced", actTraces, tracedOf},
}

func tracedOf(a act) string { return "pid " + a.Detail["traced"] }

// askSigns asks for each of them by its name.
func askSigns(c *comparison) {
	for _, s := range signs {
		told := bag{}
		for _, p := range rows[processRow](c.asker, "process", "during", "finding:"+s.finding) {
			told[fmt.Sprintf("pid %d", p.PID)]++
		}
		c.row("finding", s.finding, tallied(c.of(s.what), s.pid), told)
	}
	for _, a := range c.of(actTraces) {
		told := bag{}
		for _, p := range c.one("during", a.Detail["traced"]).Findings {
			for _, f := range p.Factors {
				for _, r := range f.Reasons {
					if f.Name == "traced" {
						told[r]++
					}
				}
			}
		}
		c.row("traced", "who traces", things(fmt.Sprintf("it is traced by %d (%s)", a.PID, filepath.Base(a.Path))), told)
	}
}

// askOrphans asks for what outlived the attacker's login.
func askOrphans(c *comparison) {
	s := c.frame("after")
	left, told := bag{}, bag{}
	for _, a := range c.of(actListener, actPreloaded, actSetuid) {
		if !c.killed(s, a.PID) {
			left[pidOf(a)]++
		}
	}
	for _, p := range rows[processRow](c.asker, "process", "after", "finding:orphaned") {
		told[fmt.Sprintf("pid %d", p.PID)]++
	}
	c.row("finding", "orphaned", left, told)
}

// askCPU asks what the site used between two snapshots of one case. It may be
// some hundredths of a second less than the truth has it, or more: the kernel's
// unit, of each process.
func askCPU(c *comparison) {
	used, unit := 0.0, 0.0
	for _, p := range rows[usageRow](c.asker, "process", "twice", "service:gunicorn") {
		if s := p.CPU.Before; s.Percent != nil {
			used += *s.Percent * s.MS / 100
			unit += 10 + s.MS/2000 // and the percentage has one digit
		}
	}
	bounded, told := bag{}, fmt.Sprintf("%.0f ms", used)
	for _, a := range c.of(actCPU) {
		least, err1 := strconv.ParseFloat(a.Detail["least"], 64)
		most, err2 := strconv.ParseFloat(a.Detail["most"], 64)
		must(errors.Join(err1, err2), "truth.json: cpu")
		bounds := fmt.Sprintf("%.0f to %.0f ms", least, most)
		if bounded[bounds]++; unit > 0 && used >= least-unit && used <= most+unit {
			told = bounds
		}
	}
	c.row("CPU in between", "gunicorn", bounded, things(told))
}

type usageRow struct {
	CPU struct {
		Before struct {
			Percent *float64 `json:"percent"`
			MS      float64  `json:"ms"`
		} `json:"before"`
	} `json:"cpu"`
}

// wholeProcess is what `process CASE PID` says, as far as the questions read it.
type wholeProcess struct {
	Process struct {
		Tasks []struct {
			Comm string `json:"comm"`
		} `json:"tasks"`
	} `json:"process"`
	Why struct {
		Origin  string `json:"origin"`
		Unit    string `json:"unit"`
		User    string `json:"user"`
		From    string `json:"from"`
		Port    int    `json:"port"`
		Command string `json:"command"`
		Trigger string `json:"trigger"`
		Place   string `json:"place"`
	} `json:"why"`
	Findings []struct {
		Factors []struct {
			Name    string   `json:"name"`
			Reasons []string `json:"reasons"`
		} `json:"factors"`
	} `json:"findings"`
}

func (c *comparison) one(still, pid string) wholeProcess {
	return whole[wholeProcess](c.asker, "process", still, pid)
}

// askReasons asks why processes run: a job of cron, a service, what a login
// over the network left.
func askReasons(c *comparison) {
	jobs, told := bag{}, bag{}
	for _, a := range c.of(actCronJob) {
		jobs[fmt.Sprintf("pid %d: cron %s of %s, %s, %s:1", a.PID, a.Detail["command"], a.User, a.Detail["schedule"], a.Path)]++
	}
	for _, p := range rows[processRow](c.asker, "process", "during", "name:"+filepath.Base(digestJob)) {
		w := c.one("during", strconv.Itoa(p.PID)).Why
		told[fmt.Sprintf("pid %d: %s %s of %s, %s, %s", p.PID, w.Origin, w.Command, w.User, w.Trigger, w.Place)]++
	}
	c.row("why it runs", digestJob, jobs, told)
	for _, a := range c.of(actAlone) {
		w := c.one("during", strconv.Itoa(a.PID)).Why
		c.row("why it runs", a.Detail["service"], things("service ledger.service, /srv/jobs/ledger.py, /etc/systemd/system/ledger.service"),
			things(fmt.Sprintf("%s %s, %s, %s", w.Origin, w.Unit, w.Command, w.Place)))
	}
	logins := c.of(actLoginAccepted)
	for _, a := range c.of(actPreloaded, actShell, actOutgoing, actTraces) {
		i := slices.IndexFunc(logins, func(l act) bool { return l.Actor == a.Actor })
		w := c.one("during", strconv.Itoa(a.PID)).Why
		c.row("why it runs", a.What, things(fmt.Sprintf("ssh of %s from %s:%d", logins[i].User, logins[i].From, logins[i].Port)),
			things(fmt.Sprintf("%s of %s from %s:%d", w.Origin, w.User, w.From, w.Port)))
	}
}

// askParts asks for what a process consists of and may do.
func askParts(c *comparison) {
	named, told := bag{}, bag{}
	for _, a := range c.of(actThreads) {
		for name := range strings.FieldsSeq(a.Detail["names"]) {
			named[fmt.Sprintf("%s of %d", name, a.PID)]++
		}
	}
	for _, p := range rows[processRow](c.asker, "process", "during", "user:"+ledgerUser) {
		one := c.one("during", strconv.Itoa(p.PID)).Process
		for _, t := range one.Tasks {
			told[fmt.Sprintf("%s of %d", t.Comm, p.PID)]++
		}
	}
	c.row("threads", ledgerUser, named, told)
	some, told := bag{}, bag{}
	for _, a := range c.of(actCapability) {
		some[fmt.Sprintf("%s: %s", pidOf(a), a.Detail["effective"])]++
	}
	for _, p := range rows[processRow](c.asker, "process", "during", "-user:root") {
		var names []string
		for eff := p.Security.Effective; eff != 0; eff &= eff - 1 {
			bit := bits.TrailingZeros64(eff)
			names = append(names, cmp.Or(capabilities[bit], strconv.Itoa(bit)))
		}
		if len(names) > 0 {
			told[fmt.Sprintf("pid %d: %s", p.PID, strings.Join(names, " "))]++
		}
	}
	c.row("capabilities", "of who is not root", some, told)
}

// capabilities are the names of those that the incident has, by their number in
// include/uapi/linux/capability.h.
var capabilities = map[int]string{10: "net_bind_service"}

// askSecrets asks for a variable by its name, and looks for its value in all
// that the cases hold.
func askSecrets(c *comparison) {
	told := bag{}
	for _, p := range rows[processRow](c.asker, "process", "during", "env:"+ledgerKey) {
		told[fmt.Sprintf("pid %d", p.PID)]++
	}
	c.row("variable's name", ledgerKey, tallied(c.of(actSecret), pidOf), told)
	leaked := bag{}
	for _, still := range []string{"before", "during", "twice", "after"} {
		for _, text := range c.everything(still) {
			for _, a := range c.of(actSecret) {
				leaked[still] += strings.Count(text, a.Detail["value"])
			}
		}
	}
	c.row("variable's value", ledgerKey, bag{}, leaked)
}

// everything is all text of a case: its records, and its logs.
func (c *comparison) everything(still string) []string {
	all := []string{string(c.say("export", still, "--to", "jsonl"))}
	out := filepath.Join(c.tmp, still+"-secrets")
	c.say("export", still, "--to", "raw", "--force", "-o", out)
	must(filepath.WalkDir(out, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all = append(all, string(b))
		return err
	}), "the exported logs")
	return all
}
