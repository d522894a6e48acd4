package proc

import (
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// beTwo gives one thread of this process another user, and with it no
// capabilities, past the library that would change all of them.
func beTwo() {
	changed := make(chan bool)
	var change func()
	change = func() {
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() { // the process goes by this one
			go change()
			select {}
		}
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, 1234, 1234, 1234); errno != 0 {
			demand(0, errno)
		}
		changed <- true
		select {}
	}
	go change()
	<-changed
}

// A thread that is somebody else than its process is told; the others are not.
func TestLiveRightsOfThreads(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root becomes somebody else")
	}
	cmd := startRole(t, "two", nil)
	s := take(t, live())
	p := s.processes[cmd.Process.Pid]
	require.NotNil(t, p)
	require.Equal(t, ptr(uint32(0)), p.UID)
	other := slices.DeleteFunc(slices.Clone(p.Tasks), func(one index.Thread) bool { return one.Rights == nil })
	require.Len(t, other, 1)
	require.Greater(t, len(p.Tasks), 1)
	r := other[0].Rights
	require.Equal(t, []uint32{1234, 1234, 1234, 1234}, []uint32{*r.UID, *r.EUID, *r.SUID, *r.FSUID})
	require.Equal(t, uint32(0), *r.GID)
	require.Zero(t, r.Security.CapEffective)
	require.NotZero(t, p.Security.CapEffective)
}

func TestRightsOfACopy(t *testing.T) {
	dir := t.TempDir()
	all := process(812)
	all["812/task/813/status"] = strings.NewReplacer("Seccomp:	2", "Seccomp:	0", "Tgid:	812", "Tgid:	1").Replace(statusText)
	all["812/attr/current"] = "docker-default (enforce)\n"
	craft(t, dir, all)
	craft(t, dir, process(9))
	craft(t, dir, map[string]any{"9/task/10/status": strings.Replace(statusText, "VmSwap:	       8", "VmSwap:	       9", 1), "9/attr/current": fifo{}})
	s := take(t, Options{Proc: dir, Root: t.TempDir()})
	p := s.processes[812]
	require.Equal(t, "docker-default (enforce)", p.Label)
	require.Nil(t, p.Tasks[0].Rights)
	require.Equal(t, &index.ThreadRights{
		UID: p.UID, EUID: p.EUID, SUID: p.SUID, FSUID: p.FSUID, GID: p.GID, EGID: p.EGID, Groups: p.Groups,
		Security: &index.SecurityBits{CapEffective: 0x1ffffffffff, CapPermitted: 0xff, CapBounding: 1, NoNewPrivs: true},
	}, p.Tasks[1].Rights)
	require.Nil(t, s.processes[9].Tasks[1].Rights, "memory is no right")
	require.Empty(t, s.gapsOf(812))
	require.Len(t, s.gapsOf(9), 1)
	require.Equal(t, "/proc/9/attr/current", s.gapsOf(9)[0].Place)
}

// Whoever reads has a label exactly where processes have.
func TestLiveLabels(t *testing.T) {
	data, err := os.ReadFile("/proc/self/attr/current")
	s := take(t, live())
	require.Equal(t, strings.TrimRight(string(data), "\x00\n"), s.processes[os.Getpid()].Label)
	if err != nil {
		for _, p := range s.processes {
			require.Empty(t, p.Label)
		}
	}
}

// Threads that were started since the first look are asked for, too.
func TestThreadsSinceTheFirstLook(t *testing.T) {
	p := index.Process{Threads: 1}
	require.NoError(t, parseStatus([]byte("Name:\tx\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nThreads:\t3\n"), &p))
	require.Equal(t, 3, p.Threads)
}
