// Package process is the process tracer: every process that a snapshot saw,
// with its place in the tree, its service, and what stands out about it.
package process

import (
	"cmp"
	"fmt"
	"slices"

	"stilltrace/index"
	"stilltrace/tracers/tally"
)

// Schema names the shape of Answer.
const Schema = "stilltrace.process/1"

// Answer is what the process tracer has to say about one snapshot.
type Answer struct {
	Schema    string        `json:"schema"`
	Snapshot  int           `json:"snapshot"`
	Captured  bool          `json:"captured"`  // false: the capture was told to leave out processes and sockets
	Processes []Row         `json:"processes"` // by pid; in the order of the tree in an answer of Tree
	Summary   Summary       `json:"summary"`   // over the processes for which all terms hold
	Findings  []Finding     `json:"findings"`  // about these, most severe first
	Gaps      []tally.Count `json:"gaps"`      // by reason: what of any process could not be read
}

// Row is one process and what follows from the others about it.
type Row struct {
	Kind string `json:"kind"` // always process
	index.Process
	Children  []int  `json:"children"`            // pids, ascending
	Service   string `json:"service"`             // systemd unit that its cgroup names, session for a login session, else ""
	RealUser  string `json:"real_user,omitzero"`  // name of UID in the host's passwd
	LoginUser string `json:"login_user,omitzero"` // name of LoginUID
	Self      bool   `json:"self,omitzero"`       // it is the process that took the snapshot
	Depth     int    `json:"depth,omitzero"`      // in an answer of Tree: steps below the root
	Context   bool   `json:"context,omitzero"`    // in an answer of Tree: there only as ancestor of a process asked for

	ports []int64 // local ports of the sockets that it holds, one as often as it is held
}

// Evidence is the place of the record.
func (r *Row) Evidence() string { return fmt.Sprintf("/proc/%d", r.PID) }

// Run answers q with the processes for which all terms hold, by pid. Terms
// name the fields of Fields; another field, or a value that a field cannot
// have, is an error. A q.Snapshot that is 0 means the last.
func Run(r *index.Reader, q index.Query) (*Answer, error) {
	holds, err := index.Match("process", fields, q.Terms)
	if err != nil {
		return nil, err
	}
	h, err := read(r, q.Snapshot)
	if err != nil {
		return nil, err
	}
	a := h.answer()
	for i := range h.rows {
		if holds(h.rows[i]) {
			a.Processes = append(a.Processes, *h.rows[i])
		}
	}
	a.Summary = summarize(a.Processes)
	a.Findings = h.findings(a.Processes)
	return a, nil
}

// host is all processes of one snapshot, and what a row needs to know of the
// rest of it.
type host struct {
	snap *index.Snapshot
	rows []*Row // by pid, then by start
	// at is the place in rows of each pid. Where two processes had one pid during the capture it is the later one:
	// it is the parent of those children that still live.
	at      map[int]int
	sockets []*index.Socket
	gaps    []*index.Gap
}

func read(r *index.Reader, snapshot int) (*host, error) {
	snap, err := r.Snapshot(snapshot)
	if err != nil {
		return nil, err
	}
	h := &host{snap: snap, at: map[int]int{}}
	for p, err := range r.Processes(snap.ID) {
		if err != nil {
			return nil, err
		}
		if p.Cmdline == nil {
			p.Cmdline = []string{}
		}
		h.rows = append(h.rows, &Row{Kind: "process", Process: *p, Children: []int{}})
	}
	for s, err := range r.Sockets(snap.ID) {
		if err != nil {
			return nil, err
		}
		h.sockets = append(h.sockets, s)
	}
	for g, err := range r.Gaps(snap.ID) {
		if err != nil {
			return nil, err
		}
		h.gaps = append(h.gaps, g)
	}
	h.join()
	return h, nil
}

// join completes the rows by what only all of them together tell.
func (h *host) join() {
	slices.SortStableFunc(h.rows, func(a, b *Row) int {
		return cmp.Or(cmp.Compare(a.PID, b.PID), cmp.Compare(a.StartTime, b.StartTime))
	})
	users := map[uint32]string{}
	for _, u := range h.snap.Host.Users {
		if _, known := users[u.UID]; !known {
			users[u.UID] = u.Name
		}
	}
	for i := range h.rows {
		h.at[h.rows[i].PID] = i
	}
	for i := range h.rows {
		p := h.rows[i]
		p.Service = unit(p.Cgroup)
		p.Self = p.PID == h.snap.Capturer.PID
		if p.UID != nil {
			p.RealUser = users[*p.UID]
		}
		if p.LoginUID != nil {
			p.LoginUser = users[*p.LoginUID]
		}
		if up, ok := h.parent(i); ok {
			h.rows[up].Children = append(h.rows[up].Children, p.PID)
		}
	}
	for _, s := range h.sockets {
		for _, o := range s.Owner {
			if i, ok := h.at[o.PID]; ok && s.LPort != 0 {
				h.rows[i].ports = append(h.rows[i].ports, int64(s.LPort))
			}
		}
	}
}

// parent returns the place in rows of the parent of rows[i]. Pid 0 is nobody's:
// it is the kernel's idle task, which init and kthreadd name as their parent and
// which is never in /proc.
func (h *host) parent(i int) (int, bool) {
	ppid := h.rows[i].PPID
	up, ok := h.at[ppid]
	return up, ok && ppid > 0
}

func (h *host) answer() *Answer {
	reasons := map[string]int{}
	for _, g := range h.gaps {
		if g.Area == "process" {
			reasons[string(g.Reason)] += g.Count
		}
	}
	return &Answer{
		Schema: Schema, Snapshot: h.snap.ID, Captured: !h.snap.Options.NoProc,
		Processes: []Row{}, Findings: []Finding{}, Gaps: tally.Counts(reasons),
	}
}
