package logs

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"stilltrace/index"
)

var captured = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// tree writes files below a new directory, as the file system of a host.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		p := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(p), 0o755))
		require.NoError(t, os.WriteFile(p, []byte(content), 0o644))
	}
	return root
}

// ingest reads the logs of a tree into a case and opens it.
func ingest(t *testing.T, root string, rotated bool, args ...string) (*index.Reader, []index.Gap) {
	t.Helper()
	var gaps []index.Gap
	w, err := index.Create(filepath.Join(t.TempDir(), "case.db"), index.CreateOptions{})
	require.NoError(t, err)
	t.Cleanup(w.Abort)
	f, err := NewFinder(root, func(fs.FileInfo) bool { return false }, func(g index.Gap) { gaps = append(gaps, g) })
	require.NoError(t, err)
	defer f.Close()
	files, err := f.Find(args, rotated)
	require.NoError(t, err)
	require.NoError(t, f.Ingest(context.Background(), files, w, Options{Zone: time.UTC, Captured: captured}))
	_, err = w.Commit(index.Snapshot{})
	require.NoError(t, err)
	r, err := index.Open(w.Path())
	require.NoError(t, err)
	t.Cleanup(func() { r.Close() })
	proof, err := r.Check()
	require.NoError(t, err)
	require.Empty(t, proof.Problems)
	return r, gaps
}

func paths(r *index.Reader) (out []string) {
	for _, s := range r.Sources() {
		out = append(out, s.Path)
	}
	return out
}

func events(t *testing.T, r *index.Reader) (out []*index.Event) {
	t.Helper()
	for e, err := range r.Events(index.Query{}) {
		require.NoError(t, err)
		out = append(out, e)
	}
	return out
}

func packed(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.String()
}

const sshLine = "Nov 23 10:00:00 web01 sshd[812]: Failed password for root from 203.0.113.7 port 51234 ssh2\n"

func TestFind(t *testing.T) {
	root := tree(t, map[string]string{
		"var/log/auth.log": sshLine, "var/log/auth.log.1": sshLine, "var/log/auth.log.2.gz": packed(t, sshLine), "var/log/auth.log.10": sshLine,
		"var/log/syslog": sshLine, "var/log/syslog-20261101": sshLine, "var/log/syslog-20261108": sshLine,
		"var/log/nginx/access.log": sshLine, "etc/passwd": "root:x:0:0\n",
	})
	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(root, "var/log/link.log")))
	require.NoError(t, unix.Mkfifo(filepath.Join(root, "var/log/fifo"), 0o644))
	all := []string{"/var/log/auth.log", "/var/log/auth.log.1", "/var/log/auth.log.2.gz", "/var/log/auth.log.10", "/var/log/nginx/access.log",
		"/var/log/syslog", "/var/log/syslog-20261108", "/var/log/syslog-20261101"}
	cases := []struct {
		name    string
		rotated bool
		args    []string
		want    []string
	}{
		{"none given", true, nil, all},
		{"directory", false, []string{"/var/log"}, all},
		{"file with its rotated siblings, the newest first", true, []string{"/var/log/auth.log"}, all[:4]},
		{"file alone", false, []string{"/var/log/auth.log"}, all[:1]},
		{"glob", false, []string{"/var/log/sys*"}, all[5:]},
		{"twice", true, []string{"/var/log/syslog", "/var/log/syslog*"}, all[5:]},
		{"as it lies here", false, []string{filepath.Join(root, "var/log/syslog")}, all[5:6]},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r, _ := ingest(t, root, c.rotated, c.args...)
			require.Equal(t, c.want, paths(r))
		})
	}
	t.Run("what is no log is a gap", func(t *testing.T) {
		_, gaps := ingest(t, root, true)
		var places []string
		for _, g := range gaps {
			places = append(places, g.Place+" "+string(g.Reason))
		}
		require.Equal(t, []string{"/var/log/fifo unsupported", "/var/log/link.log unsupported"}, places)
	})
	t.Run("what is named and not there is an error", func(t *testing.T) {
		f, err := NewFinder(root, nil, func(index.Gap) {})
		require.NoError(t, err)
		defer f.Close()
		for _, arg := range []string{"/var/log/nosuch.log", "/var/log/no*", "", "/var/log/fifo"} {
			_, err := f.Find([]string{arg}, true)
			require.ErrorContains(t, err, arg)
		}
	})
	t.Run("a link out of the root is not followed", func(t *testing.T) {
		outside := filepath.Join(t.TempDir(), "secret")
		require.NoError(t, os.WriteFile(outside, []byte("secret\n"), 0o600))
		require.NoError(t, os.Symlink(outside, filepath.Join(root, "var/log/out.log")))
		r, gaps := ingest(t, root, false, "/var/log")
		require.Equal(t, all, paths(r))
		require.Len(t, gaps, 3)
		f, err := NewFinder(root, nil, func(index.Gap) {})
		require.NoError(t, err)
		defer f.Close()
		_, err = f.Find([]string{"/var/log/out.log"}, false)
		require.Error(t, err)
	})
}

func TestBytesComeBack(t *testing.T) {
	long := strings.Repeat("x", 3*maxEntry+17)
	cases := []struct {
		name, text string
		lines      int64
	}{
		{"empty", "", 0},
		{"one line", sshLine, 1},
		{"no last newline", strings.TrimSuffix(sshLine, "\n"), 1},
		{"blank lines and carriage returns", "\n\r\n\n" + sshLine + "\r\n\n", 6},
		{"only NULs and text", strings.Repeat("\x00", 5000) + sshLine, 1},
		{"no UTF-8", "Nov 23 10:00:00 web01 app: \xff\xfe\x80\n", 1},
		{"what a client sent in TLS", sshLine + "\x16\x03\x01\x00\xee\x01\x00\x00\xea\x03\x03 in a request\n" + sshLine + sshLine + sshLine, 5},
		{"many chunks", strings.Repeat(sshLine, 20_000), 20_000},
		{"a line longer than any entry", sshLine + long + "\n" + sshLine, 3},
		{"an entry of many lines", sshLine + strings.Repeat("  at frame\n", 200_000) + sshLine, 200_002},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, name := range []string{"a.log", "a.log.gz"} {
				content := c.text
				if strings.HasSuffix(name, ".gz") {
					content = packed(t, c.text)
				}
				r, gaps := ingest(t, tree(t, map[string]string{"var/log/" + name: content}), false)
				var got bytes.Buffer
				require.NoError(t, r.WriteSource(&got, 1))
				require.True(t, c.text == got.String(), "%d bytes in, %d out", len(c.text), got.Len())
				s := r.Sources()[0]
				require.Equal(t, c.lines, s.Lines)
				require.Equal(t, int64(len(c.text)), s.Bytes)
				require.Equal(t, strings.Contains(c.name, "longer"), len(gaps) == 1)
			}
		})
	}
}

func TestEveryLineIsInAnEvent(t *testing.T) {
	text := "garbage before\n" + sshLine + "\tcontinued\nmore\n\n" + strings.Repeat(sshLine, 9000) + "Nov 23 10:00:01 broken\n"
	r, _ := ingest(t, tree(t, map[string]string{"var/log/auth.log": text}), false)
	lines := strings.Split(text, "\n")
	seen := make([]bool, len(lines))
	for _, e := range events(t, r) {
		require.Equal(t, strings.Join(lines[e.Line-1:e.LineEnd], "\n"), e.Raw, "line %d", e.Line)
		require.Equal(t, e.Raw, text[e.Offset:e.Offset+int64(len(e.Raw))])
		for i := e.Line; i <= e.LineEnd; i++ {
			seen[i-1] = true
		}
	}
	for i, s := range seen {
		require.Equal(t, lines[i] != "", s, "line %d: %q", i+1, lines[i])
	}
}

func TestTimeOfWhatHasNone(t *testing.T) {
	text := "no stamp yet\n2026-11-23 01:00:00 first\nnone here\n2026-11-23 02:00:00 second\nnor here\n"
	r, _ := ingest(t, tree(t, map[string]string{"var/log/app.log": text}), false)
	var got []string
	for _, e := range events(t, r) {
		got = append(got, fmt.Sprintf("%d %s %s", e.Line, e.Time, e.Clock))
	}
	require.Equal(t, []string{
		"2 2026-11-23T01:00:00Z no_zone", "3 2026-11-23T01:00:00Z inherited", "4 2026-11-23T02:00:00Z no_zone", "5 2026-11-23T02:00:00Z inherited",
		"1 2026-11-23T12:00:00Z capture",
	}, got)
}

// Rotated files bound one another: the older one ends before the newer begins.
func TestYearsAcrossRotation(t *testing.T) {
	line := func(stamp string) string { return stamp + " web01 sshd[1]: Connection closed by 203.0.113.7 port 1\n" }
	r, _ := ingest(t, tree(t, map[string]string{
		"var/log/auth.log": line("Feb  1 00:00:00"), "var/log/auth.log.1": line("Mar  1 00:00:00") + line("Jan 31 00:00:00"), "var/log/auth.log.2.gz": packed(t, line("Mar  5 00:00:00")),
	}), false)
	var got []string
	for _, e := range events(t, r) {
		got = append(got, e.Time.String())
	}
	require.Equal(t, []string{"2024-03-05T00:00:00Z", "2025-03-01T00:00:00Z", "2026-01-31T00:00:00Z", "2026-02-01T00:00:00Z"}, got)
}

// A date in the name bounds a file whose siblings are gone.
func TestYearByTheDateInTheName(t *testing.T) {
	line := "Nov 18 10:00:00 web01 sshd[1]: Connection closed by 203.0.113.7 port 1\n"
	r, _ := ingest(t, tree(t, map[string]string{"var/log/auth.log-20241120": line}), false)
	require.Equal(t, "2024-11-18T10:00:00Z", events(t, r)[0].Time.String())
}

func TestOneFileUnderTwoNamesIsReadOnce(t *testing.T) {
	root := tree(t, map[string]string{"var/log/auth.log": sshLine})
	require.NoError(t, os.Link(filepath.Join(root, "var/log/auth.log"), filepath.Join(root, "var/log/auth.log.1")))
	r, gaps := ingest(t, root, false)
	require.Equal(t, []string{"/var/log/auth.log"}, paths(r))
	require.Equal(t, index.ReasonChanged, gaps[0].Reason)
}

// Names that end in a number are a family only beside the log that they were.
func TestYearsOfLogsNamedByNumbers(t *testing.T) {
	line := "Nov 23 10:00:00 web01 sshd[1]: Connection closed by 203.0.113.7 port 1\n"
	earlier := strings.Replace(line, "Nov 23", "Nov  1", 1)
	r, _ := ingest(t, tree(t, map[string]string{"var/log/192.168.1.10": earlier, "var/log/192.168.1.11": line, "var/log/worker.1": earlier, "var/log/worker.2": line}), false)
	for _, e := range events(t, r) {
		require.Equal(t, 2026, e.Time.Go().Year(), e.Source)
	}
}

// A log whose first stamps have a year and later ones none is not dated 1970.
func TestStampsThatLoseTheirYear(t *testing.T) {
	with := "2026-11-22T10:00:00Z web01 sshd[812]: Connection closed by 203.0.113.7 port 51234\n"
	r, _ := ingest(t, tree(t, map[string]string{"var/log/auth.log": strings.Repeat(with, 2000) + sshLine}), false)
	all := events(t, r)
	require.Equal(t, "2026-11-23T10:00:00Z", all[len(all)-1].Time.String())
}

func TestFirstEntryAfterAHole(t *testing.T) {
	for _, hole := range []int{10, 3 * headSize} {
		r, _ := ingest(t, tree(t, map[string]string{"var/log/auth.log": strings.Repeat("\x00", hole) + sshLine + sshLine}), false)
		for _, e := range events(t, r) {
			require.Equal(t, index.ActionLoginFailed, e.Action, "%d", hole)
		}
	}
}

// A directory that became a link between the finding and the reading leads nowhere.
func TestSwappedDirectoryIsNotFollowed(t *testing.T) {
	root := tree(t, map[string]string{"var/log/app/shadow": sshLine, "etc/shadow": "secret\n"})
	var gaps []index.Gap
	f, err := NewFinder(root, nil, func(g index.Gap) { gaps = append(gaps, g) })
	require.NoError(t, err)
	defer f.Close()
	files, err := f.Find(nil, false)
	require.NoError(t, err)
	require.NoError(t, os.RemoveAll(filepath.Join(root, "var/log/app")))
	require.NoError(t, os.Symlink("../../etc", filepath.Join(root, "var/log/app")))
	_, err = f.open(files[0].Path)
	require.ErrorContains(t, err, "symbolic link")
}

func TestDirectoryWithANameOfBytes(t *testing.T) {
	r, gaps := ingest(t, tree(t, map[string]string{"var/log/x\xff/a.log": sshLine}), false)
	require.Empty(t, gaps)
	require.Equal(t, []string{"/var/log/x\xff/a.log"}, paths(r))
}

func TestPackedTwinIsReadOnce(t *testing.T) {
	r, gaps := ingest(t, tree(t, map[string]string{"var/log/auth.log.1": sshLine, "var/log/auth.log.1.gz": packed(t, sshLine)}), false)
	require.Equal(t, []string{"/var/log/auth.log.1"}, paths(r))
	require.Len(t, gaps, 1)
	require.Equal(t, "/var/log/auth.log.1.gz", gaps[0].Place)
}

func TestPackedSiblingThatIsNotReadIsAGap(t *testing.T) {
	root := tree(t, map[string]string{"var/log/auth.log": sshLine, "var/log/auth.log.1.xz": "\xfd7zXZ\x00rest"})
	r, gaps := ingest(t, root, true, "/var/log/auth.log")
	require.Equal(t, []string{"/var/log/auth.log"}, paths(r))
	require.Len(t, gaps, 1)
	require.Equal(t, "/var/log/auth.log.1.xz", gaps[0].Place)
}

func TestSourceWithoutAStampHasNoTime(t *testing.T) {
	r, _ := ingest(t, tree(t, map[string]string{"var/log/app.log": "no stamp here\n"}), false)
	require.Zero(t, r.Sources()[0].First)
	require.Zero(t, r.Sources()[0].Last)
}

func TestWhatCannotBeReadIsAGap(t *testing.T) {
	whole := packed(t, strings.Repeat(sshLine, 1000))
	cases := []struct {
		name, file, content string
		reason              index.Reason
		kept                bool
	}{
		{"gzip cut short", "a.log.gz", whole[:len(whole)-20], index.ReasonTorn, true},
		{"gzip with a wrong checksum", "a.log.gz", whole[:len(whole)-8] + "\x00\x00\x00\x00" + whole[len(whole)-4:], index.ReasonTorn, true},
		{"gzip with garbage behind", "a.log.gz", whole + "garbage", index.ReasonTorn, true},
		{"no gzip behind the magic", "a.log.gz", "\x1f\x8bnonsense", index.ReasonTorn, false},
		{"xz", "a.log.xz", "\xfd7zXZ\x00rest", index.ReasonUnsupported, false},
		{"binary", "a.log", "ab\x00cd\n", index.ReasonUnsupported, false},
		{"login records", "wtmp", "text\n", index.ReasonUnsupported, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r, gaps := ingest(t, tree(t, map[string]string{"var/log/" + c.file: c.content}), false)
			require.Len(t, gaps, 1)
			require.Equal(t, c.reason, gaps[0].Reason)
			require.Equal(t, "/var/log/"+c.file, gaps[0].Place)
			require.Equal(t, c.kept, len(r.Sources()) == 1)
		})
	}
	t.Run("gzip bomb", func(t *testing.T) {
		bomb := packed(t, strings.Repeat("\n", freeRatio+1<<20))
		r, gaps := ingest(t, tree(t, map[string]string{"var/log/a.gz": bomb}), false)
		require.Equal(t, index.ReasonTooLarge, gaps[0].Reason)
		require.LessOrEqual(t, r.Sources()[0].Bytes, int64(max(freeRatio, len(bomb)*maxRatio)))
	})
}

// A line so long that it is cut cannot forge an entry at the cut.
func TestCutLineForgesNothing(t *testing.T) {
	text := sshLine + strings.Repeat("x", maxEntry-len(sshLine)) + sshLine + sshLine
	r, _ := ingest(t, tree(t, map[string]string{"var/log/auth.log": text}), false)
	failed := 0
	for _, e := range events(t, r) {
		if e.Action == index.ActionLoginFailed {
			failed++
		}
	}
	require.Equal(t, 2, failed, "the first line and the last one")
}

// Lines that are cut are told, wherever the cut falls, and each once.
func TestCutLinesAreTold(t *testing.T) {
	cases := []struct {
		name string
		long string
		cut  int
	}{
		{"none", strings.Repeat("x", maxEntry/2), 0},
		{"within a chunk", strings.Repeat("x", maxEntry+1), 1},
		{"over several chunks", strings.Repeat("x", 2*chunkSize+maxEntry), 1},
		{"two of them", strings.Repeat("x", maxEntry+1) + "\n" + strings.Repeat("y", 3*chunkSize), 2},
		{"words", strings.Repeat("word ", 2*chunkSize/5), 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, end := range []string{"", "\n", "\n" + sshLine} {
				_, gaps := ingest(t, tree(t, map[string]string{"var/log/auth.log": strings.Repeat(sshLine, 10) + c.long + end}), false)
				told := 0
				for _, g := range gaps {
					require.Equal(t, index.ReasonTooLarge, g.Reason)
					told += g.Count
				}
				require.Equal(t, c.cut, told, "behind it %q", end)
			}
		})
	}
}

func TestIngestStopsWhenAsked(t *testing.T) {
	root := tree(t, map[string]string{"var/log/a.log": strings.Repeat(sshLine, 200_000)})
	w, err := index.Create(filepath.Join(t.TempDir(), "case.db"), index.CreateOptions{})
	require.NoError(t, err)
	defer w.Abort()
	f, err := NewFinder(root, nil, func(index.Gap) {})
	require.NoError(t, err)
	defer f.Close()
	files, err := f.Find(nil, false)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	o := Options{Zone: time.UTC, Captured: captured, Progress: func(string, int64) { cancel() }}
	require.ErrorIs(t, f.Ingest(ctx, files, w, o), context.Canceled)
}
