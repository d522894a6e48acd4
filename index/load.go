package index

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
)

// load reads the manifest and the small things that every question needs.
func (r *Reader) load() error {
	if err := r.loadManifest(); err != nil {
		return err
	}
	for _, b := range r.manifest.Buckets {
		if err := r.proveKeys(b); err != nil {
			return err
		}
	}
	if err := loadAll(r, bucketSnapshot, &r.snapshots); err != nil {
		return err
	}
	if len(r.snapshots) == 0 {
		return fmt.Errorf("%w: it holds no snapshot", ErrNotCase)
	}
	for i := range r.snapshots {
		if r.snapshots[i].ID != i+1 {
			return fmt.Errorf("snapshot %d: numbered %d: %w", i+1, r.snapshots[i].ID, ErrDamaged)
		}
	}
	if err := loadAll(r, bucketSource, &r.sources); err != nil {
		return err
	}
	for i := range r.sources {
		if r.sources[i].ID != uint32(i)+1 {
			return fmt.Errorf("source %d: numbered %d: %w", i+1, r.sources[i].ID, ErrDamaged)
		}
	}
	r.segments = []int{0}
	r.bySource = make([]run, len(r.sources)+1)
	return r.each(bucketBlocks, nil, func(_, content []byte) error {
		var seg []blockInfo
		if err := r.decode.Unmarshal(content, &seg); err != nil || len(seg) > blocksPerSegment {
			return fmt.Errorf("directory of blocks: %w", ErrDamaged)
		}
		for _, b := range seg {
			if err := r.addBlock(b); err != nil {
				return err
			}
		}
		r.segments = append(r.segments, len(r.blocks))
		return nil
	})
}

// proveKeys compares the keys of a bucket with the manifest. A value has its
// own checksum; but of one whose key is not where it should be, nothing would
// be seen.
func (r *Reader) proveKeys(want BucketProof) error {
	keys, sum := int64(0), uint32(0)
	err := guard(func() error {
		b := r.tx.Bucket([]byte(want.Name))
		if b == nil {
			return nil
		}
		for c, k := b.Cursor(), []byte(nil); ; {
			if k == nil {
				k, _ = c.First()
			} else {
				k, _ = c.Next()
			}
			if k == nil || keys > want.Keys {
				return nil
			}
			keys++
			sum = crc32.Update(sum, castagnoli, k)
		}
	})
	if err == nil && (keys != want.Keys || sum != want.Index) {
		err = ErrDamaged
	}
	if err != nil {
		return fmt.Errorf("%s: its keys are not those that were written: %w", want.Name, err)
	}
	return nil
}

// addBlock takes in a row of the directory. The blocks of a source follow one
// another, and its bytes without a gap.
func (r *Reader) addBlock(b blockInfo) error {
	n := len(r.blocks)
	if b.Source == 0 || int(b.Source) > len(r.sources) || n >= r.rawValues() {
		return fmt.Errorf("block %d: of unknown source %d, or without a text: %w", n, b.Source, ErrDamaged)
	}
	of := &r.bySource[b.Source]
	next := int64(0)
	if of.end > 0 {
		last := r.blocks[of.end-1]
		next = last.Offset + last.Bytes
	} else {
		of.first = n
	}
	if of.end > 0 && of.end != n || b.Offset != next || b.Bytes < 0 || b.Bytes > maxText {
		return fmt.Errorf("block %d: does not follow the one before it: %w", n, ErrDamaged)
	}
	of.end = n + 1
	r.blocks = append(r.blocks, b)
	return nil
}

// rawValues is how many texts the manifest tells of.
func (r *Reader) rawValues() int {
	for _, b := range r.manifest.Buckets {
		if b.Name == bucketRaw {
			return int(b.Keys)
		}
	}
	return 0
}

func (r *Reader) loadManifest() error {
	key := []byte(bucketManifest)
	content, err := r.value(bucketManifest, key)
	if errors.Is(err, errAbsent) {
		return fmt.Errorf("%w: no manifest: its writing never ended, or another program wrote it", ErrNotCase)
	}
	if err != nil {
		return err
	}
	if len(content) > maxManifest {
		return fmt.Errorf("manifest of %d bytes: %w", len(content), ErrDamaged)
	}
	if err := json.Unmarshal(content, &r.manifest); err != nil {
		return fmt.Errorf("manifest: %w: %w", err, ErrDamaged)
	}
	if r.manifest.Format > Format {
		return fmt.Errorf("%w: %d, and this program reads up to %d: use the stilltrace that wrote it (%s) or a newer one",
			ErrNewer, r.manifest.Format, Format, r.manifest.Tool)
	}
	if r.manifest.Format < Format {
		return fmt.Errorf("%w: format %d was never promised to stay readable: use the stilltrace that wrote it (%s), or capture again",
			ErrNotCase, r.manifest.Format, r.manifest.Tool)
	}
	if r.manifest.Digest != r.manifest.digest() {
		return fmt.Errorf("manifest: its digest differs: %w", ErrDamaged)
	}
	return nil
}

// loadAll appends the records of a bucket, one a value, to out.
func loadAll[T any](r *Reader, bucket string, out *[]T) error {
	total := 0
	return r.each(bucket, nil, func(key, content []byte) error {
		if total += len(content); total > maxLoaded {
			return fmt.Errorf("%s: more than %d bytes: %w", bucket, maxLoaded, ErrDamaged)
		}
		var v T
		if err := r.decode.Unmarshal(content, &v); err != nil {
			return fmt.Errorf("%s %x: %w: %w", bucket, key, err, ErrDamaged)
		}
		*out = append(*out, v)
		return nil
	})
}
