package snapshot_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The exit statuses of the command line.
const (
	found   = 0
	nothing = 1
)

// buildLimit is for a build with a cold cache on a slow machine.
const buildLimit = 5 * time.Minute

// program is the built stilltrace and a case that it took: all that the
// questions of the room go through.
type program struct {
	t   *testing.T
	bin string
	db  string
}

// build builds the module's program.
func build(t *testing.T) *program {
	t.Helper()
	dir := t.TempDir()
	p := &program{t: t, bin: filepath.Join(dir, "stilltrace"), db: filepath.Join(dir, "host.db")}
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", p.bin, ".")
	cmd.Dir = ".."
	_, talk, exit := p.finish(cmd, buildLimit)
	require.Zero(t, exit, talk)
	return p
}

// finish runs cmd to its end and returns its output and exit status.
func (p *program) finish(cmd *exec.Cmd, limit time.Duration) (stdout, stderr string, exit int) {
	p.t.Helper()
	var out, talk bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &talk, time.Second
	require.NoError(p.t, cmd.Start(), cmd.String())
	timer := time.AfterFunc(limit, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	_ = cmd.Wait()
	exit = cmd.ProcessState.ExitCode()
	require.GreaterOrEqual(p.t, exit, 0, "%s took more than %v: %s", cmd, limit, talk.String())
	return out.String(), talk.String(), exit
}

// run asks stilltrace, which must end with the exit status want, and returns
// what it answered.
func (p *program) run(want int, args ...string) string {
	p.t.Helper()
	cmd := exec.Command(p.bin, args...)
	out, talk, exit := p.finish(cmd, stepLimit)
	require.Equal(p.t, want, exit, "%s: %s%s", cmd, talk, out)
	return out
}

// rows asks one of the five tracers and returns the rows of its answer, one
// for each line.
func rows[T any](p *program, command string, terms ...string) []T {
	p.t.Helper()
	args := append([]string{command, p.db}, terms...)
	cmd := exec.Command(p.bin, append(args, "--format", "jsonl")...)
	out, talk, exit := p.finish(cmd, stepLimit)
	var all []T
	for line := range strings.Lines(out) {
		var row T
		require.NoError(p.t, json.Unmarshal([]byte(line), &row), "%s: %s", cmd, line)
		all = append(all, row)
	}
	want := found
	if len(all) == 0 {
		want = nothing
	}
	require.Equal(p.t, want, exit, "%s: %s", cmd, talk)
	return all
}
