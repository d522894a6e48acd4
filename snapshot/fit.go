package snapshot

import (
	"fmt"
	"maps"
	"slices"

	"stilltrace/index"
)

// fit makes what is known of the host as small as one record of a case must be.
// A usual host has a twentieth of that; but whoever fills a directory with
// unit files, or a table with routes, must not keep anybody from a still. Lists
// are cut in half, those first that matter least, until all fits.
func (t *taker) fit() error {
	h := &t.snap.Host
	cut := map[string]int{}
	for {
		size, err := t.w.SizeOf(&t.snap)
		if err != nil || size <= index.MaxSnapshot {
			for _, name := range slices.Sorted(maps.Keys(cut)) {
				t.gap(index.Gap{Area: "host", Place: name, Reason: index.ReasonTooLarge, Count: cut[name],
					Detail: fmt.Sprintf("entries left out: all that is known of the host must fit into %d MiB", index.MaxSnapshot>>20)})
			}
			return err
		}
		name, n := halve(h)
		if n == 0 {
			return fmt.Errorf("snapshot: what is known of the host takes %d bytes: at most %d", size, index.MaxSnapshot)
		}
		cut[name] += n
	}
}

// halve cuts the first list that is worth it, and returns how many entries it
// lost.
func halve(h *index.Host) (name string, lost int) {
	l := h.Logins
	if l == nil {
		l = &index.LoginHistory{}
	}
	const worth = 64 // entries: a shorter list fills no record, unless its entries are huge
	for _, least := range []int{worth, 1} {
		for i := range h.NetSpaces {
			s := &h.NetSpaces[i]
			if n := half(&s.Routes, least) + half(&s.Neighbours, least) + half(&s.Interfaces, least) + half(&s.Flows, least) + half(&s.Chains, least) + half(&s.Handlers, least); n > 0 {
				return "/proc/PID/net", n
			}
		}
		for i := range h.MountSpaces {
			if n := half(&h.MountSpaces[i].Mounts, least); n > 0 {
				return "/proc/PID/mountinfo", n
			}
		}
		for _, list := range []struct {
			name string
			cut  func() int
		}{
			{"/var/log/btmp", func() int { return half(&l.Failed, least) }},
			{"/tmp", func() int { return half(&h.Temporary, least) }},
			{"/etc/hosts", func() int { return half(&h.Names, least) }},
			{"/etc/systemd", func() int { return half(&h.Units, least) }},
			{"/var/log/wtmp", func() int { return half(&l.Past, least) }},
			{"/var/spool/cron", func() int { return half(&h.Cron, least) }},
			{"/var/log/lastlog", func() int { return half(&l.Last, least) }},
			{"files of shells and of rights", func() int { return half(&h.Watched, least) }},
			{"setuid files", func() int { return half(&h.Privileged, least) }},
			{"flags of files", func() int { return half(&h.Locked, least) }},
			{"/etc/ssh/sshd_config", func() int { return halfSSHD(h.SSHD, least) }},
			{"/var/lib/dpkg/status", func() int { return half(&h.Packages, least) }},
			{"/proc/PID/exe", func() int { return half(&h.Programs, least) }},
			{"authorized_keys", func() int { return half(&h.Keys, least) }},
			{"/proc/PID/uid_map", func() int { return half(&h.UserSpaces, least) }},
			{"/proc/PID/timens_offsets", func() int { return half(&h.TimeSpaces, least) }},
			{"/etc/services", func() int { return half(&h.Ports, least) }},
			{"containers", func() int { return half(&h.Containers, least) }},
			{"/proc/self/mountinfo", func() int { return half(&h.Mounts, least) }},
			{"/etc/group", func() int { return half(&h.Groups, least) }},
			{"/etc/passwd", func() int { return half(&h.Users, least) }},
			{"/proc/PID/ns/mnt", func() int { return half(&h.MountSpaces, least) }},
			{"/proc/PID/ns/net", func() int { return half(&h.NetSpaces, least) }},
			{"/run/systemd/sessions", func() int { return half(&h.Sessions, least) }},
		} {
			if n := list.cut(); n > 0 {
				return list.name, n
			}
		}
	}
	return "", 0
}

// half drops the second half of a list that has more entries than least.
func half[T any](list *[]T, least int) int {
	n := len(*list)
	if n <= least {
		return 0
	}
	keep := n / 2
	*list = (*list)[:keep]
	return n - keep
}

func halfSSHD(c *index.SSHD, least int) int {
	if c == nil {
		return 0
	}
	return half(&c.Options, least) + half(&c.Matches, least)
}
