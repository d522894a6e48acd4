package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// networkAnswer is what `network CASE` says, as far as the questions read it.
type networkAnswer struct {
	Pressure struct {
		HalfOpen  int `json:"half_open"`
		Listeners []struct {
			Port    int    `json:"lport"`
			PIDs    []int  `json:"pids"`
			Waiting int    `json:"waiting"`
			Backlog *int   `json:"backlog"`
			Process string `json:"process"`
		} `json:"listeners"`
		Counters []struct {
			Overflows int `json:"listen_overflows"`
		} `json:"counters"`
	} `json:"pressure"`
	Findings []struct {
		Rule string `json:"rule"`
		PIDs []int  `json:"pids"`
	} `json:"findings"`
}

// askNetworks asks for the sockets of a network namespace of its own.
func askNetworks(c *comparison) {
	spaces := bag{}
	for _, s := range rows[countRow](c.asker, "network", "during", "--by", "namespace") {
		inode, whose, _ := strings.Cut(s.Value, " ")
		if whose == "host" {
			inode = whose
		}
		spaces[inode]++
	}
	truly := tallied(c.of(actAlone), detail("netns"))
	truly["host"] = 1
	c.row("network namespaces", "during", truly, spaces)
	for _, a := range c.of(actAlone) {
		port, peer := strconv.Itoa(a.Port), a.Detail["peer"]
		told := bag{}
		for _, s := range rows[socketRow](c.asker, "network", "during", "netns:"+a.Detail["netns"]) {
			end := "to " + port
			if int(s.LPort) == a.Port {
				end = "at " + port
			}
			told[fmt.Sprintf("%s %s of %v", s.State, end, s.PIDs)]++
		}
		c.row("apart", a.Detail["service"], things(fmt.Sprintf("LISTEN at %s of [%d]", port, a.PID), fmt.Sprintf("ESTABLISHED at %s of [%d]", port, a.PID),
			fmt.Sprintf("ESTABLISHED to %s of [%s]", port, peer)), told)
	}
}

// askPressure asks where connections wait: in the queue of a listener, and half open.
func askPressure(c *comparison) {
	n := whole[networkAnswer](c.asker, "network", "during")
	waiting, refused, halfOpen := bag{}, bag{}, bag{}
	findings := bag{}
	for _, a := range c.of(actBacklog) {
		waiting[fmt.Sprintf("%d of %s at %d of [%d]", a.Count, a.Detail["backlog"], a.Port, a.PID)]++
		refused["some"] = 1
		findings[fmt.Sprintf("backlog [%d]", a.PID)]++
	}
	for _, a := range c.of(actHalfOpen) {
		halfOpen[fmt.Sprintf("%s to %d", a.From, a.Port)] += a.Count
		findings["half_open []"] = 1
	}
	for _, a := range c.of(actShell) {
		findings[fmt.Sprintf("shell [%d]", a.PID)]++
	}
	told := bag{}
	for _, q := range n.Pressure.Listeners {
		told[fmt.Sprintf("%d of %s at %d of %v", q.Waiting, number(q.Backlog), q.Port, q.PIDs)]++
	}
	c.row("wait in a queue", "during", waiting, told)
	told = bag{}
	for _, k := range n.Pressure.Counters {
		if k.Overflows > 0 {
			told["some"] = 1
		}
	}
	c.row("found no room", "during", refused, told)
	told = bag{}
	for _, s := range rows[socketRow](c.asker, "network", "during", "state:SYN_RECV") {
		told[fmt.Sprintf("%s to %d", s.Peer, s.LPort)]++
	}
	c.row("half open", "by address", halfOpen, told)
	c.row("half open", "altogether", times(halfOpen.total()), times(n.Pressure.HalfOpen))
	told = bag{}
	for _, f := range n.Findings {
		slices.Sort(f.PIDs)
		told[fmt.Sprintf("%s %v", f.Rule, f.PIDs)]++
	}
	c.row("stands out", "about sockets", findings, told)
}

func number(n *int) string {
	if n == nil {
		return "?"
	}
	return strconv.Itoa(*n)
}

// askNames asks for what the host itself calls an address.
func askNames(c *comparison) {
	told := bag{}
	for _, s := range rows[socketRow](c.asker, "network", "during", "state:ESTABLISHED", "rdns:"+adminName) {
		told[fmt.Sprintf("%s:%d", s.Peer, s.RPort)]++
	}
	want := bag{}
	for _, a := range c.of(actLoginAccepted) {
		if a.Detail["session"] == "during" && a.From == admin4 {
			want[fmt.Sprintf("%s:%d", a.From, a.Port)]++
		}
	}
	c.row("reverse names", adminName, want, told)
}
