package snapshot_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/tracers/process"
)

// connection is one on loopback, as a file that a program can be started with.
func connection(t *testing.T) *os.File {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	there, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = there.Close() })
	f, err := there.(*net.TCPConn).File()
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// TestRemoteTerminal gives shells a terminal by which somebody elsewhere speaks
// to them, as pty.spawn does, and others one that leads nowhere.
func TestRemoteTerminal(t *testing.T) {
	const python = "/usr/bin/python3"
	if _, err := os.Stat(python); err != nil {
		skipUnlessFull(t, err.Error())
	}
	c := &cast{t: t, dir: t.TempDir()}
	const spawn = "import pty; pty.spawn('/bin/sh')"
	wants := map[string]string{}
	start := func(name string, in *os.File, want string, args ...string) {
		cmd := exec.Command(args[0], args[1:]...)
		if in != nil {
			cmd.Stdin, cmd.Stdout, cmd.Stderr = in, in, in
		}
		c.play(name, cmd)
		wants[name] = want
	}
	start("its input", connection(t), "remote_shell", python, "-c", spawn)
	const besides = "import os,socket,pty,time; l=socket.create_server(('127.0.0.1',0)); s=socket.create_connection(l.getsockname()); " +
		"pid,fd=pty.fork(); pid or os.execv('/bin/sh',['sh']); time.sleep(60)"
	start("a connection besides", nil, "remote_shell", python, "-c", besides)
	start("no connection", nil, "", python, "-c", spawn)
	if script, err := exec.LookPath("script"); err == nil {
		start("a program that gives out terminals", connection(t), "", script, "-qc", "sh", "/dev/null")
	}
	shells := map[string]int{}
	for _, a := range c.actors {
		shells[a.name] = c.child(a.pid)
	}

	r := ownStill(t)
	for name, pid := range shells {
		w, err := process.One(r, 0, pid)
		require.NoError(t, err)
		require.NotNil(t, w, name)
		var got, why []string
		for _, f := range w.Process.Factors {
			if f.Name == "remote_shell" {
				got, why = append(got, f.Name), f.Reasons
			}
		}
		require.Equal(t, wants[name], strings.Join(got, " "), "%s: %v", name, w.Process.Files)
		if wants[name] != "" {
			require.Contains(t, why[1], fmt.Sprintf("its parent %d (python3) holds the other end of a terminal", w.Process.PPID), name)
			require.Contains(t, why[1], "a connection to 127.0.0.1 port ", name)
		}
	}
}
