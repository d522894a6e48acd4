package index

import (
	"context"
	"encoding/binary"
	"fmt"
)

// stateBuckets hold what snapshots saw of the host. What they hold of logs is
// in the others.
var stateBuckets = []string{bucketProcess, bucketSocket, bucketGap}

// Compact writes the case that r reads anew, under another name, and returns
// its manifest, which is the same: all values are, and only where they lie in
// the file differs. Every value is proved on the way. A file of the name is
// replaced if force is set.
func Compact(ctx context.Context, r *Reader, path string, force bool) (Manifest, error) {
	w, err := Create(path, CreateOptions{Force: force, Tool: r.manifest.Tool})
	if err != nil {
		return Manifest{}, err
	}
	defer w.Abort()
	if err := w.copyCase(ctx, r, dataBuckets[:]); err != nil {
		return Manifest{}, fmt.Errorf("%s: %w", r.path, err)
	}
	m, err := w.seal(r.manifest.Format)
	if err == nil && m.Digest != r.manifest.Digest {
		err = fmt.Errorf("%s: its copy has another digest: %w", r.path, ErrDamaged)
	}
	if err != nil {
		return Manifest{}, err
	}
	return m, w.publish()
}

// Rewriter writes a case anew whose logs are parsed again. Its snapshots stay
// what they were, but for what they count of the logs.
type Rewriter struct {
	w      *Writer
	old    *Reader
	counts []Counts          // of the logs, by snapshot
	first  map[uint32][]byte // contents of the first sources of logs, on which others lean
}

// Rewrite begins to write the case that r reads anew, under another name. The
// whole case is proved. What comes next are its sources, each with its segments
// and then EndSource, and in the end Finish.
func Rewrite(ctx context.Context, r *Reader, path string, o CreateOptions) (*Rewriter, error) {
	w, err := Create(path, o)
	if err != nil {
		return nil, err
	}
	out := &Rewriter{w: w, old: r, counts: make([]Counts, r.snapshots+1), first: map[uint32][]byte{}}
	if err := w.copyCase(ctx, r, stateBuckets); err != nil {
		w.Abort()
		return nil, fmt.Errorf("%s: %w", r.path, err)
	}
	clear(w.fields) // today's parsers have their own
	w.base = out.content
	return out, nil
}

// NewSegmentBuilder returns a builder, as Writer.NewSegmentBuilder does.
func (w *Rewriter) NewSegmentBuilder() (*SegmentBuilder, error) { return w.w.NewSegmentBuilder() }

// EndSnapshot ends the sources of a snapshot.
func (w *Rewriter) EndSnapshot(id int) error {
	sums, err := mergeSums(w.counts[id].Events, w.w.takeSums())
	if err == nil {
		err = w.w.writeSummary(uint32(id), sums)
	}
	if err != nil {
		return fmt.Errorf("%s: summary: %w", w.w.path, err)
	}
	return nil
}

// AddSegment adds a segment, as Writer.AddSegment does.
func (w *Rewriter) AddSegment(s *Segment) error { return w.w.AddSegment(s) }

// Abort removes what was written. After Finish it does nothing.
func (w *Rewriter) Abort() { w.w.Abort() }

// EndSource adds what a source holds, once all its segments are there. It keeps
// the snapshot that it was read by, and its text has to be what it was.
func (w *Rewriter) EndSource(s Source) error {
	was := &w.old.sources[s.ID-1]
	if s.SHA256 != was.SHA256 || s.Bytes != was.Bytes || s.Offset != was.Offset || s.Continues != was.Continues {
		return fmt.Errorf("%s: %s: its text is not what was captured: %w", w.old.path, was.Path, ErrDamaged)
	}
	s.Snapshot = was.Snapshot
	c := &w.counts[s.Snapshot]
	c.Sources++
	c.Lines += s.Lines
	c.Events += s.Events
	c.LogBytes += s.Bytes
	if s.Continues == 0 {
		b, err := w.w.encode.Marshal(s)
		if err != nil {
			return fmt.Errorf("source: cbor: %w", err)
		}
		w.first[s.ID] = b
	}
	return w.w.putSource(s)
}

// Finish ends the case with the snapshots of the old one, syncs it, and gives
// it its name.
func (w *Rewriter) Finish() (Manifest, error) {
	if err := w.w.flushGroup(); err != nil {
		return Manifest{}, err
	}
	for id := 1; id <= w.old.snapshots; id++ {
		if err := w.putSnapshot(id); err != nil {
			return Manifest{}, err
		}
	}
	m, err := w.w.seal(Format)
	if err != nil {
		return Manifest{}, err
	}
	return m, w.w.publish()
}

func (w *Rewriter) putSnapshot(id int) error {
	key := key32(uint32(id))
	content, err := w.content(bucketSnapshot, key)
	if err != nil {
		return err
	}
	packed, err := w.w.packState(bucketSnapshot, key, content)
	if err != nil {
		return err
	}
	w.w.leans.note(bucketSnapshot, key, packed)
	return w.w.put(bucketSnapshot, key, packed)
}

// content is that of a value that others lean on: the first source of a log,
// or a snapshot.
func (w *Rewriter) content(bucket string, key []byte) ([]byte, error) {
	id := binary.BigEndian.Uint32(key)
	if bucket == bucketSource {
		return w.first[id], nil
	}
	s, err := w.old.Snapshot(int(id))
	if err != nil {
		return nil, err
	}
	now, c := *s, w.counts[id]
	now.Counts.Sources, now.Counts.Lines, now.Counts.Events, now.Counts.LogBytes = c.Sources, c.Lines, c.Events, c.LogBytes
	b, err := w.w.encode.Marshal(now)
	if err != nil {
		return nil, fmt.Errorf("snapshot: cbor: %w", err)
	}
	return b, nil
}
