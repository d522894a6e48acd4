package proc

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

// A process that goes from one program to another and back is never shown with
// the arguments or the name of the one and the executable of the other, unless
// the case says so.
func TestProgramsThatFollowOneAnother(t *testing.T) {
	dir := t.TempDir()
	shell, err := os.ReadFile("/bin/sh")
	require.NoError(t, err)
	for _, name := range []string{"alpha", "beta"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), shell, 0o755))
	}
	const work = `i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done; `
	cmd := exec.Command(filepath.Join(dir, "alpha"), "-c", work+`exec "$D/beta" -c "$B"`)
	cmd.Env = []string{"D=" + dir, "A=" + work + `exec "$D/beta" -c "$B"`, "B=" + work + `exec "$D/alpha" -c "$A"`}
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
		require.Equal(t, filepath.Base(p.Exe), p.Comm)
	}
	require.Positive(t, whole)
	t.Logf("%d times whole, %d times without arguments yet, %d times read while it changed", whole, starting, changed)
}
