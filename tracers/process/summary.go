package process

import (
	"strconv"

	"stilltrace/index"
	"stilltrace/tracers/tally"
)

// Summary is what processes are and use together; each list by falling count,
// then by name.
type Summary struct {
	Usage
	States []tally.Count `json:"states"`
	Users  []tally.Count `json:"users"` // effective user; its number where the host's passwd has no name, ? where it is unknown, as ps(1) does
}

// Usage is what some processes use together. What is unknown of one of them is
// counted in Unknown and in no sum.
type Usage struct {
	Processes     int             `json:"processes"`
	KernelThreads int             `json:"kernel_threads"` // among them
	Threads       int             `json:"threads"`
	UserMS        uint64          `json:"utime_ms"`
	SystemMS      uint64          `json:"stime_ms"`
	RSS           uint64          `json:"rss_bytes"` // memory that several processes share counts once for each
	VSize         uint64          `json:"vsize_bytes"`
	Swap          uint64          `json:"swap_bytes"`
	IO            index.ProcessIO `json:"io"`
	Switches      index.Switches  `json:"ctxt"`
	FDs           int             `json:"fds"`
	Unknown       Unknown         `json:"unknown"`
	// Recent is their CPU lately, in percent of one core: since the snapshot before, else between the two looks; nil where neither knows it.
	Recent *float64 `json:"recent_cpu_percent"`
}

// Unknown counts processes of which something could not be read.
type Unknown struct {
	Swap     int `json:"swap"`
	IO       int `json:"io"`
	Switches int `json:"ctxt"`
	FDs      int `json:"fds"`
}

func (u *Usage) add(p *Row) {
	u.Processes++
	if p.Kernel {
		u.KernelThreads++
	}
	u.Threads += p.Threads
	u.UserMS += p.UserMS
	u.SystemMS += p.SystemMS
	u.RSS += p.RSS
	u.VSize += p.VSize
	// A kernel thread has no memory of its own.
	if p.Swap != nil {
		u.Swap += *p.Swap
	} else if !p.Kernel {
		u.Unknown.Swap++
	}
	u.addIO(p.IO)
	if p.Switches != nil {
		u.Switches.Voluntary += p.Switches.Voluntary
		u.Switches.Involuntary += p.Switches.Involuntary
	} else {
		u.Unknown.Switches++
	}
	if p.FDs != nil {
		u.FDs += *p.FDs
	} else {
		u.Unknown.FDs++
	}
	if recent := p.CPU.Recent().Percent; recent != nil {
		sum := *recent
		if u.Recent != nil {
			sum += *u.Recent
		}
		sum = rounded(sum)
		u.Recent = &sum
	}
}

func (u *Usage) addIO(io *index.ProcessIO) {
	if io == nil {
		u.Unknown.IO++
		return
	}
	u.IO.ReadChars += io.ReadChars
	u.IO.WriteChars += io.WriteChars
	u.IO.ReadCalls += io.ReadCalls
	u.IO.WriteCalls += io.WriteCalls
	u.IO.ReadBytes += io.ReadBytes
	u.IO.WriteBytes += io.WriteBytes
	u.IO.CancelledBytes += io.CancelledBytes
}

func summarize(rows []Row) Summary {
	states, users := map[string]int{}, map[string]int{}
	var s Summary
	for i := range rows {
		states[rows[i].State]++
		users[userOf(&rows[i])]++
		s.add(&rows[i])
	}
	s.States, s.Users = tally.Counts(states), tally.Counts(users)
	return s
}

func userOf(p *Row) string {
	switch {
	case p.User != "":
		return p.User
	case p.EUID != nil:
		return strconv.FormatUint(uint64(*p.EUID), 10)
	}
	return "?"
}
