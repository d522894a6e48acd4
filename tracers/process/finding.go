package process

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"stilltrace/index"
)

// Finding is what stands out about one process: the factors that apply to it,
// and their sum. Its texts may hold captured bytes.
type Finding struct {
	Kind     string   `json:"kind"` // always finding
	ID       string   `json:"id"`   // process, the pid and the start time: the same in every answer from one case
	PID      int      `json:"pid"`  // 0 where it is about none
	Comm     string   `json:"comm"`
	User     string   `json:"user"`
	Severity int      `json:"severity"` // sum of the points, 100 at most
	Title    string   `json:"title"`    // of the factor with most points
	Reasons  []string `json:"reasons"`  // of all factors
	Evidence []string `json:"evidence"` // places: /proc/812/exe
	Factors  []Factor `json:"factors"`  // most points first
}

// Factor is one named reason to look at a process, and how much it weighs.
type Factor struct {
	Name     string   `json:"name"`
	Points   int      `json:"points"`
	Title    string   `json:"title"`
	Reasons  []string `json:"reasons"`
	Evidence []string `json:"evidence"`
}

// standsOut is the score from which a process is a Finding. Below it lie what
// also the innocent do every day: to outlive the login that started them, to
// have code made at run time.
const standsOut = 20

// rule is one factor. Its check returns nil where the process is as it should
// be. The rules stand in the files rule*.go.
type rule struct {
	name  string
	check func(h *host, p *Row) *verdict
}

// verdict is what a rule has to say: how much it weighs here, what it is in
// one line, why, and the files that show it: of /proc/PID, or by their whole
// path those of another process.
type verdict struct {
	points  int
	title   string
	reasons []string
	files   []string
}

// rules lists the factors. Nothing here is proof of an intrusion, and the
// points say how seldom the innocent causes are: a package upgrade leaves
// deleted executables on most hosts, container runtimes and browsers run from
// memory, nobody needs a kernel thread's name.
func rules() []rule {
	return []rule{
		{"kernel_name", kernelName},
		{"no_arguments", noArguments},
		{"comm_exe", commAgainstExe},
		{"exe_memfd", exeMemfd},
		{"exe_deleted", exeDeleted},
		{"exe_differs", exeDiffers},
		{"exe_place", exePlace},
		{"script_place", scriptPlace},
		{"preload", preload},
		{"rwx", writableCode},
		{"code_place", codePlace},
		{"traced", traced},
		{"remote_shell", remoteShell},
		{"shell_parent", shellParent},
		{"uid_change", uidChange},
		{"orphaned", orphaned},
		{"fd_limit", fdLimit},
	}
}

func ruleNames() []string {
	var names []string
	for _, r := range rules() {
		names = append(names, r.name)
	}
	return names
}

// judgeAsked judges all processes where a term asks for what that brings out;
// elsewhere those are judged that an answer holds.
func (h *host) judgeAsked(terms []index.Term) {
	if slices.ContainsFunc(terms, func(t index.Term) bool { return t.Field == "finding" || t.Field == "score" }) {
		for _, p := range h.rows {
			h.judge(p)
		}
	}
}

// judge holds every rule against p. The process that took the snapshot is left
// out. What was captured counts, even where not all of its file could be read
// (an executable too large to be hashed has its place all the same): a rule
// that concludes from what is missing asks why it is.
func (h *host) judge(p *Row) {
	if p.Self || p.judged {
		return
	}
	p.judged = true
	for _, r := range h.rules {
		v := r.check(h, p)
		if v == nil {
			continue
		}
		f := Factor{Name: r.name, Points: v.points, Title: v.title, Reasons: v.reasons}
		for _, file := range v.files {
			if file[0] != '/' {
				file = p.Evidence() + "/" + file
			}
			f.Evidence = append(f.Evidence, file)
		}
		p.Factors = append(p.Factors, f)
		p.Score = min(100, p.Score+f.Points)
	}
	slices.SortStableFunc(p.Factors, func(a, b Factor) int { return cmp.Compare(b.Points, a.Points) })
}

// findings are those of rows that stand out, and more, highest score first.
func findings(rows []Row, more []Finding) []Finding {
	found := append([]Finding{}, more...)
	for i := range rows {
		if p := &rows[i]; p.Score >= standsOut {
			found = append(found, finding(p))
		}
	}
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.PID, b.PID))
	})
	return found
}

// ofHost are the findings that are about no process that was captured.
func (h *host) ofHost() []Finding {
	var found []Finding
	if c := h.snap.Coverage; c != nil {
		for _, p := range c.Hidden {
			factor := Factor{"hidden", 80, "a process that /proc does not list", []string{"the kernel knows it, several looks at /proc did not show it"}, p.Evidence}
			found = append(found, Finding{Kind: "finding", ID: fmt.Sprintf("hidden:%d", p.PID), PID: p.PID, Severity: factor.Points,
				Title: factor.Title, Reasons: factor.Reasons, Evidence: factor.Evidence, Factors: []Factor{factor}})
		}
	}
	if libs := h.snap.Host.Preload; len(libs) > 0 {
		points := 0
		for _, lib := range libs {
			points = max(points, preloadPoints(lib))
		}
		factor := Factor{"ld_so_preload", points, "a library that is forced upon every program",
			[]string{"/etc/ld.so.preload names " + strings.Join(libs, " ")}, []string{"/etc/ld.so.preload"}}
		found = append(found, Finding{Kind: "finding", ID: "ld_so_preload", Severity: factor.Points,
			Title: factor.Title, Reasons: factor.Reasons, Evidence: factor.Evidence, Factors: []Factor{factor}})
	}
	return found
}

func finding(p *Row) Finding {
	f := Finding{
		Kind: "finding", ID: fmt.Sprintf("process:%d:%d", p.PID, p.StartTime), PID: p.PID, Comm: p.Comm, User: userOf(p),
		Severity: p.Score, Title: p.Factors[0].Title, Factors: p.Factors,
	}
	for _, factor := range p.Factors {
		for _, r := range factor.Reasons {
			if !slices.Contains(f.Reasons, r) {
				f.Reasons = append(f.Reasons, r)
			}
		}
		for _, e := range factor.Evidence {
			if !slices.Contains(f.Evidence, e) {
				f.Evidence = append(f.Evidence, e)
			}
		}
	}
	return f
}

// Recommendation is one thing to do, and for which processes.
type Recommendation struct {
	Kind string `json:"kind"` // always recommendation
	Text string `json:"text"`
	PIDs []int  `json:"pids"` // none where it is about the host
}

// advice says what to do about factors, in the order in which it is to be done:
// what is lost when the process ends comes first.
var advice = []struct {
	factors string
	text    string
}{
	{"hidden", "look at the host from outside, from another medium or the hypervisor: something hides processes from what runs on it"},
	{"exe_memfd exe_deleted exe_differs", "keep what runs while it still runs, on the host: cp /proc/PID/exe COPY"},
	{"kernel_name no_arguments comm_exe remote_shell", "hold it before you end it, so that its memory stays: kill -STOP PID"},
	{"remote_shell shell_parent", "see whom it, its parent or its relay talks to, and close that way in: stilltrace network CASE pid:PID"},
	{"preload ld_so_preload code_place rwx", "keep the files whose code it runs, and find out which package they belong to: dpkg -S FILE, rpm -qf FILE"},
	{"exe_place script_place", "find out who put it there: stilltrace process CASE PID shows its parents, stilltrace event CASE the hour before it began"},
	{"uid_change", "find out how it became root: stilltrace event CASE action:sudo, action:su, and files with the setuid bit"},
	{"traced", "ask who traces it: a debugger reads passwords out of its memory"},
	{"fd_limit", "raise its limit or restart it before it fails: LimitNOFILE= of its unit, prlimit --nofile"},
}

func recommend(found []Finding) []Recommendation {
	list := []Recommendation{}
	for _, a := range advice {
		r := Recommendation{Kind: "recommendation", Text: a.text, PIDs: []int{}}
		applies := false
		for i := range found {
			if !slices.ContainsFunc(found[i].Factors, func(f Factor) bool {
				return f.Points >= standsOut && slices.Contains(strings.Fields(a.factors), f.Name)
			}) {
				continue
			}
			applies = true
			if found[i].PID != 0 {
				r.PIDs = append(r.PIDs, found[i].PID)
			}
		}
		if applies {
			list = append(list, r)
		}
	}
	return list
}
