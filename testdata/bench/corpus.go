package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// corpus is a set of generated logs, what is true of them, and their case.
type corpus struct {
	size  string
	home  string   // directory of logs and truth.json
	logs  string   // directory of the logs alone
	files []string // their paths, by name
	truth truth
	db    string // the case, once there is one
}

// truth is what the generator says of what it wrote.
type truth struct {
	Size  string    `json:"size"`
	Seed  uint64    `json:"seed"`
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
	Bytes int64     `json:"bytes"`
	Lines int64     `json:"lines"`
	Files map[string]struct {
		Bytes   int64          `json:"bytes"`
		Lines   int64          `json:"lines"`
		Events  int64          `json:"events"`
		PerHour []int          `json:"events_per_hour"`
		Errors  map[string]int `json:"errors"`
	} `json:"files"`
	Auth struct {
		Failed   map[string]int `json:"failed_by_ip"`
		Invalid  map[string]int `json:"invalid_user_by_ip"`
		Accepted map[string]int `json:"accepted_by_ip"`
		Bans     map[string]int `json:"bans_by_ip"`
		Unbans   map[string]int `json:"unbans_by_ip"`
	} `json:"auth"`
	Web struct {
		Status map[string]int `json:"by_status"`
	} `json:"web"`
	Probes map[string]map[string]int `json:"lines_by_probe_ip"`
	Absent string                    `json:"absent_ip"`
}

// corpus returns the corpus of a size. It is generated unless the directory has
// it, whole and of the same seed.
func (b *bench) corpus(ctx context.Context, size string) (*corpus, error) {
	if c := b.corpora[size]; c != nil {
		return c, nil
	}
	home := filepath.Join(b.dir, "corpus-"+size+"-"+strconv.FormatUint(b.seed, 10))
	c := &corpus{size: size, home: home, logs: filepath.Join(home, "logs")}
	err := c.load(b.seed)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			b.say("%v: generated anew", err)
		}
		if err := b.generate(ctx, c); err != nil {
			return nil, err
		}
		if err := c.load(b.seed); err != nil {
			return nil, err
		}
	}
	b.corpora[size] = c
	return c, nil
}

// generate writes the logs. The truth is set beside them last: where it is, they are whole.
func (b *bench) generate(ctx context.Context, c *corpus) error {
	b.say("generating the corpus of %s", c.size)
	if err := os.RemoveAll(c.logs); err != nil {
		return err
	}
	if err := os.MkdirAll(c.logs, 0o755); err != nil {
		return err
	}
	if err := b.goRun(ctx, "run", "-buildvcs=false", "./testdata/corpus", "-out", c.logs, "-size", c.size, "-seed", strconv.FormatUint(b.seed, 10)); err != nil {
		return err
	}
	return os.Rename(filepath.Join(c.logs, truthName), filepath.Join(c.home, truthName))
}

const truthName = "truth.json"

// load reads the truth and compares the sizes of the files with it.
func (c *corpus) load(seed uint64) error {
	path := filepath.Join(c.home, truthName)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &c.truth); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if c.truth.Size != c.size || c.truth.Seed != seed {
		return fmt.Errorf("%s: of %s and seed %d, not of %s and seed %d", path, c.truth.Size, c.truth.Seed, c.size, seed)
	}
	c.files = nil
	for _, name := range slices.Sorted(maps.Keys(c.truth.Files)) {
		file := filepath.Join(c.logs, name)
		n, err := sizeOf(file)
		if err != nil {
			return err
		}
		if want := c.truth.Files[name].Bytes; n != want {
			return fmt.Errorf("%s: has %d bytes, not %d", file, n, want)
		}
		c.files = append(c.files, file)
	}
	entries, err := os.ReadDir(c.logs)
	if err == nil && len(entries) != len(c.files) {
		err = fmt.Errorf("%s: holds more than the logs", c.logs)
	}
	return err
}

// ingestion reads the corpus into its case as a copied host, whose years are
// counted from the time of the copy.
func (b *bench) ingestion(c *corpus) *measured {
	c.db = filepath.Join(b.tmp, "case-"+c.size+".db")
	return &measured{
		name: "`stilltrace snapshot --no-proc` of " + c.size,
		argv: []string{b.program, "snapshot", "-o", c.db, "--force", "--root", c.logs, "--no-proc", "--captured-at", c.truth.End.Format(time.RFC3339), "/"},
	}
}

// caseOf returns the corpus of a size with its case.
func (b *bench) caseOf(ctx context.Context, size string) (*corpus, error) {
	c, err := b.corpus(ctx, size)
	if err != nil || c.db != "" {
		return c, err
	}
	return c, b.single(ctx, b.ingestion(c))
}

// joined is all logs in one file, in the order of their names.
func (b *bench) joined(c *corpus) (string, error) {
	path := filepath.Join(c.home, "all")
	if n, err := sizeOf(path); err == nil && n == c.truth.Bytes {
		return path, nil
	}
	out, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer out.Close()
	for _, name := range c.files {
		in, err := os.Open(name)
		if err != nil {
			return "", err
		}
		_, err = out.ReadFrom(in)
		in.Close()
		if err != nil {
			return "", err
		}
	}
	return path, out.Close()
}

// gigabytes is the size of the logs in GB of 10^9 bytes.
func (c *corpus) gigabytes() float64 { return float64(c.truth.Bytes) / 1e9 }

// lines is in how many lines of all files a probe stands.
func (t *truth) lines(ip string) int {
	n := 0
	for _, of := range t.Probes[ip] {
		n += of
	}
	return n
}

// probe is the probed address whose number of lines is nearest to n, by its
// text where two are equally near.
func (t *truth) probe(n int) string {
	best := ""
	for _, ip := range slices.Sorted(maps.Keys(t.Probes)) {
		if best == "" || abs(t.lines(ip)-n) < abs(t.lines(best)-n) {
			best = ip
		}
	}
	return best
}

// busiest is the address with most failed logins.
func (t *truth) busiest() string {
	best := ""
	for _, ip := range slices.Sorted(maps.Keys(t.Auth.Failed)) {
		if best == "" || t.Auth.Failed[ip] > t.Auth.Failed[best] {
			best = ip
		}
	}
	return best
}

func abs(n int) int { return max(n, -n) }
