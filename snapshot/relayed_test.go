package snapshot_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/tracers/process"
)

// TestRelayedShell starts shells whose pipes lead to a program that holds a
// connection: sh -i | nc, as who breaks in starts it, and what scripts do.
func TestRelayedShell(t *testing.T) {
	c := &cast{t: t, dir: t.TempDir()}
	pipe := func() (r, w *os.File) {
		r, w, err := os.Pipe()
		require.NoError(t, err)
		t.Cleanup(func() { _, _ = r.Close(), w.Close() })
		return r, w
	}
	wants := map[string]string{}
	start := func(name, relay string, want string, args ...string) {
		r, w := pipe()
		in, _ := pipe()
		c.play(name+"'s relay", &exec.Cmd{Path: c.program("/bin/cat", relay), Args: []string{relay}, Stdin: r, ExtraFiles: []*os.File{connection(t)}})
		c.play(name, &exec.Cmd{Path: "/bin/sh", Args: append([]string{"sh"}, args...), Stdin: in, Stdout: w})
		wants[name] = want
	}
	start("interactive", "nc", "a shell that a relay joins to a network connection", "-i")
	start("a script", "socat", "a shell that a relay joins to a network connection", "-c", "read x")
	start("to somebody else", "tee", "", "-i")
	c.settle()

	r := ownStill(t)
	for _, a := range c.actors {
		w, err := process.One(r, 0, a.pid)
		require.NoError(t, err)
		require.NotNil(t, w, a.name)
		got := ""
		for _, f := range w.Process.Factors {
			if f.Name == "remote_shell" {
				got = f.Title
				require.Equal(t, a.name == "interactive", strings.Contains(strings.Join(f.Reasons, ", "), "it was told to be interactive"))
			}
		}
		require.Equal(t, wants[a.name], got, a.name)
	}
}
