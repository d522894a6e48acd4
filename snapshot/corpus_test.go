package snapshot_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// corpusTruth is what the generator in testdata/corpus says of what it wrote.
type corpusTruth struct {
	Lines int64 `json:"lines"`
	Files map[string]struct {
		Lines   int64   `json:"lines"`
		Events  int64   `json:"events"`
		PerHour []int64 `json:"events_per_hour"`
	} `json:"files"`
	Auth struct {
		Failed   map[string]int `json:"failed_by_ip"`
		Invalid  map[string]int `json:"invalid_user_by_ip"`
		Accepted map[string]int `json:"accepted_by_ip"`
		Bans     map[string]int `json:"bans_by_ip"`
		Unbans   map[string]int `json:"unbans_by_ip"`
		Users    map[string]int `json:"failed_by_user"`
		Total    int            `json:"failed_total"`
		Denied   int            `json:"sudo_denied"`
	} `json:"auth"`
	Web struct {
		Status map[string]int `json:"by_status"`
	} `json:"web"`
	Probes map[string]map[string]int `json:"lines_by_probe_ip"`
	Absent string                    `json:"absent_ip"`
}

// count is one row of event --by.
type count struct {
	By     string `json:"by"`
	Value  string `json:"value"`
	Count  int    `json:"count"`
	Events int    `json:"events"`
}

// TestCorpus counts a generated corpus through the command line and compares
// with the generator's truth. Traps are in it: repeated messages, two
// addresses in one line, user names that look like addresses, no years.
func TestCorpus(t *testing.T) {
	p := build(t)
	dir := t.TempDir()
	cmd := exec.Command("go", "run", "./testdata/corpus", "-out", dir, "-size", "4MB", "-seed", "20")
	cmd.Dir = ".."
	_, talk, exit := p.finish(cmd, buildLimit)
	require.Zero(t, exit, talk)
	text, err := os.ReadFile(filepath.Join(dir, "truth.json"))
	require.NoError(t, err)
	require.NoError(t, os.Remove(filepath.Join(dir, "truth.json")))
	var truth corpusTruth
	require.NoError(t, json.Unmarshal(text, &truth))

	// The corpus begins on 2025-09-01; taken as a copied host it has its years from the time of the copy.
	p.run(found, "snapshot", "-o", p.db, "--root", dir, "--no-proc", "--captured-at", "2025-09-02T00:00:00Z", "/")
	t.Run("sources", func(t *testing.T) { truth.sources(t, p, "/") })
	t.Run("logins", func(t *testing.T) { truth.logins(t, p) })
	t.Run("hours", func(t *testing.T) { truth.hours(t, p) })
	t.Run("probes", func(t *testing.T) { truth.probes(t, p) })
	t.Run("interrupted", func(t *testing.T) { interrupt(t, p) })
	p.run(found, "check", p.db)
}

// interrupt takes questions back while they are being answered: nothing half
// written stays, neither of a file nor of a directory.
func interrupt(t *testing.T, p *program) {
	for _, args := range [][]string{
		{"event", p.db, "--format", "jsonl", "-o"}, {"export", p.db, "--to", "jsonl", "-o"}, {"export", p.db, "--to", "raw", "-o"},
	} {
		dir := t.TempDir()
		cmd := exec.Command(p.bin, append(args, filepath.Join(dir, "out"))...)
		require.NoError(t, cmd.Start())
		require.Eventually(t, func() bool {
			entries, err := os.ReadDir(dir)
			return err == nil && len(entries) > 0
		}, stepLimit, time.Millisecond)
		require.NoError(t, cmd.Process.Signal(os.Interrupt))
		err := cmd.Wait()
		entries, readErr := os.ReadDir(dir)
		require.NoError(t, readErr)
		if err == nil {
			require.Len(t, entries, 1, "it was done before the signal came")
			require.Equal(t, "out", entries[0].Name())
			continue
		}
		require.Equal(t, 2, cmd.ProcessState.ExitCode(), "%v", args)
		require.Empty(t, entries, "%v", args)
	}
}

func (c *corpusTruth) sources(t *testing.T, p *program, dir string) {
	var info struct {
		Sources []struct {
			Path   string `json:"path"`
			Lines  int64  `json:"lines"`
			Events int64  `json:"events"`
		} `json:"sources"`
	}
	require.NoError(t, json.Unmarshal([]byte(p.run(found, "info", p.db, "--format", "json")), &info))
	require.Len(t, info.Sources, len(c.Files))
	for _, s := range info.Sources {
		f := c.Files[filepath.Base(s.Path)]
		require.Equal(t, f.Lines, s.Lines, s.Path)
		require.Equal(t, f.Events, s.Events, s.Path)
	}
}

func (c *corpusTruth) logins(t *testing.T, p *program) {
	failed, invalid, accepted := map[string]int{}, map[string]int{}, map[string]int{}
	for _, r := range rows[addressRow](p, "ip", "class:*", "service:sshd") {
		set(failed, r.IP, r.FailedLogins)
		set(invalid, r.IP, r.InvalidUsers)
		set(accepted, r.IP, r.Logins)
	}
	require.Equal(t, c.Auth.Failed, failed)
	require.Equal(t, c.Auth.Invalid, invalid)
	require.Equal(t, c.Auth.Accepted, accepted)
	bans, unbans := map[string]int{}, map[string]int{}
	for _, r := range rows[addressRow](p, "ip", "class:*", "service:fail2ban") {
		set(bans, r.IP, r.Bans)
		set(unbans, r.IP, r.Unbans)
	}
	require.Equal(t, c.Auth.Bans, bans)
	require.Equal(t, c.Auth.Unbans, unbans)

	users := map[string]int{}
	total := 0
	for _, r := range rows[count](p, "event", "action:login_failed", "service:sshd", "--by", "user") {
		total += r.Count
		users[r.Value] = r.Count
	}
	require.Subset(t, c.Auth.Users, users)
	require.NotEmpty(t, users)
	require.LessOrEqual(t, total, c.Auth.Total)
	require.Len(t, rows[eventRow](p, "event", "action:sudo_denied"), c.Auth.Denied)
	statuses := map[string]int{}
	for _, r := range rows[count](p, "event", "action:http_request", "--by", "status") {
		statuses[r.Value] = r.Count
	}
	require.Equal(t, c.Web.Status, statuses)
}

func set(m map[string]int, ip string, n int) {
	if n > 0 {
		m[ip] = n
	}
}

// hours compares the events of each hour and file.
func (c *corpusTruth) hours(t *testing.T, p *program) {
	start := time.Date(2025, 9, 1, 0, 0, 0, 0, time.UTC)
	got := map[string][]int64{}
	for name, f := range c.Files {
		got[name] = make([]int64, len(f.PerHour))
	}
	for _, e := range rows[struct {
		Source string    `json:"source"`
		Time   time.Time `json:"time"`
	}](p, "event") {
		if h := int(e.Time.Sub(start) / time.Hour); h >= 0 && h < len(got[filepath.Base(e.Source)]) {
			got[filepath.Base(e.Source)][h]++
		}
	}
	for name, f := range c.Files {
		// The log of JSON lines has its times within the JSON, which is not read yet.
		if name != "app.jsonl" {
			require.Equal(t, f.PerHour, got[name], name)
		}
	}
}

// probes compares in how many entries of each file an address stands.
func (c *corpusTruth) probes(t *testing.T, p *program) {
	for ip, want := range c.Probes {
		got := map[string]int{}
		for _, r := range rows[count](p, "event", "ip:"+ip, "--by", "source") {
			got[filepath.Base(r.Value)] = r.Events
		}
		require.Equal(t, want, got, ip)
	}
	require.Empty(t, rows[eventRow](p, "event", "ip:"+c.Absent))
}
