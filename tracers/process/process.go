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
	Schema    string    `json:"schema"`
	Snapshot  int       `json:"snapshot"`
	Captured  bool      `json:"captured"`  // false: the capture was told to leave out processes and sockets
	Processes []Row     `json:"processes"` // by pid; in the order of the tree in an answer of Tree
	Summary   Summary   `json:"summary"`   // over the processes for which all terms hold
	Findings  []Finding `json:"findings"`  // about these, most severe first
	// Recommendations are what to do about the findings, the most pressing first.
	Recommendations []Recommendation `json:"recommendations"`
	Gaps            []tally.Count    `json:"gaps"` // by reason: what of any process could not be read
	// Coverage says how good the listing of the processes was; nil of a copied host, in which nothing moves.
	Coverage *index.Coverage `json:"coverage"`
	// Top is what an answer of Top is ordered by, and TopUnknown how many processes it leaves out because that is unknown of them.
	Top        string `json:"top,omitzero"`
	TopUnknown int    `json:"top_unknown,omitzero"`
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

	ContainerName string `json:"container_name,omitzero"` // of Container, as its runtime calls it
	CPU           CPU    `json:"cpu"`
	// Score is the sum of the points of Factors, 100 at most.
	Score   int      `json:"score"`
	Factors []Factor `json:"factors,omitempty"`

	Depth   int  `json:"depth,omitzero"`   // in an answer of Tree: steps below the root
	Context bool `json:"context,omitzero"` // in an answer of Tree: there only as ancestor of a process asked for

	judged  bool // Score and Factors are known
	parent  *Row
	sockets []*index.Socket // that it holds, each once
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
	h.judgeAsked(q.Terms)
	if len(q.Terms) == 0 {
		a.Processes = make([]Row, 0, len(h.rows))
	}
	for i := range h.rows {
		if holds(h.rows[i]) {
			h.judge(h.rows[i])
			a.Processes = append(a.Processes, *h.rows[i])
		}
	}
	a.conclude(h, a.Processes, q)
	return a, nil
}

// conclude sums up those processes of the answer that were asked for.
func (a *Answer) conclude(h *host, rows []Row, q index.Query) {
	a.Summary = summarize(rows)
	var more []Finding
	if len(q.Terms) == 0 {
		more = h.ofHost()
	}
	a.Findings = findings(rows, more)
	a.Recommendations = recommend(a.Findings)
}

// host is all processes of one snapshot, and what a row needs to know of the
// rest of it.
type host struct {
	snap *index.Snapshot
	rows []*Row // by pid, then by start
	// at is the place in rows of each pid. Where two processes had one pid during the capture it is the later one:
	// it is the parent of those children that still live.
	at       map[int]int
	sockets  []*index.Socket
	gaps     []*index.Gap
	unread   map[string]bool // places that could not be read
	before   *earlier        // nil where no snapshot before can be compared
	inet     map[uint64]*index.Socket
	relaying []*Row // nil until it is asked for
	users    map[uint32]string

	containers map[string]*index.Container
	rules      []rule
}

func newHost(snap *index.Snapshot) *host {
	return &host{
		snap: snap, at: map[int]int{}, unread: map[string]bool{}, inet: map[uint64]*index.Socket{}, users: map[uint32]string{},
		containers: map[string]*index.Container{}, rules: rules(),
	}
}

func read(r *index.Reader, snapshot int) (*host, error) {
	snap, err := r.Snapshot(snapshot)
	if err != nil {
		return nil, err
	}
	h := newHost(snap)
	if h.before, err = lookBack(r, snap); err != nil {
		return nil, err
	}
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
		h.unread[g.Place] = true
	}
	h.join()
	return h, nil
}

// join completes the rows by what only all of them together tell.
func (h *host) join() {
	slices.SortStableFunc(h.rows, func(a, b *Row) int {
		return cmp.Or(cmp.Compare(a.PID, b.PID), cmp.Compare(a.StartTime, b.StartTime))
	})
	for _, u := range h.snap.Host.Users {
		if _, known := h.users[u.UID]; !known {
			h.users[u.UID] = u.Name
		}
	}
	for i := range h.snap.Host.Containers {
		c := &h.snap.Host.Containers[i]
		h.containers[c.ID] = c
	}
	for i := range h.rows {
		h.at[h.rows[i].PID] = i
	}
	for i := range h.rows {
		h.complete(i)
	}
	for _, s := range h.sockets {
		if s.Remote.IsValid() && s.Inode != 0 {
			h.inet[s.Inode] = s
		}
		for _, o := range s.Owner {
			if i, ok := h.at[o.PID]; ok {
				h.rows[i].hold(s)
			}
		}
	}
}

// complete fills in what names and the tree tell of rows[i].
func (h *host) complete(i int) {
	p := h.rows[i]
	p.Service = cmp.Or(service(p.Cgroup), service(p.Unit))
	p.Self = p.PID == h.snap.Capturer.PID
	p.CPU = h.cpu(&p.Process)
	if p.UID != nil {
		p.RealUser = h.users[*p.UID]
	}
	if p.LoginUID != nil {
		p.LoginUser = h.users[*p.LoginUID]
	}
	if c := h.containers[p.Container]; c != nil && p.Container != "" {
		p.ContainerName = c.Name
	}
	if up, ok := h.parent(i); ok {
		p.parent = h.rows[up]
		p.parent.Children = append(p.parent.Children, p.PID)
	}
}

// hold notes that the process holds a socket. The owners of one socket come
// together, so that looking at the last one is enough to note it once.
func (r *Row) hold(s *index.Socket) {
	if n := len(r.sockets); n == 0 || r.sockets[n-1] != s {
		r.sockets = append(r.sockets, s)
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
		Processes: []Row{}, Findings: []Finding{}, Gaps: tally.Counts(reasons), Coverage: h.snap.Coverage,
	}
}
