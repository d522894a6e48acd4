package index

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
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
	if err := r.countSnapshots(); err != nil {
		return err
	}
	if err := r.loadSources(); err != nil {
		return err
	}
	r.segments = []int{0}
	r.bySource = make([]run, len(r.sources)+1)
	err := r.each(bucketBlocks, nil, func(_, content []byte) error {
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
	if err != nil {
		return err
	}
	return r.proveLogs()
}

// countSnapshots proves that the snapshots are numbered from 1 on without a
// gap. They are read when somebody asks for them: a day of one a minute is
// much to decode for a question about one.
func (r *Reader) countSnapshots() error {
	n := r.keys(bucketSnapshot)
	if n == 0 {
		return fmt.Errorf("%w: it holds no snapshot", ErrNotCase)
	}
	return guard(func() error {
		c := r.tx.Bucket([]byte(bucketSnapshot)).Cursor()
		first, _ := c.First()
		last, _ := c.Last()
		// Keys ascend, so the ends and their number leave no room for a gap.
		if n > math.MaxInt32 || !bytes.Equal(first, key32(1)) || !bytes.Equal(last, key32(uint32(n))) {
			return fmt.Errorf("snapshots: numbered otherwise than from 1 to %d: %w", n, ErrDamaged)
		}
		r.snapshots = int(n)
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
	if b.Source == 0 || int(b.Source) > len(r.sources) || int64(n) >= r.keys(bucketRaw) {
		return fmt.Errorf("block %d: of unknown source %d, or without a text: %w", n, b.Source, ErrDamaged)
	}
	of := &r.bySource[b.Source]
	next := r.sources[b.Source-1].Offset
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

// keys is how many keys the manifest tells of.
func (r *Reader) keys(bucket string) int64 {
	for _, b := range r.manifest.Buckets {
		if b.Name == bucket {
			return b.Keys
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
	if r.manifest.Format < oldest {
		return fmt.Errorf("%w: format %d was never promised to stay readable: use the stilltrace that wrote it (%s), or capture again",
			ErrNotCase, r.manifest.Format, r.manifest.Tool)
	}
	if r.manifest.Digest != r.manifest.digest() {
		return fmt.Errorf("manifest: its digest differs: %w", ErrDamaged)
	}
	return nil
}
