package index

// FileIdentity is what fstat(2) says of a file, asked without its name where
// there is a link of /proc that leads to it.
type FileIdentity struct {
	Device string `json:"device"` // major:minor, as Mount.Device
	Inode  uint64 `json:"inode"`
	Links  uint64 `json:"nlink"` // 0: deleted
	Size   int64  `json:"size_bytes"`
	Mode   uint32 `json:"mode"` // permissions with setuid 0o4000, setgid 0o2000 and sticky 0o1000
	UID    uint32 `json:"uid"`
	GID    uint32 `json:"gid"`
	Mtime  Time   `json:"mtime"`
	Ctime  Time   `json:"ctime"` // of the last change of the inode, which touch(1) does not set
	// Caps is the extended attribute security.capability in hex (capabilities(7), file capabilities); "" for none.
	Caps string `json:"caps,omitzero"`
}

// Script is the file that an interpreter was told to run: the first argument
// that is no option, read within the process's own root. It says what the
// name meant at the moment of the still, which need not be what was started.
type Script struct {
	Path   string        `json:"path"` // absolute, within the process's root
	File   *FileIdentity `json:"file,omitzero"`
	SHA256 string        `json:"sha256,omitzero"`
}

// Mapping is a part of /proc/PID/maps (proc_pid_maps(5)) that matters: one that
// can be executed, or one that is shared with a file which was deleted, lies in
// memory only (memfd_create(2)), in a directory where anybody may write, or in a
// hidden one. Parts of one file with the same permissions are one Mapping.
type Mapping struct {
	Path    string `json:"path,omitzero"`   // file without " (deleted)", [stack], [heap], [anon:name]; "" for anonymous memory
	Perms   string `json:"perms"`           // rwxp, rwxs
	Size    uint64 `json:"size_bytes"`      // of all its parts
	Parts   int    `json:"parts,omitzero"`  // how many; 0 is one
	Start   uint64 `json:"start,omitzero"`  // address of the first part; only where it is no plain r-x of a file, as it differs in each process
	Device  string `json:"device,omitzero"` // major:minor in decimal
	Inode   uint64 `json:"inode,omitzero"`
	Deleted bool   `json:"deleted,omitzero"`
}
