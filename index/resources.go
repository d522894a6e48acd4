package index

// MemoryUse is the memory of a process in bytes, from /proc/PID/status
// (proc_pid_status(5)); the resident size is Process.RSS, what lies in swap
// Process.Swap.
type MemoryUse struct {
	PeakVirtual  uint64 `json:"vmpeak_bytes,omitzero"`
	PeakResident uint64 `json:"vmhwm_bytes,omitzero"`
	Anonymous    uint64 `json:"rss_anon_bytes,omitzero"`
	File         uint64 `json:"rss_file_bytes,omitzero"`
	Shared       uint64 `json:"rss_shmem_bytes,omitzero"` // System V, tmpfs and shared anonymous memory
	Data         uint64 `json:"data_bytes,omitzero"`
	Stack        uint64 `json:"stack_bytes,omitzero"`
	Locked       uint64 `json:"locked_bytes,omitzero"`
	PageTables   uint64 `json:"page_tables_bytes,omitzero"`
}

// Faults are page faults since the process began, and the times that stand
// beside them in /proc/PID/stat.
type Faults struct {
	Minor         uint64 `json:"minflt"`
	Major         uint64 `json:"majflt"`                  // that had to read a disk
	ChildMinor    uint64 `json:"cminflt,omitzero"`        // of children that were waited for
	ChildMajor    uint64 `json:"cmajflt,omitzero"`        // likewise
	ChildUserMS   uint64 `json:"cutime_ms,omitzero"`      // CPU of children that were waited for
	ChildSystemMS uint64 `json:"cstime_ms,omitzero"`      // likewise
	BlockIOMS     uint64 `json:"blkio_delay_ms,omitzero"` // waited for block devices; 0 where delay accounting is off
}

// Sched is how the process is scheduled. Of /proc/PID/schedstat
// (Documentation/scheduler/sched-stats.rst) only the wait is kept, which is the
// main thread's: how long it ran says stat, and how often the switches.
type Sched struct {
	WaitMS   uint64 `json:"wait_ms,omitzero"` // runnable, and waiting for a CPU
	Policy   uint32 `json:"policy,omitzero"`  // sched(7): 0 SCHED_OTHER, 1 FIFO, 2 RR, 3 BATCH, 5 IDLE, 6 DEADLINE
	RealTime uint32 `json:"rt_priority,omitzero"`
}

// OOM is how likely the kernel kills the process when memory is short. It is
// nil where Adj is 0 on a running host: the score then follows from its share
// of the memory.
type OOM struct {
	Score int `json:"score"` // /proc/PID/oom_score
	Adj   int `json:"adj"`   // /proc/PID/oom_score_adj, -1000 to 1000
}

// Thread is one task of a process, from /proc/PID/task/TID/stat.
type Thread struct {
	TID       int    `json:"tid"`
	Comm      string `json:"comm"`
	State     string `json:"state"`     // one letter, as Process.State
	StartTime uint64 `json:"starttime"` // clock ticks after boot
	UserMS    uint64 `json:"utime_ms,omitzero"`
	SystemMS  uint64 `json:"stime_ms,omitzero"`
	// Rights are those of the thread where they are not those of its process: the kernel keeps them for each thread, and only a library holds them together.
	Rights *ThreadRights `json:"rights,omitzero"`
}

// ThreadRights are the users, groups and privileges of /proc/PID/task/TID/status.
type ThreadRights struct {
	UID      *uint32       `json:"uid"`
	EUID     *uint32       `json:"euid"`
	SUID     *uint32       `json:"suid"`
	FSUID    *uint32       `json:"fsuid"`
	GID      *uint32       `json:"gid"`
	EGID     *uint32       `json:"egid"`
	Groups   []uint32      `json:"groups,omitempty"`
	Security *SecurityBits `json:"security,omitzero"`
}
