package snapshot_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

// built builds stilltrace, as a user has it, and returns its path.
func built(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "stilltrace")
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", path, "..").CombinedOutput()
	require.NoError(t, err, string(out))
	return path
}

func appendTo(ctx context.Context, program, path string, minute int) *exec.Cmd {
	at := time.Date(2026, 11, 23, 3, 10+minute, 0, 0, time.UTC).Format(time.RFC3339)
	return exec.CommandContext(ctx, program, "snapshot", "--append", "-o", path, "--root", "../testdata/host", "--captured-at", at)
}

// whole opens a case, proves it, and returns how many snapshots it has.
func whole(t *testing.T, path string) int {
	t.Helper()
	r, err := index.Open(path)
	require.NoError(t, err)
	defer r.Close()
	proof, err := r.Check()
	require.NoError(t, err)
	require.Empty(t, proof.Problems)
	return r.SnapshotCount()
}

// A case that grows is the old one or the new one, whenever the program is
// killed.
func TestKilledWhileItAppends(t *testing.T) {
	stilltrace, dir := built(t), t.TempDir()
	path := filepath.Join(dir, "web01.db")
	began := time.Now()
	out, err := appendTo(t.Context(), stilltrace, path, 0).CombinedOutput()
	require.NoError(t, err, string(out))
	takes := time.Since(began)
	r := rand.New(rand.NewPCG(1, 1))
	// How long it takes is another thing at each time: the limit follows it until both have been seen.
	count, killed, left := 1, 0, 0
	for i := 0; i < 60 || (left == 0 || count == 1) && i < 600; i++ {
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(r.Int64N(int64(takes*3/2))))
		err := appendTo(ctx, stilltrace, path, i+1).Run()
		cancel()
		ended := time.Now()
		now := whole(t, path)
		if err == nil {
			require.Equal(t, count+1, now, "who is told that it was added finds it")
			takes = ended.Sub(began)
		} else {
			killed++
			takes += takes / 50
			require.Contains(t, []int{count, count + 1}, now)
		}
		count = now
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, e := range entries {
			if e.Name() != "web01.db" {
				left++
				require.True(t, strings.HasPrefix(e.Name(), ".stilltrace-partial-"), e.Name())
				require.NoError(t, os.Remove(filepath.Join(dir, e.Name())))
			}
		}
	}
	require.NotZero(t, killed)
	require.NotZero(t, left, "it was killed while it wrote")
	require.Greater(t, count, 1, "it was not killed each time")
}

// Of several that add at once none is lost, also where they all make the case.
func TestManyAppendAtOnce(t *testing.T) {
	stilltrace := built(t)
	for _, before := range []int{1, 0} {
		t.Run(fmt.Sprintf("%d before", before), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "web01.db")
			for range before {
				require.NoError(t, appendTo(t.Context(), stilltrace, path, 0).Run())
			}
			const many = 6
			ended := make(chan error, many)
			for i := range many {
				go func() {
					out, err := appendTo(t.Context(), stilltrace, path, i+1).CombinedOutput()
					if err != nil {
						err = fmt.Errorf("%w: %s", err, out)
					}
					ended <- err
				}()
			}
			for range many {
				require.NoError(t, <-ended)
			}
			require.Equal(t, before+many, whole(t, path))
		})
	}
}
