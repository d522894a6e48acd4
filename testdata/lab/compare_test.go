package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestScore(t *testing.T) {
	for _, c := range []struct {
		name                 string
		truth, answer        bag
		hits, misses, alarms int
	}{
		{"nothing asked, nothing told", bag{}, bag{}, 0, 0, 0},
		{"nothing asked, something told", bag{}, times(2), 0, 0, 2},
		{"as many", times(7), times(7), 7, 0, 0},
		{"too few", times(7), times(5), 5, 2, 0},
		{"too many", times(7), times(9), 7, 0, 2},
		{"a count of nothing", times(0), bag{}, 0, 0, 0},
		{"the same things", things("a", "b"), things("b", "a"), 2, 0, 0},
		{"another thing", things("a", "b"), things("a", "c"), 1, 1, 1},
		{"one thing too often, one not often enough", bag{"a": 2, "b": 2}, bag{"a": 3, "b": 1}, 3, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			hits, misses, alarms := row{truth: c.truth, answer: c.answer}.score()
			require.Equal(t, []int{c.hits, c.misses, c.alarms}, []int{hits, misses, alarms})
		})
	}
}

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		name          string
		truth, answer bag
		listed        bool
		want          verdict
		why           string // what the comparison fails with
	}{
		{"full hit", times(2), times(2), false, verdictHit, ""},
		{"nothing and nothing", bag{}, bag{}, false, verdictHit, ""},
		{"miss", times(2), times(1), false, verdictMiss, "q: s: MISS"},
		{"miss of a part, and a false alarm", things("a", "b"), things("a", "c"), false, verdictMiss, "q: s: MISS"},
		{"false alarm", times(2), times(3), false, verdictFalse, "q: s: FALSE ALARM"},
		{"listed and missed", times(2), times(1), true, verdictLater, ""},
		{"listed, and worse than that", times(3), times(1), true, verdictMiss, "q: s: MISS"},
		{"listed, and wrong in another way", times(2), times(3), true, verdictFalse, "q: s: FALSE ALARM"},
		{"listed and a full hit", times(2), times(2), true, verdictWorks, "q: s: works now: take it off the list"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &sheet{notYet: map[string]later{}}
			if c.listed {
				s.notYet["q: s"] = later{1, 0, "it is hard"}
			}
			s.row("q", "s", c.truth, c.answer)
			require.Equal(t, c.want, s.verdict(s.rows[0]))
			if err := s.failed(); c.why == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, c.why)
			}
		})
	}
}

func TestFailed(t *testing.T) {
	s := &sheet{notYet: map[string]later{"q: gone": {1, 0, "it is hard"}}, broken: []string{"bans: no answer"}}
	s.row("q", "s", bag{}, bag{})
	s.row("q", "s", bag{}, bag{})
	err := s.failed()
	require.ErrorContains(t, err, "bans: no answer")
	require.ErrorContains(t, err, "q: s: two rows have this name")
	require.ErrorContains(t, err, "q: gone: in the list notYet, but no row has this name")
}

func TestPrint(t *testing.T) {
	s := &sheet{notYet: map[string]later{"blocked: 203.0.113.66": {3, 0, "no log has it"}}}
	s.row("logins", "203.0.113.66", times(7), times(5))
	s.row("users", "203.0.113.66", things("root", "pi"), things("root", "pi", "x"))
	s.row("blocked", "203.0.113.66", times(3), bag{})
	s.row("listener", "a name that is so long that it has to be cut", things("pid 7"), things("pid 7"))
	var out bytes.Buffer
	require.NoError(t, s.print(&out))
	require.Equal(t, `QUESTION  SUBJECT                  TRUTH     ANSWER  HITS  MISS  FALSE  VERDICT
logins    203.0.113.66             7         5          5     2         MISS
users     203.0.113.66             pi, root  3          2            1  FALSE ALARM
blocked   203.0.113.66             3         none       0     3         not yet
listener  a name that…s to be cut  pid 7     pid 7      1               hit

MISS: logins: 203.0.113.66
  missing  2

FALSE ALARM: users: 203.0.113.66
  false    x

not yet: blocked: 203.0.113.66
  no log has it
  missing  3

4 rows: 1 hit, 1 MISS, 1 FALSE ALARM, 1 not yet
8 hits, 5 misses, 1 false alarms
`, out.String())
}

func TestTableFitsAScreen(t *testing.T) {
	s := &sheet{}
	long := strings.Repeat("wörter ", 40)
	s.row(long, long, bag{long: 99999}, bag{})
	s.row(long, long, bag{}, bag{"1234567890": 1})
	var out bytes.Buffer
	require.NoError(t, s.print(&out))
	for line := range strings.Lines(out.String()) {
		if strings.Contains(line, "…") {
			require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), 100, line)
		}
	}
}

func TestShort(t *testing.T) {
	for _, c := range []struct {
		name string
		bag  bag
		want string
	}{
		{"nothing", bag{}, "none"},
		{"no more than a count", times(4), "4"},
		{"a count of nothing", times(0), "0"},
		{"one thing", things("root"), "root"},
		{"things in order", things("b", "a"), "a, b"},
		{"a thing more than once", bag{"root": 3}, "root ×3"},
		{"a thing that was never", bag{"root": 0}, "none"},
		{"no room", things("203.0.113.66", "203.0.113.99"), "2"},
	} {
		require.Equal(t, c.want, c.bag.short(10), c.name)
	}
}

// TestHost compares the recorded host of testdata/host with a truth that is
// wrong in three places, and finds these and no other.
func TestHost(t *testing.T) {
	dir := t.TempDir()
	bin, err := build(dir)
	require.NoError(t, err)
	root, err := filepath.Abs("../host")
	require.NoError(t, err)
	out, err := exec.Command(bin, "snapshot", "-o", filepath.Join(dir, "after.db"), "--root", root, "--captured-at", "2026-11-23T03:10:00Z").CombinedOutput()
	require.NoError(t, err, string(out))

	begin := time.Date(2026, 11, 23, 2, 57, 0, 0, time.UTC)
	refused := func(from, user string, n int) act {
		return act{What: actLoginRefused, Actor: "attacker", At: begin, Until: begin.Add(2 * time.Minute), From: from, User: user, Count: n,
			Detail: map[string]string{"known": "false"}}
	}
	var told truth
	told.Acts = []act{
		refused("203.0.113.7", "root", 10), // one more than there are
		refused("203.0.113.7", "test", 3),
		refused("203.0.113.9", "admin", 4), // one less
		refused("203.0.113.50", "x from 198.51.100.7 port 22", 3),
		refused("2001:db8:bad::1", "oracle", 3), // and nothing of 198.51.100.23
	}
	c := &comparison{truth: told, asker: newAsker(bin, dir), tmp: dir, sheet: &sheet{}}
	c.ask("logins", askLogins)
	require.Empty(t, c.broken)
	got := map[string]string{}
	for _, r := range c.rows {
		got[r.name()] = string(c.verdict(r))
	}
	for name, want := range map[string]verdict{
		"failed logins: 203.0.113.7":     verdictMiss,
		"failed logins: 203.0.113.9":     verdictFalse,
		"failed logins: 203.0.113.50":    verdictHit,
		"failed logins: 2001:db8:bad::1": verdictHit,
		"failed logins: anyone else":     verdictFalse,
		"failed users: all addresses":    verdictMiss,
		"ip: failed_logins: 203.0.113.7": verdictMiss,
		"logins: anyone else":            verdictFalse,
	} {
		require.Equal(t, string(want), got[name], name)
	}
}

// TestEveryActCounts leaves one act of each kind out of the record's truth,
// which must not go unnoticed. The exceptions are known: no log has a blocked
// connection, of a service that is nowhere in the truth nothing is asked, and
// of auditd neither, which not every machine has.
func TestEveryActCounts(t *testing.T) {
	tmp := t.TempDir()
	bin, err := build(tmp)
	require.NoError(t, err)
	asker := newAsker(bin, "record") // one for all: it remembers its answers
	all, err := readTruth("record")
	require.NoError(t, err)
	seen := map[string]bool{actAudit: true, actBlocked: true, actStarted: true}
	for i, a := range all.Acts {
		if seen[a.What] {
			continue
		}
		seen[a.What] = true
		told := all
		told.Acts = slices.Delete(slices.Clone(all.Acts), i, i+1)
		c := &comparison{truth: told, asker: asker, tmp: tmp, sheet: &sheet{notYet: notYet}}
		for _, q := range questions {
			c.ask(q.about, q.ask)
		}
		require.Empty(t, c.broken)
		require.Error(t, c.failed(), a.What)
	}
}

func TestTruthIsReadAsItIsWritten(t *testing.T) {
	dir := t.TempDir()
	j := &journal{file: filepath.Join(dir, "truth.json")}
	require.NoError(t, j.add(act{What: actCron, At: time.Now(), Count: 1}))
	got, err := readTruth(dir)
	require.NoError(t, err)
	want, err := json.Marshal(j.truth)
	require.NoError(t, err)
	have, err := json.Marshal(got)
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(have))
	require.NoError(t, os.Remove(j.file))
	_, err = readTruth(dir)
	require.ErrorIs(t, err, os.ErrNotExist)
}
