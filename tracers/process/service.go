package process

import "strings"

// unit returns the systemd unit that owns a cgroup: the innermost service,
// scope, socket, mount or swap of the path, whose last part may lie below it
// where the unit divides its own cgroup (systemd.unit(5), cgroups(7)). The
// scope of a login session is called session, whatever its number.
func unit(cgroup string) string {
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
		case ".scope":
			if strings.HasPrefix(name, "session-") {
				return "session"
			}
			return name
		case ".service", ".socket", ".mount", ".swap":
			return name
		}
	}
	return ""
}
