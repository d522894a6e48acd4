package index

// CPU is the first line of /proc/stat (proc_stat(5)): the time of all CPUs
// together since boot, in milliseconds.
type CPU struct {
	Count    int    `json:"count"` // CPUs that are online
	UserMS   uint64 `json:"user_ms"`
	NiceMS   uint64 `json:"nice_ms,omitzero"`
	SystemMS uint64 `json:"system_ms"`
	IdleMS   uint64 `json:"idle_ms"`
	IOWaitMS uint64 `json:"iowait_ms,omitzero"`
	IRQMS    uint64 `json:"irq_ms,omitzero"` // with softirq
	StealMS  uint64 `json:"steal_ms,omitzero"`
	Switches uint64 `json:"ctxt"`
	Blocked  uint64 `json:"procs_blocked,omitzero"`
}

// Pressure is one line of /proc/pressure (Documentation/accounting/psi.rst):
// the share of time, in percent, in which tasks waited for a resource.
type Pressure struct {
	Resource string  `json:"resource"` // cpu, memory, io, irq
	Kind     string  `json:"kind"`     // some, full
	Avg10    float64 `json:"avg10"`    // over the last 10 seconds
	Avg60    float64 `json:"avg60"`
	Avg300   float64 `json:"avg300"`
	TotalUS  uint64  `json:"total_us"` // since boot
}

// Disk is a row of /proc/diskstats (Documentation/admin-guide/iostats.rst).
type Disk struct {
	Name       string `json:"name"`
	Device     string `json:"device"` // major:minor
	Reads      uint64 `json:"reads"`
	ReadBytes  uint64 `json:"read_bytes"`
	ReadMS     uint64 `json:"read_ms"`
	Writes     uint64 `json:"writes"`
	WriteBytes uint64 `json:"write_bytes"`
	WriteMS    uint64 `json:"write_ms"`
	InFlight   uint64 `json:"in_flight,omitzero"`
	BusyMS     uint64 `json:"busy_ms"`
}

// Swap is a row of /proc/swaps.
type Swap struct {
	Path string `json:"path"`
	Type string `json:"type"` // file, partition
	Size uint64 `json:"size_bytes"`
	Used uint64 `json:"used_bytes"`
}

// Space is what statfs(2) says of a file system.
type Space struct {
	Point     string `json:"point"` // where it is mounted
	Size      uint64 `json:"size_bytes"`
	Free      uint64 `json:"free_bytes"`
	Available uint64 `json:"available_bytes"` // to users other than root
	Files     uint64 `json:"inodes,omitzero"`
	FilesFree uint64 `json:"inodes_free,omitzero"`
}
