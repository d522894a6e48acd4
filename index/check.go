package index

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	bolt "go.etcd.io/bbolt"

	"stilltrace/index/summary"
)

// maxProblems is how many problems Check lists: enough to see where the damage
// lies.
const maxProblems = 20

// Proof is what Check found. The case is whole if Problems is empty.
type Proof struct {
	Digest   string   `json:"digest"`
	Values   int64    `json:"values"`  // whose checksums were compared
	Bytes    int64    `json:"bytes"`   // of keys and values
	Sources  int      `json:"sources"` // whose SHA-256 was made again from the raw text
	Events   int64    `json:"events"`  // that were decoded
	Records  int64    `json:"records"` // processes, sockets and gaps that were decoded
	Problems []string `json:"problems"`
}

// Check proves the whole case: that each value is as it was written, that each
// bucket holds exactly the keys that the manifest says, that each log's text
// has its SHA-256, that each event can be decoded, that the terms lead to
// the blocks that hold them and to no others, and that the summaries say of the
// events what they are. Its error is about the check
// itself; what is wrong with the case stands in the Proof.
func (r *Reader) Check() (*Proof, error) {
	c := &checker{r: r, bySource: map[uint32]int64{}, proof: &Proof{Digest: r.manifest.Digest, Problems: []string{}}}
	for _, step := range [...]func(){c.buckets, c.records, c.text, c.events} {
		step()
		if err := r.ctx.Err(); err != nil {
			return nil, fmt.Errorf("%s: check: %w", r.path, err)
		}
	}
	return c.proof, nil
}

type checker struct {
	r        *Reader
	proof    *Proof
	bySource map[uint32]int64 // events
	sums     []*summarizer    // of the events that were decoded, by snapshot
}

func (c *checker) problem(format string, args ...any) {
	if len(c.proof.Problems) < maxProblems {
		c.proof.Problems = append(c.proof.Problems, fmt.Sprintf(format, args...))
	}
}

// buckets compares every bucket with the manifest, and every value with its
// own checksum.
func (c *checker) buckets() {
	want := map[string]BucketProof{}
	for _, b := range c.r.manifest.Buckets {
		want[b.Name] = b
	}
	var names []string
	err := guard(func() error {
		return c.r.tx.ForEach(func(name []byte, _ *bolt.Bucket) error {
			names = append(names, string(name))
			return nil
		})
	})
	if err != nil {
		c.problem("buckets: %v", err)
	}
	for _, name := range names {
		if name != bucketManifest && !slices.Contains(dataBuckets[:], name) {
			c.problem("bucket %q: unknown", name)
		}
	}
	for _, name := range dataBuckets {
		got := newBucketWriter(name)
		if err := c.bucket(name, got); err != nil {
			c.problem("%v", err)
		}
		if p, ok := want[name]; !ok || got.proof() != p {
			c.problem("bucket %s: %d keys, %d bytes: the manifest says %d keys, %d bytes, or another digest", name, got.keys, got.bytes, p.Keys, p.Bytes)
		}
	}
}

func (c *checker) bucket(name string, got *bucketWriter) error {
	return guard(func() error {
		b := c.r.tx.Bucket([]byte(name))
		if b == nil {
			return fmt.Errorf("bucket %s: absent", name)
		}
		cur := b.Cursor()
		for k, v := cur.First(); k != nil && c.r.ctx.Err() == nil; k, v = cur.Next() {
			if v == nil {
				c.problem("bucket %s: key %x: is a bucket itself", name, k)
				continue
			}
			if err := got.add(k, v); err != nil {
				return err
			}
			if _, err := c.r.open.open(name, k, v); err != nil {
				c.problem("bucket %s: key %x: %v", name, k, err)
			}
			c.proof.Values++
			c.proof.Bytes += int64(len(k) + len(v))
		}
		return nil
	})
}

// records decodes all that the snapshots hold and counts it.
func (c *checker) records() {
	for _, s := range c.r.snapshots {
		var n Counts
		n.Processes = drain(c, c.r.Processes(s.ID))
		n.Sockets = drain(c, c.r.Sockets(s.ID))
		n.Gaps = drain(c, c.r.Gaps(s.ID))
		if n.Processes != s.Counts.Processes || n.Sockets != s.Counts.Sockets || n.Gaps != s.Counts.Gaps {
			c.problem("snapshot %d: holds %d processes, %d sockets, %d gaps: it says %d, %d, %d", s.ID,
				n.Processes, n.Sockets, n.Gaps, s.Counts.Processes, s.Counts.Sockets, s.Counts.Gaps)
		}
		c.proof.Records += int64(n.Processes + n.Sockets + n.Gaps)
	}
}

func drain[T any](c *checker, records func(func(*T, error) bool)) (n int) {
	for _, err := range records {
		if err != nil {
			c.problem("%v", err)
			break
		}
		n++
	}
	return n
}

// text makes the SHA-256 of each log again.
func (c *checker) text() {
	for _, s := range c.r.sources {
		if c.r.ctx.Err() != nil {
			return
		}
		sum, size := sha256.New(), counter(0)
		if err := c.r.WriteSource(io.MultiWriter(sum, &size), s.ID); err != nil {
			c.problem("%s: %v", s.Path, err)
			continue
		}
		if int64(size) != s.Bytes {
			c.problem("%s: holds %d bytes: it says %d", s.Path, size, s.Bytes)
		}
		if got := hex.EncodeToString(sum.Sum(nil)); got != s.SHA256 {
			c.problem("%s: its text has SHA-256 %s, not %s", s.Path, got, s.SHA256)
		}
		c.proof.Sources++
	}
}

// counter counts the bytes that are written to it.
type counter int64

func (n *counter) Write(p []byte) (int, error) {
	*n += counter(len(p))
	return len(p), nil
}

// events decodes every event and makes the terms of each segment again.
func (c *checker) events() {
	r := c.r
	for range r.snapshots {
		c.sums = append(c.sums, newSummarizer(summaryBytes, func() (summary.Scratch, error) { return &heldScratch{}, nil }))
	}
	for i := range len(r.segments) - 1 {
		var seg segment
		for n := r.segments[i]; n < r.segments[i+1] && r.ctx.Err() == nil; n++ {
			terms := termSet{set: map[string]struct{}{}}
			events := int64(0)
			sum := c.sums[max(1, min(r.sources[r.blocks[n].Source-1].Snapshot, len(c.sums)))-1]
			err := sum.begin()
			if err == nil {
				err = r.block(n, &filter{}, Query{}, func(e *Event) bool {
					terms.addEvent(e)
					sum.add(e.SourceID, e.Offset, e.entry())
					events++
					return true
				})
			}
			if err != nil {
				c.problem("%v", err)
			}
			c.proof.Events += events
			c.bySource[r.blocks[n].Source] += events
			seg.add(&Block{info: r.blocks[n], terms: terms.sorted()})
		}
		if r.ctx.Err() == nil {
			c.terms(uint32(i), &seg)
		}
	}
	for _, s := range r.sources {
		if n := c.bySource[s.ID]; n != s.Events {
			c.problem("%s: holds %d events: it says %d", s.Path, n, s.Events)
		}
	}
	for i := range c.sums {
		if r.ctx.Err() == nil {
			c.summary(uint32(i)+1, c.sums[i])
		}
	}
}

// summary compares the summary of a snapshot with the one that its events
// make: the same events make the same pages.
func (c *checker) summary(snapshot uint32, want *summarizer) {
	stored := map[string]uint32{}
	err := c.r.each(bucketSummary, key32(snapshot), func(key, content []byte) error {
		stored[string(key)] = crc32.Checksum(content, castagnoli)
		return nil
	})
	pages := pageKeys{snapshot: snapshot}
	if err == nil {
		err = summary.Merge(summaryOptions(), []*summary.Builder{want.Builder}, func(p summary.Page) error {
			key := string(pages.next(p))
			if sum, ok := stored[key]; !ok || sum != crc32.Checksum(p.Content, castagnoli) {
				return fmt.Errorf("page %x does not say what the events do", key)
			}
			delete(stored, key)
			return nil
		})
	}
	if err == nil && len(stored) > 0 {
		err = fmt.Errorf("%d pages of what no event says", len(stored))
	}
	if err != nil {
		c.problem("summary of snapshot %d: %v", snapshot, err)
	}
}

func (c *checker) terms(segno uint32, want *segment) {
	var pages [][]byte
	_ = want.pages(func(_ string, page []byte) error {
		pages = append(pages, bytes.Clone(page))
		return nil
	})
	n := 0
	err := c.r.each(bucketTerms, key32(segno), func(_, page []byte) error {
		if n >= len(pages) || !bytes.Equal(page, pages[n]) {
			return fmt.Errorf("page %d does not lead to the events that are there", n)
		}
		n++
		return nil
	})
	if err == nil && n != len(pages) {
		err = fmt.Errorf("%d pages, not %d", n, len(pages))
	}
	if err != nil {
		c.problem("terms of segment %d: %v", segno, err)
	}
}
