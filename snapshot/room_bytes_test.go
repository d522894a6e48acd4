package snapshot_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/stretchr/testify/require"
)

// infoAnswer is the part of the answer of info that names the sources.
type infoAnswer struct {
	Sources []struct {
		Path   string `json:"path"`
		Bytes  int64  `json:"bytes"`
		SHA256 string `json:"sha256"`
	} `json:"sources"`
}

// askBytes checks that the case is whole and gives back every log as it was.
// before is the size of each log when the snapshot began: a daemon may have
// written on since.
func (r *room) askBytes(p *program, before map[string]int64) {
	p.run(found, "check", p.db)
	var info infoAnswer
	require.NoError(r.t, json.Unmarshal([]byte(p.run(found, "info", p.db, "--format", "json")), &info))
	sums := map[string]bool{}
	seen := map[string]int64{}
	for _, s := range info.Sources {
		now, err := os.ReadFile(s.Path)
		require.NoError(r.t, err)
		require.LessOrEqual(r.t, s.Bytes, int64(len(now)), s.Path)
		require.Equal(r.t, hash(now[:s.Bytes]), s.SHA256, s.Path)
		require.GreaterOrEqual(r.t, s.Bytes, before[s.Path], s.Path)
		sums[s.SHA256] = true
		seen[s.Path] = before[s.Path]
	}
	require.Equal(r.t, before, seen, "every log is a source")

	out := filepath.Join(r.t.TempDir(), "raw")
	p.run(found, "export", p.db, "--to", "raw", "-o", out)
	check := exec.Command("sha256sum", "--strict", "--check", "SHA256SUMS")
	check.Dir = out
	r.run(check)
	list, err := os.ReadFile(filepath.Join(out, "SHA256SUMS"))
	require.NoError(r.t, err)
	for line := range strings.Lines(string(list)) {
		sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		require.True(r.t, ok, line)
		require.True(r.t, sums[sum], "%s is a log of the case", name)
		delete(sums, sum)
	}
	require.Empty(r.t, sums, "logs that were not written back")
}

// sizes returns the size of each log.
func (r *room) sizes() map[string]int64 {
	all := map[string]int64{}
	for _, f := range r.logs() {
		st, err := os.Stat(f)
		require.NoError(r.t, err)
		all[f] = st.Size()
	}
	return all
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
