package proc

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// mountProcfs mounts the procfs of this process's own pid namespace over /proc,
// for this process alone.
func mountProcfs() {
	demand(0, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	demand(0, unix.Mount("proc", "/proc", "proc", 0, ""))
}

const ownSpaces = syscall.CLONE_NEWPID | syscall.CLONE_NEWNS

// A procfs that shows less than the kernel knows: that of another pid
// namespace, whose list lacks this process.
func TestHiddenFromTheList(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root makes namespaces")
	}
	apart := startRole(t, "procfs", &syscall.SysProcAttr{Cloneflags: ownSpaces})
	o := live()
	o.Proc = fmt.Sprintf("/proc/%d/root/proc", apart.Process.Pid)
	table, err := FirstLook(o, func(index.Gap) {})
	require.NoError(t, err)
	defer table.Close()
	require.Len(t, table.glimpses, 1)
	known := map[int]bool{}
	for pid := range take(t, live()).processes {
		known[pid] = pid != os.Getpid()
	}
	// It asks for a second at most, in which a loaded machine may not give it its turn.
	for try := 0; try < 5 && table.probed != os.Getpid(); try++ {
		table.hidden = nil
		table.probe(os.Getpid(), known)
	}
	require.Equal(t, os.Getpid(), table.probed)
	var found *index.Hidden
	for i := range table.hidden {
		if table.hidden[i].PID == os.Getpid() {
			found = &table.hidden[i]
		}
	}
	require.NotNil(t, found)
	require.Len(t, found.Evidence, 1)
	require.Contains(t, found.Evidence[0], "3 listings")
}

// Threads, and processes that come and go, are not hidden.
func TestNobodyIsHidden(t *testing.T) {
	comeAndGo(t, 2)
	stop := make(chan bool)
	t.Cleanup(func() { close(stop) })
	for range 8 {
		go func() {
			runtime.LockOSThread()
			<-stop
		}()
	}
	for range 2 {
		s := take(t, live())
		require.Empty(t, s.coverage.Hidden)
		table, err := FirstLook(live(), func(index.Gap) {})
		require.NoError(t, err)
		known := map[int]bool{}
		for _, g := range table.glimpses {
			known[g.pid] = true
		}
		time.Sleep(20 * time.Millisecond)
		table.probe(table.countTasks(), known)
		require.Empty(t, table.hidden)
		require.Positive(t, table.probed)
		table.Close()
	}
}

func TestMountedOver(t *testing.T) {
	table := &Table{reader: &reader{Options: live()}}
	table.mountedOver([]index.Mount{
		{Point: "/proc", Type: "proc"}, {Point: "/proc/sys/fs/binfmt_misc", Type: "binfmt_misc"},
		{Point: "/proc/812", Type: "tmpfs", Source: "none"}, {Point: "/proc/812/net", Type: "tmpfs", Source: "none"}, {Point: "/procs/9", Type: "tmpfs"},
	})
	require.Equal(t, []index.Hidden{{PID: 812, Evidence: []string{
		"/proc/812 is covered by a mount: none of type tmpfs", "/proc/812/net is covered by a mount: none of type tmpfs",
	}}}, table.hidden)
}
