package logs

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// What is in memory, what first has to come from the disk, and what no such
// question can be asked of are the same to whoever reads.
func TestCachedFile(t *testing.T) {
	text := bytes.Repeat([]byte("Nov 23 02:31:39 web-1 sshd[812]: session opened\n"), 100_000)
	name := filepath.Join(t.TempDir(), "auth.log")
	require.NoError(t, os.WriteFile(name, text, 0o600))
	version, err := os.ReadFile("/proc/version")
	require.NoError(t, err)
	for _, c := range []struct {
		name, path string
		want       []byte
		from       int64
		cold       bool
		waits      bool
	}{
		{name: "in memory", path: name, want: text},
		{name: "from within", path: name, want: text[1001:], from: 1001},
		{name: "on the disk", path: name, want: text, cold: true},
		{name: "a file system that cannot tell", path: "/proc/version", want: version, waits: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			file, err := os.Open(c.path)
			require.NoError(t, err)
			defer file.Close()
			if c.cold {
				require.NoError(t, unix.Fdatasync(int(file.Fd())))
				require.NoError(t, unix.Fadvise(int(file.Fd()), 0, 0, unix.FADV_DONTNEED))
			}
			_, err = file.Seek(c.from, io.SeekStart)
			require.NoError(t, err)
			r := cachedFile{file: file}
			got, err := io.ReadAll(&r)
			require.NoError(t, err)
			require.True(t, bytes.Equal(c.want, got))
			require.Equal(t, c.waits, r.waits)
			n, err := r.Read(nil)
			require.Equal(t, 0, n)
			require.NoError(t, err)
		})
	}
	file, err := os.Open(t.TempDir())
	require.NoError(t, err)
	defer file.Close()
	_, err = (&cachedFile{file: file}).Read(make([]byte, 9))
	require.ErrorIs(t, err, unix.EISDIR)
}
