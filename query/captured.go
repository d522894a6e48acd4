package query

import (
	"fmt"
	"path"
	"strings"
	"time"

	"stilltrace/index"
	"stilltrace/index/printable"
	"stilltrace/query/render"
)

// listOf joins what there is any of: "2 units, 1 timer".
func listOf(parts ...string) string {
	var out []string
	for _, p := range parts {
		if !strings.HasPrefix(p, "0 ") {
			out = append(out, p)
		}
	}
	return strings.Join(out, ", ")
}

func number(n int, one, many string) string { return printable.Counted(int64(n), one, many) }

// coverage says how good the sample of the process table is; "" where nothing
// moved.
func coverage(c *index.Coverage) string {
	if c == nil {
		return ""
	}
	text := fmt.Sprintf("%s in %s, %s meanwhile", number(c.Seen, "process", "processes"), number(c.Passes, "look", "looks"), number(int(min(c.Forks, 1<<31)), "fork", "forks"))
	more := listOf(number(c.Ended, "ended before it was read", "ended before they were read"), number(c.Began, "began after the first look", "began after the first look"),
		number(c.Blocked, "did not let its memory be read", "did not let their memory be read"), number(c.Unread, "was not reached in time", "were not reached in time"))
	if more != "" {
		text += ": " + more
	}
	return text
}

// clockSync says how right the host's clock was.
func clockSync(c *index.ClockSync) string {
	switch {
	case c == nil:
		return ""
	case !c.Synced:
		return "not synchronised by any time service"
	}
	return "synchronised, off by at most " + (time.Duration(min(c.MaxErrorUS, 1<<50)) * time.Microsecond).Round(time.Millisecond).String()
}

// startsThings says what was captured of that starts programs.
func startsThings(h *index.Host) string {
	units, timers := 0, 0
	for i := range h.Units {
		if path.Ext(h.Units[i].Name) == ".timer" {
			timers++
		} else {
			units++
		}
	}
	return listOf(number(units, "unit", "units"), number(timers, "timer", "timers"), number(len(h.Cron), "cron job", "cron jobs"), number(len(h.Keys), "authorized key", "authorized keys"),
		number(len(h.Watched), "file of shells and rights", "files of shells and rights"), number(len(h.KernelModules), "kernel module", "kernel modules"), number(len(h.Packages), "package", "packages"))
}

func logins(h *index.Host) string {
	var now, past, failed int
	if l := h.Logins; l != nil {
		now, past, failed = len(l.Now), len(l.Past), len(l.Failed)
	}
	return listOf(number(max(now, len(h.Sessions)), "open", "open"), number(past, "record of the past", "records of the past"), number(failed, "that failed", "that failed"))
}

func spaces(h *index.Host) string {
	if len(h.NetSpaces) < 2 && len(h.Containers) == 0 && len(h.MountSpaces)+len(h.UserSpaces)+len(h.TimeSpaces) == 0 {
		return ""
	}
	return listOf(number(len(h.NetSpaces), "network namespace", "network namespaces"), number(len(h.Containers), "container", "containers"),
		number(len(h.MountSpaces), "other mount namespace", "other mount namespaces"), number(len(h.UserSpaces), "user namespace with ids of its own", "user namespaces with ids of their own"),
		number(len(h.TimeSpaces), "time namespace", "time namespaces"))
}

// lyingAround says what was found where somebody may have left something.
func lyingAround(h *index.Host) string {
	return listOf(number(len(h.Privileged), "program with rights of its own", "programs with rights of their own"), number(len(h.Temporary), "temporary file", "temporary files"),
		number(len(h.Locked), "file that nobody can change", "files that nobody can change"))
}

// sshdConfig names what decides who gets in, as configured for everybody.
func sshdConfig(c *index.SSHD) string {
	if c == nil {
		return ""
	}
	var parts []string
	for _, o := range c.Options {
		switch o.Key {
		case "port", "listenaddress", "permitrootlogin", "passwordauthentication", "permitemptypasswords", "authorizedkeysfile", "authorizedkeyscommand", "allowusers", "denyusers", "allowgroups", "forcecommand", "trustedusercakeys":
			parts = append(parts, o.Key+" "+o.Value)
		}
	}
	parts = append(first(parts, 2*fewCounts), number(len(c.Options), "option", "options")+" in all")
	if len(c.Matches) > 0 {
		parts = append(parts, number(len(c.Matches), "Match block", "Match blocks"))
	}
	return strings.Join(parts, ", ")
}

// packetFilter says what of the packet filter of all network namespaces was
// captured.
func packetFilter(h *index.Host) string {
	var chains, rules, sets, legacy, flows, translated int
	for i := range h.NetSpaces {
		n := &h.NetSpaces[i]
		chains, sets, legacy, flows = chains+len(n.Chains), sets+len(n.Sets), legacy+len(n.LegacyTables), flows+len(n.Flows)
		for k := range n.Chains {
			rules += n.Chains[k].Rules
		}
		for k := range n.Flows {
			if n.Flows[k].Translated() {
				translated++
			}
		}
	}
	return listOf(number(chains, "chain", "chains"), number(rules, "rule", "rules"), number(sets, "set", "sets"), number(legacy, "table of iptables-legacy", "tables of iptables-legacy"),
		number(flows, "tracked connection", "tracked connections"), number(translated, "of them translated", "of them translated"))
}

// told says what the capture was told that changes what a case holds.
func told(o *index.Options) string {
	var all []string
	for _, one := range []struct {
		set  bool
		what string
	}{
		{o.NoHash, "executables not hashed"},
		{o.Environ, "the values of all environment variables kept"},
		{o.Resolve, "names of remote addresses looked up"},
	} {
		if one.set {
			all = append(all, one.what)
		}
	}
	return strings.Join(all, ", ")
}

// suspects are the processes that the list of processes did not show.
func suspects(c *index.Coverage) (render.Table, bool) {
	if c == nil || len(c.Hidden) == 0 {
		return render.Table{}, false
	}
	v := view[index.Hidden]{"process", "processes", []column[index.Hidden]{
		{render.Column{Name: "pid", Kind: render.Number}, func(h index.Hidden) render.Cell { return render.NumberCell(h.PID) }},
		{render.Column{Name: "evidence", Shrink: 1}, func(h index.Hidden) render.Cell { return render.TextCell(strings.Join(h.Evidence, "; ")) }},
	}}
	return v.list("Processes that the listing does not show", c.Hidden), true
}
