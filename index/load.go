package index

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
)

// load reads the manifest and the small things that every question needs.
func (r *Reader) load() error {
	if err := r.loadManifest(); err != nil {
		return err
	}
	if err := r.countSnapshots(); err != nil {
		return err
	}
	if err := r.loadSources(); err != nil {
		return err
	}
	if slices.ContainsFunc(r.sources, func(s Source) bool { return s.Continues != 0 }) {
		// How far a log that has grown counts, its blocks say.
		if err := r.directory(); err != nil {
			return err
		}
	}
	return r.proveLogs()
}

// directory reads the directory of blocks, unless it was. Summaries do without.
func (r *Reader) directory() error {
	if r.listed {
		return nil
	}
	r.blocks, r.segments = nil, nil
	r.groups = []int{0}
	r.bySource = make([]run, len(r.sources)+1)
	err := r.loadBlocks()
	if err == nil && int64(len(r.segments)) != r.keys(bucketSegment) {
		err = fmt.Errorf("directory of blocks: %d segments, where there are %d: %w", len(r.segments), r.keys(bucketSegment), ErrDamaged)
	}
	r.listed = err == nil
	return err
}

// blockRowBytes is about what a block takes in the directory.
const blockRowBytes = 16

// loadBlocks reads the directory of blocks.
func (r *Reader) loadBlocks() error {
	var groups [][]byte
	size := 0
	err := r.each(bucketBlocks, nil, func(_, content []byte) error {
		groups = append(groups, content)
		size += len(content)
		return nil
	})
	if err != nil {
		return err
	}
	r.blocks = make([]blockInfo, 0, size/blockRowBytes)
	r.segments = make([]run, 0, min(r.keys(bucketSegment), int64(size)))
	var row segmentRow
	for _, content := range groups {
		in := &input{b: content}
		for len(in.b) > 0 && in.err == nil {
			if err := row.read(in); err != nil {
				return fmt.Errorf("directory of blocks: %w", err)
			}
			if err := r.addSegment(&row); err != nil {
				return err
			}
		}
		if len(r.blocks)-r.groups[len(r.groups)-1] > maxGroup {
			return fmt.Errorf("directory of blocks: %w", ErrDamaged)
		}
		r.groups = append(r.groups, len(r.blocks))
		if in.err != nil {
			return in.err
		}
	}
	return nil
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
		b, err := r.bucket(bucketSnapshot)
		if err != nil {
			return err
		}
		if b == nil {
			return errAbsent
		}
		c := b.Cursor()
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

// addSegment takes in a row of the directory. The blocks of a source follow one
// another, and its bytes without a gap.
func (r *Reader) addSegment(row *segmentRow) error {
	n := len(r.blocks)
	if row.Source == 0 || int(row.Source) > len(r.sources) || int64(len(r.segments)) >= r.keys(bucketSegment) || len(row.Blocks) == 0 {
		return fmt.Errorf("segment %d: of unknown source %d, or without a text: %w", len(r.segments), row.Source, ErrDamaged)
	}
	of := &r.bySource[row.Source]
	follows := row.Offset == r.sources[row.Source-1].Offset
	if of.end > 0 {
		last := r.blocks[of.end-1]
		follows = of.end == n && row.Offset == last.Offset+last.Bytes && row.Line == last.Line+last.Lines
	} else {
		of.first = n
	}
	if !follows {
		return fmt.Errorf("segment %d: does not follow the one before it: %w", len(r.segments), ErrDamaged)
	}
	offset, line := row.Offset, row.Line
	for i, b := range row.Blocks {
		r.blocks = append(r.blocks, blockInfo{b, uint32(len(r.segments)), i, row.Source, offset, line})
		offset += b.Bytes
		line += b.Lines
	}
	of.end = len(r.blocks)
	r.segments = append(r.segments, run{n, of.end})
	return nil
}

// keys is how many keys the manifest tells of.
func (r *Reader) keys(bucket string) int64 { return r.proofOf(bucket).Keys }

// proofOf is what the manifest tells of a bucket.
func (r *Reader) proofOf(bucket string) BucketProof {
	for _, b := range r.manifest.Buckets {
		if b.Name == bucket {
			return b
		}
	}
	return BucketProof{}
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
