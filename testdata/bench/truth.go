package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// truth compares what stilltrace answers with what the generator wrote.
func (b *bench) truth(ctx context.Context) error {
	c, err := b.caseOf(ctx, b.size)
	if err != nil {
		return err
	}
	t := table{head: []string{"compared", "how many", ""}}
	for _, q := range []struct {
		name string
		ask  func(*bench, context.Context, *corpus) (tally, error)
	}{
		{"lines and events per file", (*bench).trueSources},
		{"every file, byte for byte (`export --to raw`)", (*bench).trueBytes},
		{"failed logins, invalid users and logins per address", (*bench).trueLogins},
		{"bans and unbans per address", (*bench).trueBans},
		{"requests per HTTP status", (*bench).trueStatus},
		{"lines per probed address and file", (*bench).trueProbes},
		{"errors per kind and file", (*bench).trueErrors},
		{"events per hour and file", (*bench).trueHours},
	} {
		n, err := q.ask(b, ctx, c)
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		word := "all true"
		if n.wrong > 0 {
			word = fmt.Sprintf("**%d not true**", n.wrong)
		}
		t.add(q.name, strconv.Itoa(n.all), word)
		b.say("%s: %d, %s", q.name, n.all, word)
	}
	b.page.section("Answers and the truth", "The corpus of "+c.size+": what the command line answers, beside what its generator tallied as it wrote.", t)
	return nil
}

// tally counts what was compared, and what of it was wrong.
type tally struct{ all, wrong int }

// count compares one number.
func (b *bench) count(t *tally, what string, want, got int) {
	t.all++
	if want != got {
		t.wrong++
		b.differs("%s: %d, not %d", what, got, want)
	}
}

// counts compares numbers by name: what only one side has is 0 on the other.
func (b *bench) counts(t *tally, what string, want, got map[string]int) {
	all := maps.Clone(want)
	maps.Copy(all, got)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		b.count(t, what+" "+name, want[name], got[name])
	}
}

func (b *bench) trueSources(ctx context.Context, c *corpus) (t tally, err error) {
	text, err := b.tell(ctx, "info", c.db, "--format", "json")
	if err != nil {
		return t, err
	}
	var info struct {
		Sources []struct {
			Path   string `json:"path"`
			Lines  int64  `json:"lines"`
			Events int64  `json:"events"`
		} `json:"sources"`
	}
	if err := json.Unmarshal(text, &info); err != nil {
		return t, err
	}
	b.count(&t, "files", len(c.files), len(info.Sources))
	for _, s := range info.Sources {
		want := c.truth.Files[filepath.Base(s.Path)]
		b.count(&t, s.Path+": lines", int(want.Lines), int(s.Lines))
		b.count(&t, s.Path+": events", int(want.Events), int(s.Events))
	}
	return t, nil
}

func (b *bench) trueBytes(ctx context.Context, c *corpus) (t tally, err error) {
	dir := filepath.Join(b.tmp, "raw")
	defer os.RemoveAll(dir)
	if _, err := b.tell(ctx, "export", c.db, "--to", "raw", "-o", dir); err != nil {
		return t, err
	}
	for _, path := range c.files {
		t.all++
		if err := sameBytes(path, filepath.Join(dir, filepath.Base(path))); err != nil {
			t.wrong++
			b.differs("export --to raw: %v", err)
		}
	}
	return t, nil
}

// sameBytes tells where two files differ.
func sameBytes(a, b string) error {
	f, err := os.Open(a)
	if err != nil {
		return err
	}
	defer f.Close()
	g, err := os.Open(b)
	if err != nil {
		return err
	}
	defer g.Close()
	const part = 1 << 20
	p, q := make([]byte, part), make([]byte, part)
	for at := 0; ; at += part {
		n, err := io.ReadFull(f, p)
		m, err2 := io.ReadFull(g, q)
		if !bytes.Equal(p[:n], q[:m]) {
			return fmt.Errorf("%s: differs from %s from byte %d on, or up to %d later", b, a, at, part)
		}
		if err != nil || err2 != nil {
			return whole(err, err2)
		}
	}
}

// whole returns the first error that is not the end of a file.
func whole(errs ...error) error {
	for _, err := range errs {
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return err
		}
	}
	return nil
}

// address is a row of `ip`.
type address struct {
	IP      string `json:"ip"`
	Failed  int    `json:"failed_logins"`
	Invalid int    `json:"invalid_users"`
	Logins  int    `json:"logins"`
	Bans    int    `json:"bans"`
	Unbans  int    `json:"unbans"`
}

// by is one number of each address that has any.
func by(rows []address, number func(address) int) map[string]int {
	out := map[string]int{}
	for _, r := range rows {
		if n := number(r); n > 0 {
			out[r.IP] = n
		}
	}
	return out
}

func (b *bench) trueLogins(ctx context.Context, c *corpus) (t tally, err error) {
	rows, err := ask[address](b, ctx, "ip", c.db, "class:*", "service:sshd")
	if err != nil {
		return t, err
	}
	b.counts(&t, "failed logins", c.truth.Auth.Failed, by(rows, func(a address) int { return a.Failed }))
	b.counts(&t, "invalid users", c.truth.Auth.Invalid, by(rows, func(a address) int { return a.Invalid }))
	b.counts(&t, "logins", c.truth.Auth.Accepted, by(rows, func(a address) int { return a.Logins }))
	return t, nil
}

func (b *bench) trueBans(ctx context.Context, c *corpus) (t tally, err error) {
	rows, err := ask[address](b, ctx, "ip", c.db, "class:*", "service:fail2ban")
	if err != nil {
		return t, err
	}
	b.counts(&t, "bans", c.truth.Auth.Bans, by(rows, func(a address) int { return a.Bans }))
	b.counts(&t, "unbans", c.truth.Auth.Unbans, by(rows, func(a address) int { return a.Unbans }))
	return t, nil
}

// by is how many events there are for each value of a field; a source is its
// file's name.
func (b *bench) by(ctx context.Context, c *corpus, field string, args ...string) (map[string]int, error) {
	rows, err := ask[struct {
		Value  string `json:"value"`
		Events int    `json:"events"`
	}](b, ctx, "event", c.db, append(args, "--by", field)...)
	out := map[string]int{}
	for _, r := range rows {
		if field == "source" {
			r.Value = filepath.Base(r.Value)
		}
		out[r.Value] += r.Events
	}
	return out, err
}

func (b *bench) trueStatus(ctx context.Context, c *corpus) (t tally, err error) {
	got, err := b.by(ctx, c, "status", "source:*/nginx-access.log", "action:http_request")
	b.counts(&t, "status", c.truth.Web.Status, got)
	return t, err
}

func (b *bench) trueProbes(ctx context.Context, c *corpus) (t tally, err error) {
	for _, ip := range append(slices.Sorted(maps.Keys(c.truth.Probes)), c.truth.Absent) {
		got, err := b.by(ctx, c, "source", "ip:"+ip)
		if err != nil {
			return t, err
		}
		b.counts(&t, "lines of "+ip+" in", c.truth.Probes[ip], got)
	}
	return t, nil
}

// trueHours asks for each hour, or for as many of them as a corpus of 1 GB has.
func (b *bench) trueHours(ctx context.Context, c *corpus) (t tally, err error) {
	undated, err := b.undated(ctx, c)
	if err != nil {
		return t, err
	}
	const most = 240
	for i := range min(c.hours(), most) {
		h := i * c.hours() / min(c.hours(), most)
		got, err := b.by(ctx, c, "source", c.window(h)...)
		if err != nil {
			return t, err
		}
		want := map[string]int{}
		for name, f := range c.truth.Files {
			if !undated[name] {
				want[name] = f.PerHour[h]
			}
		}
		b.counts(&t, fmt.Sprintf("hour %d:", h), want, got)
	}
	return t, nil
}

// hours is how many hours the corpus covers; the last one may not be whole.
func (c *corpus) hours() int {
	return int((c.truth.End.Sub(c.truth.Start) + time.Hour - 1) / time.Hour)
}

// window are the arguments that ask for the hour h of the corpus.
func (c *corpus) window(h int) []string {
	from := c.hour(h)
	return []string{"--since", from.Format(time.RFC3339), "--until", from.Add(time.Hour).Format(time.RFC3339)}
}

func (c *corpus) hour(h int) time.Time { return c.truth.Start.Add(time.Duration(h) * time.Hour) }

// undated are the files in which stilltrace finds no times at all. Their hours
// cannot be compared, and the page says so.
func (b *bench) undated(ctx context.Context, c *corpus) (map[string]bool, error) {
	stampless, err := b.by(ctx, c, "source", "clock:capture")
	out := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(stampless)) {
		if stampless[name] == int(c.truth.Files[name].Events) {
			out[name] = true
			b.page.note("the times in %s are not read yet: its events per hour are not compared", name)
		}
	}
	return out, err
}
