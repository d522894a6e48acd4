package index

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// Stills of one host are much alike. A value of the snapshots, processes,
// sockets and gaps may therefore be packed against the value that has the same
// place in an earlier still, its base, and a source against the first source
// of its log: zstd finds there what did not change. A base is never packed
// against another one, so that two values at most are read for one, and a
// damaged value costs those few that lean on it.

const (
	// baseHead is the number of the base, which takes the place of the first four bytes of the key.
	baseHead = 4
	// smallWindow is up to where the fastest encoder finds what the better one finds, whose tables would be many times the content.
	smallWindow = 64 << 10
	// maxDeltas is how many stills may lean on one base: six hours of one a minute. It bounds what one damaged value costs.
	maxDeltas = 360
)

// mayLean reports whether values of the bucket may be packed against a base.
func mayLean(bucket string) bool {
	switch bucket {
	case bucketSnapshot, bucketSource, bucketProcess, bucketSocket, bucketGap:
		return true
	}
	return false
}

// baseKey is the key of the base of the value at key.
func baseKey(key []byte, number uint32) []byte {
	return append(key32(number), key[baseHead:]...)
}

// against packs content against that of the base with the given number,
// without the checksum.
func packAgainst(content []byte, number uint32, base []byte) ([]byte, error) {
	// The encoder's memory follows its window, which has to reach from the last byte of the content to the first one of the base.
	window, level := smallWindow, zstd.SpeedFastest
	for window < len(base)+len(content) {
		window, level = window*2, zstd.SpeedBetterCompression
	}
	// The identifier 0 is not written into the frame: the base is named before it.
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(level),
		zstd.WithEncoderCRC(false), zstd.WithWindowSize(window), zstd.WithEncoderDictRaw(0, base))
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	defer enc.Close()
	out := make([]byte, envelopeHead, envelopeHead+baseHead+len(content)/16+64)
	out[0] = codecDelta
	binary.BigEndian.PutUint32(out[1:], uint32(len(content)))
	out = binary.BigEndian.AppendUint32(out, number)
	return enc.EncodeAll(content, out), nil
}

// base is the content that deltas are opened against: the one that was used
// last, since a reader asks for neighbours.
type base struct {
	bucket string
	key    []byte
	dec    *zstd.Decoder // which has the content as its dictionary
}

// against returns what opens the delta at key, and the packed content without
// the number of its base.
func (o *opener) against(bucket string, key, packed []byte) (*zstd.Decoder, []byte, error) {
	if o.stored == nil || !mayLean(bucket) || len(key) < baseHead || len(packed) < baseHead {
		return nil, nil, fmt.Errorf("it leans on another value where none does: %w", ErrDamaged)
	}
	number := binary.BigEndian.Uint32(packed)
	if number >= binary.BigEndian.Uint32(key) {
		return nil, nil, fmt.Errorf("it leans on a later value: %w", ErrDamaged)
	}
	packed = packed[baseHead:]
	bk := baseKey(key, number)
	if o.base.dec != nil && o.base.bucket == bucket && bytes.Equal(o.base.key, bk) {
		return o.base.dec, packed, nil
	}
	v := o.stored(bucket, bk)
	if len(v) == 0 || v[0] == codecDelta {
		return nil, nil, fmt.Errorf("what it leans on, %x, is not there or leans itself: %w", bk, ErrDamaged)
	}
	content, err := o.open(bucket, bk, v)
	if err == nil && len(content) > maxRecord {
		err = fmt.Errorf("%d bytes of records: %w", len(content), ErrDamaged)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("what it leans on, %x: %w", bk, err)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxValue), zstd.WithDecoderLowmem(true), zstd.WithDecoderDictRaw(0, content))
	if err != nil {
		return nil, nil, fmt.Errorf("zstd: %w", err)
	}
	if o.base.dec != nil {
		o.base.dec.Close()
	}
	o.base = base{bucket, bk, dec}
	return dec, packed, nil
}

// leans are the runs of stills that lean on one value each, by bucket and the
// place within a still.
type leans map[string]*lean

func (l leans) of(bucket string, key []byte) *lean { return l[leanName(bucket, key)] }

// note takes in the value of a still.
func (l leans) note(bucket string, key, v []byte) {
	if !mayLean(bucket) || bucket == bucketSource || len(key) < baseHead {
		return
	}
	name := leanName(bucket, key)
	if l[name] == nil {
		l[name] = new(lean)
	}
	l[name].note(binary.BigEndian.Uint32(key), v)
}

func leanName(bucket string, key []byte) string { return bucket + string(key[baseHead:]) }

// lean is the run of stills that lean on one value.
type lean struct {
	base  uint32   // the snapshot
	size  int      // of the base as it lies in the file
	since []uint32 // the snapshots that lean on it
}

// note takes in the value of the next still.
func (l *lean) note(snapshot uint32, v []byte) {
	if len(v) == 0 || v[0] != codecDelta {
		l.base, l.size, l.since = snapshot, len(v), l.since[:0]
		return
	}
	l.since = append(l.since, snapshot)
}

// full reports whether no more stills may lean on the base.
func (l *lean) full() bool { return len(l.since) >= maxDeltas }

// middle is the still half way between the base and now.
func (l *lean) middle() uint32 {
	if len(l.since) == 0 {
		return l.base
	}
	return l.since[len(l.since)/2]
}

// worn reports whether a still is better a base itself, whose delta has the
// given size, and would have the other one if it leaned on the middle. A host
// moves away from the base, and every still since has paid for that. Once it
// adds up to what a base costs, a new one pays; for a host that moves steadily
// this is when the mean cost of a still is least. What is less than a quarter
// may be chance.
func (l *lean) worn(delta, middle int) bool {
	away := delta - middle
	return l.full() || away*4 >= delta && away*len(l.since) >= l.size
}
