package index_test

import (
	"context"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"stilltrace/index"
)

// still adds a snapshot of n processes to a case, of which the first one has
// the given number of seconds behind it.
func still(t testing.TB, path string, n, seconds int) {
	t.Helper()
	w, err := index.Append(t.Context(), path, "stilltrace test")
	require.NoError(t, err)
	defer w.Abort()
	fill(t, w, n, seconds)
	_, err = w.Commit(index.Snapshot{Host: index.Host{Hostname: "web01", Uptime: float64(seconds)}})
	require.NoError(t, err)
}

func fill(t testing.TB, w *index.Writer, n, seconds int) {
	for pid := 1; pid <= n; pid++ {
		p := index.Process{PID: pid, PPID: pid / 2, Comm: fmt.Sprintf("p%d", pid), Cmdline: []string{"/usr/bin/program", fmt.Sprintf("--number=%x", pid*pid*7919)}}
		if pid == 1 {
			p.UserMS = uint64(seconds)
		}
		require.NoError(t, w.AddProcess(&p))
	}
	require.NoError(t, w.AddSocket(&index.Socket{Proto: "tcp", Local: netip.MustParseAddr("127.0.0.1"), LPort: uint16(seconds), State: "LISTEN"}))
	require.NoError(t, w.AddGap(&index.Gap{Area: "process", Place: "/proc/7/exe", Reason: index.ReasonPermission, Count: seconds}))
}

func TestAppend(t *testing.T) {
	path, _ := writeCase(t, t.TempDir())
	require.NoError(t, os.Chmod(path, 0o640))
	old := open(t, path)
	want, err := answers(old)
	require.NoError(t, err)
	for n := 2; n <= 60; n++ {
		still(t, path, 50, n)
	}
	got, err := answers(old)
	require.NoError(t, err)
	require.Equal(t, want, got, "who has the old file open goes on reading it")

	r := open(t, path)
	proof, err := r.Check()
	require.NoError(t, err)
	require.Empty(t, proof.Problems)
	require.Equal(t, 60, r.SnapshotCount())
	for _, id := range []int{60, 2, 59, 30, 3, 31} {
		s, err := r.Snapshot(id)
		require.NoError(t, err)
		require.Equal(t, id, s.ID)
		require.InDelta(t, id, s.Host.Uptime, 0)
		require.Equal(t, index.Counts{Processes: 50, Sockets: 1, Gaps: 1}, s.Counts)
		pids := 0
		for p, err := range r.Processes(id) {
			require.NoError(t, err)
			if pids++; p.PID == 1 {
				require.Equal(t, uint64(id), p.UserMS)
			}
		}
		require.Equal(t, 50, pids)
		for s, err := range r.Sockets(id) {
			require.NoError(t, err)
			require.Equal(t, uint16(id), s.LPort)
		}
		for g, err := range r.Gaps(id) {
			require.NoError(t, err)
			require.Equal(t, id, g.Count)
		}
	}
	_, err = r.Snapshot(61)
	require.ErrorContains(t, err, "no such snapshot: the case holds 60")
	st, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), st.Mode().Perm())
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1)
}

// The same stills give the same file.
func TestAppendIsDeterministic(t *testing.T) {
	var files [2][]byte
	for i := range files {
		path, _ := writeCase(t, t.TempDir())
		for n := range 8 {
			still(t, path, 400, n)
		}
		var err error
		files[i], err = os.ReadFile(path)
		require.NoError(t, err)
	}
	require.Equal(t, files[0], files[1])
}

// A still like the one before it costs little: not a quarter of a page.
func TestStillsShareWhatDidNotChange(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	w, err := index.Create(path, index.CreateOptions{})
	require.NoError(t, err)
	fill(t, w, 300, 0)
	_, err = w.Commit(index.Snapshot{})
	require.NoError(t, err)
	one, err := os.Stat(path)
	require.NoError(t, err)
	const stills = 40
	for n := range stills {
		still(t, path, 300, n)
	}
	all, err := os.Stat(path)
	require.NoError(t, err)
	require.Less(t, all.Size()-one.Size(), int64(stills*1024))
}

func TestAppendRefuses(t *testing.T) {
	turn := func(bucket string, at int) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			change(t, path, func(tx *bolt.Tx) error {
				b := tx.Bucket([]byte(bucket))
				k, v := b.Cursor().First()
				v = slices.Clone(v)
				v[at] ^= 1
				return b.Put(slices.Clone(k), v)
			})
		}
	}
	cases := []struct {
		name string
		do   func(t *testing.T, path string)
		is   error
		says string
	}{
		{"nothing there", func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) }, fs.ErrNotExist, "no such file"},
		{"no case", func(t *testing.T, path string) { require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600)) }, index.ErrNotCase, "not a stilltrace case"},
		{"a link", func(t *testing.T, path string) {
			require.NoError(t, os.Rename(path, path+".real"))
			require.NoError(t, os.Symlink(path+".real", path))
		}, nil, "symbolic link"},
		{"a directory", func(t *testing.T, path string) {
			require.NoError(t, os.Remove(path))
			require.NoError(t, os.Mkdir(path, 0o700))
		}, nil, "is a directory"},
		{"a log's text changed", turn("segment", 20), index.ErrDamaged, "nothing can be added to it: segment 00000000: checksum differs"},
		{"a process changed", turn("process", 50), index.ErrDamaged, "nothing can be added to it: process 0000000100000000: checksum differs"},
		{"a value replaced by a good one", func(t *testing.T, path string) {
			change(t, path, func(tx *bolt.Tx) error {
				key := string([]byte{0, 0, 0, 1, 0, 0, 0, 0})
				return tx.Bucket([]byte("gap")).Put([]byte(key), stored("gap", key, "\xa0"))
			})
		}, index.ErrDamaged, "bucket gap: it is not as it was written"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			path, _ := writeCase(t, dir)
			c.do(t, path)
			before, err := os.ReadDir(dir)
			require.NoError(t, err)
			_, err = index.Append(t.Context(), path, "")
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, path)
			if c.is != nil {
				require.ErrorIs(t, err, c.is)
			}
			after, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Equal(t, names(before), names(after))
		})
	}
}

func names(entries []os.DirEntry) (out []string) {
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func change(t testing.TB, path string, do func(tx *bolt.Tx) error) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second})
	require.NoError(t, err)
	require.NoError(t, db.Update(do))
	require.NoError(t, db.Close())
}

// Of two that add at once the second waits; while one adds, everybody reads.
func TestTwoAppendAtOnce(t *testing.T) {
	path, _ := writeCase(t, t.TempDir())
	first, err := index.Append(t.Context(), path, "")
	require.NoError(t, err)
	defer first.Abort()
	require.Equal(t, 1, open(t, path).SnapshotCount())

	soon, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = index.Append(soon, path, "")
	require.ErrorIs(t, err, context.DeadlineExceeded)

	second := make(chan error)
	go func() {
		w, err := index.Append(t.Context(), path, "")
		if err == nil {
			_, err = w.Commit(index.Snapshot{})
		}
		second <- err
	}()
	fill(t, first, 3, 1)
	_, err = first.Commit(index.Snapshot{})
	require.NoError(t, err)
	require.NoError(t, <-second)
	require.Equal(t, 3, open(t, path).SnapshotCount())
}

// What another program does to the case meanwhile is not overwritten.
func TestAppendSeesOtherWriters(t *testing.T) {
	other := func(t *testing.T) []byte {
		path, _ := writeCase(t, t.TempDir())
		still(t, path, 1, 1)
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		return b
	}
	cases := []struct {
		name string
		do   func(t *testing.T, path string, b []byte)
		left bool
	}{
		{"replaced", func(t *testing.T, path string, b []byte) {
			require.NoError(t, os.WriteFile(path+".new", b, 0o600))
			require.NoError(t, os.Rename(path+".new", path))
		}, true},
		{"written to", func(t *testing.T, path string, b []byte) { require.NoError(t, os.WriteFile(path, b, 0o600)) }, true},
		{"removed", func(t *testing.T, path string, b []byte) { require.NoError(t, os.Remove(path)) }, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			path, _ := writeCase(t, dir)
			w, err := index.Append(t.Context(), path, "")
			require.NoError(t, err)
			defer w.Abort()
			b := other(t)
			c.do(t, path, b)
			_, err = w.Commit(index.Snapshot{})
			require.ErrorContains(t, err, "changed")
			var want []string
			if c.left {
				want = []string{"host.db"}
				got, err := os.ReadFile(path)
				require.NoError(t, err)
				require.Equal(t, b, got)
			}
			entries, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Equal(t, want, names(entries))
		})
	}
}

func TestSumStateGoesOn(t *testing.T) {
	text := strings.Repeat("0123456789abcdef", 20)
	for n := range len(text) {
		sum := hasher()
		sum.Write([]byte(text[:n]))
		r := index.Resume{Offset: int64(n), State: index.SumState(sum)}
		require.Len(t, r.State, 32+n%64)
		went, err := r.Sum()
		require.NoError(t, err)
		went.Write([]byte(text[n:]))
		require.Equal(t, sha(text), fmt.Sprintf("%x", went.Sum(nil)))
	}
	for _, bad := range []index.Resume{{}, {Offset: 1, State: make([]byte, 32)}, {Offset: -1, State: make([]byte, 31)}, {State: make([]byte, 1000)}} {
		_, err := bad.Sum()
		require.ErrorIs(t, err, index.ErrDamaged)
	}
}

func TestCompact(t *testing.T) {
	dir := t.TempDir()
	path, _ := writeCase(t, dir)
	for n := range 30 {
		still(t, path, 100, n)
	}
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	r := open(t, path)
	want, err := answers(r)
	require.NoError(t, err)

	small := filepath.Join(dir, "small.db")
	m, err := index.Compact(t.Context(), r, small, false)
	require.NoError(t, err)
	require.Equal(t, r.Manifest(), m)
	again := open(t, small)
	got, err := answers(again)
	require.NoError(t, err)
	require.Equal(t, want, got)
	proof, err := again.Check()
	require.NoError(t, err)
	require.Empty(t, proof.Problems)
	for path, most := range map[string]int{path: len(before), small: len(before)} {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		require.LessOrEqual(t, len(b), most)
		if path != small {
			require.Equal(t, before, b, "the old file is untouched")
		}
	}

	_, err = index.Compact(t.Context(), r, small, false)
	require.ErrorContains(t, err, "file exists")
	_, err = index.Compact(t.Context(), r, small, true)
	require.NoError(t, err)

	bad := filepath.Join(dir, "bad.db")
	require.NoError(t, os.WriteFile(bad, before, 0o600))
	change(t, bad, func(tx *bolt.Tx) error {
		v := slices.Clone(tx.Bucket([]byte("segment")).Get([]byte{0, 0, 0, 3}))
		v[10] ^= 1
		return tx.Bucket([]byte("segment")).Put([]byte{0, 0, 0, 3}, v)
	})
	for name, run := range map[string]func(r *index.Reader, path string) error{
		"compact": func(r *index.Reader, path string) error {
			_, err := index.Compact(t.Context(), r, path, false)
			return err
		},
		"rewrite": func(r *index.Reader, path string) error {
			_, err := index.Rewrite(t.Context(), r, path, index.CreateOptions{})
			return err
		},
	} {
		t.Run(name+" proves what it copies", func(t *testing.T) {
			none := filepath.Join(t.TempDir(), "none.db")
			require.ErrorIs(t, run(open(t, bad), none), index.ErrDamaged)
			entries, err := os.ReadDir(filepath.Dir(none))
			require.NoError(t, err)
			require.Empty(t, entries)
		})
	}
}
