package proc

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// Hashing has a share of the time: what it did not come to has all else.
func TestHashingHasItsTime(t *testing.T) {
	o := live()
	o.Deadline = time.Now().Add(time.Hour)
	gaps := map[string]index.Gap{}
	table, err := FirstLook(o, func(g index.Gap) { gaps[g.Place] = g })
	require.NoError(t, err)
	defer table.Close()
	require.False(t, table.noTimeToHash(largeFile+1))
	table.opened = table.opened.Add(-20 * time.Minute)
	require.False(t, table.noTimeToHash(largeFile))
	require.True(t, table.noTimeToHash(largeFile+1))
	table.opened = table.opened.Add(-time.Hour)
	host := ReadHost(o, func(index.Gap) {})
	var own *index.Process
	_, coverage, err := table.Processes(t.Context(), &host, func(p *index.Process) error {
		if p.PID == os.Getpid() {
			own = kept(p)
		}
		return nil
	})
	require.NoError(t, err)
	require.Zero(t, coverage.Unread)
	require.NotNil(t, own)
	require.NotEmpty(t, own.Cmdline)
	require.NotNil(t, own.ExeFile)
	require.Empty(t, own.ExeSHA256)
	require.Equal(t, index.ReasonDeadline, gaps[fmt.Sprintf("/proc/%d/exe", os.Getpid())].Reason)
}

// A process that starts another program while its executable is read says
// nothing of that one.
func TestHashOfAnotherProgram(t *testing.T) {
	at := t.TempDir()
	run := func(program string) {
		require.NoError(t, os.RemoveAll(filepath.Join(at, "exe")))
		require.NoError(t, os.Symlink(program, filepath.Join(at, "exe")))
	}
	require.NoError(t, os.WriteFile(filepath.Join(at, "a"), []byte("one"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(at, "b"), []byte("another"), 0o700))
	for _, noHash := range []bool{false, true} {
		r, err := newReader(Options{Proc: at, Root: "/", NoHash: noHash}, func(index.Gap) {})
		require.NoError(t, err)
		defer r.top.close()
		v := newVisit(r, newHand(), 1, nil)
		v.dir = r.top
		run("a")
		_, _, err = v.executable(func(step) bool {
			run("b")
			return true
		})
		require.ErrorIs(t, err, errChanged)
		run("a")
		_, sum, err := v.executable(func(step) bool { return true })
		require.NoError(t, err)
		require.Equal(t, noHash, sum == "")
	}
}

// Once half of the time is over, many files of one process are not all listed.
func TestManyFilesInAHurry(t *testing.T) {
	pipe := make([]int, 2)
	require.NoError(t, unix.Pipe2(pipe, unix.O_CLOEXEC))
	all := pipe
	for range fewFDs {
		fd, err := unix.FcntlInt(uintptr(pipe[0]), unix.F_DUPFD_CLOEXEC, 0)
		require.NoError(t, err)
		all = append(all, fd)
	}
	defer func() {
		for _, fd := range all {
			_ = unix.Close(fd)
		}
	}()
	for _, late := range []bool{false, true} {
		o := live()
		o.Deadline = time.Now().Add(time.Hour)
		table, err := FirstLook(o, func(index.Gap) {})
		require.NoError(t, err)
		defer table.Close()
		if late {
			table.opened = table.opened.Add(-2 * time.Hour)
		}
		var own *index.Process
		_, _, err = table.Processes(t.Context(), nil, func(p *index.Process) error {
			if p.PID == os.Getpid() {
				own = kept(p)
			}
			return nil
		})
		require.NoError(t, err)
		require.Greater(t, *own.FDs, fewFDs, "the count is exact")
		if late {
			require.LessOrEqual(t, len(own.Files), fewFDs)
		} else {
			require.Greater(t, len(own.Files), fewFDs)
		}
	}
}
