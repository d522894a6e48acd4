package proc

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

// A process that goes from one program to the next is never shown with the
// arguments or the name of the one and the executable of the other, unless the
// case says so. The programs are so many that it does not come back to one
// while it is looked at.
func TestProgramsThatFollowOneAnother(t *testing.T) {
	dir := t.TempDir()
	shell, err := os.ReadFile("/bin/sh")
	require.NoError(t, err)
	const programs = 100
	for n := range programs {
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprint("p", n)), shell, 0o755))
	}
	// $1 is the number of the program, which starts the next one with the same words.
	words := fmt.Sprintf(`i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done; n=$((($1+1)%%%d)); exec "$D/p$n" -c "$W" x $n`, programs)
	cmd := exec.Command(filepath.Join(dir, "p0"), "-c", words, "x", "0")
	cmd.Env = []string{"D=" + dir, "W=" + words}
	runtime.LockOSThread() // with which it ends, where nobody is left to end it
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	whole, changed, starting := 0, 0, 0
	for range 20 {
		s := take(t, live())
		p := s.processes[cmd.Process.Pid]
		require.NotNil(t, p)
		if slices.ContainsFunc(s.gapsOf(p.PID), func(g index.Gap) bool { return g.Reason == index.ReasonChanged }) {
			changed++
			continue
		}
		if len(p.Cmdline) == 0 {
			starting++ // it had no turn for longer than it was looked at
			continue
		}
		whole++
		require.Equal(t, p.Exe, p.Cmdline[0])
		require.Equal(t, p.Comm, fmt.Sprint("p", p.Cmdline[len(p.Cmdline)-1]))
		require.Equal(t, filepath.Base(p.Exe), p.Comm)
	}
	require.Positive(t, whole)
	t.Logf("%d times whole, %d times without arguments yet, %d times read while it changed", whole, starting, changed)
}
