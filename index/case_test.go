package index_test

import (
	"bytes"
	"fmt"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"stilltrace/index"
)

// entry is what the tests know of one event before it goes into a case.
type entry struct {
	at      index.Time
	service string
	user    string
	level   index.Level
	action  index.Action
	ips     []string
	text    string
	fields  []index.EntryField
}

const second = index.Time(1e9)

// start is the time of the first event: 2026-11-23T00:00:00Z.
const start = index.Time(1795392000) * second

// addLog adds one log whose entries are given, perBlock to a block.
func addLog(t testing.TB, w *index.Writer, path string, perBlock int, entries []entry) string {
	t.Helper()
	id := w.BeginSource()
	b, err := w.NewSegmentBuilder()
	require.NoError(t, err)
	var whole bytes.Buffer
	line, events := int64(1), int64(len(entries))
	for len(entries) > 0 {
		part := entries[:min(perBlock, len(entries))]
		entries = entries[len(part):]
		var raw []byte
		for _, e := range part {
			raw = append(append(raw, e.text...), '\n')
		}
		b.Reset(id, int64(whole.Len()), line)
		// The first half of the lines is a block of its own.
		half := bytes.IndexByte(raw[len(raw)/2:], '\n') + len(raw)/2 + 1
		b.Begin(raw[:half])
		base := 0
		at := 0
		for _, e := range part {
			if at == half {
				b.Begin(raw[half:])
				base = half
			}
			text := raw[at : at+len(e.text)]
			x := index.Entry{Start: at - base, End: at - base + len(e.text), Time: e.at, Level: e.level, Action: e.action,
				Service: []byte(e.service), User: []byte(e.user), Message: text[min(4, len(text)):], Signature: []byte("sig " + e.service), Fields: e.fields}
			for _, a := range e.ips {
				x.IPs = append(x.IPs, netip.MustParseAddr(a))
			}
			if len(x.IPs) > 0 {
				x.IP = x.IPs[0]
			}
			b.Add(&x)
			at += len(e.text) + 1
			line++
		}
		whole.Write(raw)
		blk, err := b.Finish()
		require.NoError(t, err)
		require.NoError(t, w.AddSegment(blk))
	}
	require.NoError(t, w.EndSource(index.Source{ID: id, Path: path, Bytes: int64(whole.Len()), Lines: line - 1, Events: events, SHA256: sha(whole.String())}))
	return whole.String()
}

// sampleEntries are n events, one a second, from several users and addresses.
func sampleEntries(n int, from index.Time) []entry {
	users := []string{"root", "", "anna", "bob smith", "ünïcode", "\xff\xfe", strings.Repeat("long", 60)}
	var out []entry
	for i := range n {
		e := entry{at: from + index.Time(i)*second, service: []string{"sshd", "nginx", "cron"}[i%3], user: users[i%len(users)],
			level: index.Level(i % 9), action: index.Action(i % 7), text: fmt.Sprintf("msg number %d", i)}
		if i%4 != 0 {
			e.ips = []string{fmt.Sprintf("203.0.113.%d", i%50), fmt.Sprintf("2001:db8::%x", i%9)}
		}
		if i%5 == 0 {
			e.fields = []index.EntryField{{Name: "status", Value: []byte(fmt.Sprint(200 + i%300))}, {Name: "path", Value: []byte("/p")}}
		}
		if i%97 == 0 {
			e.fields = []index.EntryField{{Name: "session", Value: []byte([]string{fmt.Sprint(i), "2-1940", "c1"}[i%3])}}
		}
		out = append(out, e)
	}
	return out
}

// writeCase makes a case with two logs that overlap in time, some processes,
// sockets and gaps, and returns its path and the logs' texts.
func writeCase(t testing.TB, dir string) (string, []string) {
	t.Helper()
	path := filepath.Join(dir, "host.db")
	w, err := index.Create(path, index.CreateOptions{Tool: "stilltrace test", Force: true})
	require.NoError(t, err)
	t.Cleanup(w.Abort)
	for pid := 1; pid <= 600; pid++ {
		require.NoError(t, w.AddProcess(&index.Process{PID: pid, PPID: pid / 2, Comm: fmt.Sprintf("p%d\x1b\xff", pid), Cmdline: []string{"a", "", "b\n"}}))
	}
	for i := range 300 {
		require.NoError(t, w.AddSocket(&index.Socket{Proto: "tcp", Local: netip.MustParseAddr("127.0.0.1"), LPort: uint16(i), State: "LISTEN", Owner: []index.Owner{{PID: i, FD: 3}}}))
	}
	require.NoError(t, w.AddGap(&index.Gap{Area: "process", Place: "/proc/7/exe", Reason: index.ReasonPermission, PID: 7, Count: 1}))
	texts := []string{
		addLog(t, w, "/var/log/a.log", 40, sampleEntries(1000, start)),
		addLog(t, w, "/var/log/b.log", 7, sampleEntries(300, start+500*second)),
		addLog(t, w, "/var/log/empty.log", 7, nil),
	}
	_, err = w.Commit(index.Snapshot{Host: index.Host{Hostname: "web01"}})
	require.NoError(t, err)
	return path, texts
}

func open(t testing.TB, path string) *index.Reader {
	t.Helper()
	r, err := index.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { r.Close() })
	return r
}

func TestCaseHoldsWhatWasWritten(t *testing.T) {
	path, texts := writeCase(t, t.TempDir())
	r := open(t, path)

	require.Equal(t, 1, r.SnapshotCount())
	snap, err := r.Snapshot(1)
	require.NoError(t, err)
	require.Equal(t, "web01", snap.Host.Hostname)
	require.Equal(t, index.Counts{Processes: 600, Sockets: 300, Gaps: 1, Sources: 3, Lines: 1300, Events: 1300, LogBytes: int64(len(texts[0]) + len(texts[1]))}, snap.Counts)
	require.Equal(t, []string{"path", "session", "status"}, r.Manifest().Fields)

	n := 0
	for p, err := range r.Processes(1) {
		require.NoError(t, err)
		n++
		require.Equal(t, n, p.PID)
		require.Equal(t, fmt.Sprintf("p%d\x1b\xff", n), p.Comm, "bytes that are no UTF-8 stay as they are")
		require.Equal(t, []string{"a", "", "b\n"}, p.Cmdline)
	}
	require.Equal(t, 600, n)
	n = 0
	for s, err := range r.Sockets(1) {
		require.NoError(t, err)
		require.Equal(t, uint16(n), s.LPort)
		require.Equal(t, netip.MustParseAddr("127.0.0.1"), s.Local)
		n++
	}
	require.Equal(t, 300, n)
	for g, err := range r.Gaps(1) {
		require.NoError(t, err)
		require.Equal(t, "/proc/7/exe", g.Place)
	}
	for range r.Processes(2) {
		t.Fatal("there is no second snapshot")
	}
	for i, want := range texts {
		var got bytes.Buffer
		require.NoError(t, r.WriteSource(&got, uint32(i+1)))
		require.Equal(t, want, got.String())
	}
}

func TestEventsComeBackWhole(t *testing.T) {
	path, texts := writeCase(t, t.TempDir())
	r := open(t, path)
	want := sampleEntries(1000, start)
	n := 0
	for e, err := range r.Events(index.Query{Terms: []index.Term{{Field: "source", Op: index.Is, Value: "/var/log/a.log"}}}) {
		require.NoError(t, err)
		w := want[n]
		require.Equal(t, w.at, e.Time)
		require.Equal(t, w.text, e.Raw)
		require.Equal(t, w.text[4:], e.Message)
		require.Equal(t, w.text, texts[0][e.Offset:e.Offset+int64(len(w.text))])
		require.Equal(t, int64(n+1), e.Line)
		require.Equal(t, w.service, e.Service)
		require.Equal(t, w.user, e.User)
		require.Equal(t, w.level, e.Level)
		require.Equal(t, w.action, e.Action)
		require.Equal(t, "sig "+w.service, e.Sign)
		require.Equal(t, len(w.ips), len(e.IPs))
		require.Equal(t, len(w.fields), len(e.Fields))
		if len(w.fields) > 0 {
			require.Equal(t, string(w.fields[0].Value), e.Get(w.fields[0].Name))
		}
		n++
	}
	require.Equal(t, 1000, n)
}

func TestEventsWithoutATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	w, err := index.Create(path, index.CreateOptions{})
	require.NoError(t, err)
	addLog(t, w, "/a", 10, []entry{{at: 0, text: "undated"}, {at: start, text: "dated"}, {at: -5, text: "before 1970"}})
	_, err = w.Commit(index.Snapshot{})
	require.NoError(t, err)
	require.Equal(t, []string{"1-14", "1-0", "1-8"}, ids(t, open(t, path), index.Query{}))
}

// Blocks of one time are read one after the other, not all at once: a log
// without stamps must not be held whole. Damage in the last block shows how far
// was read.
func TestEventsOfOneTimeAreReadAsTheyAreAskedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	w, err := index.Create(path, index.CreateOptions{})
	require.NoError(t, err)
	var same []entry
	for i := range 1000 {
		same = append(same, entry{at: start, text: fmt.Sprintf("line %d", i)})
	}
	addLog(t, w, "/a", 10, same)
	_, err = w.Commit(index.Snapshot{})
	require.NoError(t, err)
	db, err := bolt.Open(path, 0o600, nil)
	require.NoError(t, err)
	require.NoError(t, db.Update(func(tx *bolt.Tx) error {
		return tx.Bucket([]byte("segment")).Put([]byte{0, 0, 0, 99}, []byte("no envelope"))
	}))
	require.NoError(t, db.Close())
	n := 0
	for _, err := range open(t, path).Events(index.Query{}) {
		if err != nil {
			require.ErrorIs(t, err, index.ErrDamaged)
			break
		}
		n++
	}
	require.Equal(t, 990, n)
}

// term reads the short form that the tables below use: field, operator, value.
func term(field string, op index.Op, value string) index.Term {
	return index.Term{Field: field, Op: op, Value: value}
}

func not(t index.Term) index.Term {
	t.Not = true
	return t
}

func TestRunEqualsBrute(t *testing.T) {
	path, _ := writeCase(t, t.TempDir())
	r := open(t, path)
	cases := []struct {
		name  string
		terms []index.Term
		since index.Time
		until index.Time
		none  bool
	}{
		{name: "all"},
		{name: "address", terms: []index.Term{term("ip", index.Is, "203.0.113.7")}},
		{name: "address that is not there", terms: []index.Term{term("ip", index.Is, "203.0.113.77")}, none: true},
		{name: "network v4", terms: []index.Term{term("ip", index.Is, "203.0.113.32/29")}},
		{name: "network v6", terms: []index.Term{term("ip", index.Is, "2001:db8::4/126")}},
		{name: "every address", terms: []index.Term{term("ip", index.Is, "0.0.0.0/0")}},
		{name: "no address", terms: []index.Term{not(term("ip", index.Is, "0.0.0.0/0"))}},
		{name: "user", terms: []index.Term{term("user", index.Is, "bob smith")}},
		{name: "user of bytes", terms: []index.Term{term("user", index.Is, "\xff\xfe")}},
		{name: "user longer than a term", terms: []index.Term{term("user", index.Is, strings.Repeat("long", 60))}},
		{name: "almost that user", terms: []index.Term{term("user", index.Is, strings.Repeat("long", 59))}, none: true},
		{name: "without a user", terms: []index.Term{term("user", index.Is, "")}},
		{name: "user pattern", terms: []index.Term{term("user", index.Is, "*n*")}},
		{name: "user compared", terms: []index.Term{term("user", index.AtLeast, "3")}, none: true},
		{name: "user by expression", terms: []index.Term{term("user", index.Matches, "^[a-n]")}},
		{name: "action by expression that is an action", terms: []index.Term{term("action", index.Matches, "login")}},
		{name: "two terms", terms: []index.Term{term("service", index.Is, "sshd"), term("action", index.Is, "login_failed")}},
		{name: "excluded", terms: []index.Term{not(term("service", index.Is, "sshd"))}},
		{name: "level", terms: []index.Term{term("level", index.Is, "err")}},
		{name: "level or worse", terms: []index.Term{term("level", index.AtLeast, "err")}},
		{name: "level or better", terms: []index.Term{term("level", index.AtMost, "notice")}},
		{name: "level above", terms: []index.Term{term("level", index.Above, "crit")}},
		{name: "message", terms: []index.Term{term("message", index.Is, "NUMBER 99")}},
		{name: "own field", terms: []index.Term{term("status", index.AtLeast, "400")}},
		{name: "own field exact", terms: []index.Term{term("status", index.Is, "205")}},
		{name: "own field in a range", terms: []index.Term{term("status", index.Is, "400-449")}},
		{name: "own field out of a range", terms: []index.Term{not(term("status", index.Is, "200-499")), term("status", index.Is, "*")}, none: true},
		{name: "session in a range", terms: []index.Term{term("session", index.Is, "1-1000")}},
		{name: "session that looks like a range", terms: []index.Term{term("session", index.Is, "2-1940"), not(term("session", index.AtLeast, "0"))}},
		{name: "user is no range", terms: []index.Term{term("user", index.Is, "1-9")}, none: true},
		{name: "window", since: start + 510*second, until: start + 520*second},
		{name: "window and term", terms: []index.Term{term("service", index.Is, "cron")}, since: start + 990*second},
		{name: "window before all", until: start, none: true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			q := index.Query{Terms: c.terms, Since: c.since, Until: c.until}
			run := ids(t, r, q)
			var scanned []string
			for e, err := range r.Scan(q) {
				require.NoError(t, err)
				scanned = append(scanned, e.ID)
			}
			require.ElementsMatch(t, run, scanned)
			q.Brute = true
			require.Equal(t, ids(t, r, q), run)
			require.Equal(t, c.none, len(run) == 0)
		})
	}
}

func ids(t *testing.T, r *index.Reader, q index.Query) []string {
	t.Helper()
	var out []string
	last := index.Time(math.MinInt64)
	for e, err := range r.Events(q) {
		require.NoError(t, err)
		require.GreaterOrEqual(t, e.Time, last, "events come in the order of time")
		last = e.Time
		out = append(out, e.ID)
	}
	return out
}

func TestEventsRefusesTermsItCannotCompare(t *testing.T) {
	path, _ := writeCase(t, t.TempDir())
	r := open(t, path)
	for name, bad := range map[string]index.Term{
		"unknown field":      term("nosuch", index.Is, "1"),
		"no address":         term("ip", index.Is, "203.0.113"),
		"no level":           term("level", index.Is, "bad"),
		"compared with text": term("status", index.AtLeast, "abc"),
		"compared address":   term("ip", index.Above, "203.0.113.1"),
	} {
		t.Run(name, func(t *testing.T) {
			for _, err := range r.Events(index.Query{Terms: []index.Term{bad}}) {
				require.ErrorContains(t, err, bad.String())
				return
			}
			t.Fatal("no error")
		})
	}
}

func TestCheckProvesAWholeCase(t *testing.T) {
	path, _ := writeCase(t, t.TempDir())
	proof, err := open(t, path).Check()
	require.NoError(t, err)
	require.Empty(t, proof.Problems)
	require.Equal(t, int64(1300), proof.Events)
	require.Equal(t, 3, proof.Sources)
	require.Equal(t, int64(901), proof.Records)
	require.Len(t, proof.Digest, 64)
}

func TestSameInputGivesTheSameBytes(t *testing.T) {
	one, _ := writeCase(t, t.TempDir())
	two, _ := writeCase(t, t.TempDir())
	a, err := os.ReadFile(one)
	require.NoError(t, err)
	b, err := os.ReadFile(two)
	require.NoError(t, err)
	require.True(t, bytes.Equal(a, b))
}
