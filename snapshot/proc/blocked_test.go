package proc

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// A file system can be frozen (ioctl_fs(2)): whoever writes to a mapping of its
// files waits, and holds the mapping; whoever unmaps it waits for the first one
// and holds the whole address space. Readers of cmdline, environ and maps then
// wait until it is thawed. It takes no more than a file for a disk.
const (
	fiFreeze = 0xc0045877
	fiThaw   = 0xc0045878
	// frozenVariable names the file that a process maps to be held by it.
	frozenVariable = "STILLTRACE_PROC_TEST_FROZEN"
)

// blockItself maps a file, and when told to, writes to it and unmaps it.
func blockItself() {
	f := demand(os.OpenFile(os.Getenv(frozenVariable), os.O_RDWR, 0))
	page := demand(unix.Mmap(int(f.Fd()), 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED))
	_ = page[0]
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGUSR1)
	go func() {
		<-told
		writer := make(chan int)
		go func() {
			runtime.LockOSThread() // with a processor of the runtime's: there must be others
			writer <- unix.Gettid()
			page[0] = 1
		}()
		stat := fmt.Sprintf("/proc/self/task/%d/stat", <-writer)
		for !waitsForDisk(stat) { // unmapped before it is written to, it would hold nobody up
			time.Sleep(time.Millisecond)
		}
		runtime.LockOSThread()
		_ = unix.Munmap(page)
	}()
}

// frozenDisk mounts a small file system and returns its directory and what
// freezes it. It is thawed and unmounted at the end.
func frozenDisk(t *testing.T, files int) (dir string, freeze func()) {
	t.Helper()
	image := filepath.Join(t.TempDir(), "disk")
	require.NoError(t, os.WriteFile(image, nil, 0o600))
	require.NoError(t, os.Truncate(image, 16<<20))
	out, err := exec.Command("mkfs.ext4", "-q", image).CombinedOutput()
	require.NoError(t, err, "%s", out)
	dir = t.TempDir()
	if out, err := exec.Command("mount", "-o", "loop", image, dir).CombinedOutput(); err != nil {
		t.Skipf("a file cannot be mounted here: %s", out)
	}
	t.Cleanup(func() {
		// Who looks at all mounts of the machine is in it for a moment.
		unmounted := func() bool { return exec.Command("umount", dir).Run() == nil }
		require.Eventually(t, unmounted, time.Minute, 50*time.Millisecond)
	})
	for i := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), make([]byte, 4096), 0o600))
	}
	d, err := os.Open(dir)
	require.NoError(t, err)
	thaw := func() { _, _, _ = unix.Syscall(unix.SYS_IOCTL, d.Fd(), fiThaw, 0) }
	return dir, func() {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, d.Fd(), fiFreeze, 0)
		require.Zero(t, errno)
		t.Cleanup(func() { thaw(); _ = d.Close() })
	}
}

// holdsItself reports whether two threads of a process wait for the disk or for each other: the
// one that writes, and the one that holds the address space meanwhile.
func holdsItself(pid int) bool {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	waiting := 0
	for _, path := range tasks {
		waiting += bool1(waitsForDisk(path))
	}
	return waiting >= 2
}

// waitsForDisk reports whether a thread waits so that nothing can wake it, by
// its stat.
func waitsForDisk(path string) bool {
	data, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	s, err := parseStat(data)
	return err == nil && s.state == "D"
}

const manyBlocked = 50

// Fifty processes whose memory cannot be read: the capture ends in time, and
// has all else of them.
func TestBlockedProcesses(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root mounts and freezes a file system")
	}
	dir, freeze := frozenDisk(t, manyBlocked)
	var starts []func()
	pids := map[int]bool{}
	for i := range manyBlocked {
		cmd := &exec.Cmd{Path: "/proc/self/exe", Args: []string{"role-blocked"}, Env: append(os.Environ(), roleVariable+"=blocked", fmt.Sprintf("%s=%s/%d", frozenVariable, dir, i), "GOMAXPROCS=4")}
		startRoleOf(t, cmd)
		starts = append(starts, func() { require.NoError(t, cmd.Process.Signal(syscall.SIGUSR1)) })
		pids[cmd.Process.Pid] = true
	}
	freeze()
	for _, start := range starts {
		start()
	}
	for pid := range pids {
		require.Eventually(t, func() bool { return holdsItself(pid) }, time.Minute, 20*time.Millisecond, "%d", pid)
	}

	t.Run("each is given up", func(t *testing.T) {
		o := live()
		began := time.Now()
		o.Deadline = began.Add(30 * time.Second)
		s := take(t, o)
		require.Less(t, time.Since(began), 31*time.Second)
		blocked := 0
		for pid := range pids {
			p := s.processes[pid]
			require.NotNil(t, p)
			require.True(t, strings.HasSuffix(p.Exe, ".test"), p.Exe)
			require.NotNil(t, p.EUID)
			require.NotNil(t, p.IO)
			require.Positive(t, *p.FDs)
			require.NotEmpty(t, p.Files)
			require.NotEmpty(t, p.Tasks)
			require.NotZero(t, p.Spaces.Mnt)
			if p.Blocked {
				blocked++
				require.Nil(t, p.Cmdline)
				require.Equal(t, index.ReasonBlocked, s.gapsOf(pid)[0].Reason)
			}
		}
		require.Equal(t, manyBlocked, blocked)
		// Another one may have to wait on a machine that does much else.
		require.GreaterOrEqual(t, s.coverage.Blocked, manyBlocked)
		require.NotEmpty(t, s.processes[os.Getpid()].Cmdline, "those that come after them are read")
		require.Empty(t, s.coverage.Hidden)
	})
	t.Run("the deadline comes before", func(t *testing.T) {
		o := live()
		began := time.Now()
		o.Deadline = began.Add(600 * time.Millisecond)
		s := take(t, o)
		// That it ended before all was read is what counts; a busy machine gives it its turn when it can.
		require.Less(t, time.Since(began), 20*time.Second)
		require.Positive(t, s.coverage.Unread)
		for pid := range pids {
			require.NotNil(t, s.processes[pid], "the first look saw it")
			require.NotZero(t, s.processes[pid].StartTime)
		}
	})
}
