package index

// Process is one process at the moment of the still. It is identified by the
// boot, PID, StartTime and the pid namespace; the pid alone is reused. A
// pointer that is nil, or an empty string, is unknown or not there; a Gap
// tells the two apart. Text is the bytes of /proc, which may be any bytes.
type Process struct {
	PID       int      `json:"pid"`
	PPID      int      `json:"ppid"`
	Comm      string   `json:"comm"`  // of stat: the kernel cuts it at 15 bytes, its owner may set it
	State     string   `json:"state"` // one letter of proc_pid_stat(5)
	UID       *uint32  `json:"uid"`   // real
	EUID      *uint32  `json:"euid"`
	SUID      *uint32  `json:"suid,omitzero"`
	FSUID     *uint32  `json:"fsuid,omitzero"`
	GID       *uint32  `json:"gid"`
	EGID      *uint32  `json:"egid"`
	Groups    []uint32 `json:"groups,omitempty"`
	User      string   `json:"user"` // name of EUID in the host's passwd, else ""
	Cmdline   []string `json:"cmdline"`
	Exe       string   `json:"exe"` // target of /proc/PID/exe without the kernel's " (deleted)"
	ExeGone   bool     `json:"exe_deleted"`
	ExeSHA256 string   `json:"exe_sha256,omitzero"` // of the file's bytes, read through /proc/PID/exe; "" where not hashed: a Gap says why, or Options.NoHash
	// ExeFile is the file that runs, asked through /proc/PID/exe: also where it was deleted, replaced, or never had a name (memfd_create(2)).
	ExeFile *FileIdentity `json:"exe_file,omitzero"`
	Script  *Script       `json:"script,omitzero"` // what an interpreter runs
	Cwd     string        `json:"cwd"`
	Root    string        `json:"root"`

	StartTime uint64 `json:"starttime"` // clock ticks after boot, field 22 of stat
	Started   Time   `json:"started"`   // from StartTime and the boot time: to show, never to compare
	Threads   int    `json:"threads"`
	Nice      int    `json:"nice"`
	PGRP      int    `json:"pgrp"`
	SID       int    `json:"sid"` // POSIX session (setsid(2)), not the login session
	TTY       string `json:"tty"` // pts/0, tty1; "" for none
	Flags     uint32 `json:"flags"`
	Kernel    bool   `json:"kernel_thread"` // PF_KTHREAD, never guessed from the name

	UserMS    uint64        `json:"utime_ms"`
	SystemMS  uint64        `json:"stime_ms"`
	VSize     uint64        `json:"vsize_bytes"`
	RSS       uint64        `json:"rss_bytes"`
	Swap      *uint64       `json:"swap_bytes"`
	IO        *ProcessIO    `json:"io"`
	Switches  *Switches     `json:"ctxt"`
	Limits    []Limit       `json:"limits,omitempty"`
	FDs       *int          `json:"fds"` // how many are open; nil where the list could not be read
	Files     []OpenFile    `json:"files,omitempty"`
	Cgroup    string        `json:"cgroup"`    // path of the v2 hierarchy, of systemd's own where that is / or not there, else of the first v1 one
	Container string        `json:"container"` // id found in Cgroup, else ""
	Spaces    Namespaces    `json:"namespaces"`
	NSPID     []int         `json:"nspid,omitempty"` // pid in each nested pid namespace, outermost first
	LoginUID  *uint32       `json:"loginuid"`        // who logged in, even after su; nil where never set
	Session   *uint32       `json:"session"`         // audit session id; nil where never set
	Tracer    int           `json:"tracer_pid,omitzero"`
	Security  *SecurityBits `json:"security,omitzero"`

	// Label is what a security module calls it (/proc/PID/attr/current): an AppArmor profile with its mode, an SELinux context; "" where no module labels, or for none.
	Label string `json:"label,omitzero"`

	// Look says which of the two looks at the process table saw the process; a process that one look missed was short-lived.
	Look     Look      `json:"look,omitzero"`
	Interval *Interval `json:"interval,omitzero"` // between the two looks; nil where it used no CPU in between, or only one saw it
	// Blocked: its memory was locked (mmap_lock) for longer than the capture waited; Cmdline, Environ and Maps are unknown, all else is as usual.
	Blocked bool       `json:"blocked,omitzero"`
	Unit    string     `json:"unit,omitzero"` // systemd unit that Cgroup names: ssh.service, session-3.scope; "" for none
	Memory  *MemoryUse `json:"memory,omitzero"`
	Faults  *Faults    `json:"faults,omitzero"`
	Sched   *Sched     `json:"sched,omitzero"`
	OOM     *OOM       `json:"oom,omitzero"`
	WChan   string     `json:"wchan,omitzero"` // kernel function in which it waits in state D (/proc/PID/wchan); "" where the kernel does not tell
	Umask   *uint32    `json:"umask,omitzero"`
	Signals *Signals   `json:"signals,omitzero"`
	Tasks   []Thread   `json:"tasks,omitempty"`   // by thread id; of a process with one thread it is the process itself, and is left out
	Maps    []Mapping  `json:"maps,omitempty"`    // only those that matter, see Mapping
	Environ []Variable `json:"environ,omitempty"` // by name
}

// Look is one of the two looks at the process table.
type Look string

// The looks. A process without a Look was seen by both.
const (
	LookFirst  Look = "first"  // it ended before it could be read: only what stat holds is known
	LookSecond Look = "second" // it began after the first look
)

// Interval is what a process used between two readings of its stat within one
// capture.
type Interval struct {
	MS       uint64 `json:"ms"` // between the readings
	UserMS   uint64 `json:"utime_ms"`
	SystemMS uint64 `json:"stime_ms"`
}

// ProcessIO is /proc/PID/io (proc_pid_io(5)).
type ProcessIO struct {
	ReadChars      uint64 `json:"rchar"`
	WriteChars     uint64 `json:"wchar"`
	ReadCalls      uint64 `json:"syscr"`
	WriteCalls     uint64 `json:"syscw"`
	ReadBytes      uint64 `json:"read_bytes"`
	WriteBytes     uint64 `json:"write_bytes"`
	CancelledBytes uint64 `json:"cancelled_write_bytes"`
}

// Switches are the context switches of /proc/PID/status.
type Switches struct {
	Voluntary   uint64 `json:"voluntary"`
	Involuntary uint64 `json:"involuntary"`
}

// Limit is one row of /proc/PID/limits; -1 means unlimited.
type Limit struct {
	Name string `json:"name"` // as getrlimit(2) has it, in lower case: nofile, nproc, as, core
	Soft int64  `json:"soft"`
	Hard int64  `json:"hard"`
}

// Namespaces are the inode numbers of /proc/PID/ns; 0 where unknown.
type Namespaces struct {
	Cgroup uint64 `json:"cgroup"`
	IPC    uint64 `json:"ipc"`
	Mnt    uint64 `json:"mnt"`
	Net    uint64 `json:"net"`
	PID    uint64 `json:"pid"`
	Time   uint64 `json:"time"`
	User   uint64 `json:"user"`
	UTS    uint64 `json:"uts"`
}
