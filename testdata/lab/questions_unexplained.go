package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// An explanation says which errors an act of its kind leaves in logs.
type explanation struct {
	what string
	fits func(a act, r errorRow) bool
}

// explanations are all errors that this incident may show. What no act explains
// is a false alarm, or something that went wrong with the lab.
var explanations = []explanation{
	{actBan, func(a act, r errorRow) bool { return says(r, "sshd", "Timeout before authentication for "+a.From) }},
	// Where the limits of the machine are lower than those that sudo restores.
	{actSudo, func(_ act, r errorRow) bool { return says(r, "sudo", "pam_limits(sudo:session): Could not set limit") }},
	{actAuthRefused, func(_ act, r errorRow) bool { return r.Type == "login_failed" && says(r, "nginx", "user ") }},
	{actRequest, func(a act, r errorRow) bool {
		n, _ := strconv.Atoi(a.Detail["status"])
		return n >= 500 && (r.Category == "http" && r.Type == a.Detail["status"] || says(r, "django", a.Path))
	}},
	{actRequest, func(a act, r errorRow) bool {
		return a.Detail["status"] == "404" && says(r, "nginx", "No such file or directory")
	}},
	{actUpstreamDown, func(_ act, r errorRow) bool { return says(r, "nginx", "connect() failed") }},
	{actException, func(a act, r errorRow) bool {
		return r.Type == a.Detail["type"] && slices.Contains(r.Services, "django")
	}},
	{actDeadlock, func(_ act, r errorRow) bool { return says(r, "postgresql", "deadlock detected") }},
	{actTooManyConns, func(a act, r errorRow) bool { return says(r, "postgresql", a.Detail["message"]) }},
	{actRedisDisk, func(_ act, r errorRow) bool { return says(r, "redis", "No space left on device") }},
	{actOOMKill, func(a act, r errorRow) bool {
		return says(r, "kernel", fmt.Sprintf("Killed process %d (%s)", a.HostPID, a.Detail["name"])) || says(r, "kernel", a.Detail["name"]+" invoked oom-killer")
	}},
	{actSegfault, func(a act, r errorRow) bool {
		return says(r, "kernel", fmt.Sprintf("%s[%d]: segfault", a.Detail["name"], a.HostPID))
	}},
	{actDiskFull, func(_ act, r errorRow) bool {
		return r.Type == "disk_full" && says(r, "backup", "No space left on device")
	}},
	{actTooManyFiles, func(_ act, r errorRow) bool { return r.Category == "files" }},
	{actCrash, func(a act, r errorRow) bool {
		return says(r, a.Detail["service"], fmt.Sprintf("(PID %d) was terminated by signal", a.PID))
	}},
	{actAudit, func(a act, r errorRow) bool { return a.Detail["state"] != "running" && says(r, "auditd", "") }},
}

func says(r errorRow, service, text string) bool {
	return slices.Contains(r.Services, service) && strings.Contains(r.Example, text)
}

// askUnexplained asks for errors that no act explains: before the attack, and in the end.
func askUnexplained(c *comparison) {
	for _, still := range []string{"before", "after"} {
		acts := c.frame(still).done(c.Acts)
		wrong := bag{}
		for _, r := range rows[errorRow](c.asker, "error", still) {
			if !explained(acts, r) {
				wrong[fmt.Sprintf("%s %s %v: %s", r.Severity, r.Type, r.Services, r.Example)] += r.Count
			}
		}
		c.row("errors nobody made", still, bag{}, wrong)
	}
}

func explained(acts []act, r errorRow) bool {
	return slices.ContainsFunc(explanations, func(e explanation) bool {
		return slices.ContainsFunc(acts, func(a act) bool { return a.What == e.what && e.fits(a, r) })
	})
}
