package index

import "strings"

// UnitOf returns the systemd unit that owns a control group: the innermost
// service, scope, socket, mount or swap of its path, whose last part may lie
// below it where the unit divides its own cgroup (systemd.unit(5), cgroups(7));
// "" where the path names none. The path may end in the kernel's mark that the
// group was removed.
func UnitOf(cgroup string) string {
	cgroup = strings.TrimSuffix(cgroup, " (deleted)")
	for cgroup != "" {
		slash := strings.LastIndexByte(cgroup, '/')
		name := cgroup[slash+1:]
		cgroup = cgroup[:max(slash, 0)]
		dot := strings.LastIndexByte(name, '.')
		if dot <= 0 {
			continue
		}
		switch name[dot:] {
		case ".service", ".scope", ".socket", ".mount", ".swap":
			return name
		}
	}
	return ""
}
