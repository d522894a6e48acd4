package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCorpusIsReused(t *testing.T) {
	b := trial(t)
	var err error
	b.root, err = moduleRoot()
	require.NoError(t, err)
	b.dir, b.seed = b.tmp, 7
	c, err := b.corpus(context.Background(), "1MB")
	require.NoError(t, err)
	require.Len(t, c.files, 10)

	again := &corpus{size: c.size, home: c.home, logs: c.logs}
	require.NoError(t, again.load(7))
	require.Equal(t, c.truth, again.truth)
	require.ErrorContains(t, again.load(8), "seed")
	n, err := sizeOf(c.files[0])
	require.NoError(t, err)
	require.NoError(t, os.Truncate(c.files[0], n-1))
	require.ErrorContains(t, again.load(7), filepath.Base(c.files[0]))

	// What is not whole is generated anew.
	delete(b.corpora, "1MB")
	c, err = b.corpus(context.Background(), "1MB")
	require.NoError(t, err)
	back, err := sizeOf(c.files[0])
	require.NoError(t, err)
	require.Equal(t, n, back)

	all, err := b.joined(c)
	require.NoError(t, err)
	n, err = sizeOf(all)
	require.NoError(t, err)
	require.Equal(t, c.truth.Bytes, n)
}

// TestTruth asks a small case for everything, and then the same case again
// beside a truth that is a little wrong in every part of it.
func TestTruth(t *testing.T) {
	b := trial(t)
	ctx := context.Background()
	var err error
	b.root, err = moduleRoot()
	require.NoError(t, err)
	b.dir, b.seed, b.size = b.tmp, 22, "5MB"
	b.program = filepath.Join(b.tmp, "stilltrace")
	require.NoError(t, b.goRun(ctx, "build", "-buildvcs=false", "-o", b.program, "."))
	c, err := b.caseOf(ctx, b.size)
	require.NoError(t, err)
	require.NoError(t, b.truth(ctx))
	require.Empty(t, b.untrue)
	require.Len(t, b.page.sections, 1)
	for _, r := range b.page.sections[0].table.rows {
		require.NotEqual(t, "0", r[1], r[0])
	}

	for _, m := range []map[string]int{c.truth.Auth.Failed, c.truth.Auth.Invalid, c.truth.Auth.Accepted, c.truth.Auth.Bans, c.truth.Auth.Unbans} {
		m["203.0.113.200"]++
	}
	c.truth.Web.Status["599"]++
	c.truth.Probes[c.truth.Absent] = map[string]int{"syslog": 1}
	c.truth.Files["syslog"].PerHour[1]++
	c.truth.Files["syslog"].Errors["I/O error"]++
	f, err := os.OpenFile(c.files[0], os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte{0}, 5)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.NoError(t, b.truth(ctx))
	for i, n := range []string{"all true", "**1 not true**", "**3 not true**", "**2 not true**", "**1 not true**", "**2 not true**", "**1 not true**", "**1 not true**"} {
		require.Equal(t, n, b.page.sections[1].table.rows[i][2], b.page.sections[1].table.rows[i][0])
	}
	require.Len(t, b.untrue, 11)
}

func TestQuestionOf(t *testing.T) {
	rows := []errorRow{
		{"segfault", "python<n>[<n>]: segfault at <hex>", "python3[812]: segfault at 7f0c", 3},
		{"segfault", "node[<n>]: segfault at <hex>", "node[7]: segfault at 0c in node[7f+12]", 5},
		{"oom_kill", "Killed process <n> (<text>)", "Memory cgroup out of memory: Killed process 5 (php-fpm8.2) total-vm:1kB", 7},
		{"KeyError", "KeyError: '<text>'", "Internal Server Error: /KeyError", 11},
		{"ValueError", "ValueError: KeyError", "KeyError", 13},
	}
	for _, c := range []struct {
		file, kind string
		want       int
	}{
		{"syslog", "segfault python3", 3}, {"syslog", "segfault node", 5}, {"syslog", "oom kill php-fpm8.2", 7},
		{"django.log", "KeyError", 11}, {"postgresql.log", "deadlock detected", 0},
	} {
		q := questionOf(c.file, c.kind)
		require.Equal(t, c.want, countRows(rows, regexp.MustCompile(q.row)), c.kind)
	}
	require.Equal(t, `raw:"msg":"decode body"`, questionOf("app.jsonl", "decode body").event)
}

func TestProbes(t *testing.T) {
	c := truth{Probes: map[string]map[string]int{
		"192.0.2.9": {"a": 600, "b": 95}, "192.0.2.1": {"a": 705}, "192.0.2.2": {"a": 2}, "192.0.2.3": {"a": 1, "b": 1}, "192.0.2.4": {"a": 5000},
	}}
	require.Equal(t, 695, c.lines("192.0.2.9"))
	require.Equal(t, "192.0.2.1", c.probe(700), "of two that are equally near the first by its text")
	require.Equal(t, "192.0.2.2", c.probe(2))
	c.Auth.Failed = map[string]int{"192.0.2.7": 3, "192.0.2.8": 9, "192.0.2.9": 9}
	require.Equal(t, "192.0.2.8", c.busiest())
}

func TestSpellings(t *testing.T) {
	h := time.Date(2025, 9, 6, 14, 0, 0, 0, time.UTC)
	lines := []string{
		"Sep  6 14:00:11 web-01 sshd[1]: x", `1.2.3.4 - - [06/Sep/2025:14:59:59 +0000] "GET / HTTP/1.1"`, "2025/09/06 14:10:00 [error] 1#1: x",
		"2025-09-06 14:30:00.123 UTC [8] LOG:  x", `{"ts":"2025-09-06T14:00:02.6Z","level":"info"}`, "<134>1 2025-09-06T14:00:00.4+00:00 lb-01 haproxy 1 - - x",
		"971:M 06 Sep 2025 14:00:15.237 * x",
	}
	none := []string{"Sep  6 15:00:11 web-01 x", "x 2025-09-06 14:00:00 y", "Sep 16 14:00:00 x", "2025-09-06 04:14:00 x"}
	count := func(line string) (n int) {
		for _, s := range spellings(h) {
			if regexp.MustCompile(s).MatchString(line) {
				n++
			}
		}
		return n
	}
	for _, l := range lines {
		require.Equal(t, 1, count(l), l)
	}
	for _, l := range none {
		require.Zero(t, count(l), l)
	}
}

func TestSameBytes(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, content, 0o644))
		return path
	}
	long := make([]byte, 1<<20)
	for _, c := range []struct {
		name string
		a, b []byte
		same bool
	}{
		{"both empty", nil, nil, true}, {"same", []byte("abc"), []byte("abc"), true}, {"shorter", []byte("abc"), []byte("ab"), false},
		{"longer", []byte("ab"), []byte("abc"), false}, {"one part", long, long, true}, {"one part and more", long, append(long[:1<<20:1<<20], 1), false},
	} {
		err := sameBytes(write("a", c.a), write("b", c.b))
		require.Equal(t, c.same, err == nil, "%s: %v", c.name, err)
	}
	require.Error(t, sameBytes(filepath.Join(dir, "a"), filepath.Join(dir, "none")))
}
