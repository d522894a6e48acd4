package snapshot_test

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// cannotPlay is the lab's exit status on a machine that lacks what it needs.
const cannotPlay = 2

// TestLab plays the incident of testdata/lab anew, on real daemons, and compares
// every answer with what truly happened.
func TestLab(t *testing.T) {
	cmd := exec.Command(lab(t))
	out, err := cmd.CombinedOutput()
	skipUnplayable(t, cmd, out)
	require.NoError(t, err, "%s", out)
	t.Logf("%s", out)
}

// TestLabRecord compares the answers about the recorded incident: the same
// questions, for machines that cannot play it.
func TestLabRecord(t *testing.T) {
	out, err := exec.Command(lab(t), "check", "../testdata/lab/record").CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// TestLabKilled ends the lab in the middle of the incident: nothing of it may stay.
func TestLabKilled(t *testing.T) {
	bin := lab(t)
	for _, s := range []syscall.Signal{syscall.SIGKILL, syscall.SIGINT} {
		t.Run(s.String(), func(t *testing.T) { endLab(t, bin, s) })
	}
}

func endLab(t *testing.T, bin string, s syscall.Signal) {
	before, tmp := traces(t), t.TempDir()
	cmd := exec.Command(bin)
	cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
	talk, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var said bytes.Buffer
	attacked := false
	for s := bufio.NewScanner(talk); !attacked && s.Scan(); {
		said.WriteString(s.Text() + "\n")
		attacked = strings.Contains(s.Text(), "attacks")
	}
	if !attacked {
		_ = cmd.Wait()
		skipUnplayable(t, cmd, said.Bytes())
		require.Fail(t, "the lab ended before the attacks", said.String())
	}
	during := traces(t)
	namespaces, groups := added(during.namespaces, before.namespaces), added(during.groups, before.groups)
	require.GreaterOrEqual(t, len(namespaces), 6, "the lab has namespaces of its own")
	require.NotEmpty(t, groups, "the lab has control groups of its own")
	require.NoError(t, cmd.Process.Signal(s))
	_, _ = io.Copy(io.Discard, talk)
	_ = cmd.Wait()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		now := traces(t)
		assert.Equal(c, namespaces, added(namespaces, now.namespaces))
		assert.Equal(c, groups, added(groups, now.groups))
		assert.Equal(c, before.mounts, now.mounts)
		assert.Equal(c, before.accounts, now.accounts)
		assert.Equal(c, before.links, now.links)
		files, err := os.ReadDir(tmp)
		assert.NoError(c, err)
		assert.Empty(c, files)
	}, 15*time.Second, 100*time.Millisecond, "what the lab left behind")
}

// lab builds the lab.
func lab(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "lab")
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", bin, "../testdata/lab").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return bin
}

// skipUnplayable ends a test on a machine that cannot play the incident. Where
// STILLTRACE_FULL is 1 the machine claims to have everything.
func skipUnplayable(t *testing.T, cmd *exec.Cmd, said []byte) {
	t.Helper()
	if cmd.ProcessState.ExitCode() != cannotPlay {
		return
	}
	require.NotEqual(t, "1", os.Getenv("STILLTRACE_FULL"), "STILLTRACE_FULL=1 and yet: %s", said)
	t.Skipf("%s", said)
}

// left is what a program can leave on a machine beside files.
type left struct {
	namespaces []string // of all processes
	groups     []string // control groups of the lab
	mounts     string
	accounts   string
	links      []string // of the network
}

// added are those of now that were not there before.
func added(now, before []string) []string {
	return slices.DeleteFunc(slices.Clone(now), func(s string) bool { return slices.Contains(before, s) })
}

func traces(t *testing.T) left {
	t.Helper()
	var l left
	for _, kind := range []string{"pid", "mnt", "net", "uts", "ipc", "cgroup"} {
		links, err := filepath.Glob("/proc/[0-9]*/ns/" + kind)
		require.NoError(t, err)
		for _, f := range links {
			if ns, err := os.Readlink(f); err == nil { // the process may be gone
				l.namespaces = append(l.namespaces, ns)
			}
		}
	}
	slices.Sort(l.namespaces)
	l.namespaces = slices.Compact(l.namespaces)
	for _, glob := range []string{"/sys/fs/cgroup/stilltrace-lab-*", "/sys/fs/cgroup/*/stilltrace-lab-*"} {
		found, err := filepath.Glob(glob)
		require.NoError(t, err)
		l.groups = append(l.groups, found...)
	}
	for file, to := range map[string]*string{"/proc/self/mountinfo": &l.mounts, "/etc/passwd": &l.accounts} {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		*to = string(b)
	}
	links, err := filepath.Glob("/sys/class/net/*")
	require.NoError(t, err)
	l.links = links
	return l
}
