package process

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Finding is something that stands out about one process. Its texts may hold
// captured bytes.
type Finding struct {
	Kind     string   `json:"kind"` // always finding
	ID       string   `json:"id"`   // the rule, the pid and the start time: the same in every answer from one case
	PID      int      `json:"pid"`
	Severity int      `json:"severity"` // 0 to 100
	Title    string   `json:"title"`
	Reasons  []string `json:"reasons"`
	Evidence []string `json:"evidence"` // places: /proc/812/exe
}

// rule is one thing that can stand out. Its check returns the reasons, none
// where the process is as it should be, and the files of /proc/PID that show it.
type rule struct {
	name     string
	severity int
	title    string
	check    func(p *Row) (reasons, files []string)
}

// rules holds what can be said from a process's own record. Nothing here is
// proof of an intrusion, and the severities say how seldom the innocent causes
// are: a package upgrade leaves deleted executables on most hosts, container
// runtimes and browsers run from memory, nobody needs a kernel thread's name.
var rules = []rule{
	{"kernel_name", 80, "a process named like a kernel thread", kernelName},
	{"exe_memfd", 60, "an executable that lies in memory only", exeMemfd},
	{"no_arguments", 50, "a process without arguments, which is listed like a kernel thread", noArguments},
	{"exe_deleted", 40, "an executable that was deleted or replaced", exeDeleted},
}

// kernelName: ps(1) writes the names of kernel threads in brackets, which is
// why impostors take such a name.
func kernelName(p *Row) ([]string, []string) {
	const flag = "it lacks the flag PF_KTHREAD"
	if p.Kernel {
		return nil, nil
	}
	if len(p.Cmdline) > 0 && bracketed(p.Cmdline[0]) {
		return []string{"its first argument is " + p.Cmdline[0], flag}, []string{"cmdline", "stat"}
	}
	if bracketed(p.Comm) {
		return []string{"its name is " + p.Comm, flag}, []string{"comm", "stat"}
	}
	return nil, nil
}

func bracketed(s string) bool { return strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") }

func exeMemfd(p *Row) ([]string, []string) {
	if !inMemory(p) {
		return nil, nil
	}
	return []string{"its executable is " + p.Exe + " (memfd_create(2))"}, []string{"exe"}
}

func inMemory(p *Row) bool { return strings.HasPrefix(p.Exe, "/memfd:") }

// noArguments: a process keeps its arguments in its own memory and can wipe
// them; ps(1) then writes its name in brackets. Those that have ended have none
// either, and an unknown executable leaves open that nothing could be read.
func noArguments(p *Row) ([]string, []string) {
	ended := p.State == "Z" || p.State == "X" || p.State == "x"
	if p.Kernel || ended || p.Exe == "" || strings.Join(p.Cmdline, "") != "" {
		return nil, nil
	}
	return []string{"its arguments are empty", "its executable is " + p.Exe}, []string{"cmdline", "exe"}
}

func exeDeleted(p *Row) ([]string, []string) {
	if !p.ExeGone || inMemory(p) {
		return nil, nil
	}
	return []string{"its executable " + p.Exe + " is no longer there"}, []string{"exe"}
}

// findings holds every rule against rows. The process that took the snapshot
// is left out, and so is what rests on a file that could not be read.
func (h *host) findings(rows []Row) []Finding {
	unread := map[string]bool{}
	for _, g := range h.gaps {
		unread[g.Place] = true
	}
	found := []Finding{}
	for i := range rows {
		p := &rows[i]
		if p.Self {
			continue
		}
		for _, r := range rules {
			reasons, files := r.check(p)
			if len(reasons) == 0 {
				continue
			}
			f := Finding{
				Kind: "finding", ID: fmt.Sprintf("%s:%d:%d", r.name, p.PID, p.StartTime), PID: p.PID,
				Severity: r.severity, Title: r.title, Reasons: reasons,
			}
			for _, file := range files {
				f.Evidence = append(f.Evidence, p.Evidence()+"/"+file)
			}
			if !slices.ContainsFunc(f.Evidence, func(place string) bool { return unread[place] }) {
				found = append(found, f)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.PID, b.PID))
	})
	return found
}
