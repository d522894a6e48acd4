package proc

import (
	"slices"
	"strings"

	"github.com/prometheus/procfs"
)

// cgroupOf returns the path of the v2 hierarchy, else of the first v1 one,
// and the container that any of the paths names: on hosts with both, the
// container is often seen in a v1 hierarchy alone.
func cgroupOf(groups []procfs.Cgroup) (path, container string) {
	for i, g := range groups {
		if i == 0 || g.HierarchyID == 0 {
			path = g.Path
		}
		if container == "" {
			container = containerID(g.Path)
		}
	}
	return path, container
}

// containerID finds the innermost container that a cgroup path names:
//
//	/docker/ID
//	/system.slice/docker-ID.scope, libpod-ID.scope, crio-ID.scope, cri-containerd-ID.scope
//	/kubepods/burstable/podUID/ID, …/kubepods-pod….slice:cri-containerd:ID
//	/ecs/TASK/ID, /ecs/TASK/TASK-NUMBER
//	/lxc/NAME, /lxc.payload.NAME, /lxc.payload/NAME
//
// ID is 64 hexadecimal digits. The scope of conmon is the container's
// watchman, which runs outside of it.
func containerID(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range slices.Backward(parts) {
		if strings.Contains(part, "-conmon-") {
			continue
		}
		name := strings.TrimSuffix(part, ".scope")
		id := name[strings.LastIndexAny(name, "-:")+1:]
		switch {
		case len(id) == 64 && isHex(id):
			return id
		case i > 1 && parts[1] == "ecs" && isTask(name):
			return name
		case i > 0 && (parts[i-1] == "lxc" || parts[i-1] == "lxc.payload"):
			return part
		}
		if name, ok := strings.CutPrefix(part, "lxc.payload."); ok {
			return name
		}
	}
	return ""
}

// isTask reports whether s is a container of ECS on Fargate: 32 hexadecimal
// digits of its task, a hyphen and a number.
func isTask(s string) bool {
	task, n, ok := strings.Cut(s, "-")
	return ok && len(task) == 32 && isHex(task) && n != "" && isHex(n)
}

func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
