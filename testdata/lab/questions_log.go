package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// logRoot is where the victim's logs lay, of which the run kept copies.
const logRoot = "/var/log"

// askLogs asks for the logs themselves: each is in the case or named as a gap,
// comes back byte for byte, and the case is whole.
func askLogs(c *comparison) {
	for _, s := range c.Stills {
		proof := whole[caseProof](c.asker, "check", s.Name)
		if !proof.Whole {
			proof.Problems = append(proof.Problems, "it is not whole")
		}
		c.row("faults by check", s.Name, bag{}, things(proof.Problems...))
		c.export(s.Name)
	}
	c.row("faults by check", "twice", bag{}, things(whole[caseProof](c.asker, "check", "twice").Problems...))
	info := whole[caseInfo](c.asker, "info", "after")
	sources := bag{}
	for _, s := range info.Sources {
		sources[s.Path] = 1
	}
	gaps := bag{}
	for _, g := range info.Gaps {
		// Logins are read with the state of the host; recorded cases are of before that was so.
		if strings.HasPrefix(g.Place, logRoot) && !binary.MatchString(g.Place) {
			gaps[g.Place] = 1
		}
	}
	c.row("logs not read", "after", bag{}, gaps)
	rotated := bag{}
	for path, n := range tallied(c.of(actRotation), func(a act) string { return a.Path }) {
		rotated[path], rotated[path+".1"] = 1, 1
		for i := 2; i <= n; i++ { // compressed when it is rotated the second time
			rotated[fmt.Sprintf("%s.%d.gz", path, i)] = 1
		}
	}
	generations := bag{}
	for path := range sources {
		if log := generation.ReplaceAllString(path, ""); log != path || rotated[path] > 0 {
			generations[path] = 1
		}
	}
	c.row("rotated logs", "after", rotated, generations)
}

// logs are all regular files that the victim had below /var/log in the end.
func (c *comparison) logs() bag {
	all := bag{}
	top := filepath.Join(c.dir, "logs")
	must(filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			all[filepath.Join(logRoot, strings.TrimPrefix(path, top))] = 1
		}
		return err
	}), "the victim's logs")
	return all
}

// export writes a case's logs back and compares each with the victim's, and
// with the SHA-256 that the case holds of it.
func (c *comparison) export(still string) {
	out := filepath.Join(c.tmp, still)
	c.say("export", still, "--to", "raw", "-o", out)
	want, bytesEqual, sumsEqual := bag{}, bag{}, bag{}
	sizes := map[string]file{}
	sources, captured := whole[caseInfo](c.asker, "info", still).Sources, bag{}
	for _, s := range sources {
		captured[s.Path] = 1
	}
	for _, f := range c.frame(still).Logs {
		sizes[f.Path] = f
		// A log that begins during the still may be in it or not: the kernel writes when it likes.
		began := f.Before == 0 && f.After > 0
		if !binary.MatchString(f.Path) && (!began || captured[f.Path] > 0) {
			want[f.Path] = 1
		}
	}
	for _, s := range sources {
		got, err := os.ReadFile(filepath.Join(out, strings.TrimSuffix(s.Path, ".gz")))
		must(err, "the exported %s", s.Path)
		if sum := sha256.Sum256(got); hex.EncodeToString(sum[:]) == s.SHA256 {
			sumsEqual[s.Path] = 1
		}
		size, known := sizes[s.Path]
		all := strings.HasSuffix(s.Path, ".gz") || int64(len(got)) >= size.Before && int64(len(got)) <= size.After
		if known && all && c.began(still, s.Path, got) {
			bytesEqual[s.Path] = 1
		}
	}
	c.row("logs byte for byte", still, want, bytesEqual)
	c.row("logs by SHA-256", still, want, sumsEqual)
}

// binary are the logs that are no text.
var binary = regexp.MustCompile(`/(btmp|lastlog|wtmp)$`)

// began reports whether the victim's log began with these bytes. It may have
// grown after the still, and have been rotated after all but the last; a
// generation that is rotated already grows no more.
func (c *comparison) began(still, path string, got []byte) bool {
	names := []string{path}
	if still != "after" {
		for name := range c.logs() {
			if generation.ReplaceAllString(name, "") == generation.ReplaceAllString(path, "") {
				names = append(names, name)
			}
		}
	}
	return slices.ContainsFunc(names, func(name string) bool {
		b, err := c.log(name)
		if err != nil || still == "after" && generation.MatchString(name) {
			return err == nil && bytes.Equal(b, got)
		}
		return bytes.HasPrefix(b, got) && (len(got) > 0 || len(b) == 0)
	})
}

// generation is what logrotate adds to the name of a log.
var generation = regexp.MustCompile(`\.\d+(\.gz)?$`)

// log is the text of one of the victim's logs, of a compressed one what it holds.
func (c *comparison) log(path string) ([]byte, error) {
	f, err := os.Open(filepath.Join(c.dir, "logs", strings.TrimPrefix(path, logRoot)))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if !strings.HasSuffix(path, ".gz") {
		return io.ReadAll(f)
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}
