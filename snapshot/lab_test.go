package snapshot_test

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
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
	tmp := t.TempDir()
	before := traces(t, tmp)
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
	during := traces(t, tmp)
	namespaces, groups := added(namespacesBelow(t, cmd.Process.Pid), before.namespaces), added(during.groups, before.groups)
	require.GreaterOrEqual(t, len(namespaces), 6, "the lab has namespaces of its own")
	require.NotEmpty(t, groups, "the lab has control groups of its own")
	require.NoError(t, cmd.Process.Signal(s))
	_, _ = io.Copy(io.Discard, talk)
	_ = cmd.Wait()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		now := traces(t, tmp)
		assert.Equal(c, namespaces, added(namespaces, now.namespaces))
		assert.Equal(c, groups, added(groups, now.groups))
		assert.Equal(c, before.mounts, now.mounts)
		assert.Equal(c, before.accounts, now.accounts)
		assert.Equal(c, before.links, now.links)
		files, err := os.ReadDir(tmp)
		assert.NoError(c, err)
		assert.Empty(c, files)
	}, time.Minute, 100*time.Millisecond, "what the lab left behind")
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

// namespacesOf are those of some processes, which may be gone.
func namespacesOf(processes []string) (all []string) {
	for _, p := range processes {
		for _, kind := range []string{"pid", "mnt", "net", "uts", "ipc", "cgroup"} {
			if ns, err := os.Readlink(filepath.Join(p, "ns", kind)); err == nil {
				all = append(all, ns)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// namespacesBelow are those of a process and all that descend from it: others
// may make namespaces at the same time.
func namespacesBelow(t *testing.T, pid int) []string {
	t.Helper()
	family, all := map[string]bool{strconv.Itoa(pid): true}, processDirs(t)
	for grown := true; grown; {
		grown = false
		for _, dir := range all {
			one, _ := strconv.Atoi(filepath.Base(dir))
			if f := statFields(one); len(f) > 1 && family[f[1]] && !family[filepath.Base(dir)] {
				family[filepath.Base(dir)], grown = true, true
			}
		}
	}
	return namespacesOf(slices.DeleteFunc(all, func(dir string) bool { return !family[filepath.Base(dir)] }))
}

func processDirs(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*")
	require.NoError(t, err)
	return all
}

// traces looks for what a lab with its temporary files in tmp can leave.
func traces(t *testing.T, tmp string) left {
	t.Helper()
	l := left{namespaces: namespacesOf(processDirs(t))}
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
	// Other tests mount in temporary directories of their own.
	l.mounts = strings.Join(slices.DeleteFunc(strings.SplitAfter(l.mounts, "\n"), func(line string) bool {
		f := strings.Fields(line)
		return len(f) > 4 && strings.HasPrefix(f[4], os.TempDir()+"/") && !strings.HasPrefix(f[4], tmp)
	}), "")
	links, err := filepath.Glob("/sys/class/net/*")
	require.NoError(t, err)
	l.links = links
	return l
}
