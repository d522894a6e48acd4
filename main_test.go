package main

import (
	"bytes"
	"encoding/binary"
	"go/parser"
	"go/token"
	"hash/crc32"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"stilltrace": main})
}

// TestScripts runs the transcripts: every command as a person types it, over
// the copied host of testdata and the stills of the lab's incident. STILLTRACE_UPDATE=1 rewrites what they print,
// to be read by eye before it is kept.
func TestScripts(t *testing.T) {
	host, err := filepath.Abs("testdata/host")
	require.NoError(t, err)
	lab, err := filepath.Abs("testdata/lab/record")
	require.NoError(t, err)
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: os.Getenv("STILLTRACE_UPDATE") != "",
		Setup: func(env *testscript.Env) error {
			env.Setenv("COLUMNS", "80")
			// Under the race detector each command would wait a second before it ends.
			env.Setenv("GORACE", os.Getenv("GORACE"))
			// A case says which directory was read; the name must not be that of this machine.
			return os.Symlink(host, filepath.Join(env.WorkDir, "host"))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// The stills of the lab's incident, as lab/during.db.
			"lab":   func(ts *testscript.TestScript, _ bool, _ []string) { ts.Check(os.Symlink(lab, ts.MkAbs("lab"))) },
			"still": still, "plain": plain, "damage": damage, "files": files, "unescape": unescape,
		},
	})
}

// still takes a still of the copied host, as the case that is named.
func still(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: still CASE.db [LOG...]")
	}
	line := append([]string{"snapshot", "-o", args[0], "--root", "host", "--captured-at", "2026-11-23T03:10:00Z"}, args[1:]...)
	ts.Check(ts.Exec("stilltrace", line...))
}

var (
	digests  = regexp.MustCompile(`\b[0-9a-f]{64}\b`)
	releases = regexp.MustCompile(`stilltrace (\(devel\)|v[0-9]\S*)`)
	// The size of a case: it holds inodes and times of the checkout.
	proved = regexp.MustCompile(`with their checksums, [0-9.]+ KiB`)
)

// plain takes out of stdout what differs from one build or checkout to the
// next, digests and the version, and writes the rest to a file.
func plain(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: plain FILE")
	}
	text := digests.ReplaceAllString(ts.ReadFile("stdout"), "DIGEST")
	text = releases.ReplaceAllString(text, "stilltrace VERSION")
	text = proved.ReplaceAllString(text, "with their checksums, SIZE")
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// damage makes a bad copy of a case: cut in half; empty; of a format that is
// yet to come; or with one bit turned within the first value of a bucket.
func damage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: damage torn|empty|newer|BUCKET CASE.db COPY.db")
	}
	b, path := []byte(ts.ReadFile(args[1])), ts.MkAbs(args[2])
	switch args[0] {
	case "newer":
		newerCase(ts, path)
	case "torn":
		ts.Check(os.WriteFile(path, b[:len(b)/2], 0o600))
	case "empty":
		ts.Check(os.WriteFile(path, nil, 0o600))
	default:
		ts.Check(os.WriteFile(path, b, 0o600))
		turnBit(ts, path, args[0])
	}
}

func turnBit(ts *testscript.TestScript, path, bucket string) {
	db, err := bolt.Open(path, 0o600, nil)
	ts.Check(err)
	ts.Check(db.Update(func(tx *bolt.Tx) error {
		k, v := tx.Bucket([]byte(bucket)).Cursor().First()
		v = bytes.Clone(v)
		v[len(v)/2] ^= 1
		return tx.Bucket([]byte(bucket)).Put(bytes.Clone(k), v)
	}))
	ts.Check(db.Close())
}

// newerCase makes a case by hand that holds nothing but the manifest of a
// format that this version cannot know.
func newerCase(ts *testscript.TestScript, path string) {
	const bucket, key, manifest = "manifest", "manifest", `{"format":99,"tool":"stilltrace 9"}`
	v := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(manifest)))
	v = append(v, manifest...)
	sum := binary.BigEndian.AppendUint32([]byte(bucket+"\x00"), uint32(len(key)))
	sum = append(append(sum, key...), v...)
	v = binary.BigEndian.AppendUint32(v, crc32.Checksum(sum, crc32.MakeTable(crc32.Castagnoli)))
	db, err := bolt.Open(path, 0o600, nil)
	ts.Check(err)
	ts.Check(db.Update(func(tx *bolt.Tx) error {
		b, err := tx.CreateBucket([]byte(bucket))
		if err != nil {
			return err
		}
		return b.Put([]byte(key), v)
	}))
	ts.Check(db.Close())
}

// unescape writes the second file with the bytes that the escapes of the first
// stand for, as printf(1) knows them: txtar holds text only. A last line that
// ends in \c ends there, without a newline.
func unescape(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: unescape FILE COPY")
	}
	var out []byte
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		line, whole := strings.CutSuffix(strings.TrimSuffix(line, "\n"), `\c`)
		text, err := strconv.Unquote(`"` + line + `"`)
		ts.Check(err)
		if out = append(out, text...); !whole {
			out = append(out, '\n')
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), out, 0o600))
}

// files compares what lies in a directory, hidden files too, with the names given.
func files(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: files DIR [NAME...]")
	}
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	slices.Sort(args[1:])
	if !slices.Equal(got, args[1:]) {
		ts.Fatalf("%s holds %q, not %q", args[0], got, args[1:])
	}
}

// TestAnotherUser asks as a user who owns nothing, and gets the same bytes.
func TestAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	dir, err := os.MkdirTemp("", "stilltrace")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755))
	// The program is this test, which is stilltrace under that name.
	self, err := os.Executable()
	require.NoError(t, err)
	b, err := os.ReadFile(self)
	require.NoError(t, err)
	program := filepath.Join(dir, "stilltrace")
	require.NoError(t, os.WriteFile(program, b, 0o755))
	path := filepath.Join(dir, "web01.db")
	out, err := exec.Command(program, "snapshot", "-o", path, "--root", "testdata/host", "--captured-at", "2026-11-23T03:10:00Z").CombinedOutput()
	require.NoError(t, err, string(out))
	require.NoError(t, os.Chmod(path, 0o444))
	for _, command := range []string{"info", "check", "ip", "network", "process", "event", "error"} {
		ours, err := exec.Command(program, command, path).Output()
		require.NoError(t, err)
		const nobody = 65534
		other := exec.Command(program, command, path)
		other.Dir, other.Env = dir, []string{"HOME=/nonexistent"}
		other.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		theirs, err := other.Output()
		require.NoError(t, err)
		require.Equal(t, string(ours), string(theirs), command)
	}
}

// floors says on which floor a package stands, the longest path that fits
// deciding. A package may import packages of lower floors, and its own
// subfolders; docs/architecture.md has the picture.
var floors = []struct {
	path  string
	floor float64
}{
	{"", 4},
	{"snapshot", 3},
	{"query", 3},
	{"snapshot/proc", 2},
	{"snapshot/logs", 2},
	{"tracers", 2},
	{"query/render", 2},
	// What several tracers need stands in a package of its own below them.
	{"tracers/address", 1.5},
	{"tracers/tally", 1.5},
	{"index", 1},
	{"index/printable", 0},
	{"index/summary", 0},
}

// doors names the one package that may import each of these modules.
var doors = map[string]string{
	"go.etcd.io/bbolt":                     "index",
	"github.com/prometheus/procfs":         "snapshot/proc",
	"github.com/olekukonko/tablewriter":    "query/render",
	"github.com/spf13/cobra":               "",
	"github.com/fatih/color":               "query/render",
	"github.com/clipperhouse/displaywidth": "query/render",
}

// pure names packages that tracers do without: they neither read nor print.
var pure = []string{"os", "os/exec", "net/http", "log", "io/ioutil", "path/filepath", "golang.org/x/sys/unix", "math/rand"}

func TestFloorsAndDoors(t *testing.T) {
	checked := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || path != "." && strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		require.NoError(t, err)
		pkg := filepath.ToSlash(filepath.Dir(path))
		if pkg == "." {
			pkg = ""
		}
		for _, spec := range f.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			checkImport(t, path, pkg, imported)
			checked++
		}
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, checked, 100, "the walk saw the sources")
}

func checkImport(t *testing.T, file, pkg, imported string) {
	t.Helper()
	if strings.HasSuffix(pkg, "test") {
		return // what only tests use, as net/http/httptest is
	}
	if own, ok := strings.CutPrefix(imported, "stilltrace/"); ok {
		require.False(t, strings.HasSuffix(own, "test"), "%s imports %s: only tests may", file, imported)
		if pkg != "" && strings.HasPrefix(own, pkg+"/") {
			return
		}
		require.Less(t, floorOf(t, own), floorOf(t, pkg), "%s imports %s: only lower floors", file, imported)
		return
	}
	for module, door := range doors {
		if imported == module || strings.HasPrefix(imported, module+"/") {
			require.Equal(t, door, pkg, "%s imports %s: only %q may", file, imported, door)
		}
	}
	if strings.HasPrefix(pkg, "tracers/") {
		require.NotContains(t, pure, imported, "%s: tracers are pure", file)
	}
}

func floorOf(t *testing.T, pkg string) float64 {
	t.Helper()
	best, floor := -1, 0.0
	for _, f := range floors {
		if (pkg == f.path || f.path == "" && pkg == "" || f.path != "" && strings.HasPrefix(pkg, f.path+"/")) && len(f.path) > best {
			best, floor = len(f.path), f.floor
		}
	}
	require.GreaterOrEqual(t, best, 0, "%s stands on no floor: add it to the table, and to docs/architecture.md", pkg)
	return floor
}

// TestTracersKnowNoTime holds what imports alone do not tell.
func TestTracersKnowNoTime(t *testing.T) {
	sources, err := filepath.Glob("tracers/*/*.go")
	require.NoError(t, err)
	require.NotEmpty(t, sources)
	for _, path := range sources {
		if strings.HasSuffix(path, "_test.go") || strings.HasSuffix(filepath.Dir(path), "test") {
			continue
		}
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, word := range []string{"time.Now(", "fmt.Print", "time.Local"} {
			require.False(t, bytes.Contains(b, []byte(word)), "%s: %s", path, word)
		}
	}
}

// TestReadme runs what the README shows and compares what it prints. How long
// a capture took and what a build names itself differ from run to run.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	bin := filepath.Join(t.TempDir(), "stilltrace")
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", bin, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	dir := t.TempDir()
	host, err := filepath.Abs("testdata")
	require.NoError(t, err)
	require.NoError(t, os.Symlink(host, filepath.Join(dir, "testdata")))
	same := func(s string) string {
		return regexp.MustCompile(`in \d+\.\d s|[0-9.]+ KiB`).ReplaceAllString(digests.ReplaceAllString(s, "DIGEST"), "…")
	}
	shown := regexp.MustCompile(`(?m)^    \$ stilltrace (.*)\n((?:    .*\n|\n)*?)(?:\n*    \$|\n*\S|\z)`)
	text, n := string(readme), 0
	for m := shown.FindStringSubmatchIndex(text); m != nil; m = shown.FindStringSubmatchIndex(text) {
		cmd := exec.Command(bin, strings.Fields(text[m[2]:m[3]])...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "COLUMNS=100")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		want := strings.TrimSpace(regexp.MustCompile(`(?m)^    `).ReplaceAllString(text[m[4]:m[5]], ""))
		require.Equal(t, same(want), same(strings.TrimSpace(string(out))), "%s", cmd)
		text = text[m[5]:]
		n++
	}
	require.Equal(t, 9, n, "commands in the README")
}
