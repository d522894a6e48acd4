package index

// FoundFile is a file that was found where somebody looks for what was left
// behind, or for what runs with the rights of another.
type FoundFile struct {
	Path   string        `json:"path"`
	Type   string        `json:"type"`            // file, directory, link, socket, fifo, device
	Target string        `json:"target,omitzero"` // of a link
	File   *FileIdentity `json:"file,omitzero"`   // of the entry itself, not of what a link leads to
	SHA256 string        `json:"sha256,omitzero"` // of a regular file; "" where it is large, or was not hashed
}

// LockedFile is a file that the capture read and that even root cannot change
// before a flag is taken off (chattr(1)).
type LockedFile struct {
	Path       string `json:"path"`
	Immutable  bool   `json:"immutable,omitzero"`
	AppendOnly bool   `json:"append_only,omitzero"`
}

// SSHD is what the configuration of sshd(8) says (sshd_config(5)), with the files
// that it includes. What a running sshd was told on its command line stands
// before it, and what neither says is the default of its version.
type SSHD struct {
	Options []SSHDOption `json:"options"` // that hold for everybody: of each key the first, which is the one that counts, of keys that add up all
	Matches []SSHDMatch  `json:"matches,omitempty"`
}

// SSHDOption is a line of sshd_config(5).
type SSHDOption struct {
	Key   string `json:"key"` // in lower case
	Value string `json:"value"`
	Path  string `json:"path"`
	Line  int    `json:"line"`
}

// SSHDMatch is a Match block: options that hold for some connections only.
type SSHDMatch struct {
	Criteria string       `json:"criteria"` // user ann address 10.0.0.0/8, as written
	Path     string       `json:"path"`
	Line     int          `json:"line"`
	Options  []SSHDOption `json:"options,omitempty"`
}
