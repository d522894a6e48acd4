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
