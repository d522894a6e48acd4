package snapshot_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"stilltrace/index"
	"stilltrace/snapshot"
	"stilltrace/tracers/network"
	"stilltrace/tracers/process"
)

// cast is the processes of TestWhatStandsOut, which all sleep until the test
// ends.
type cast struct {
	t      *testing.T
	dir    string // where anybody may write
	actors []actor
}

// actor is one of them and the factors that must apply to it, beside those of
// the directory in which the test runs.
type actor struct {
	name string
	pid  int
	want []string
}

// play starts a process. What it is started with stays open until the end.
func (c *cast) play(name string, cmd *exec.Cmd, want ...string) {
	c.t.Helper()
	if cmd.Stdin == nil {
		r, w := io.Pipe()
		c.t.Cleanup(func() { _ = w.Close() })
		cmd.Stdin = r
	}
	require.NoError(c.t, cmd.Start(), name)
	c.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Process.Release()
	})
	c.actors = append(c.actors, actor{name, cmd.Process.Pid, want})
}

// program copies a program to a path below the directory.
func (c *cast) program(of, name string) string {
	c.t.Helper()
	b, err := os.ReadFile(of)
	require.NoError(c.t, err)
	path := filepath.Join(c.dir, name)
	require.NoError(c.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(c.t, os.WriteFile(path, b, 0o755))
	return path
}

const sleeper = "/bin/sleep"

func sleep(path string, args ...string) *exec.Cmd {
	if args == nil {
		args = []string{filepath.Base(path), "60"}
	}
	return &exec.Cmd{Path: path, Args: args, Env: []string{"PATH=/usr/bin:/bin"}}
}

// python runs code, and returns when that is done and the process sleeps.
func (c *cast) python(name, code string, want ...string) {
	c.t.Helper()
	c.pythonIn(0, name, code, want...)
}

// pythonIn is python in new namespaces, by the flags of clone(2).
func (c *cast) pythonIn(namespaces uintptr, name, code string, want ...string) {
	c.t.Helper()
	cmd := exec.Command("/usr/bin/python3", "-c", "import time; "+code+"; print('done', flush=True); time.sleep(60)")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces}
	out, err := cmd.StdoutPipe()
	require.NoError(c.t, err)
	c.play(name, cmd, want...)
	line := make([]byte, 5)
	_, err = io.ReadFull(out, line)
	require.NoError(c.t, err, name)
}

// memfd is a program that lies in memory only.
func (c *cast) memfd() *exec.Cmd {
	b, err := os.ReadFile(sleeper)
	require.NoError(c.t, err)
	fd, err := unix.MemfdCreate("implant", 0)
	require.NoError(c.t, err)
	f := os.NewFile(uintptr(fd), "implant")
	c.t.Cleanup(func() { _ = f.Close() })
	_, err = f.Write(b)
	require.NoError(c.t, err)
	cmd := sleep("/proc/self/fd/3", "implant", "60")
	cmd.ExtraFiles = []*os.File{f}
	return cmd
}

// backdoor is a shell that reads its commands from a connection.
func (c *cast) backdoor() *exec.Cmd {
	return &exec.Cmd{Path: "/bin/sh", Args: []string{"sh"}, Stdin: connection(c.t)}
}

// stage starts them all.
func (c *cast) stage() {
	c.play("nobody special", sleep(sleeper))

	gone := c.program(sleeper, "gone/x")
	c.play("deleted", sleep(gone), "exe_deleted", "exe_place")
	require.NoError(c.t, os.Remove(gone))
	c.play("in memory", c.memfd(), "exe_memfd", "comm_exe")
	c.play("hidden directory", sleep(c.program(sleeper, ".x/x")), "exe_place")

	c.play("like a kernel thread", sleep(sleeper, "[kworker/0:3]", "60"), "kernel_name")
	c.play("without arguments", &exec.Cmd{Path: "/bin/cat", Args: []string{""}}, "no_arguments")
	sshd := filepath.Join(c.dir, "sshd")
	require.NoError(c.t, os.Symlink(sleeper, sshd))
	c.play("like a daemon", sleep(sshd), "comm_exe")

	script := filepath.Join(c.dir, "run.sh")
	require.NoError(c.t, os.WriteFile(script, []byte("read x\n"), 0o755))
	c.play("a script", &exec.Cmd{Path: "/bin/sh", Args: []string{"sh", script}}, "script_place")
	preloaded := sleep(sleeper)
	preloaded.Env = append(preloaded.Env, "LD_PRELOAD="+c.program("/lib/x86_64-linux-gnu/libm.so.6", "l.so"))
	c.play("preloaded", preloaded, "preload", "code_place")
	c.python("writable code", "import mmap; m=mmap.mmap(-1, 4096, prot=7)", "rwx")
	c.python("out of descriptors", "import resource,os; resource.setrlimit(resource.RLIMIT_NOFILE,(20,20)); "+
		"x=[os.open('/dev/null',0) for i in range(15)]", "fd_limit")

	c.play("a backdoor", c.backdoor(), "remote_shell")
	web := filepath.Join(c.dir, "nginx")
	require.NoError(c.t, os.Symlink("/bin/sh", web))
	c.play("a server", &exec.Cmd{Path: web, Args: []string{"nginx", "-c", "sh -c 'sleep 60; :'; :"}}, "comm_exe")
}

// setuid is a program that runs as root for somebody else.
func (c *cast) setuid() {
	path := c.program(sleeper, "setuid")
	require.NoError(c.t, os.Chmod(path, 0o755|os.ModeSetuid))
	cmd := sleep(path)
	const nobody = 65534
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	c.play("setuid", cmd, "exe_place", "uid_change")
}

// traced is one that this process traces, stopped where it was to begin.
func (c *cast) traced() {
	// Only the thread that traces may let it go.
	runtime.LockOSThread()
	cmd := sleep(sleeper)
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	c.play("traced", cmd, "traced")
}

// child returns the only child of a process, once it has one that is a program
// of its own.
func (c *cast) child(pid int) int {
	var child int
	require.Eventually(c.t, func() bool {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
		_, scanned := fmt.Sscan(string(b), &child)
		if err != nil || scanned != nil {
			return false
		}
		was, err1 := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		is, err2 := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", child))
		return err1 == nil && err2 == nil && !bytes.Equal(was, is)
	}, time.Minute, 5*time.Millisecond)
	return child
}

// settle waits until all of them have come to where they sleep, or are stopped:
// os/exec returns when the new program has neither arguments nor libraries yet.
func (c *cast) settle() {
	for _, a := range c.actors {
		require.Eventually(c.t, func() bool {
			args, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", a.pid))
			f := statFields(a.pid)
			return err == nil && len(args) > 0 && len(f) > 0 && (f[0] == "S" || f[0] == "t")
		}, time.Minute, 5*time.Millisecond, a.name)
	}
}

// TestWhatStandsOut starts real processes that do what intruders do, takes a
// still of this host, and asks what stands out about each.
func TestWhatStandsOut(t *testing.T) {
	if os.Geteuid() != 0 {
		skipUnlessFull(t, "only root can start a process of another user")
	}
	dir, err := os.MkdirTemp("/tmp", "stilltrace")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755))
	c := &cast{t: t, dir: dir}
	c.stage()
	c.setuid()
	c.traced()
	for _, a := range c.actors {
		if a.name == "a server" {
			c.actors = append(c.actors, actor{"its shell", c.child(a.pid), []string{"shell_parent"}})
		}
	}
	c.settle()

	path := filepath.Join(t.TempDir(), "host.db")
	_, err = snapshot.Run(t.Context(), snapshot.Options{Output: path, NoLogs: true})
	require.NoError(t, err)
	r, err := index.Open(path)
	require.NoError(t, err)
	defer r.Close()
	for _, a := range c.actors {
		w, err := process.One(r, 0, a.pid)
		require.NoError(t, err)
		require.NotNil(t, w, a.name)
		got := []string{}
		for _, f := range w.Process.Factors {
			if f.Name != "orphaned" { // where the test itself was left behind by its login
				got = append(got, f.Name)
			}
		}
		slices.Sort(got)
		slices.Sort(a.want)
		require.Equal(t, strings.Join(a.want, " "), strings.Join(got, " "), "%s: %v", a.name, w.Process.Factors)
		if a.name == "traced" {
			require.Contains(t, w.Process.Factors[0].Reasons[0], "snapshot.test", "a thread of this test")
		}
		if a.name == "a backdoor" {
			sockets, err := network.Run(r, index.Query{Terms: []index.Term{{Field: "pid", Op: index.Is, Value: fmt.Sprint(a.pid)}}})
			require.NoError(t, err)
			require.Equal(t, "shell", sockets.Findings[0].Rule)
		}
	}
}

func skipUnlessFull(t *testing.T, reason string) {
	t.Helper()
	require.NotEqual(t, "1", os.Getenv("STILLTRACE_FULL"), "STILLTRACE_FULL=1 and yet: %s", reason)
	t.Skip(reason)
}
