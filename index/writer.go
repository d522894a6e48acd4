package index

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"os"
	"path/filepath"
	"sort"

	"github.com/fxamacker/cbor/v2"
)

// Writer writes one snapshot, into a new case or behind those of an older one.
// The case appears under its name only when Commit succeeds; until then it
// lies beside it under a temporary name. A Writer is not safe for use by
// several goroutines.
type Writer struct {
	path     string
	force    bool
	tool     string
	temp     string
	file     *os.File // the same
	pages    *pageFile
	trees    map[string]*pageTree // buckets
	held     *held                // the case that is added to; nil where a new one is made
	snapshot int                  // the number of the one that is written

	pack   *packer
	encode cbor.UserBufferEncMode
	bucket map[string]*bucketWriter
	group  termGroup
	groups uint32 // that were written
	// How many there are so far:
	segments uint32
	sources  uint32
	fields   map[string]struct{}

	processes recordWriter
	sockets   recordWriter
	gaps      recordWriter
	counts    Counts

	leans leans
	first []uint32                                        // of each source, the first one of its log
	base  func(bucket string, key []byte) ([]byte, error) // the content of a value that others lean on

	builders []*SegmentBuilder // whose events go into the summary
}

// CreateOptions say how a case is made.
type CreateOptions struct {
	Force bool   // replace a file that has the name already
	Tool  string // name and version of the program, kept in the case
}

// Create begins a new case that will be called path. A file of that name is an
// error unless Force is set, and stays as it is until Commit either way.
func Create(path string, o CreateOptions) (*Writer, error) {
	if err := checkTarget(path, o.Force); err != nil {
		return nil, err
	}
	w, err := newWriter(path, o.Tool)
	if err != nil {
		return nil, err
	}
	w.force = o.Force
	return w, nil
}

func newWriter(path, tool string) (*Writer, error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".stilltrace-partial-*.db")
	if err != nil {
		return nil, fmt.Errorf("%s: cannot create a file there: %w: choose another directory", filepath.Dir(path), bareError(err))
	}
	w := &Writer{path: path, tool: tool, temp: f.Name(), file: f, snapshot: 1,
		bucket: map[string]*bucketWriter{}, trees: map[string]*pageTree{}, fields: map[string]struct{}{}, leans: leans{}, first: []uint32{0}, group: newTermGroup(maphash.MakeSeed())}
	if err := w.open(); err != nil {
		w.Abort()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return w, nil
}

func (w *Writer) open() (err error) {
	if w.pages, err = newPageFile(w.file); err != nil {
		return err
	}
	if w.pack, err = newPacker(); err != nil {
		return err
	}
	if w.encode, err = cbor.CoreDetEncOptions().UserBufferEncMode(); err != nil {
		return fmt.Errorf("cbor: %w", err)
	}
	for _, name := range dataBuckets {
		w.bucket[name] = newBucketWriter(name)
		w.trees[name] = &pageTree{}
	}
	w.trees[bucketManifest] = &pageTree{}
	w.processes = recordWriter{bucket: bucketProcess}
	w.sockets = recordWriter{bucket: bucketSocket}
	w.gaps = recordWriter{bucket: bucketGap}
	return nil
}

// Snapshot is the number of the snapshot that is written.
func (w *Writer) Snapshot() int { return w.snapshot }

// Path is the name that the case will have.
func (w *Writer) Path() string { return w.path }

// TempPath is where the case lies until Commit, so that a capture does not
// read its own output.
func (w *Writer) TempPath() string { return w.temp }

func (w *Writer) put(bucket string, key, packed []byte) error {
	// What a reader would refuse must not be written.
	if size := binary.BigEndian.Uint32(packed[1:]); size > maxValue {
		return fmt.Errorf("%s: %s %x: %d bytes: at most %d", w.path, bucket, key, size, maxValue)
	}
	v := seal(bucket, key, packed)
	if err := w.bucket[bucket].add(key, v); err != nil {
		return err
	}
	return w.keep(bucket, key, v)
}

// keep writes a value that was sealed before.
func (w *Writer) keep(bucket string, key, v []byte) error {
	if err := w.pages.put(w.trees[bucket], key, v); err != nil {
		return fmt.Errorf("%s: %w", w.path, err)
	}
	return nil
}

// BeginSource returns the number of the next source, for its blocks.
func (w *Writer) BeginSource() uint32 {
	w.sources++
	return w.sources
}

// SourceCount is the number of the source that came last; 0 where none did.
func (w *Writer) SourceCount() uint32 { return w.sources }

// AddSegment adds a segment. Segments of one source come in the order of their
// bytes, and all of them before EndSource.
func (w *Writer) AddSegment(s *Segment) error {
	if !s.summed {
		return fmt.Errorf("%s: a segment of a builder that is not the Writer's own", w.path)
	}
	if err := w.put(bucketSegment, key32(w.segments), s.value); err != nil {
		return err
	}
	w.segments++
	for f := range s.fields {
		w.fields[f] = struct{}{}
	}
	w.counts.Events += s.Events()
	w.counts.LogBytes += s.Bytes()
	w.group.add(s.row, &s.terms)
	if !w.group.full() {
		return nil
	}
	return w.flushGroup()
}

func (w *Writer) flushGroup() error {
	if len(w.group.rows) == 0 {
		return nil
	}
	var dir []byte
	for i := range w.group.rows {
		dir = w.group.rows[i].appendTo(dir)
	}
	if err := w.put(bucketBlocks, key32(w.groups), w.pack.pack(dir)); err != nil {
		return err
	}
	err := w.group.pages(func(first, page []byte) error {
		return w.put(bucketTerms, append(key32(w.groups), first...), w.pack.pack(page))
	})
	w.groups++
	w.group.reset()
	return err
}

// EndSource adds what a source held, once all its blocks are there. Its ID is
// the number that BeginSource gave.
func (w *Writer) EndSource(s Source) error {
	s.Snapshot = w.snapshot
	w.counts.Sources++
	w.counts.Lines += s.Lines
	return w.putSource(s)
}

func (w *Writer) putSource(s Source) error {
	w.sources = max(w.sources, s.ID)
	b, err := w.encode.Marshal(s)
	if err != nil {
		return fmt.Errorf("source: cbor: %w", err)
	}
	key, first := key32(s.ID), s.ID
	packed := w.pack.pack(b)
	if s.Continues != 0 && int(s.Continues) < len(w.first) {
		first = w.first[s.Continues]
		if packed, err = w.packAgainst(bucketSource, key, b, first); err != nil {
			return err
		}
	}
	w.first = append(w.first, first)
	return w.put(bucketSource, key, packed)
}

// Commit ends the case with its snapshot, syncs it, and gives it its name. It
// completes the snapshot's ID, Tool and Counts.
func (w *Writer) Commit(s Snapshot) (Manifest, error) {
	m, err := w.finish(s)
	if err != nil {
		w.Abort()
		return Manifest{}, err
	}
	if err := w.publish(); err != nil {
		w.Abort()
		return Manifest{}, err
	}
	w.held.close()
	return m, nil
}

func (w *Writer) finish(s Snapshot) (Manifest, error) {
	if err := w.EndState(); err != nil {
		return Manifest{}, err
	}
	if err := w.flushRecords(&w.gaps); err != nil {
		return Manifest{}, err
	}
	// To end the terms and to merge summaries takes memory, too.
	sums, err := mergeSums(w.counts.Events, w.takeSums())
	if err != nil {
		return Manifest{}, err
	}
	if err := w.flushGroup(); err != nil {
		sums.end()
		return Manifest{}, err
	}
	w.group = termGroup{}
	if err := w.writeSummary(uint32(w.snapshot), sums); err != nil {
		return Manifest{}, fmt.Errorf("%s: summary: %w", w.path, err)
	}
	s.ID, s.Tool, s.Counts = w.snapshot, w.tool, w.counts
	b, err := w.encode.Marshal(s)
	if err != nil {
		return Manifest{}, fmt.Errorf("snapshot: cbor: %w", err)
	}
	key := key32(uint32(w.snapshot))
	packed, err := w.packState(bucketSnapshot, key, b)
	if err != nil {
		return Manifest{}, err
	}
	if err := w.put(bucketSnapshot, key, packed); err != nil {
		return Manifest{}, err
	}
	return w.seal(Format)
}

// seal writes the manifest over all that was put, which is of the given format.
func (w *Writer) seal(format int) (Manifest, error) {
	m := Manifest{Format: format, Feature: Feature, Tool: w.tool, Fields: []string{}}
	for _, name := range dataBuckets {
		m.Buckets = append(m.Buckets, w.bucket[name].proof())
	}
	for f := range w.fields {
		m.Fields = append(m.Fields, f)
	}
	sort.Strings(m.Fields)
	m.Digest = m.digest()
	j, err := json.Marshal(m)
	if err != nil {
		return Manifest{}, fmt.Errorf("manifest: %w", err)
	}
	key := []byte(bucketManifest)
	if err := w.keep(bucketManifest, key, seal(bucketManifest, key, w.pack.pack(j))); err != nil {
		return Manifest{}, err
	}
	if err := w.pages.finish(w.trees); err != nil {
		return Manifest{}, fmt.Errorf("%s: %w", w.path, err)
	}
	return m, nil
}

// Abort removes what was written. After Commit it does nothing.
func (w *Writer) Abort() {
	if w.file != nil {
		_ = w.file.Close()
		w.file = nil
	}
	if w.temp != "" {
		_ = os.Remove(w.temp)
		w.temp = ""
	}
	w.held.close()
}

// bareError returns the cause of a path error without the path, which the
// message names already.
func bareError(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// Counts is what was added so far; after Commit, what the snapshot holds.
func (w *Writer) Counts() Counts { return w.counts }
