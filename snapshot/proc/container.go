package proc

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"stilltrace/index"
)

// nameContainers completes containers by the files of their runtimes, as far as
// these can be read. What is not found stays unknown.
func (h *hostReader) nameContainers() {
	users, containers := h.host.Users, h.host.Containers
	n := namer{hostReader: h}
	n.storage = append(n.storage, "var/lib/containers/storage", "run/containers/storage")
	for i := range users {
		if home := strings.TrimPrefix(path.Clean("/"+users[i].Home), "/"); home != "" && users[i].UID >= 1000 {
			n.storage = append(n.storage, path.Join(home, ".local/share/containers/storage"))
		}
	}
	for i := range containers {
		c := &containers[i]
		if len(c.ID) == 64 && isHex(c.ID) {
			_ = n.docker(c) || n.containerd(c) || n.podman(c)
		} else if c.Runtime == "lxc" || c.Runtime == "systemd-nspawn" {
			c.Name = c.ID
		}
	}
}

type namer struct {
	*hostReader
	storage []string          // of containers-storage, which podman and cri-o have in common
	stored  map[string][]byte // its files
	spaces  []string          // of containerd; the first is empty once they were listed
}

// file reads a file of a runtime, nil where there is none.
func (n *namer) file(name string) []byte {
	data, err := n.root.read(name, maxRuntimeFile)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			n.fail(n.root.at(name), err)
		}
		return nil
	}
	return data
}

func (n *namer) decode(name string, data []byte, into any) bool {
	if data == nil {
		return false
	}
	if err := json.Unmarshal(data, into); err != nil {
		n.fail(n.root.at(name), torn("%v", err))
		return false
	}
	return true
}

func podName(space, name string) string {
	if name == "" {
		return ""
	}
	return space + "/" + name
}

// containerd reads the bundle of a task, which is there while it runs; its
// directory is named after a namespace of containerd.
func (n *namer) containerd(c *index.Container) bool {
	const tasks = "run/containerd/io.containerd.runtime.v2.task"
	if n.spaces == nil {
		n.spaces = []string{""}
		if f, err := n.root.folder(tasks); err == nil {
			for _, e := range f.entries {
				n.spaces = append(n.spaces, e.Name())
			}
			f.close()
		}
	}
	for _, space := range n.spaces[1:] {
		name := path.Join(tasks, space, c.ID, "config.json")
		var v struct {
			Annotations map[string]string
			Mounts      []struct {
				Destination, Type, Source string
				Options                   []string
			}
		}
		if !n.decode(name, n.file(name), &v) {
			continue
		}
		a := v.Annotations
		c.Source = n.root.at(name)
		if c.Runtime == "" || c.Runtime == "kubernetes" {
			c.Runtime = "containerd"
		}
		c.Name = first(a["io.kubernetes.cri.container-name"], a["nerdctl/name"], a["io.kubernetes.cri.container-type"])
		c.Image = a["io.kubernetes.cri.image-name"]
		for _, m := range v.Mounts {
			if m.Type == "bind" && len(c.Mounts) < maxKeyFiles {
				c.Mounts = append(c.Mounts, mountLine(m.Source, m.Destination, !slices.Contains(m.Options, "ro")))
			}
		}
		c.Pod = podName(a["io.kubernetes.cri.sandbox-namespace"], a["io.kubernetes.cri.sandbox-name"])
		return true
	}
	return false
}

// podman reads containers-storage, in which cri-o keeps its containers as well.
func (n *namer) podman(c *index.Container) bool {
	for _, storage := range n.storage {
		for _, driver := range []string{"overlay-containers", "vfs-containers", "btrfs-containers"} {
			name := path.Join(storage, driver, "containers.json")
			if n.stored == nil {
				n.stored = map[string][]byte{}
			}
			data, known := n.stored[name]
			if !known {
				data = n.file(name)
				n.stored[name] = data
			}
			if n.storedIn(c, name, data) {
				return true
			}
		}
	}
	return false
}

func (n *namer) storedIn(c *index.Container, name string, data []byte) bool {
	var all []struct {
		ID       string
		Names    []string
		Metadata string
		Image    string
		Created  time.Time
	}
	if data == nil || json.Unmarshal(data, &all) != nil {
		return false
	}
	for _, one := range all {
		if one.ID != c.ID {
			continue
		}
		var meta struct {
			ImageName string `json:"image-name"`
			Name      string `json:"name"`
			PodName   string `json:"pod-name"`
		}
		_ = json.Unmarshal([]byte(one.Metadata), &meta)
		c.Source, c.Name, c.Image, c.Pod = n.root.at(name), meta.Name, meta.ImageName, meta.PodName
		if c.Name == "" && len(one.Names) > 0 {
			c.Name = one.Names[0]
		}
		if c.Runtime == "" || c.Runtime == "kubernetes" {
			c.Runtime = "podman"
		}
		if !one.Created.IsZero() {
			c.Created = index.TimeOf(one.Created)
		}
		if len(one.Image) == 64 && isHex(one.Image) {
			c.ImageID = "sha256:" + one.Image
		}
		n.bundle(c, path.Join(path.Dir(name), c.ID, "userdata/config.json"))
		return true
	}
	return false
}

// bundle reads what podman or cri-o told the program that starts containers
// (config.json of the OCI runtime specification): mounts of the host, namespaces
// that are the host's since none was asked for, and whether all rights were given.
func (n *namer) bundle(c *index.Container, name string) {
	var v struct {
		Annotations map[string]string
		Mounts      []struct {
			Destination, Type, Source string
			Options                   []string
		}
		Linux struct{ Namespaces []struct{ Type string } }
	}
	if !n.decode(name, n.file(name), &v) {
		return
	}
	for _, m := range v.Mounts {
		if m.Type == "bind" && len(c.Mounts) < maxKeyFiles {
			c.Mounts = append(c.Mounts, mountLine(m.Source, m.Destination, !slices.Contains(m.Options, "ro")))
		}
	}
	c.Privileged = strings.EqualFold(v.Annotations["io.podman.annotations.privileged"], "true")
	for _, space := range [...]struct{ name, kind string }{{"net", "network"}, {"pid", "pid"}, {"ipc", "ipc"}, {"uts", "uts"}} {
		if !slices.ContainsFunc(v.Linux.Namespaces, func(one struct{ Type string }) bool { return one.Type == space.kind }) {
			c.HostSpaces = append(c.HostSpaces, space.name)
		}
	}
}

// first is the first that is not empty.
func first(all ...string) string {
	for _, one := range all {
		if one != "" {
			return one
		}
	}
	return ""
}
