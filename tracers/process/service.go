package process

import (
	"strings"

	"stilltrace/index"
)

// service names the unit that owns a cgroup as people do: the scope of a login
// session is called session, whatever its number.
func service(cgroup string) string {
	unit := index.UnitOf(cgroup)
	if strings.HasPrefix(unit, "session-") && strings.HasSuffix(unit, ".scope") {
		return "session"
	}
	return unit
}
