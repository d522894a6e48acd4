package index

import (
	"context"
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
	m, err := w.seal()
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
	bases  map[string][]byte // contents that others lean on, by bucket and key
	kept   []uint32          // the snapshots among them
}

// Rewrite begins to write the case that r reads anew, under another name. The
// whole case is proved. What comes next are its sources, each with its blocks
// and then EndSource, and in the end Finish.
func Rewrite(ctx context.Context, r *Reader, path string, o CreateOptions) (*Rewriter, error) {
	w, err := Create(path, o)
	if err != nil {
		return nil, err
	}
	out := &Rewriter{w: w, old: r, counts: make([]Counts, r.snapshots+1), bases: map[string][]byte{}}
	if err := w.copyCase(ctx, r, stateBuckets); err != nil {
		w.Abort()
		return nil, fmt.Errorf("%s: %w", r.path, err)
	}
	clear(w.fields) // today's parsers have their own
	w.base = func(bucket string, key []byte) ([]byte, error) {
		content, ok := out.bases[bucket+string(key)]
		if !ok {
			return nil, fmt.Errorf("%s %x: %w", bucket, key, errAbsent)
		}
		return content, nil
	}
	return out, nil
}

// AddBlock adds a block, as Writer.AddBlock does.
func (w *Rewriter) AddBlock(b *Block) error { return w.w.AddBlock(b) }

// Abort removes what was written. After Finish it does nothing.
func (w *Rewriter) Abort() { w.w.Abort() }

// EndSource adds what a source holds, once all its blocks are there. It keeps
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
		w.bases[bucketSource+string(key32(s.ID))] = b
	}
	return w.w.putSource(s)
}

// Finish ends the case with the snapshots of the old one, syncs it, and gives
// it its name.
func (w *Rewriter) Finish() (Manifest, error) {
	if err := w.w.flushSegment(); err != nil {
		return Manifest{}, err
	}
	for s, err := range w.old.Snapshots() {
		if err != nil {
			return Manifest{}, err
		}
		if err := w.snapshotAgain(*s); err != nil {
			return Manifest{}, err
		}
	}
	m, err := w.w.seal()
	if err != nil {
		return Manifest{}, err
	}
	return m, w.w.publish()
}

func (w *Rewriter) snapshotAgain(s Snapshot) error {
	c := w.counts[s.ID]
	s.Counts.Sources, s.Counts.Lines, s.Counts.Events, s.Counts.LogBytes = c.Sources, c.Lines, c.Events, c.LogBytes
	b, err := w.w.encode.Marshal(s)
	if err != nil {
		return fmt.Errorf("snapshot: cbor: %w", err)
	}
	key := key32(uint32(s.ID))
	packed, err := w.w.packState(bucketSnapshot, key, b)
	if err != nil {
		return err
	}
	w.w.leans.note(bucketSnapshot, key, packed)
	// What comes next leans on the last base, and is compared with this one.
	l := w.w.leans.of(bucketSnapshot, key)
	for _, id := range w.kept {
		if id != l.base {
			delete(w.bases, bucketSnapshot+string(key32(id)))
		}
	}
	w.kept = []uint32{l.base, l.last}
	w.bases[bucketSnapshot+string(key)] = b
	return w.w.put(bucketSnapshot, key, packed)
}
