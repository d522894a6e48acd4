package index

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// held is the case that a snapshot is added to: locked against other writers,
// and open to be read.
type held struct {
	lock   *lock
	reader *Reader
	first  []uint32 // of each source, the first one of its log
}

func (h *held) close() {
	if h == nil {
		return
	}
	if h.reader != nil {
		_ = h.reader.Close()
		h.reader = nil
	}
	h.lock.release()
}

// firstOf is the first source of the log that the given one belongs to.
func (h *held) firstOf(source uint32) uint32 { return h.first[source] }

// Append begins a snapshot that Commit adds to the case at path. The new case
// is made beside the old one, which stays as it is until Commit gives the new
// one its name: whatever happens, the name stands for one of them, whole. The
// old one is proved first, every value of it, and locked, so that of two that
// add at once the second waits for the first, until ctx ends or a minute has
// gone by. Nothing at path is fs.ErrNotExist.
func Append(ctx context.Context, path string, tool string) (*Writer, error) {
	l, err := lockCase(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	h := &held{lock: l}
	w, err := appendTo(h, path, tool)
	if err != nil {
		h.close()
		return nil, err
	}
	if err := w.copyHeld(ctx); err != nil {
		w.Abort()
		return nil, fmt.Errorf("%s: nothing can be added to it: %w", path, err)
	}
	return w, nil
}

func appendTo(h *held, path, tool string) (*Writer, error) {
	var err error
	if h.reader, err = Open(path); err != nil {
		return nil, err
	}
	r := h.reader
	if err := h.lock.same(r.file); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if f := r.manifest.Feature; f > Feature {
		return nil, fmt.Errorf("%s: %w: it holds what this program would not keep (feature %d, and this program knows %d): use the stilltrace that wrote it (%s) or a newer one",
			path, ErrNewer, f, Feature, r.manifest.Tool)
	}
	h.first = make([]uint32, len(r.sources)+1)
	for i := range r.sources {
		s := &r.sources[i]
		h.first[s.ID] = s.ID
		if s.Continues != 0 {
			h.first[s.ID] = h.first[s.Continues]
		}
	}
	w, err := newWriter(path, tool)
	if err != nil {
		return nil, err
	}
	w.held = h
	w.snapshot = r.snapshots + 1
	w.sources, w.blocks, w.segno = uint32(len(r.sources)), uint32(len(r.blocks)), uint32(len(r.segments)-1)
	for _, f := range r.manifest.Fields {
		w.fields[f] = struct{}{}
	}
	return w, nil
}

// Held is the case that the snapshot is added to, as it was; nil where a new
// one is made. It is closed by Commit and Abort.
func (w *Writer) Held() *Reader {
	if w.held == nil {
		return nil
	}
	return w.held.reader
}

// copyHeld copies all values of the old case and proves them on the way: each
// by its checksum, and each bucket by the digest of the manifest.
func (w *Writer) copyHeld(ctx context.Context) error {
	r := w.held.reader
	for _, want := range r.manifest.Buckets {
		if !slices.Contains(dataBuckets[:], want.Name) {
			return fmt.Errorf("bucket %q: unknown: %w", want.Name, ErrDamaged)
		}
		if err := w.copyBucket(ctx, want.Name); err != nil {
			return err
		}
		if w.bucket[want.Name].proof() != want {
			return fmt.Errorf("bucket %s: it is not as it was written: stilltrace check names what differs: %w", want.Name, ErrDamaged)
		}
	}
	return w.flushPending()
}

func (w *Writer) copyBucket(ctx context.Context, name string) error {
	var c *bolt.Cursor
	move := func() (key, value []byte, err error) {
		err = guard(func() error {
			if c == nil {
				b := w.held.reader.tx.Bucket([]byte(name))
				if b == nil {
					return nil
				}
				c = b.Cursor()
				key, value = c.First()
			} else {
				key, value = c.Next()
			}
			// bbolt would read mapped memory of the old file while it writes the new one.
			key, value = bytes.Clone(key), bytes.Clone(value)
			return nil
		})
		return key, value, err
	}
	for {
		key, value, err := move()
		if err != nil || key == nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if !sealed(name, key, value) {
			return fmt.Errorf("%s %x: checksum differs: %w", name, key, ErrDamaged)
		}
		if mayLean(name) && name != bucketSource && len(key) >= baseHead {
			w.lean(name, key).note(binary.BigEndian.Uint32(key), value)
		}
		if err := w.putSealed(name, key, value); err != nil {
			return err
		}
	}
}

func (w *Writer) lean(bucket string, key []byte) *lean {
	name := leanName(bucket, key)
	if w.leans[name] == nil {
		w.leans[name] = new(lean)
	}
	return w.leans[name]
}
