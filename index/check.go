package index

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/maphash"
	"maps"
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
	if err := r.proveAll(); err != nil {
		return nil, fmt.Errorf("%s: %w", r.path, err)
	}
	c := &checker{r: r, terming: newTermSet(maphash.MakeSeed()), bySource: map[uint32]int64{}, bySnapshot: map[uint32]int64{}, proof: &Proof{Digest: r.manifest.Digest, Problems: []string{}}}
	for _, step := range [...]func(){c.buckets, c.records, c.text, c.events} {
		step()
		if err := r.ctx.Err(); err != nil {
			return nil, fmt.Errorf("%s: check: %w", r.path, err)
		}
	}
	return c.proof, nil
}

// proveAll proves the structure and the keys of all buckets, and the directory.
func (r *Reader) proveAll() error {
	for _, name := range slices.Sorted(maps.Keys(r.pages.trees)) {
		if _, err := r.pages.prove(name); err != nil {
			return unsound(err)
		}
	}
	for _, b := range r.manifest.Buckets {
		if _, err := r.bucket(b.Name); err != nil {
			return err
		}
	}
	return r.directory()
}

type checker struct {
	r        *Reader
	proof    *Proof
	bySource map[uint32]int64 // events
	sums     []*summarizer    // of the events that were decoded, by snapshot

	bySnapshot map[uint32]int64 // events
	window     int              // bytes of the map that were touched since it was forgotten

	segment  segmentReader // the one whose events are decoded
	opened   uint32        // its number, plus one
	unopened error         // why it is not
	terming  termSet
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
	list := slices.Clone(dataBuckets[:])
	for _, name := range names {
		switch _, told := want[name]; {
		case name == bucketManifest || slices.Contains(dataBuckets[:], name):
		case told && c.r.manifest.Feature > Feature:
			list = append(list, name) // a later version added it, and what it holds is proved without being known
		default:
			c.problem("bucket %q: unknown", name)
		}
	}
	for _, name := range list {
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
	var cur *bolt.Cursor
	err := guard(func() error {
		b := c.r.tx.Bucket([]byte(name))
		if b == nil {
			return fmt.Errorf("bucket %s: absent", name)
		}
		cur = b.Cursor()
		return nil
	})
	move := cur.First
	var key, mapped, value []byte
	for err == nil && c.r.ctx.Err() == nil {
		ended := false
		err = guard(func() error {
			var k []byte
			k, mapped = move()
			key, ended = append(key[:0], k...), k == nil
			return nil
		})
		move = cur.Next
		if err != nil || ended {
			break
		}
		if mapped == nil {
			c.problem("bucket %s: key %x: is a bucket itself", name, key)
			continue
		}
		if err = c.r.fetch(mapped, &value); err == nil {
			err = c.value(name, key, value, got)
		}
	}
	return err
}

// value compares one value with its checksum, and unpacks it.
func (c *checker) value(name string, key, value []byte, got *bucketWriter) error {
	if err := got.add(key, value); err != nil {
		return err
	}
	if err := c.r.open.try(name, key, value); err != nil {
		c.problem("bucket %s: key %x: %v", name, key, err)
	}
	c.proof.Values++
	c.proof.Bytes += int64(len(key) + len(value))
	c.touched(len(key) + len(value))
	return nil
}

// mapWindow bounds how much of the map may count as memory of the process.
const mapWindow = 2 << 20

// touched counts bytes of the map that were touched.
func (c *checker) touched(n int) {
	if c.window += n; c.window >= mapWindow {
		c.window = 0
		c.r.forget()
	}
}

// records decodes all that the snapshots hold and counts it.
func (c *checker) records() {
	for s, err := range c.r.Snapshots() {
		if err != nil {
			c.problem("%v", err)
			break
		}
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

// text makes the SHA-256 of each log again, as it was at the end of each of
// its sources.
func (c *checker) text() {
	for i := range c.r.sources {
		if c.r.ctx.Err() != nil {
			return
		}
		s := &c.r.sources[i]
		t := textProof{sum: sha256.New(), at: s.Offset}
		if s.Continues != 0 {
			// The state was compared when that source's turn was.
			sum, err := c.r.sources[s.Continues-1].Resume.Sum()
			if err != nil {
				c.problem("%s: %v", s.Path, err)
				continue
			}
			t.sum = sum
		}
		if s.Resume != nil {
			t.resume = s.Resume.Offset
		}
		c.r.forget()
		if err := c.r.WriteSource(&t, s.ID); err != nil {
			c.problem("%s: %v", s.Path, err)
			continue
		}
		if t.at != s.End() {
			c.problem("%s: holds %d bytes: it says %d", s.Path, t.at-s.Offset, s.Bytes)
		}
		if s.Resume != nil && !bytes.Equal(t.stateAt(), s.Resume.State) {
			c.problem("%s: its text up to %d has another SHA-256 than it says", s.Path, s.Resume.Offset)
		}
		if got := hex.EncodeToString(t.sum.Sum(nil)); got != s.SHA256 {
			c.problem("%s: its text has SHA-256 %s, not %s", s.Path, got, s.SHA256)
		}
		c.proof.Sources++
	}
}

// textProof makes the SHA-256 of what is written to it, and keeps its state at
// one place.
type textProof struct {
	sum    hash.Hash
	at     int64
	resume int64
	state  []byte
}

func (t *textProof) Write(p []byte) (int, error) {
	rest := p
	if n := t.resume - t.at; n >= 0 && n <= int64(len(p)) && t.state == nil {
		t.sum.Write(p[:n])
		rest = p[n:]
		t.state = SumState(t.sum)
	}
	t.sum.Write(rest)
	t.at += int64(len(p))
	return len(p), nil
}

// stateAt is the state at the place; at the start of an empty text nothing was
// written.
func (t *textProof) stateAt() []byte {
	if t.state == nil && t.at == t.resume {
		t.state = SumState(t.sum)
	}
	return t.state
}

// checkBytes bounds the memory of the summaries that are made again.
const checkBytes = 1 << 20

// touchedBySegment is about what finding a segment touches of the map: the
// kernel maps the pages around the one that is asked for, too.
const touchedBySegment = 64 << 10

// events decodes every event and makes the terms of each group again.
func (c *checker) events() {
	r := c.r
	seed := maphash.MakeSeed()
	pack, err := newPacker()
	if err != nil {
		c.problem("%v", err)
		return
	}
	scratch := func() (summary.Scratch, error) { return &heldScratch{pack: pack, open: r.open}, nil }
	for range r.snapshots {
		c.sums = append(c.sums, newSummarizer(checkBytes/r.snapshots, scratch))
	}
	r.idle = nil
	for i := range len(r.groups) - 1 {
		group := postingSum{seed: seed}
		for n := r.groups[i]; n < r.groups[i+1] && r.ctx.Err() == nil; n++ {
			c.block(n, n-r.groups[i], &group)
		}
		if r.ctx.Err() == nil {
			c.terms(uint32(i), &group)
		}
	}
	for _, s := range r.sources {
		if n := c.bySource[s.ID]; n != s.Events {
			c.problem("%s: holds %d events: it says %d", s.Path, n, s.Events)
		}
	}
	c.segment, c.terming = segmentReader{}, termSet{} // to merge summaries takes memory, too
	for i := range c.sums {
		if r.ctx.Err() == nil {
			c.summary(uint32(i)+1, c.sums[i])
		}
	}
}

// block decodes the events of block n, which is that one of its group.
func (c *checker) block(n, of int, group *postingSum) {
	source := c.r.blocks[n].Source
	snapshot := uint32(c.r.sources[source-1].Snapshot)
	sum := c.sums[snapshot-1]
	c.terming.resetSegment()
	events := int64(0)
	err := c.openSegment(c.r.blocks[n].Segment)
	if err == nil {
		err = sum.begin()
	}
	if err == nil {
		err = c.r.walk(&c.segment, n, &filter{}, Query{}, func(e *Event) bool {
			c.terming.addEvent(e)
			if !c.r.sources[source-1].holdsApart(e.Offset) {
				sum.add(e.SourceID, e.Offset, e.Line, e.entry())
			}
			events++
			return true
		})
	}
	if err != nil {
		c.problem("%v", blockError(n, err))
	}
	c.proof.Events += events
	c.bySource[source] += events
	c.bySnapshot[snapshot] += events
	c.terming.endBlock()
	for _, t := range c.terming.blocks[0] {
		group.add(c.terming.table.term(t), of)
	}
}

// openSegment opens a segment, unless it is open: blocks are read in their
// order.
func (c *checker) openSegment(n uint32) error {
	if c.opened != n+1 {
		c.opened = n + 1
		c.touched(touchedBySegment)
		c.unopened = c.r.openSegment(&c.segment, c.r.open, n)
	}
	return c.unopened
}

// summary compares the summary of a snapshot with the one that its events
// make: the same events make the same pages, and none make none.
func (c *checker) summary(snapshot uint32, want *summarizer) {
	stored := map[string]uint32{}
	err := c.r.each(bucketSummary, key32(snapshot), func(key, content []byte) error {
		stored[string(key)] = crc32.Checksum(content, castagnoli)
		c.touched(len(content))
		return nil
	})
	pages := pageKeys{snapshot: snapshot}
	if err == nil && c.bySnapshot[snapshot] > 0 {
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
