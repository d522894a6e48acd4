package query

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

func hello(w io.Writer) error {
	_, err := io.WriteString(w, "hello\n")
	return err
}

func onlyFile(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	got := []string{}
	for _, e := range entries {
		got = append(got, e.Name())
	}
	require.ElementsMatch(t, names, got)
}

func TestOutputIsWholeOrNotThere(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.txt")
	env := &Env{Stdout: io.Discard, Stderr: io.Discard}

	broken := errors.New("broken")
	err := env.writeOutput(path, false, func(w io.Writer) error { return errors.Join(hello(w), broken) })
	require.ErrorIs(t, err, broken)
	onlyFile(t, dir)

	require.NoError(t, env.writeOutput(path, false, hello))
	onlyFile(t, dir, "out.txt")

	require.ErrorContains(t, env.writeOutput(path, false, hello), "exists: --force replaces it")
	err = env.writeOutput(path, true, func(io.Writer) error { return broken })
	require.ErrorIs(t, err, broken)
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "hello\n", string(b), "the old one stays whole")
	onlyFile(t, dir, "out.txt")
}

func TestOutputReplacesNothingThatAppears(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.txt")
	env := &Env{Stdout: io.Discard, Stderr: io.Discard}
	err := env.writeOutput(path, false, func(w io.Writer) error { return os.WriteFile(path, []byte("theirs"), 0o600) })
	require.ErrorContains(t, err, "exists")
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "theirs", string(b))
	onlyFile(t, dir, "out.txt")
}

func TestOutputNeverReplacesADevice(t *testing.T) {
	env := &Env{Stdout: io.Discard, Stderr: io.Discard}
	for _, path := range []string{"/dev/null", t.TempDir()} {
		require.ErrorContains(t, env.writeOutput(path, true, hello), "not a regular file")
	}
	st, err := os.Lstat("/dev/null")
	require.NoError(t, err)
	require.NotZero(t, st.Mode()&os.ModeDevice)
}

func TestStdoutKeepsWhatCameBeforeTheTrouble(t *testing.T) {
	var out bytes.Buffer
	env := &Env{Stdout: &out, Stderr: io.Discard}
	broken := errors.New("broken")
	require.ErrorIs(t, env.writeOutput("", false, func(w io.Writer) error { return errors.Join(hello(w), broken) }), broken)
	require.Equal(t, "hello\n", out.String())
}

func TestSafeNames(t *testing.T) {
	paths := []string{
		"/var/log/auth.log", "/var/log/auth.log", "/../../etc/passwd", "/a\x1b[2Jb\nc", "/-", "/~root/x", `/back\slash`, "/100%", "", "/",
		"/SHA256SUMS", "/var/log", "/var/log/auth.log/inner", "/\xff\xfe", "/bidi\u202e", "/./x", "/var/log/old.gz",
		"/" + strings.Repeat("日", 300),
	}
	var sources []index.Log
	for i, p := range paths {
		sources = append(sources, index.Log{Source: index.Source{ID: uint32(i + 1), Path: p}})
	}
	sources[16].Compression = "gzip"
	names := safeNames(sources)
	require.Equal(t, []string{
		"var/log/auth.log", "source-2/var/log/auth.log", "%2e./%2e./etc/passwd", "a%1b[2Jb%0ac", "%2d", "%7eroot/x", "back%5cslash", "100%25", "log", "source-10/log",
		"source-11/SHA256SUMS", "source-12/var/log", "source-13/var/log/auth.log/inner", "%ff%fe", "bidi%e2%80%ae", "%2e/x", "var/log/old",
	}, names[:17])
	require.LessOrEqual(t, len(names[17]), 255)
	seen := map[string]bool{}
	for _, n := range names {
		require.True(t, filepath.IsLocal(n), n)
		require.False(t, seen[n], n)
		seen[n] = true
	}
}

func FuzzSafeName(f *testing.F) {
	f.Add("/var/log/auth.log")
	f.Add("/../\x00/..\xff/-rf")
	f.Fuzz(func(t *testing.T, captured string) {
		n := safeName(captured)
		require.True(t, filepath.IsLocal(n), n)
		require.NotContains(t, n, "\\")
		for part := range strings.SplitSeq(n, "/") {
			require.LessOrEqual(t, len(part), 255)
			require.False(t, strings.HasPrefix(part, "-"))
		}
	})
}

func TestShellQuote(t *testing.T) {
	for in, want := range map[string]string{"logs/web01": "logs/web01", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "$(x)": "'$(x)'"} {
		require.Equal(t, want, shellQuote(in))
	}
}

func TestSortedKeepsTheFirstAndTheirOrder(t *testing.T) {
	rows := []string{"b1", "a1", "c1", "a2", "b2", "a3"}
	in := func(yield func(string, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
	letter := func(a, b string) int { return cmp.Compare(a[:1], b[:1]) }
	for limit, want := range map[int][]string{
		0: {"a1", "a2", "a3", "b1", "b2", "c1"}, 1: {"a1"}, 4: {"a1", "a2", "a3", "b1"}, 9: {"a1", "a2", "a3", "b1", "b2", "c1"},
	} {
		var got []string
		for r, err := range sorted(in, letter, limit) {
			require.NoError(t, err)
			got = append(got, r)
		}
		require.Equal(t, want, got, "limit %d", limit)
	}
}
