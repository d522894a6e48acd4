package index

// Snapshot is one capture of one host: the moment, who took it, how, and what
// the host was.
type Snapshot struct {
	ID       int      `json:"id"`   // counted from 1 within the case
	Tool     string   `json:"tool"` // name and version of the program that took it
	Live     bool     `json:"live"` // false: a copied or mounted host was read, not the running one
	Start    Clocks   `json:"start"`
	End      Clocks   `json:"end"`
	Capturer Capturer `json:"capturer"`
	Options  Options  `json:"options"`
	Host     Host     `json:"host"`
	Counts   Counts   `json:"counts"`
	// Coverage is nil where the capture was told to leave out processes, or a copy was read, in which nothing moves.
	Coverage *Coverage `json:"coverage,omitzero"`
}

// Moment is the part of a Snapshot that every answer needs: all that is known of
// a host takes longer to decode than many questions to answer.
type Moment struct {
	ID   int    `json:"id"`
	End  Clocks `json:"end"`
	Host struct {
		Timezone Timezone `json:"timezone"`
	} `json:"host"`
	Counts Counts `json:"counts"`
}

// Clocks are the host's clocks read together, so that every other time of the
// capture can be anchored (clock_gettime(2)). A copied host has only Realtime.
type Clocks struct {
	Realtime  Time  `json:"realtime"`
	Monotonic int64 `json:"monotonic_ns,omitzero"` // nanoseconds; stands still in suspend
	Boottime  int64 `json:"boottime_ns,omitzero"`  // nanoseconds since boot, suspend included
}

// Capturer is the process that took the snapshot. The capture sees itself;
// tracers tell it apart by this pid.
type Capturer struct {
	PID  int      `json:"pid,omitzero"`
	UID  uint32   `json:"uid"`
	EUID uint32   `json:"euid"`
	Args []string `json:"args,omitempty"`
}

// Options are what the user asked the capture for.
type Options struct {
	Proc   string   `json:"proc"` // the procfs that was read, /proc unless told otherwise
	Root   string   `json:"root"` // the file system that was read, / unless told otherwise
	NoProc bool     `json:"no_proc,omitzero"`
	NoLogs bool     `json:"no_logs,omitzero"`
	Logs   []string `json:"logs,omitempty"` // the LOG arguments as given

	NoHash     bool  `json:"no_hash,omitzero"`     // executables were not hashed
	Environ    bool  `json:"environ,omitzero"`     // the values of all environment variables were kept, secrets too
	Resolve    bool  `json:"resolve,omitzero"`     // the name service was asked for the names of the addresses
	DeadlineMS int64 `json:"deadline_ms,omitzero"` // how long the state of the host might take
}

// Counts are what one snapshot added to the case.
type Counts struct {
	Processes int   `json:"processes"`
	Sockets   int   `json:"sockets"`
	Gaps      int   `json:"gaps"`
	Sources   int   `json:"sources"`
	Lines     int64 `json:"lines"`
	Events    int64 `json:"events"`
	LogBytes  int64 `json:"log_bytes"`
}

// Reason says why the capture could not see a thing.
type Reason string

// The reasons. Unknown is not absent: a tracer that meets a gap says so.
const (
	ReasonPermission  Reason = "permission"  // EACCES or EPERM
	ReasonVanished    Reason = "vanished"    // ENOENT or ESRCH: it ended while it was being read
	ReasonAbsent      Reason = "absent"      // asked for, or expected of every Linux host, and not there
	ReasonTorn        Reason = "torn"        // its text is not of the known shape, or ends too early
	ReasonTooLarge    Reason = "too_large"   // a named limit was reached; what lies within it was kept
	ReasonUnsupported Reason = "unsupported" // seen and not read: no reader for it, or not a regular file
	ReasonChanged     Reason = "changed"     // it changed while it was being read
	ReasonIO          Reason = "io"          // the read itself failed
	ReasonBlocked     Reason = "blocked"     // the kernel did not answer in time: the memory of the process is locked, a file server is gone
	ReasonDeadline    Reason = "deadline"    // the time that the capture may take was over
)

// Words says the reason in a responder's words.
func (r Reason) Words() string {
	switch r {
	case ReasonPermission:
		return "not permitted"
	case ReasonVanished:
		return "ended while it was read"
	case ReasonAbsent:
		return "not there"
	case ReasonTorn:
		return "torn: not of the known shape"
	case ReasonTooLarge:
		return "too large: cut at the limit"
	case ReasonUnsupported:
		return "not supported"
	case ReasonChanged:
		return "changed while it was read"
	case ReasonBlocked:
		return "no answer in time"
	case ReasonDeadline:
		return "not reached before the deadline"
	case ReasonIO:
		return "could not be read"
	}
	return string(r)
}

// Gap is what the capture could not see, and why.
type Gap struct {
	Area   string `json:"area"`  // host, process, socket or log
	Place  string `json:"place"` // /proc/812/exe, /var/log/secure:77
	Reason Reason `json:"reason"`
	Detail string `json:"detail,omitzero"` // the error's own words
	PID    int    `json:"pid,omitzero"`    // the process that it is about
	Count  int    `json:"count"`           // how many such things at this place, at least 1
}
