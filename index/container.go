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
