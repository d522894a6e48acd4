package proc

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// deadServer mounts a file system at dir whose server never answers (fuse(4)).
func deadServer(t *testing.T, dir string) {
	t.Helper()
	fd, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err == nil {
		err = unix.Mount("dead", dir, "fuse", 0, fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fd))
	}
	if err != nil {
		t.Skipf("no file system of a user can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		_ = unix.Close(fd) // who waits is let go
		require.NoError(t, unix.Unmount(dir, unix.MNT_DETACH))
	})
}

// A home lies on a server that is gone: its files are a gap at the deadline,
// and what was read before stands.
func TestDeadHome(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root mounts")
	}
	root := t.TempDir()
	craft(t, root, map[string]any{
		"etc/passwd":  passwd,
		"etc/hosts":   "192.0.2.1 gate\n",
		"etc/crontab": "* * * * * root true\n",
		"home/ann/x":  "",
		"var/lib/docker/containers/" + id64 + "/config.v2.json": `{"Name":"/web"}`,
	})
	deadServer(t, filepath.Join(root, "home/ann"))
	began := time.Now()
	o := Options{Root: root, Deadline: began.Add(2 * time.Second)}
	h := ReadHost(o, func(index.Gap) {})
	h.Containers = []index.Container{{ID: id64}, {ID: strings.Repeat("f", 64)}}
	var gaps []index.Gap
	ReadFiles(o, &h, func(g index.Gap) { gaps = append(gaps, g) })
	require.Less(t, time.Since(began), 30*time.Second)
	require.Len(t, h.Names, 1)
	require.Len(t, h.Cron, 1)
	require.Len(t, gaps, 1)
	require.Equal(t, index.ReasonDeadline, gaps[0].Reason)
	require.Contains(t, gaps[0].Detail, "units")
}
