package index

// MountSpace is a mount namespace (mount_namespaces(7)) other than that of
// Host.Mounts, with the mounts as the processes in it see them: what a path in a
// container is on the host, and what somebody mounted over /proc there.
type MountSpace struct {
	Inode  uint64  `json:"inode"`
	PID    int     `json:"pid"` // the process through whose /proc/PID/mountinfo it was read
	Mounts []Mount `json:"mounts"`
}

// UserSpace is a user namespace (user_namespaces(7)) and what its users and
// groups are outside of it.
type UserSpace struct {
	Inode  uint64    `json:"inode"`
	PID    int       `json:"pid"` // the process through whose /proc/PID/uid_map it was read
	Users  []IDRange `json:"uid_map"`
	Groups []IDRange `json:"gid_map"`
}

// IDRange is a line of uid_map or gid_map: Count ids from Inside on are those
// from Outside on, as the namespace of the capture counts them.
type IDRange struct {
	Inside  uint32 `json:"inside"`
	Outside uint32 `json:"outside"`
	Count   uint32 `json:"count"`
}

// TimeSpace is a time namespace (time_namespaces(7)) whose clocks differ from
// the host's. What its processes call the time since boot is off by so much.
type TimeSpace struct {
	Inode       uint64 `json:"inode"`
	PID         int    `json:"pid"` // the process through whose /proc/PID/timens_offsets it was read
	MonotonicNS int64  `json:"monotonic_offset_ns"`
	BoottimeNS  int64  `json:"boottime_offset_ns"`
}

// UserSpace returns the user namespace with the given inode, or nil.
func (h *Host) UserSpace(inode uint64) *UserSpace {
	for i := range h.UserSpaces {
		if h.UserSpaces[i].Inode == inode {
			return &h.UserSpaces[i]
		}
	}
	return nil
}

// MountSpace returns the mount namespace with the given inode, or nil.
func (h *Host) MountSpace(inode uint64) *MountSpace {
	for i := range h.MountSpaces {
		if h.MountSpaces[i].Inode == inode {
			return &h.MountSpaces[i]
		}
	}
	return nil
}

// TimeSpace returns the time namespace with the given inode, or nil.
func (h *Host) TimeSpace(inode uint64) *TimeSpace {
	for i := range h.TimeSpaces {
		if h.TimeSpaces[i].Inode == inode {
			return &h.TimeSpaces[i]
		}
	}
	return nil
}
