package index_test

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"iter"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"
	"golang.org/x/sys/unix"

	"stilltrace/index"
	"stilltrace/index/summary"
)

func hasher() hash.Hash { return sha256.New() }

func sha(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func TestOpenRefusesWhatIsNoCase(t *testing.T) {
	dir := t.TempDir()
	whole, _ := writeCase(t, t.TempDir())
	bytes, err := os.ReadFile(whole)
	require.NoError(t, err)
	file := func(name string, content []byte) string {
		p := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(p, content, 0o600))
		return p
	}
	fifo := filepath.Join(dir, "fifo")
	require.NoError(t, unix.Mkfifo(fifo, 0o600))
	cases := []struct {
		name, path, says string
	}{
		{"missing", filepath.Join(dir, "nosuch.db"), "no such file"},
		{"empty", file("empty.db", nil), "the file is empty"},
		{"text", file("text.db", []byte(strings.Repeat("Nov 23 sshd\n", 2000))), "not a stilltrace case"},
		{"directory", dir, "it is a directory"},
		{"fifo", fifo, "not a regular file"},
		{"device", "/dev/null", "not a regular file"},
		{"cut in the middle", file("half.db", bytes[:len(bytes)/2]), "not copied whole"},
		{"cut by one page", file("page.db", bytes[:len(bytes)-4096]), "not copied whole"},
		{"cut in the first page", file("first.db", bytes[:70]), "not a stilltrace case"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := index.Open(c.path)
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, c.path)
		})
	}
}

func TestOpenWaitsNotForeverForAWriter(t *testing.T) {
	path, _ := writeCase(t, t.TempDir())
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, unix.Flock(int(f.Fd()), unix.LOCK_EX))
	_, err = index.Open(path)
	require.ErrorContains(t, err, "another process is writing it")
}

// answers is everything that a case says, as one text.
func answers(r *index.Reader) (out string, err error) {
	var b strings.Builder
	for s, err := range r.Snapshots() {
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%+v\n", *s)
	}
	fmt.Fprintf(&b, "%+v\n", r.Sources())
	for p, err := range r.Processes(1) {
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%+v\n", *p)
	}
	for s, err := range r.Sockets(1) {
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%+v\n", *s)
	}
	for e, err := range r.Events(index.Query{}) {
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%+v\n", *e)
	}
	for e, err := range r.Events(index.Query{Terms: []index.Term{term("ip", index.Is, "203.0.113.0/24")}}) {
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%+v\n", *e)
	}
	for _, s := range r.Sources() {
		if err := r.WriteSource(&b, s.ID); err != nil {
			return "", err
		}
	}
	return b.String(), summaries(r, &b)
}

// summaries writes everything that the summaries of a case say.
func summaries(r *index.Reader, b *strings.Builder) error {
	s := r.Summary(0)
	h, err := s.Head()
	fmt.Fprintf(b, "%+v\n", h)
	return cmp.Or(err,
		each(b, s.Kinds(func(summary.Class) bool { return true })), each(b, s.Users()), each(b, s.Addresses(netip.Prefix{})),
		each(b, s.Tries(netip.Prefix{})), each(b, s.Deeds(netip.Prefix{})), each(b, s.Minutes(0, 1<<40)), each(b, s.Leaders()))
}

func each[R any](b *strings.Builder, rows iter.Seq2[*R, error]) error {
	for row, err := range rows {
		if err != nil {
			return err
		}
		text, err := json.Marshal(row)
		if err != nil {
			return err
		}
		b.Write(text)
	}
	return nil
}

// mutations change a file in the ways that disks, networks and people do.
var mutations = []struct {
	name string
	do   func(r *rand.Rand, b []byte) []byte
}{
	{"bit", func(r *rand.Rand, b []byte) []byte { b[r.IntN(len(b))] ^= 1 << r.IntN(8); return b }},
	{"byte", func(r *rand.Rand, b []byte) []byte { b[r.IntN(len(b))] = byte(r.Uint32()); return b }},
	{"sixteen bytes", func(r *rand.Rand, b []byte) []byte {
		at := r.IntN(len(b) - 16)
		for i := range 16 {
			b[at+i] = byte(r.Uint32())
		}
		return b
	}},
	{"page zeroed", func(r *rand.Rand, b []byte) []byte {
		at := r.IntN(len(b)/4096) * 4096
		clear(b[at : at+4096])
		return b
	}},
	{"page over page", func(r *rand.Rand, b []byte) []byte {
		from, to := r.IntN(len(b)/4096)*4096, r.IntN(len(b)/4096)*4096
		copy(b[to:to+4096], b[from:from+4096])
		return b
	}},
	{"cut short", func(r *rand.Rand, b []byte) []byte { return b[:r.IntN(len(b))] }},
	{"page header", func(r *rand.Rand, b []byte) []byte {
		b[r.IntN(len(b)/4096)*4096+r.IntN(16)] = byte(r.Uint32())
		return b
	}},
	{"element", func(r *rand.Rand, b []byte) []byte {
		b[r.IntN(len(b)/4096)*4096+16+r.IntN(64)] = byte(r.Uint32())
		return b
	}},
}

// A damaged case gives an error or, where unused bytes were hit, the same
// answers: never others, and never the end of the program.
func TestDamageIsNoticed(t *testing.T) {
	dir := t.TempDir()
	whole, _ := writeCase(t, dir)
	original, err := os.ReadFile(whole)
	require.NoError(t, err)
	want, err := answers(open(t, whole))
	require.NoError(t, err)
	path := filepath.Join(dir, "mutant.db")
	for _, m := range mutations {
		t.Run(m.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, uint64(len(m.name))))
			refused := 0
			for range 60 {
				require.NoError(t, os.WriteFile(path, m.do(r, slices.Clone(original)), 0o600))
				got, err := answersOf(path)
				if err != nil {
					refused++
					require.True(t, errors.Is(err, index.ErrDamaged) || errors.Is(err, index.ErrNotCase), "%v", err)
					continue
				}
				require.Equal(t, want, got)
			}
			require.NotZero(t, refused)
		})
	}
}

func answersOf(path string) (string, error) {
	r, err := index.Open(path)
	if err != nil {
		return "", err
	}
	defer r.Close()
	return answers(r)
}

// Whoever changes a case with bbolt itself leaves a sound structure; what was
// changed is found all the same.
func TestCheckNamesWhatWasChanged(t *testing.T) {
	put := func(bucket string, key, value []byte) func(tx *bolt.Tx) error {
		return func(tx *bolt.Tx) error { return tx.Bucket([]byte(bucket)).Put(key, value) }
	}
	first, second := []byte{0, 0, 0, 0}, []byte{0, 0, 0, 1}
	cases := []struct {
		name string
		do   func(tx *bolt.Tx) error
		says []string
	}{
		{"value changed", func(tx *bolt.Tx) error {
			v := slices.Clone(tx.Bucket([]byte("segment")).Get(second))
			v[len(v)/2] ^= 1
			return put("segment", second, v)(tx)
		}, []string{"bucket segment: key 00000001: checksum differs", "/var/log/a.log"}},
		{"value moved to another key", func(tx *bolt.Tx) error {
			return put("segment", second, slices.Clone(tx.Bucket([]byte("segment")).Get(first)))(tx)
		}, []string{"bucket segment: key 00000001: checksum differs"}},
		{"a summary that says something else", func(tx *bolt.Tx) error {
			key, _ := tx.Bucket([]byte("summary")).Cursor().Last()
			key = slices.Clone(key)
			return put("summary", key, stored("summary", string(key), "no events"))(tx)
		}, []string{"bucket summary: ", "summary of snapshot 1: page 000000010800000000 does not say what the events do"}},
		{"terms that lead elsewhere", func(tx *bolt.Tx) error {
			key, _ := tx.Bucket([]byte("terms")).Cursor().First()
			key = slices.Clone(key)
			one := string(key[4:])
			page := "\x00" + string(rune(len(one))) + one + "\x01\x00"
			return put("terms", key, stored("terms", string(key), page))(tx)
		}, []string{"bucket terms: ", "terms of group 0: they do not lead to the events that are there"}},
		{"bucket added", func(tx *bolt.Tx) error { _, err := tx.CreateBucket([]byte("more\x1b")); return err },
			[]string{`bucket "more\x1b": unknown`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path, _ := writeCase(t, t.TempDir())
			db, err := bolt.Open(path, 0o600, nil)
			require.NoError(t, err)
			require.NoError(t, db.Update(c.do))
			require.NoError(t, db.Close())
			proof, err := open(t, path).Check()
			require.NoError(t, err)
			for _, s := range c.says {
				require.Contains(t, strings.Join(proof.Problems, "\n"), s)
			}
		})
	}
}

func TestCreateLeavesNothingBehind(t *testing.T) {
	list := func(dir string) (names []string) {
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
	t.Run("aborted", func(t *testing.T) {
		dir := t.TempDir()
		w, err := index.Create(filepath.Join(dir, "a.db"), index.CreateOptions{})
		require.NoError(t, err)
		require.Len(t, list(dir), 1)
		st, err := os.Stat(w.TempPath())
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), st.Mode().Perm(), "a case holds secrets from its first byte")
		w.Abort()
		require.Empty(t, list(dir))
	})
	t.Run("exists", func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "a.db")
		require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600))
		_, err := index.Create(path, index.CreateOptions{})
		require.ErrorContains(t, err, "file exists")
		require.Equal(t, []string{"a.db"}, list(dir))
	})
	t.Run("came meanwhile", func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "a.db")
		w, err := index.Create(path, index.CreateOptions{})
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600))
		_, err = w.Commit(index.Snapshot{})
		require.ErrorContains(t, err, "file exists")
		require.Equal(t, []string{"a.db"}, list(dir))
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, "mine", string(b))
	})
	t.Run("replaced whole", func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "a.db")
		require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600))
		w, err := index.Create(path, index.CreateOptions{Force: true})
		require.NoError(t, err)
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, "mine", string(b), "until Commit the old file stands")
		_, err = w.Commit(index.Snapshot{})
		require.NoError(t, err)
		require.Equal(t, []string{"a.db"}, list(dir))
		open(t, path)
	})
	t.Run("no such directory", func(t *testing.T) {
		_, err := index.Create(filepath.Join(t.TempDir(), "x", "a.db"), index.CreateOptions{})
		require.ErrorContains(t, err, "no such file or directory")
	})
}
