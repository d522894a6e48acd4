package proc

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"stilltrace/index"
)

// dockerConfig is what is read of config.v2.json.
type dockerConfig struct {
	Name, Image, LogPath string
	Created              time.Time
	State                struct{ StartedAt time.Time }
	Config               struct {
		Image  string
		Labels map[string]string
	}
	MountPoints map[string]struct {
		Source, Destination string
		RW                  bool
	}
	NetworkSettings struct {
		Ports map[string][]struct{ HostIP, HostPort string }
	}
}

// dockerHost is what is read of hostconfig.json.
type dockerHost struct {
	Privileged                                         bool
	CapAdd, SecurityOpt                                []string
	NetworkMode, PidMode, IpcMode, UsernsMode, UTSMode string
	RestartPolicy                                      struct{ Name string }
	LogConfig                                          struct{ Type string }
}

// docker reads the two files in which dockerd keeps a container.
func (n *namer) docker(c *index.Container) bool {
	dir := "var/lib/docker/containers/" + c.ID + "/"
	name := dir + "config.v2.json"
	var v dockerConfig
	if !n.decode(name, n.file(name), &v) {
		return false
	}
	c.Name, c.Image, c.Source, c.Runtime = strings.TrimPrefix(v.Name, "/"), v.Config.Image, n.root.at(name), "docker"
	c.Pod = podName(v.Config.Labels["io.kubernetes.pod.namespace"], v.Config.Labels["io.kubernetes.pod.name"])
	c.ImageID, c.LogPath = v.Image, v.LogPath
	c.Created, c.Started = known(v.Created), known(v.State.StartedAt)
	for _, at := range slices.Sorted(maps.Keys(v.MountPoints)) {
		if m := v.MountPoints[at]; len(c.Mounts) < maxKeyFiles {
			c.Mounts = append(c.Mounts, mountLine(m.Source, first(m.Destination, at), m.RW))
		}
	}
	for _, inside := range slices.Sorted(maps.Keys(v.NetworkSettings.Ports)) {
		for _, p := range v.NetworkSettings.Ports[inside] {
			if len(c.Ports) < maxKeyFiles {
				c.Ports = append(c.Ports, fmt.Sprintf("%s:%s to %s", p.HostIP, p.HostPort, inside))
			}
		}
	}
	var h dockerHost
	if !n.decode(dir+"hostconfig.json", n.file(dir+"hostconfig.json"), &h) {
		return true
	}
	c.Privileged, c.Restart, c.LogDriver = h.Privileged, h.RestartPolicy.Name, h.LogConfig.Type
	c.CapAdd = h.CapAdd[:min(len(h.CapAdd), maxKeyFiles)]
	c.Security = h.SecurityOpt[:min(len(h.SecurityOpt), maxKeyFiles)]
	for _, space := range [...]struct{ name, mode string }{{"net", h.NetworkMode}, {"pid", h.PidMode}, {"ipc", h.IpcMode}, {"user", h.UsernsMode}, {"uts", h.UTSMode}} {
		if space.mode == "host" {
			c.HostSpaces = append(c.HostSpaces, space.name)
		}
	}
	return true
}

// known is a time, 0 for that of year 1, by which Go says that there is none.
func known(t time.Time) index.Time {
	if t.IsZero() {
		return 0
	}
	return index.TimeOf(t)
}

func mountLine(source, at string, write bool) string {
	mode := "ro"
	if write {
		mode = "rw"
	}
	return source + " at " + at + " " + mode
}
