package index

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// held is the case that a snapshot is added to: locked against other writers,
// and open to be read.
type held struct {
	lock   *lock
	reader *Reader
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
	if err := w.copyCase(ctx, h.reader, dataBuckets[:]); err != nil {
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
	err = h.lock.same(r.file)
	if err == nil {
		err = r.directory()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	w, err := newWriter(path, tool)
	if err != nil {
		return nil, err
	}
	w.held = h
	w.snapshot = r.snapshots + 1
	w.sources, w.segments, w.groups = uint32(len(r.sources)), uint32(len(r.segments)), uint32(len(r.groups)-1)
	w.first = r.firsts()
	w.base = func(bucket string, key []byte) ([]byte, error) {
		content, err := r.value(bucket, key)
		if err != nil {
			err = fmt.Errorf("it was whole before, and was changed meanwhile: %w", err)
		}
		return content, err
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

// copyCase copies the values of the given buckets of another case and proves
// all of them on the way: each by its checksum, and each bucket by the digest
// of the manifest.
func (w *Writer) copyCase(ctx context.Context, r *Reader, buckets []string) error {
	if f := r.manifest.Feature; f > Feature {
		return fmt.Errorf("%w: it holds what this program would not keep (feature %d, and this program knows %d): use the stilltrace that wrote it (%s) or a newer one",
			ErrNewer, f, Feature, r.manifest.Tool)
	}
	for _, want := range r.manifest.Buckets {
		if !slices.Contains(dataBuckets[:], want.Name) {
			return fmt.Errorf("bucket %q: unknown: %w", want.Name, ErrDamaged)
		}
		proof := newBucketWriter(want.Name)
		keep := slices.Contains(buckets, want.Name)
		if err := w.copyBucket(ctx, r, proof, keep); err != nil {
			return err
		}
		if proof.proof() != want {
			return fmt.Errorf("bucket %s: it is not as it was written: stilltrace check names what differs: %w", want.Name, ErrDamaged)
		}
		if keep {
			// What comes behind is added to the same proof.
			w.bucket[want.Name] = proof
		}
	}
	for _, f := range r.manifest.Fields {
		w.fields[f] = struct{}{}
	}
	return nil
}

func (w *Writer) copyBucket(ctx context.Context, r *Reader, proof *bucketWriter, keep bool) error {
	name := proof.name
	var c *bolt.Cursor
	move := func() (key, value []byte, err error) {
		err = guard(func() error {
			if c == nil {
				b, err := r.bucket(name)
				if b == nil || err != nil {
					return err
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
		if err := proof.add(key, value); err != nil {
			return fmt.Errorf("%w: %w", err, ErrDamaged)
		}
		if keep {
			w.leans.note(name, key, value)
			if err := w.keep(name, key, value); err != nil {
				return err
			}
		}
	}
}
