package index

// Coverage says how good the still of the process table is. A listing is a
// sample: what lives shorter than the time between two looks can be missed.
type Coverage struct {
	FirstLook  Clocks `json:"first_look"`  // when the first listing of /proc began
	SecondLook Clocks `json:"second_look"` // when the last one ended
	Listed     int    `json:"listed"`      // processes of the first listing
	Seen       int    `json:"seen"`        // all that are in the case
	Ended      int    `json:"ended"`       // of these, seen at the first look and gone before they could be read: Look is first
	Began      int    `json:"began"`       // of these, found by a later listing: Look is second
	Passes     int    `json:"passes"`      // listings
	// Forks is by how much the kernel's count of forks grew between the looks ("processes" of /proc/stat; threads count there, too). It is of the whole machine, whatever pid namespace the capture saw.
	Forks uint64 `json:"forks"`
	// Tasks is how many tasks the kernel counted at the second look (proc_loadavg(5)), of the whole machine; Threads how many the captured processes have together.
	Tasks   int `json:"tasks"`
	Threads int `json:"threads"`
	// Probed is up to which process id the kernel was asked one by one whether there is one (getpgid(2)), beside what /proc lists; 0 where it was not asked, as the procfs hides processes by its own option (hidepid=).
	Probed  int      `json:"probed,omitzero"`
	Blocked int      `json:"blocked,omitzero"` // processes whose memory was locked
	Unread  int      `json:"unread,omitzero"`  // processes of which only stat was read before the deadline came
	Hidden  []Hidden `json:"hidden,omitempty"`
}

// Hidden is a process id that the kernel knows and the listing of /proc did
// not show, several times in a row: a suspicion with its evidence, not a proof.
// Threads, and the processes of others under hidepid= (proc(5)), are not meant.
type Hidden struct {
	PID      int      `json:"pid"`
	Evidence []string `json:"evidence"`
}
