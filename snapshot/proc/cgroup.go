package proc

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"

	"stilltrace/index"
)

// cgroup reads proc_pid_cgroup(5).
func (v *visit) cgroup(p *index.Process) {
	data, err := v.dir.text("cgroup", maxText)
	if err == nil {
		var c cgroup
		c, err = v.cgroups.of(data, parseCgroup)
		p.Cgroup, p.Container, p.Unit = c.path, c.container, c.unit
	}
	if err != nil {
		v.fail("cgroup", err)
	}
}

// cgroup is what proc_pid_cgroup(5) says.
type cgroup struct{ path, container, unit string }

func parseCgroup(data []byte) (c cgroup, err error) {
	c.path, c.container, err = cgroupOf(data)
	c.unit = index.UnitOf(c.path)
	return c, err
}

// cgroupOf returns the path of the v2 hierarchy, else of systemd's own, else of
// the first v1 one, and the container that any of the paths names: on hosts
// with both, the container is often seen in a v1 hierarchy alone.
//
//	0::/system.slice/ssh.service
//	4:cpu,cpuacct:/docker/ID
func cgroupOf(data []byte) (path, container string, err error) {
	rank := 0
	for line := range bytes.Lines(data) {
		id, rest, ok1 := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(":"))
		controllers, at, ok2 := bytes.Cut(rest, []byte(":"))
		if _, isNumber := number(string(id)); !ok1 || !ok2 || !isNumber {
			return path, container, torn("%.40q", line)
		}
		here := 1
		switch {
		case string(id) == "0" && len(at) > 1:
			here = 4
		case string(controllers) == "name=systemd":
			here = 3
		case string(id) == "0":
			here = 2
		}
		if here > rank {
			rank, path = here, string(at)
		}
		if container == "" {
			container = containerID(string(at))
		}
	}
	return path, container, nil
}

// containerID finds the innermost container that a cgroup path names:
//
//	/docker/ID
//	/system.slice/docker-ID.scope, libpod-ID.scope, crio-ID.scope, cri-containerd-ID.scope
//	/kubepods/burstable/podUID/ID, …/kubepods-pod….slice:cri-containerd:ID
//	/ecs/TASK/ID, /ecs/TASK/TASK-NUMBER
//	/lxc/NAME, /lxc.payload.NAME, /lxc.payload/NAME
//	/machine.slice/systemd-nspawn@NAME.service, /machine.slice/machine-NAME.scope
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
		if name := machineOf(part); name != "" {
			return name
		}
	}
	return ""
}

// runtimeOf is the runtime that a cgroup path names, "" where it leaves that
// open.
func runtimeOf(path string) string {
	for _, r := range []struct{ mark, runtime string }{
		{"/docker/", "docker"}, {"docker-", "docker"}, {"libpod", "podman"}, {"cri-containerd", "containerd"}, {"crio-", "cri-o"},
		{"nerdctl", "containerd"}, {"/lxc", "lxc"}, {"systemd-nspawn", "systemd-nspawn"}, {"/machine.slice/machine-", "systemd-nspawn"}, {"/ecs/", "docker"},
		{"/kubepods", "kubernetes"},
	} {
		if strings.Contains(path, r.mark) {
			return r.runtime
		}
	}
	return ""
}

// machineOf is the name of a systemd-nspawn container within a part of a cgroup
// path, "" where it is none:
//
//	/machine.slice/systemd-nspawn@web.service, /machine.slice/machine-web.scope
func machineOf(part string) string {
	if name, ok := strings.CutPrefix(part, "systemd-nspawn@"); ok {
		return unescapeUnit(strings.TrimSuffix(name, ".service"))
	}
	if name, ok := strings.CutPrefix(part, "machine-"); ok && strings.HasSuffix(name, ".scope") {
		return unescapeUnit(strings.TrimSuffix(name, ".scope"))
	}
	return ""
}

// unescapeUnit decodes the \xNN of unit names (systemd.unit(5)).
func unescapeUnit(s string) string {
	for at := 0; ; {
		i := strings.Index(s[at:], `\x`)
		if i < 0 || at+i+4 > len(s) {
			return s
		}
		at += i
		if b, err := hex.DecodeString(s[at+2 : at+4]); err == nil {
			s = s[:at] + string(b) + s[at+4:]
		}
		at++
	}
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
