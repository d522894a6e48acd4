package index

// SecurityBits are the privilege fields of /proc/PID/status.
type SecurityBits struct {
	CapEffective uint64 `json:"cap_eff"`
	CapPermitted uint64 `json:"cap_prm"`
	CapBounding  uint64 `json:"cap_bnd"`
	CapInherited uint64 `json:"cap_inh,omitzero"`
	CapAmbient   uint64 `json:"cap_amb,omitzero"`
	NoNewPrivs   bool   `json:"no_new_privs"`
	Seccomp      int    `json:"seccomp"`                  // 0 off, 1 strict, 2 filter
	Filters      int    `json:"seccomp_filters,omitzero"` // how many seccomp filters
}

// Signals are the masks of /proc/PID/status: bit n-1 is signal n (signal(7)).
// A process that outlives its terminal ignores SIGHUP, bit 0.
type Signals struct {
	Pending uint64 `json:"pending,omitzero"` // of the whole process: ShdPnd
	Blocked uint64 `json:"blocked,omitzero"`
	Ignored uint64 `json:"ignored,omitzero"`
	Caught  uint64 `json:"caught,omitzero"`
}

// Variable is one entry of /proc/PID/environ: the environment as it was when
// the program was started (proc_pid_environ(5)); what it set later is not
// there.
type Variable struct {
	Name string `json:"name"`
	// Value is kept for names that explain a process and hold no secret (LD_PRELOAD, SSH_CONNECTION, PATH, …), for all with Options.Environ. Nil: not kept.
	Value *string `json:"value,omitzero"`
}
