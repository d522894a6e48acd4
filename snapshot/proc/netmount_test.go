package proc

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// A namespace in which no process lives, kept by a mount: its listener is held
// by a process of another one.
func TestMountedNamespace(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root makes namespaces")
	}
	point := filepath.Join(t.TempDir(), "blue")
	require.NoError(t, os.WriteFile(point, nil, 0o600))
	type made struct {
		listener int
		err      error
	}
	done := make(chan made)
	var visit func()
	visit = func() {
		runtime.LockOSThread() // and ends with it; the first thread, which /proc/self means, stays where it is
		if unix.Gettid() == unix.Getpid() {
			go visit()
			time.Sleep(10 * time.Millisecond)
			runtime.UnlockOSThread()
			return
		}
		done <- func() made {
			if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
				return made{0, err}
			}
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
			if err == nil {
				err = unix.Bind(fd, &unix.SockaddrInet4{Port: 4712})
			}
			if err == nil {
				err = unix.Listen(fd, 5)
			}
			if err == nil {
				err = unix.Mount("/proc/thread-self/ns/net", point, "", unix.MS_BIND, "")
			}
			return made{fd, err}
		}()
	}
	go visit()
	m := <-done
	require.NoError(t, m.err)
	defer unix.Close(m.listener)
	defer func() { require.NoError(t, unix.Unmount(point, unix.MNT_DETACH)) }()

	before, err := os.Readlink("/proc/self/ns/net")
	require.NoError(t, err)
	s := take(t, live())
	i := slices.IndexFunc(s.spaces, func(n index.NetSpace) bool { return n.Mount == point })
	require.GreaterOrEqual(t, i, 0)
	require.Zero(t, s.spaces[i].PID)
	require.Zero(t, s.spaces[i].Processes)
	k := slices.IndexFunc(s.sockets, func(k index.Socket) bool { return k.NetNS == s.spaces[i].Inode && k.LPort == 4712 })
	require.GreaterOrEqual(t, k, 0)
	require.Equal(t, os.Getpid(), s.sockets[k].Owner[0].PID)
	require.Equal(t, ptr(uint64(5)), s.sockets[k].Backlog)
	after, err := os.Readlink("/proc/self/ns/net")
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.Empty(t, s.at(point))
}
