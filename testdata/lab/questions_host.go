package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// askSessions asks about the logins that were open at a still: whose process it
// is, which connection is its, and whether it is gone later.
func askSessions(c *comparison) {
	ended := map[int]bool{}
	for _, a := range c.of(actLogout) {
		ended[a.PID] = true
	}
	for _, a := range c.of(actLoginAccepted) {
		at := a.Detail["session"]
		if at == "" {
			continue
		}
		subject := fmt.Sprintf("%s of %s", a.User, a.From)
		c.row("session", subject, things(fmt.Sprintf("pid %d of %s", a.PID, a.User)), c.userOf(at, a.PID))
		c.row("session connected", subject, things(fmt.Sprintf("%s:%d", a.From, a.Port)), c.peersOf(at, a.PID))
		if ended[a.PID] {
			c.row("session gone", subject, bag{}, c.userOf("after", a.PID))
		}
	}
	for _, ip := range sortedKeys(tallied(c.of(actLoginAccepted, actOutgoing), addressOf)) {
		c.row("ip: connections", ip, c.open("during", ip), c.connections("during", ip))
	}
}

// userOf is the process of that number with its user, if there is one.
func (c *comparison) userOf(still string, pid int) bag {
	b := bag{}
	for _, p := range rows[processRow](c.asker, "process", still, fmt.Sprintf("pid:%d", pid)) {
		b[fmt.Sprintf("pid %d of %s", p.PID, p.User)]++
	}
	return b
}

// peersOf are the far ends of the connections that a process holds.
func (c *comparison) peersOf(still string, pid int) bag {
	b := bag{}
	for _, s := range rows[socketRow](c.asker, "network", still, "proto:tcp", "state:ESTABLISHED", fmt.Sprintf("pid:%d", pid)) {
		b[fmt.Sprintf("%s:%d", s.Peer, s.RPort)]++
	}
	return b
}

// open is what an address truly had open at the still, by the ports of the victim and of its own.
func (c *comparison) open(still, ip string) bag {
	b := bag{}
	for _, a := range c.frame(still).done(c.of(actLoginAccepted, actOutgoing, actShell)) {
		switch {
		case a.From != ip:
		case a.What == actLoginAccepted && a.Detail["session"] == still:
			b[fmt.Sprintf("port 22, %d", a.Port)]++
		case a.What == actOutgoing || a.What == actShell:
			b[fmt.Sprintf("port %s, %d", a.Detail["from"], a.Port)]++
		}
	}
	return b
}

// connections are what its row says.
func (c *comparison) connections(still, ip string) bag {
	b := bag{}
	for _, k := range c.address(still, ip).Connections {
		if k.State == "ESTABLISHED" {
			b[fmt.Sprintf("port %d, %d", k.LPort, k.RPort)]++
		}
	}
	return b
}

// askFacts asks which host it is, and when each still was taken.
func askFacts(c *comparison) {
	release, _, _ := strings.Cut(c.Kernel, " ")
	timely := bag{}
	for _, s := range c.Stills {
		info := whole[caseInfo](c.asker, "info", s.Name).Snapshots[0]
		c.row("host", s.Name, things(c.Host, release, hostZone), things(info.Host.Name, info.Host.Kernel.Release, info.Host.Zone.Name))
		if !info.Start.At.Before(s.At) && !info.End.At.After(s.Until) {
			timely[s.Name]++
		}
	}
	c.row("times of stills", "all", things("before", "during", "after"), timely)
}

// askAddresses asks for all who were there, and for nobody else, and when each
// was first seen.
func askAddresses(c *comparison) {
	var outside []act
	for _, a := range c.Acts {
		if outsideOf(a.From) != "" {
			outside = append(outside, a)
		}
	}
	there, told, first := bag{}, bag{}, bag{}
	for _, r := range rows[addressRow](c.asker, "ip", "after") {
		told[r.IP] = 1
		if covers(slices.DeleteFunc(slices.Clone(outside), func(a act) bool { return a.From != r.IP }), r.First) {
			first[r.IP] = 1
		}
	}
	for _, a := range outside {
		there[a.From] = 1
	}
	c.row("addresses", "after", there, told)
	c.row("ip: first", everywhere, there, first)
}

// askStills compares what stood still around each snapshot with what is in it.
// Beside that nothing may be there but what came or went meanwhile, and
// stilltrace itself.
func askStills(c *comparison) {
	for _, s := range c.Stills {
		own := whole[caseInfo](c.asker, "info", s.Name).Snapshots[0].Capturer.PID
		truth, told := bag{}, bag{}
		for _, p := range s.Processes {
			truth[p.String()]++
		}
		for _, r := range rows[processRow](c.asker, "process", s.Name) {
			if r.PID != own && !slices.Contains(s.PassingPIDs, r.PID) {
				told[r.process().String()]++
			}
		}
		c.row("processes", s.Name, truth, told)
	}
	for _, s := range c.Stills {
		truth, told := bag{}, bag{}
		for _, k := range s.Sockets {
			truth[k.String()]++
		}
		for _, r := range rows[socketRow](c.asker, "network", s.Name, "proto:tcp") {
			k := r.socket()
			passing := slices.ContainsFunc(s.PassingSockets, func(o socket) bool { return o.Local == k.Local && o.Peer == k.Peer })
			// What nobody owns any more is not in ss's answer either.
			if len(k.PIDs) > 0 && !passing {
				told[k.String()]++
			}
		}
		c.row("sockets", s.Name, truth, told)
	}
}

func (p process) String() string {
	return fmt.Sprintf("%d of %d, %s, start %d: %s", p.PID, p.PPID, p.User, p.Start, p.Args)
}

// process is the row as ps would show it.
func (r processRow) process() process {
	args := strings.Join(strings.Fields(strings.Join(r.Args, " ")), " ")
	if args == "" {
		args = "[" + r.Comm + "]"
	}
	return process{PID: r.PID, PPID: r.PPID, User: r.User, Args: args, Start: r.Start}
}

func (k socket) String() string {
	return fmt.Sprintf("%s %s %s of %v", k.State, k.Local, k.Peer, k.PIDs)
}

func (r socketRow) socket() socket {
	return socket{State: r.State, Local: netip.AddrPortFrom(r.Local, r.LPort), Peer: netip.AddrPortFrom(r.Peer, r.RPort), PIDs: r.PIDs}
}
