package index

// OpenFile is one link of /proc/PID/fd (proc_pid_fd(5)) and, for a file, a
// memfd and an anonymous inode, what /proc/PID/fdinfo says of it.
type OpenFile struct {
	FD      int    `json:"fd"`
	Type    string `json:"type"`           // file, socket, pipe, device, memfd, anon or other
	Target  string `json:"target"`         // the link's text without the kernel's " (deleted)"
	Inode   uint64 `json:"inode,omitzero"` // of a socket, pipe, file or memfd; 0 where the kernel does not tell (before 5.14 of a file)
	Deleted bool   `json:"deleted,omitzero"`
	// Access is how it was opened: r, w or rw, as the mode of the link tells; "" where neither, or unknown.
	Access string  `json:"access,omitzero"`
	Flags  uint32  `json:"flags,omitzero"`  // of open(2), with O_CLOEXEC: 0o2000 is O_APPEND on amd64; 0 where fdinfo was not read
	Pos    *uint64 `json:"pos,omitzero"`    // offset in bytes; nil where fdinfo was not read
	Mount  int     `json:"mnt_id,omitzero"` // Mount.ID of the process's mount namespace
	// Detail is what else fdinfo says of an anonymous inode: "pid: 812" of a pidfd, "prog_id: 7" of a BPF program. Of an epoll instance it is not asked, as that can wait for ever; of a copied one it is how many it watches.
	Detail string `json:"detail,omitzero"`
}
