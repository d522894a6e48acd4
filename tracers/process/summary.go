package process

import (
	"strconv"

	"stilltrace/tracers/tally"
)

// Summary counts processes, each list by falling count, then by name.
type Summary struct {
	Processes     int           `json:"processes"`
	KernelThreads int           `json:"kernel_threads"` // among them
	Threads       int           `json:"threads"`
	RSS           uint64        `json:"rss_bytes"` // memory that several processes share counts once for each
	States        []tally.Count `json:"states"`
	Users         []tally.Count `json:"users"` // effective user; its number where the host's passwd has no name, ? where it is unknown, as ps(1) does
}

func summarize(rows []Row) Summary {
	states, users := map[string]int{}, map[string]int{}
	s := Summary{Processes: len(rows)}
	for i := range rows {
		p := &rows[i]
		states[p.State]++
		users[userOf(p)]++
		s.Threads += p.Threads
		s.RSS += p.RSS
		if p.Kernel {
			s.KernelThreads++
		}
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
