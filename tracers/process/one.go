package process

import "stilltrace/index"

// SchemaOne names the shape of Whole.
const SchemaOne = "stilltrace.process.one/1"

// Whole is everything that a snapshot knows of one process.
type Whole struct {
	Schema   string `json:"schema"`
	Snapshot int    `json:"snapshot"`
	Process  Row    `json:"process"`
	Why      Why    `json:"why"`
	// Ancestry goes from the parent upwards, and AncestryEnd says why it ends where it does.
	Ancestry    []Relative     `json:"ancestry"`
	AncestryEnd AncestryEnd    `json:"ancestry_end"`
	Children    []Relative     `json:"children"` // by pid
	Sockets     []index.Socket `json:"sockets"`  // that it holds, in the order of capture, each with all its owners
	Findings    []Finding      `json:"findings"` // one, where the process stands out; below that the factors are in Process
	// Recommendations are what to do about it.
	Recommendations []Recommendation `json:"recommendations"`
	Gaps            []index.Gap      `json:"gaps"` // what of it could not be read
}

// Relative is the short form of a process.
type Relative struct {
	PID     int        `json:"pid"`
	PPID    int        `json:"ppid"`
	Comm    string     `json:"comm"`
	User    string     `json:"user"` // of the effective user, else its number, else ?
	Cmdline []string   `json:"cmdline"`
	Service string     `json:"service"`
	Started index.Time `json:"started"`
}

// AncestryEnd says why an ancestry ends.
type AncestryEnd string

// The ends of an ancestry.
const (
	AncestryRoot    AncestryEnd = "root"    // its last process has no parent: init, kthreadd
	AncestryMissing AncestryEnd = "missing" // its last process names a parent that was not captured
	AncestryCircle  AncestryEnd = "circle"  // its last process names itself or one further down
)

// One returns what the snapshot knows of pid, or nil where it saw no such
// process. Where two had that pid during the capture it is the later one; Run
// lists both. A snapshot that is 0 means the last.
func One(r *index.Reader, snapshot, pid int) (*Whole, error) {
	h, err := read(r, snapshot)
	if err != nil {
		return nil, err
	}
	at, ok := h.at[pid]
	if !ok {
		return nil, nil
	}
	h.judge(h.rows[at])
	w := &Whole{
		Schema: SchemaOne, Snapshot: h.snap.ID, Process: *h.rows[at],
		Children: []Relative{}, Sockets: []index.Socket{}, Gaps: []index.Gap{},
	}
	w.Ancestry, w.AncestryEnd = h.ancestry(at)
	for i := range h.rows {
		if up, ok := h.parent(i); ok && up == at {
			w.Children = append(w.Children, relative(h.rows[i]))
		}
	}
	for _, s := range h.rows[at].sockets {
		w.Sockets = append(w.Sockets, *s)
	}
	for _, g := range h.gaps {
		if g.PID == pid {
			w.Gaps = append(w.Gaps, *g)
		}
	}
	w.Why = h.why(h.rows[at])
	w.Findings = findings([]Row{w.Process}, nil)
	w.Recommendations = recommend(w.Findings)
	return w, nil
}

func (h *host) ancestry(at int) ([]Relative, AncestryEnd) {
	line := []Relative{}
	seen := map[int]bool{at: true}
	for {
		up, ok := h.parent(at)
		switch {
		case ok && seen[up]:
			return line, AncestryCircle
		case !ok && h.rows[at].PPID > 0:
			return line, AncestryMissing
		case !ok:
			return line, AncestryRoot
		}
		seen[up] = true
		line = append(line, relative(h.rows[up]))
		at = up
	}
}

func relative(p *Row) Relative {
	return Relative{
		PID: p.PID, PPID: p.PPID, Comm: p.Comm, User: userOf(p), Cmdline: p.Cmdline, Service: p.Service, Started: p.Started,
	}
}
