package snapshot_test

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
	"stilltrace/snapshot"
	"stilltrace/tracers/casetest"
	"stilltrace/tracers/errs"
	"stilltrace/tracers/event"
	"stilltrace/tracers/ip"
)

// still takes a still of a copied host and opens it.
func still(t *testing.T, root string, at time.Time, noProc bool) *index.Reader {
	t.Helper()
	path := filepath.Join(t.TempDir(), "host.db")
	o := snapshot.Options{Output: path, Root: root, CapturedAt: at, NoProc: noProc, Rotated: true}
	if noProc {
		o.Logs = []string{"/"}
	}
	_, err := snapshot.Run(t.Context(), o)
	require.NoError(t, err)
	r, err := index.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

// corpus makes logs with traps in a new directory.
func corpus(t *testing.T, size string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	cmd := exec.Command("go", "run", "./testdata/corpus", "-out", dir, "-size", size, "-seed", "4")
	cmd.Dir = ".."
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	require.NoError(t, os.Remove(filepath.Join(dir, "truth.json")))
	return dir
}

// torn is a case of three stills. Before each, the logs grew, and most of them
// to some place within a line; the last one does not end in a newline either.
func torn(t *testing.T) *index.Reader {
	t.Helper()
	dir := corpus(t, "1MB")
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	whole := map[string][]byte{}
	for _, name := range names {
		if whole[name], err = os.ReadFile(name); err != nil || filepath.Base(name) == "syslog" {
			require.NoError(t, err)
			whole[name] = bytes.TrimSuffix(whole[name], []byte("\n"))
		}
	}
	path := filepath.Join(t.TempDir(), "host.db")
	for n := range 3 {
		for i, name := range names {
			all := whole[name]
			require.NoError(t, os.WriteFile(name, all[:len(all)*(n+1)/3-(2-n)*(2+7*i)], 0o600))
		}
		o := snapshot.Options{Output: path, Append: true, Root: dir, NoProc: true, Logs: []string{"/"}, CapturedAt: time.Date(2025, 9, 2, n, 0, 0, 0, time.UTC)}
		_, err := snapshot.Run(t.Context(), o)
		require.NoError(t, err)
	}
	r, err := index.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	open := 0
	for _, s := range r.Sources() {
		if s.Open > 0 {
			open++
		}
	}
	require.Greater(t, open, len(names))
	proof, err := r.Check()
	require.NoError(t, err)
	require.Empty(t, proof.Problems)
	return r
}

// TestSummariesAnswerAsEventsDo holds every answer that can come from
// summaries against the same answer of the events themselves, whole.
func TestSummariesAnswerAsEventsDo(t *testing.T) {
	t.Run("a copied host", func(t *testing.T) {
		compare(t, still(t, "../testdata/host", time.Date(2026, 11, 23, 3, 10, 0, 0, time.UTC), false), 0)
	})
	t.Run("a corpus with its traps", func(t *testing.T) {
		compare(t, still(t, corpus(t, "2MB"), time.Date(2025, 9, 2, 0, 0, 0, 0, time.UTC), true), 0)
	})
	t.Run("logs that end within a line, and go on", func(t *testing.T) {
		r := torn(t)
		for n := range 3 {
			compare(t, r, n+1)
		}
	})
}

func compare(t *testing.T, r *index.Reader, snapshot int) {
	require.True(t, r.Summarized(snapshot))
	var whole []index.Query
	add := func(since, until string, terms ...string) {
		q := casetest.Query(t, terms...)
		q.Snapshot = snapshot
		if since != "" {
			q.Since = casetest.At(t, since)
		}
		if until != "" {
			q.Until = casetest.At(t, until)
		}
		whole = append(whole, q)
	}
	first := r.Sources()[0].Path
	for _, terms := range [][]string{
		nil, {"class:*"}, {"class:public"}, {"-class:public"}, {"ip:198.51.100.0/24"}, {"ip:0.0.0.0/0"}, {"-ip:198.51.100.20"}, {"ip:192.0.2.254"},
		{"ip:10.0.0.0/8", "-ip:10.0.0.9"}, {"category:database"}, {"type:50*"}, {"-category:http"}, {"service:sshd"}, {"-service:nginx", "level>=warning"},
		{"action:login_failed"}, {"outcome:failure"}, {"source:" + first}, {"source:*auth*", "host:*"}, {"clock:exact"}, {"clock:capture"},
		{"signature:failed"}, {"user:root"}, {"pid:1"},
	} {
		add("", "", terms...)
	}
	for _, day := range []string{"2025-09-01", "2026-11-23"} {
		add(day+"T00:00:00Z", "")
		add("", day+"T00:17:00Z")
		add(day+"T00:05:00Z", day+"T00:09:00Z")
		add(day+"T01:00:00Z", day+"T02:00:00Z", "source:*log")
		add(day+"T00:05:00.5Z", day+"T00:09:00Z")
	}
	for _, a := range some(t, r, snapshot) {
		add("", "", "ip:"+a.String())
		add("", "", "-ip:"+a.String())
	}
	for _, q := range whole {
		answered := 0
		for name, ask := range tracers(r) {
			q.Brute = false
			fast, err := ask(q)
			q.Brute = true
			plain, plainErr := ask(q)
			require.Equal(t, plainErr == nil, err == nil, "%s %v", name, q)
			if err == nil {
				require.Equal(t, plain, fast, "%s %v", name, q)
				answered++
			}
		}
		require.NotZero(t, answered, "%v", q)
	}
}

// some addresses of a case: the leading ones, and one of each kind of row.
func some(t *testing.T, r *index.Reader, snapshot int) (out []netip.Addr) {
	t.Helper()
	h, err := r.Summary(snapshot).Head()
	require.NoError(t, err)
	for a, err := range r.Summary(snapshot).Leaders() {
		require.NoError(t, err)
		if out = append(out, a.Addr); len(out) == 3 {
			break
		}
	}
	n := 0
	for a, err := range r.Summary(snapshot).Addresses(netip.Prefix{}) {
		require.NoError(t, err)
		if n++; n%(1+int(h.Addresses)/5) == 0 || len(a.Strands) > 9 && len(out) < 8 {
			out = append(out, a.Addr)
		}
	}
	require.NotEmpty(t, out)
	return out
}

// tracers are the questions that summaries may answer, each as whole JSON.
func tracers(r *index.Reader) map[string]func(index.Query) (string, error) {
	text := func(v any, err error) (string, error) {
		if err != nil {
			return "", err
		}
		b, err := json.MarshalIndent(v, "", " ")
		return string(b), err
	}
	all := map[string]func(index.Query) (string, error){
		"ip":    func(q index.Query) (string, error) { return text(ip.Run(r, q)) },
		"error": func(q index.Query) (string, error) { return text(errs.Run(r, q)) },
		"event by source": func(q index.Query) (string, error) {
			return text(event.Count(r, q, []string{"source"}))
		},
		"event by all": func(q index.Query) (string, error) {
			return text(event.Count(r, q, []string{"service", "action", "level", "outcome", "host", "source", "clock", "signature"}))
		},
		"event by user":      func(q index.Query) (string, error) { return text(event.Count(r, q, []string{"user", "service"})) },
		"event by addresses": func(q index.Query) (string, error) { return text(event.Count(r, q, []string{"ip", "ips"})) },
	}
	return all
}
