package index

// Container is one container that processes or the files of a runtime name.
type Container struct {
	ID      string `json:"id"`
	Runtime string `json:"runtime,omitzero"` // docker, podman, containerd, cri-o, lxc, systemd-nspawn; "" where the cgroup does not tell
	Name    string `json:"name,omitzero"`    // from the files of the runtime; "" where these could not be read
	Image   string `json:"image,omitzero"`
	Pod     string `json:"pod,omitzero"`       // namespace/name of Kubernetes
	PID     int    `json:"pid,omitzero"`       // the lowest of its processes
	Members int    `json:"processes,omitzero"` // how many processes
	Cgroup  string `json:"cgroup,omitzero"`
	NetNS   uint64 `json:"netns,omitzero"`
	Created Time   `json:"created,omitzero"`
	Source  string `json:"source,omitzero"` // file that gave Name and Image

	// What follows is of docker, as far as its files tell; Mounts also of containerd, and of podman and cri-o with ImageID, Privileged and HostSpaces.
	ImageID   string   `json:"image_id,omitzero"` // sha256:…
	Started   Time     `json:"started,omitzero"`
	Restart   string   `json:"restart,omitzero"` // policy: no, always, unless-stopped, on-failure
	LogDriver string   `json:"log_driver,omitzero"`
	LogPath   string   `json:"log_path,omitzero"`
	Ports     []string `json:"ports,omitempty"`  // published: 0.0.0.0:8080 to 80/tcp
	Mounts    []string `json:"mounts,omitempty"` // of the host: /var/run/docker.sock at /run/docker.sock rw
	// Privileged and the following are ways out of it: all rights, further capabilities, confinement that was switched off, namespaces of the host.
	Privileged bool     `json:"privileged,omitzero"`
	CapAdd     []string `json:"cap_add,omitempty"`
	Security   []string `json:"security_opt,omitempty"`
	HostSpaces []string `json:"host_namespaces,omitempty"` // net, pid, ipc, user, uts
}

// Container returns the container with the given id, or nil.
func (h *Host) Container(id string) *Container {
	for i := range h.Containers {
		if h.Containers[i].ID == id && id != "" {
			return &h.Containers[i]
		}
	}
	return nil
}

// ShortID is how many digits of a container's id its runtime shows.
const ShortID = 12

// ContainerNames returns what people call the container with the given id and
// name: its id, the first ShortID digits of that, and its name, if it has one;
// none where there is no id.
func ContainerNames(id, name string) []string {
	if id == "" {
		return nil
	}
	list := []string{id}
	if len(id) > ShortID {
		list = append(list, id[:ShortID])
	}
	if name != "" {
		list = append(list, name)
	}
	return list
}
