package snapshot

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

// A host that somebody filled with unit files and users is still captured, and
// what was left out is noted.
func TestHugeHost(t *testing.T) {
	root := t.TempDir()
	units := filepath.Join(root, "etc/systemd/system")
	require.NoError(t, os.MkdirAll(units, 0o755))
	text := "[Service]\n" + strings.Repeat("ExecStart=/bin/"+strings.Repeat("x", 4000)+"\n", 15)
	for i := range 500 {
		require.NoError(t, os.WriteFile(filepath.Join(units, strconv.Itoa(i)+".service"), []byte(text), 0o644))
	}
	require.NoError(t, os.WriteFile(filepath.Join(root, "etc/passwd"), []byte("root:x:0:0:root:/root:/bin/bash\n"), 0o644))
	path := filepath.Join(t.TempDir(), "a.db")
	s, err := Run(t.Context(), Options{Output: path, Root: root, NoProc: true, Logs: []string{"/etc/passwd"}})
	require.NoError(t, err)
	require.Positive(t, s.Gaps)
	r, err := index.Open(path)
	require.NoError(t, err)
	defer r.Close()
	snap, err := r.Snapshot(0)
	require.NoError(t, err)
	kept := len(snap.Host.Units)
	require.Less(t, kept, 500)
	require.Greater(t, kept, 50)
	lost := 0
	for g, err := range r.Gaps(snap.ID) {
		require.NoError(t, err)
		if g.Place == "/etc/systemd" {
			require.Equal(t, index.ReasonTooLarge, g.Reason)
			lost = g.Count
		}
	}
	require.Equal(t, 500, kept+lost)
}
