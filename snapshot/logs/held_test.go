package logs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

// growing is a host whose logs are read into one case again and again.
type growing struct {
	t    *testing.T
	root string
	path string // of the case
	at   time.Time
	gaps []index.Gap // of the last capture
	// meanwhile is called once, when the first text of the next still was kept.
	meanwhile func()
}

func newGrowing(t *testing.T, files map[string]string) *growing {
	g := &growing{t: t, root: tree(t, files), path: filepath.Join(t.TempDir(), "case.db"), at: captured}
	g.still()
	return g
}

// still reads the logs once more.
func (g *growing) still() {
	g.t.Helper()
	g.gaps = nil
	w, err := index.Append(context.Background(), g.path, "test")
	if errors.Is(err, fs.ErrNotExist) {
		w, err = index.Create(g.path, index.CreateOptions{Tool: "test"})
	}
	require.NoError(g.t, err)
	defer w.Abort()
	f, err := NewFinder(g.root, nil, func(gap index.Gap) {
		g.gaps = append(g.gaps, gap)
		require.NoError(g.t, w.AddGap(&gap))
	})
	require.NoError(g.t, err)
	defer f.Close()
	files, err := f.Find(nil, true)
	require.NoError(g.t, err)
	kept := func(string, int64) {
		if do := g.meanwhile; do != nil {
			g.meanwhile = nil
			do()
		}
	}
	require.NoError(g.t, f.Ingest(context.Background(), files, w, Options{Zone: time.UTC, Captured: g.at, Progress: kept}))
	_, err = w.Commit(index.Snapshot{Start: index.Clocks{Realtime: index.TimeOf(g.at)}})
	require.NoError(g.t, err)
	g.at = g.at.Add(time.Minute)
}

func (g *growing) file(name string) string { return filepath.Join(g.root, "var/log", name) }

func (g *growing) add(name, text string) {
	f, err := os.OpenFile(g.file(name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	require.NoError(g.t, err)
	_, err = f.WriteString(text)
	require.NoError(g.t, err)
	require.NoError(g.t, f.Close())
}

func (g *growing) write(name, text string) {
	require.NoError(g.t, os.WriteFile(g.file(name), []byte(text), 0o644))
}

func (g *growing) move(from, to string) {
	require.NoError(g.t, os.Rename(g.file(from), g.file(to)))
}

// pack does what gzip does: another file takes the place of the log.
func (g *growing) pack(name string) {
	text, err := os.ReadFile(g.file(name))
	require.NoError(g.t, err)
	g.write(name+".gz", packed(g.t, string(text)))
	require.NoError(g.t, os.Remove(g.file(name)))
}

// open opens the case and proves it.
func (g *growing) open() *index.Reader {
	g.t.Helper()
	r, err := index.Open(g.path)
	require.NoError(g.t, err)
	g.t.Cleanup(func() { r.Close() })
	proof, err := r.Check()
	require.NoError(g.t, err)
	require.Empty(g.t, proof.Problems)
	return r
}

// logs are the texts that the case holds of each path, as the snapshot knew
// them, oldest first, and how many sources it has.
func (g *growing) logs(r *index.Reader, snapshot int) map[string][]string {
	g.t.Helper()
	out := map[string][]string{}
	for _, l := range r.Logs(snapshot) {
		var b bytes.Buffer
		require.NoError(g.t, r.WriteLog(&b, &l))
		require.Equal(g.t, int64(b.Len()), l.Bytes)
		require.Equal(g.t, int64(strings.Count(b.String(), "\n")+tail(b.String())), l.Lines, l.Path)
		name := strings.TrimPrefix(l.Path, "/var/log/")
		out[name] = append(out[name], b.String())
	}
	return out
}

// tail is 1 where the text ends without a newline.
func tail(text string) int {
	if text == "" || strings.HasSuffix(text, "\n") {
		return 0
	}
	return 1
}

// line is one line of a log, the n-th.
func line(n int) string {
	return fmt.Sprintf("Nov 23 10:%02d:%02d web01 sshd[812]: Failed password for root from 203.0.113.7 port %d ssh2\n", n/60%60, n%60, 50000+n)
}

func lines(from, to int) string {
	var b strings.Builder
	for n := from; n < to; n++ {
		b.WriteString(line(n))
	}
	return b.String()
}

// What happens to logs between two stills, and what the case holds then.
func TestLogsGrow(t *testing.T) {
	one, two, three := lines(0, 100), lines(100, 150), lines(150, 160)
	half := len(one) - 40 // within the last line
	long := strings.Repeat("x", 3<<20)
	cases := []struct {
		name    string
		before  string
		change  func(g *growing)
		want    map[string][]string
		sources int
	}{
		{"nothing", one, func(*growing) {}, map[string][]string{"auth.log": {one}}, 1},
		{"grown", one, func(g *growing) { g.add("auth.log", two) }, map[string][]string{"auth.log": {one + two}}, 2},
		{"grown from nothing", "", func(g *growing) { g.add("auth.log", two) }, map[string][]string{"auth.log": {two}}, 2},
		{"grown from a few bytes", "a\n", func(g *growing) { g.add("auth.log", "b\n") }, map[string][]string{"auth.log": {"a\nb\n"}}, 2},
		{"grown within a line", one[:half], func(g *growing) { g.add("auth.log", one[half:]+two) }, map[string][]string{"auth.log": {one + two}}, 2},
		{"grown within a line, still without an end", one[:half], func(g *growing) { g.add("auth.log", one[half:half+10]) }, map[string][]string{"auth.log": {one[:half+10]}}, 2},
		{"grown within what was a stamp", "2026-11-23 10:00:00 one\n2026-11-23 10:05:00", func(g *growing) { g.add("auth.log", "7 is none\nno stamp\n") },
			map[string][]string{"auth.log": {"2026-11-23 10:00:00 one\n2026-11-23 10:05:007 is none\nno stamp\n"}}, 2},
		{"grown within a very long line", long, func(g *growing) { g.add("auth.log", "y\n"+one) }, map[string][]string{"auth.log": {long + "y\n" + one}}, 2},
		{"rotated", one, func(g *growing) { g.move("auth.log", "auth.log.1"); g.write("auth.log", two) },
			map[string][]string{"auth.log.1": {one}, "auth.log": {two}}, 3},
		{"rotated by date", one, func(g *growing) { g.move("auth.log", "auth.log-20261123") }, map[string][]string{"auth.log-20261123": {one}}, 2},
		{"grown and rotated", one, func(g *growing) {
			g.add("auth.log", two)
			g.move("auth.log", "auth.log.1")
			g.write("auth.log", three)
		}, map[string][]string{"auth.log.1": {one + two}, "auth.log": {three}}, 3},
		{"rotated within a line", one[:half], func(g *growing) {
			g.add("auth.log", one[half:])
			g.move("auth.log", "auth.log.1")
		}, map[string][]string{"auth.log.1": {one}}, 2},
		{"rotated within a line that never ended", one[:half], func(g *growing) { g.move("auth.log", "auth.log.1") }, map[string][]string{"auth.log.1": {one[:half]}}, 2},
		{"rotated and packed", one, func(g *growing) { g.move("auth.log", "auth.log.1"); g.pack("auth.log.1"); g.write("auth.log", two) },
			map[string][]string{"auth.log.1.gz": {one}, "auth.log": {two}}, 3},
		{"grown, rotated and packed", one[:half], func(g *growing) {
			g.add("auth.log", one[half:]+two)
			g.move("auth.log", "auth.log.1")
			g.pack("auth.log.1")
		}, map[string][]string{"auth.log.1.gz": {one + two}}, 2},
		{"copied and truncated", one, func(g *growing) { g.write("auth.log.1", one+two); g.write("auth.log", three) },
			map[string][]string{"auth.log.1": {one + two}, "auth.log": {three}}, 3},
		{"truncated", one, func(g *growing) { g.write("auth.log", three) }, map[string][]string{"auth.log": {one, three}}, 2},
		{"truncated and grown beyond", one, func(g *growing) { g.write("auth.log", lines(500, 900)) }, map[string][]string{"auth.log": {one, lines(500, 900)}}, 2},
		{"replaced by a longer copy", one, func(g *growing) {
			require.NoError(g.t, os.Remove(g.file("auth.log")))
			g.write("auth.log", one+two)
		}, map[string][]string{"auth.log": {one + two}}, 2},
		{"replaced by a copy", one, func(g *growing) {
			g.write("copy", one)
			g.move("copy", "auth.log")
		}, map[string][]string{"auth.log": {one}}, 1},
		{"replaced by another one", one, func(g *growing) {
			g.write("copy", lines(900, 1200))
			g.move("copy", "auth.log")
		}, map[string][]string{"auth.log": {one, lines(900, 1200)}}, 2},
		{"a line in the middle changed, the size kept", lines(0, 300), func(g *growing) {
			text := []byte(lines(0, 300))
			copy(text[len(text)/2:], "was here")
			g.write("auth.log", string(text))
			require.NoError(g.t, os.Chtimes(g.file("auth.log"), time.Time{}, captured))
		}, map[string][]string{"auth.log": {lines(0, 300), changed(lines(0, 300), "was here")}}, 2},
		{"written to, with nothing changed", one, func(g *growing) {
			require.NoError(g.t, os.Chtimes(g.file("auth.log"), time.Time{}, captured))
		}, map[string][]string{"auth.log": {one}}, 1},
		{"gone", one, func(g *growing) { require.NoError(g.t, os.Remove(g.file("auth.log"))) }, map[string][]string{"auth.log": {one}}, 1},
		{"another one beside it that begins alike", one, func(g *growing) { g.write("auth.log.1", one) },
			map[string][]string{"auth.log": {one}, "auth.log.1": {one}}, 2},
		{"moved out of its family", one, func(g *growing) { g.move("auth.log", "old") }, map[string][]string{"old": {one}}, 2},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g := newGrowing(t, map[string]string{"var/log/auth.log": c.before})
			first := g.open()
			was := events(t, first)
			c.change(g)
			g.still()
			r := g.open()
			require.Equal(t, c.want, g.logs(r, 0))
			require.Len(t, r.Sources(), c.sources)
			require.Equal(t, map[string][]string{"auth.log": {c.before}}, g.logs(r, 1), "the first snapshot knows what it knew")
			require.Equal(t, was, eventsOf(t, r, 1))
			g.still()
			require.Len(t, g.open().Sources(), c.sources, "what did not change adds nothing")
			if c.before != long { // which is cut at other places
				g.likeOnce()
			}
			g.reparsed()
		})
	}
}

func changed(text, by string) string {
	b := []byte(text)
	copy(b[len(b)/2:], by)
	return string(b)
}

func eventsOf(t *testing.T, r *index.Reader, snapshot int) (out []*index.Event) {
	t.Helper()
	for e, err := range r.Events(index.Query{Snapshot: snapshot}) {
		require.NoError(t, err)
		out = append(out, e)
	}
	return out
}

// likeOnce proves that the events which the case has of its logs are those
// that one reading of the whole logs would find.
func (g *growing) likeOnce() {
	g.t.Helper()
	r := g.open()
	got := map[string][]string{}
	chain := map[uint32]string{} // the log of each source
	for _, l := range r.Logs(0) {
		files := map[string]string{}
		var b bytes.Buffer
		require.NoError(g.t, r.WriteLog(&b, &l))
		name := fmt.Sprintf("/var/log/%d/x", l.ID)
		files[name] = b.String()
		for _, id := range append(l.Parts, l.ID) {
			chain[id] = name
		}
		whole, _ := ingest(g.t, tree(g.t, files), false)
		var want, terms []string
		for e, err := range whole.Scan(index.Query{}) {
			require.NoError(g.t, err)
			want = append(want, plainly(e))
			terms = append(terms, e.Raw)
		}
		require.Equal(g.t, int64(len(terms)), l.Events)
		got[name] = want
	}
	have := map[string][]string{}
	for e, err := range r.Scan(index.Query{}) {
		require.NoError(g.t, err)
		have[chain[e.SourceID]] = append(have[chain[e.SourceID]], plainly(e))
	}
	for name, want := range got {
		require.Equal(g.t, want, have[name])
	}
}

// plainly is an event without what tells in which case it stands.
func plainly(e *index.Event) string {
	own := *e
	own.ID, own.Source, own.SourceID = "", "", 0
	if own.Clock == index.ClockCapture {
		own.Time = 0
	}
	if own.Service == "auth" || own.Service == "x" {
		own.Service = "" // from the name of the file
	}
	return fmt.Sprintf("%+v", own)
}

// A log that is read at any places while it grows has the events that it has
// when it is read once.
func TestLogsGrowAnywhere(t *testing.T) {
	texts := map[string]string{
		"syslog":  lines(0, 400),
		"unruly":  "no stamp\n" + lines(0, 20) + "\n\n\x00\x00more\nand more\n" + lines(20, 30) + "no end",
		"python":  strings.Repeat("2026-11-23 10:00:00,123 ERROR app.views: it broke\n", 30) + "INFO 2026-11-23 10:00:01 end\n",
		"windows": strings.ReplaceAll(lines(0, 100), "\n", "\r\n"),
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(7, uint64(len(text))))
			g := newGrowing(t, map[string]string{"var/log/x": ""})
			for rest := text; rest != ""; {
				n := min(len(rest), 1+r.IntN(len(text)/6))
				g.add("x", rest[:n])
				rest = rest[n:]
				g.still()
			}
			require.Equal(t, map[string][]string{"x": {text}}, g.logs(g.open(), 0))
			if name != "unruly" {
				g.likeOnce()
			}
			g.reparsed()
		})
	}
}

// Stamps without a year get the year of their own reading, over a new year
// too, and an entry without a stamp takes the time of the one before it.
func TestGrownLogsHaveTheirTimes(t *testing.T) {
	g := newGrowing(t, map[string]string{"var/log/auth.log": "Dec 31 23:59:00 h a: one\nno stamp\n", "var/log/auth.log.1": "Dec 30 00:00:00 h a: older\n"})
	require.NoError(t, os.Remove(g.path))
	g.at = time.Date(2026, 12, 31, 23, 59, 30, 0, time.UTC)
	g.still()
	g.at = time.Date(2027, 1, 1, 0, 5, 0, 0, time.UTC)
	g.add("auth.log", "neither\nJan  1 00:01:00 h a: two\n")
	g.add("auth.log.1", "Dec 30 00:00:01 h a: older, too\n")
	g.still()
	var got []string
	for e, err := range g.open().Scan(index.Query{}) {
		require.NoError(t, err)
		got = append(got, e.Time.Go().Format("2006-01-02 15:04:05 ")+e.Clock.String()+" "+e.Raw)
	}
	require.ElementsMatch(t, []string{
		"2026-12-31 23:59:00 no_year Dec 31 23:59:00 h a: one\nno stamp", "2026-12-30 00:00:00 no_year Dec 30 00:00:00 h a: older",
		"2026-12-31 23:59:00 inherited neither", "2027-01-01 00:01:00 no_year Jan  1 00:01:00 h a: two", "2026-12-30 00:00:01 no_year Dec 30 00:00:01 h a: older, too",
	}, got)
	g.reparsed()
}

// reparsed proves that the same parsers make the same of the texts again.
func (g *growing) reparsed() {
	g.t.Helper()
	r := g.open()
	path := filepath.Join(g.t.TempDir(), "again.db")
	w, err := index.Rewrite(g.t.Context(), r, path, index.CreateOptions{Tool: "test"})
	require.NoError(g.t, err)
	defer w.Abort()
	require.NoError(g.t, Reparse(g.t.Context(), r, w, nil))
	_, err = w.Finish()
	require.NoError(g.t, err)
	again, err := index.Open(path)
	require.NoError(g.t, err)
	defer again.Close()
	proof, err := again.Check()
	require.NoError(g.t, err)
	require.Empty(g.t, proof.Problems)
	require.Equal(g.t, r.Sources(), again.Sources())
	for id := 1; id <= r.SnapshotCount(); id++ {
		was, err := r.Snapshot(id)
		require.NoError(g.t, err)
		now, err := again.Snapshot(id)
		require.NoError(g.t, err)
		require.Equal(g.t, was, now)
		require.Equal(g.t, eventsOf(g.t, r, id), eventsOf(g.t, again, id))
		require.Equal(g.t, r.Logs(id), again.Logs(id))
	}
	// The values are the same, too, but for those of the index, which has the segments of all snapshots in one.
	for i, b := range r.Manifest().Buckets {
		if b.Name != "blocks" && b.Name != "terms" {
			require.Equal(g.t, b, again.Manifest().Buckets[i])
		}
	}
}

// What could not be read of a log that did not change is still not read.
func TestGapsOfHeldLogsAreTold(t *testing.T) {
	torn := packed(t, lines(0, 5000))
	g := newGrowing(t, map[string]string{"var/log/auth.log.1.gz": torn[:len(torn)/2]})
	require.Len(t, g.gaps, 1)
	first := g.gaps
	g.still()
	g.still()
	require.Equal(t, first, g.gaps)
	require.Len(t, g.open().Sources(), 1)
}
