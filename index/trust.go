package index

// ClockSync is what the kernel knows of how right its clock is (adjtimex(2)).
type ClockSync struct {
	Synced      bool  `json:"synced"`       // a time service (ntpd, chronyd, systemd-timesyncd) says so
	OffsetNS    int64 `json:"offset_ns"`    // that is still to be slewed
	MaxErrorUS  int64 `json:"max_error_us"` // at most so far from the true time
	EstimatedUS int64 `json:"estimated_error_us"`
}

// KernelTrust is what changes how far the kernel, and what it starts, can be
// trusted, beside Host.Sysctl and Host.Tainted.
type KernelTrust struct {
	Modules  []string       `json:"security_modules,omitempty"` // /sys/kernel/security/lsm: lockdown, yama, apparmor, selinux, …
	Lockdown string         `json:"lockdown,omitzero"`          // /sys/kernel/security/lockdown: none, integrity, confidentiality
	Kprobes  []string       `json:"kprobes,omitempty"`          // lines of /sys/kernel/debug/kprobes/list: functions of the kernel that something has hooked
	Pinned   []string       `json:"pinned,omitempty"`           // what lies in /sys/fs/bpf: programs and maps that outlive whoever loaded them
	Formats  []BinaryFormat `json:"formats,omitempty"`          // binfmt_misc: what the kernel starts by an interpreter
	Keys     int            `json:"keys,omitzero"`              // lines of /proc/keys
}

// BinaryFormat is an entry of /proc/sys/fs/binfmt_misc.
type BinaryFormat struct {
	Name        string `json:"name"`
	Enabled     bool   `json:"enabled"`
	Interpreter string `json:"interpreter"`
	Flags       string `json:"flags,omitzero"` // C: with the rights of the file itself
}
