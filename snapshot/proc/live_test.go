package proc

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// copyBinary copies this test binary to dir/name.
func copyBinary(t *testing.T, dir, name string) string {
	t.Helper()
	from, err := os.Open("/proc/self/exe")
	require.NoError(t, err)
	defer from.Close()
	path := filepath.Join(dir, name)
	to, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o755)
	require.NoError(t, err)
	_, err = io.Copy(to, from)
	require.NoError(t, err)
	require.NoError(t, to.Close())
	return path
}

func TestLiveChild(t *testing.T) {
	dir := t.TempDir()
	comm := "x) R 1\n\x1b[1m\xff"
	path := copyBinary(t, dir, comm)
	kept := copyBinary(t, dir, "kept (deleted)")

	open, err := os.Create(filepath.Join(dir, "open.log"))
	require.NoError(t, err)
	defer open.Close()
	lost, err := os.Create(filepath.Join(dir, "lost.log"))
	require.NoError(t, err)
	defer lost.Close()
	require.NoError(t, os.Remove(lost.Name()))
	odd, err := os.Create(filepath.Join(dir, "odd (deleted)"))
	require.NoError(t, err)
	defer odd.Close()
	fd, err := unix.MemfdCreate("secret", unix.MFD_CLOEXEC)
	require.NoError(t, err)
	memory := os.NewFile(uintptr(fd), "memfd")
	defer memory.Close()
	pipe, _, err := os.Pipe()
	require.NoError(t, err)
	defer pipe.Close()

	child := &exec.Cmd{Path: path, Args: []string{"sshd: \xff\n", "", "--port", "22 "}, Dir: dir, ExtraFiles: []*os.File{open, lost, odd, memory, pipe}}
	startReady(t, child)
	require.NoError(t, os.Remove(path))
	honest := &exec.Cmd{Path: kept, Args: []string{kept}, Dir: "/"}
	startReady(t, honest)
	linked := copyBinary(t, dir, "linked")
	require.NoError(t, os.Link(linked, linked+".2"))
	replaced := &exec.Cmd{Path: linked, Args: []string{linked}, Dir: "/"}
	startReady(t, replaced)
	require.NoError(t, os.Remove(linked))

	s := take(t, live())
	p := s.processes[child.Process.Pid]
	require.NotNil(t, p)
	require.Empty(t, s.gapsOf(p.PID))
	require.Equal(t, os.Getpid(), p.PPID)
	require.Equal(t, comm, p.Comm)
	require.Equal(t, []string{"sshd: \xff\n", "", "--port", "22 "}, p.Cmdline)
	require.Equal(t, path, p.Exe)
	require.True(t, p.ExeGone)
	require.Equal(t, dir, p.Cwd)
	require.Equal(t, "/", p.Root)
	require.Equal(t, ptr(uint32(os.Getuid())), p.UID)
	require.Equal(t, ptr(uint32(os.Getgid())), p.EGID)
	require.False(t, p.Kernel)
	require.NotZero(t, p.StartTime)
	require.InDelta(t, float64(time.Now().UnixNano()), float64(p.Started), float64(time.Minute), "started")
	require.NotZero(t, p.RSS)
	require.Positive(t, p.Threads)
	require.NotNil(t, p.IO)
	require.NotNil(t, p.Switches)
	require.NotEmpty(t, p.Limits)
	var rlimit unix.Rlimit
	require.NoError(t, unix.Prlimit(p.PID, unix.RLIMIT_NOFILE, nil, &rlimit))
	i := slices.IndexFunc(p.Limits, func(l index.Limit) bool { return l.Name == "nofile" })
	require.Equal(t, index.Limit{Name: "nofile", Soft: int64(rlimit.Cur), Hard: int64(rlimit.Max)}, p.Limits[i])

	byFD := map[int]index.OpenFile{}
	for _, f := range p.Files {
		require.NotEmpty(t, f.Access, "%v", f)
		if f.Type == "file" || f.Type == "memfd" {
			require.NotNil(t, f.Pos)
			require.NotZero(t, f.Inode)
			require.True(t, f.Mount != 0 || f.Type == "memfd", "%v", f) // the kernel's own mount may have the number 0
		}
		f.Pos, f.Mount, f.Access, f.Flags = nil, 0, "", 0
		if f.Type != "pipe" {
			f.Inode = 0
		}
		byFD[f.FD] = f
	}
	require.Len(t, p.Files, *p.FDs)
	require.Equal(t, index.OpenFile{FD: 3, Type: "file", Target: open.Name()}, byFD[3])
	require.Equal(t, index.OpenFile{FD: 4, Type: "file", Target: lost.Name(), Deleted: true}, byFD[4])
	require.Equal(t, index.OpenFile{FD: 5, Type: "file", Target: odd.Name()}, byFD[5], "a name may end like the kernel's mark")
	require.Equal(t, index.OpenFile{FD: 6, Type: "memfd", Target: "/memfd:secret", Deleted: true}, byFD[6])
	require.Equal(t, "pipe", byFD[7].Type)
	var st unix.Stat_t
	require.NoError(t, unix.Fstat(int(pipe.Fd()), &st))
	require.Equal(t, st.Ino, byFD[7].Inode)
	require.Equal(t, index.OpenFile{FD: 2, Type: "device", Target: "/dev/null"}, byFD[2])

	require.Equal(t, kept, s.processes[honest.Process.Pid].Exe)
	require.False(t, s.processes[honest.Process.Pid].ExeGone)
	require.Equal(t, linked, s.processes[replaced.Process.Pid].Exe)
	require.True(t, s.processes[replaced.Process.Pid].ExeGone, "another hard link of the file is still there")

	self := s.processes[os.Getpid()]
	require.NotNil(t, self)
	for name, inode := range map[string]uint64{"net": self.Spaces.Net, "mnt": self.Spaces.Mnt, "pid": self.Spaces.PID, "uts": self.Spaces.UTS} {
		text, err := os.Readlink("/proc/self/ns/" + name)
		require.NoError(t, err)
		require.Equal(t, text, fmt.Sprintf("%s:[%d]", name, inode))
	}
	for _, f := range self.Files {
		require.False(t, f.Target == "/proc" || strings.HasPrefix(f.Target, "/proc/"), "the looking itself: %v", f)
	}
}

func TestLiveExitedChildIsNoGap(t *testing.T) {
	child := exec.Command("/bin/true")
	require.NoError(t, child.Start())
	defer child.Wait() //nolint:errcheck // only reaped
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", child.Process.Pid))
		require.NoError(t, err)
		if now, err := parseStat(data); err == nil && now.state == "Z" {
			break
		}
		require.True(t, time.Now().Before(deadline), "the child never exited: %s", data)
	}
	s := take(t, live())
	p := s.processes[child.Process.Pid]
	require.NotNil(t, p)
	require.Equal(t, "Z", p.State)
	require.Equal(t, "true", p.Comm)
	require.Nil(t, p.Cmdline)
	require.Empty(t, p.Exe)
	for _, name := range []string{"exe", "cmdline", "cwd", "root", "ns"} {
		require.Empty(t, s.at(fmt.Sprintf("/proc/%d/%s", p.PID, name)))
	}
}

// What the reader has open to look at other processes comes and goes; that is no
// gap in what is known of the reader itself.
func TestLiveSelfIsNoGap(t *testing.T) {
	for range 40 {
		s := take(t, live())
		for _, g := range s.gaps {
			require.False(t, g.PID == os.Getpid() && g.Reason == index.ReasonVanished && strings.HasSuffix(g.Place, "/fd"), "%v", g)
		}
	}
}

func TestLiveKernelThreads(t *testing.T) {
	s := take(t, live())
	found := 0
	for _, p := range s.processes {
		if !p.Kernel {
			continue
		}
		found++
		require.Empty(t, p.Exe)
		require.Nil(t, p.Cmdline)
		for _, g := range s.gapsOf(p.PID) {
			require.NotContains(t, g.Place, "exe")
			require.NotContains(t, g.Place, "cmdline")
		}
	}
	if found == 0 {
		t.Log("no kernel thread is visible in this pid namespace: only the crafted ones were tested")
	}
}

// psLine is what ps says of a process.
type psLine struct{ pid, ppid, user, args string }

func ps(t *testing.T) map[int]psLine {
	t.Helper()
	cmd := exec.Command("ps", "-eww", "-o", "pid=,ppid=,user:64=,args=")
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("no ps to compare with: %v", err)
	}
	all := map[int]psLine{}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		pid, err := strconv.Atoi(f[0])
		require.NoError(t, err)
		all[pid] = psLine{f[0], f[1], f[2], strings.Join(f[3:], " ")}
	}
	return all
}

// A process of others may be the same before and after a still and another in
// between. What differs each time does not go back and forth.
func TestLiveLikePs(t *testing.T) {
	const tries = 5
	differs := unlikePs(t)
	for try := 1; try < tries && len(differs) > 0; try++ {
		again := unlikePs(t)
		maps.DeleteFunc(differs, func(pid int, _ string) bool { return again[pid] == "" })
	}
	require.Empty(t, differs)
}

// unlikePs takes a still between two looks of ps, and returns what differs, by
// pid.
func unlikePs(t *testing.T) map[int]string {
	t.Helper()
	before := ps(t)
	s := take(t, live())
	after := ps(t)
	compared, differs := 0, map[int]string{}
	for pid, want := range before {
		if after[pid] != want {
			continue // it ended or changed in the meantime
		}
		compared++
		p := s.processes[pid]
		if p == nil {
			differs[pid] = fmt.Sprintf("ps has seen %v", want)
			continue
		}
		user := p.User
		if user == "" {
			user = fmt.Sprint(*p.EUID)
		}
		args := strings.Join(p.Cmdline, " ")
		if !strings.ContainsFunc(args, func(r rune) bool { return r < ' ' }) {
			args = strings.Join(strings.Fields(args), " ")
		}
		if args == "" || strings.ContainsFunc(args, func(r rune) bool { return r < ' ' || r > '~' }) {
			args = want.args // ps shows these in its own way
		}
		if got := (psLine{strconv.Itoa(pid), strconv.Itoa(p.PPID), user, args}); got != want {
			differs[pid] = fmt.Sprintf("ps has %v, and the still %v", want, got)
		}
	}
	require.Positive(t, compared)
	return differs
}

// Processes that come and go while they are being read leave gaps and nothing else.
func TestLiveChurn(t *testing.T) {
	comeAndGo(t, 4)
	for range 10 {
		s := take(t, live())
		require.True(t, slices.IsSorted(s.first))
		for _, g := range s.gaps {
			require.NotContains(t, []index.Reason{index.ReasonTorn, index.ReasonIO, index.ReasonUnsupported}, g.Reason, "%v", g)
		}
	}
}

const asNobody = "STILLTRACE_PROC_TEST_NOBODY"

// As an ordinary user: what may not be read is a gap for permission, and what may be read is there.
func TestLiveAsNobody(t *testing.T) {
	if os.Getenv(asNobody) != "" {
		readAsNobody(t)
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	binary := copyBinary(t, "/tmp", fmt.Sprintf("proc-nobody-%d", os.Getpid()))
	defer os.Remove(binary)
	cmd := exec.Command(binary, "-test.run=^TestLiveAsNobody$", "-test.v")
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), asNobody+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.True(t, bytes.Contains(out, []byte("--- PASS: TestLiveAsNobody")), "%s", out)
}

func readAsNobody(t *testing.T) {
	require.Equal(t, 65534, os.Geteuid())
	s := take(t, live())
	parent := s.processes[os.Getppid()]
	require.NotNil(t, parent)
	require.Equal(t, ptr(uint32(0)), parent.UID)
	require.NotEmpty(t, parent.Cmdline)
	require.Empty(t, parent.Exe)
	require.Nil(t, parent.FDs)
	require.Nil(t, parent.IO)
	for _, name := range []string{"exe", "cwd", "root", "fd", "io", "ns"} {
		place := fmt.Sprintf("/proc/%d/%s", parent.PID, name)
		gaps := s.at(place)
		require.Len(t, gaps, 1, place)
		require.Equal(t, index.ReasonPermission, gaps[0].Reason)
		require.Equal(t, "permission denied", gaps[0].Detail)
		require.Equal(t, parent.PID, gaps[0].PID)
		require.Equal(t, "process", gaps[0].Area)
	}
	self := s.processes[os.Getpid()]
	require.NotNil(t, self)
	require.NotEmpty(t, self.Exe)
	require.NotNil(t, self.FDs)
	for _, g := range s.gapsOf(self.PID) {
		require.Equal(t, index.ReasonVanished, g.Reason, "only descriptors of its own that it closed meanwhile: %v", g)
	}
}

const asHidden = "STILLTRACE_PROC_TEST_HIDEPID"

// Where the procfs itself hides the processes of others, that is a gap, and
// nobody is called hidden.
func TestLiveHidepid(t *testing.T) {
	if os.Getenv(asHidden) != "" {
		require.Equal(t, 65534, os.Geteuid())
		s := take(t, live())
		require.NotNil(t, s.processes[os.Getpid()])
		require.Nil(t, s.processes[1])
		require.Empty(t, s.coverage.Hidden)
		require.Zero(t, s.coverage.Probed)
		gaps := s.at("/proc")
		require.Len(t, gaps, 1)
		require.Equal(t, index.ReasonPermission, gaps[0].Reason)
		require.Contains(t, gaps[0].Detail, "hidepid=")
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("only root mounts a procfs and becomes another user")
	}
	binary := copyBinary(t, "/tmp", fmt.Sprintf("proc-hidepid-%d", os.Getpid()))
	defer os.Remove(binary)
	cmd := exec.Command("unshare", "--mount", "sh", "-c", "mount -t proc -o hidepid=2 proc /proc && cd / && exec setpriv --reuid 65534 --regid 65534 --clear-groups "+binary+" -test.run='^TestLiveHidepid$' -test.v")
	cmd.Env = append(os.Environ(), asHidden+"=1")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.True(t, bytes.Contains(out, []byte("--- PASS: TestLiveHidepid")), "%s", out)
}

func TestReadClocks(t *testing.T) {
	before := time.Now()
	c := ReadClocks(true)
	require.False(t, c.Realtime.Go().Before(before.Add(-time.Second)))
	require.False(t, c.Realtime.Go().After(time.Now().Add(time.Second)))
	require.Positive(t, c.Monotonic)
	require.GreaterOrEqual(t, c.Boottime, c.Monotonic)
	c = ReadClocks(false)
	require.NotZero(t, c.Realtime)
	require.Zero(t, c.Monotonic)
	require.Zero(t, c.Boottime)
}

func BenchmarkReadProcesses(b *testing.B) {
	processes, files := 0, 0
	for b.Loop() {
		processes, files = 0, 0
		_, err := readProcesses(context.Background(), live(), nil, func(p *index.Process) error {
			processes++
			files += len(p.Files)
			return nil
		}, func(index.Gap) {})
		require.NoError(b, err)
	}
	b.ReportMetric(float64(processes), "processes")
	b.ReportMetric(float64(files), "files")
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(max(processes, 1)), "us/process")
}
