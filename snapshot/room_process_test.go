package snapshot_test

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"
)

// processRow is the part of a row of process that is compared with ps.
type processRow struct {
	Kind      string   `json:"kind"`
	PID       int      `json:"pid"`
	PPID      int      `json:"ppid"`
	Comm      string   `json:"comm"`
	State     string   `json:"state"`
	User      string   `json:"user"`
	EUID      *int     `json:"euid"`
	Cmdline   []string `json:"cmdline"`
	StartTime uint64   `json:"starttime"`
}

// listed is a process as ps lists it, with the start that tells it from a
// later one of the same pid.
type listed struct {
	ppid  int
	user  string
	args  string
	start uint64
	image string // where its arguments lie, which is elsewhere after each execve(2)
}

// ps returns every process that is still there when its start is read.
func (r *room) ps() map[int]listed {
	cmd := exec.Command("ps", "-e", "-ww", "-o", "pid=,ppid=,user:32=,args=")
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	all := map[int]listed{}
	for line := range strings.Lines(r.run(cmd)) {
		f := strings.Fields(line)
		require.GreaterOrEqual(r.t, len(f), 3, line)
		pid, err := strconv.Atoi(f[0])
		require.NoError(r.t, err)
		ppid, err := strconv.Atoi(f[1])
		require.NoError(r.t, err)
		if start, image, ok := started(pid); ok {
			all[pid] = listed{ppid: ppid, user: f[2], args: folded(afterFields(line, 3)), start: start, image: image}
		}
	}
	return all
}

// afterFields returns what follows the first n fields of a line.
func afterFields(line string, n int) string {
	for range n {
		line = strings.TrimLeft(line, " ")
		_, line, _ = strings.Cut(line, " ")
	}
	return strings.Trim(line, " \n")
}

// started returns the start of a process and what tells one of its programs from
// the next: the 22nd and the 48th field of /proc/PID/stat.
func started(pid int) (start uint64, image string, ok bool) {
	f := statFields(pid)
	if len(f) < 46 {
		return 0, "", false
	}
	start, err := strconv.ParseUint(f[19], 10, 64)
	return start, f[45], err == nil
}

// parent returns the parent of a process that lives.
func (r *room) parent(pid int) int {
	f := statFields(pid)
	require.Greater(r.t, len(f), 1, "process %d", pid)
	ppid, err := strconv.Atoi(f[1])
	require.NoError(r.t, err)
	return ppid
}

// statFields returns the fields of /proc/PID/stat from the third on.
func statFields(pid int) []string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return strings.Fields(string(b)[strings.LastIndexByte(string(b), ')')+1:])
}

// askProcesses checks that each process that ps listed before the snapshot and
// after it, without a change, is in the case just so.
func (r *room) askProcesses(p *program, before, after map[int]listed) {
	got := map[int]processRow{}
	for _, row := range rows[processRow](p, "process") {
		require.Equal(r.t, "process", row.Kind)
		got[row.PID] = row
	}
	for name, pid := range r.daemons {
		require.Equal(r.t, before[pid], after[pid], "%s stood still", name)
	}
	compared := 0
	for pid, want := range before {
		if after[pid] != want {
			continue
		}
		want.image = ""
		row, ok := got[pid]
		require.True(r.t, ok, "process %d, %s", pid, want.args)
		require.Equal(r.t, want, listed{ppid: row.PPID, user: row.name(), args: row.args(want.args), start: row.StartTime}, "process %d", pid)
		compared++
	}
	require.Greater(r.t, compared, len(r.daemons))
	r.t.Logf("%d of %d processes compared", compared, len(before))
}

// name is the user as ps has it: the number where passwd(5) names none.
func (p processRow) name() string {
	if p.User != "" || p.EUID == nil {
		return p.User
	}
	return strconv.Itoa(*p.EUID)
}

// args is the command line as ps has it in the C locale: the name in brackets
// where there is none, and nothing where all arguments are empty. A kernel worker adds to its name what it last worked
// for; that part is taken from ps.
func (p processRow) args(listed string) string {
	line := strings.TrimRight(strings.Join(p.Cmdline, " "), " ")
	if line == "" && len(p.Cmdline) == 0 {
		line = "[" + p.Comm + "]"
		worker, _, cut := strings.Cut(strings.ReplaceAll(p.Comm, "+", "-"), "-")
		if cut && strings.HasPrefix(worker, "kworker/") && strings.HasPrefix(listed, "["+worker) {
			line = listed
		}
	}
	if p.State == "Z" {
		line = "[" + p.Comm + "] <defunct>"
	}
	return folded(line)
}

// folded is a command line without what each version of ps shows in its own
// way, as a dot, a question mark or a space: blanks and bytes that are no
// visible sign of ASCII.
func folded(line string) string {
	signs := []byte(line)
	for i, b := range signs {
		if b <= ' ' || b > '~' || b == '.' || b == '?' {
			signs[i] = ' '
		}
	}
	return strings.Join(strings.Fields(string(signs)), " ")
}
