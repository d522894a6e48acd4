package index

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/zstd"
)

// Each value of a case is an envelope: one byte of codec, the length of the
// content as 4 bytes, the packed content, and CRC-32C over the bucket's name,
// the key and all that stands before it. The key is bound in, so a value that
// was moved to another key is noticed too.

const (
	codecStored = 0
	codecZstd   = 1
	codecDelta  = 2 // delta.go
	codecParts  = 3 // parts.go

	envelopeHead = 5
	envelopeTail = 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func envelopeSum(bucket string, key, body []byte) uint32 {
	sum := crc32.Update(0, castagnoli, []byte(bucket))
	sum = crc32.Update(sum, castagnoli, []byte{0})
	sum = crc32.Update(sum, castagnoli, binary.BigEndian.AppendUint32(nil, uint32(len(key))))
	sum = crc32.Update(sum, castagnoli, key)
	return crc32.Update(sum, castagnoli, body)
}

// sealed reports whether the envelope v belongs to its place and is as it was
// written. Its content is not looked at.
func sealed(bucket string, key, v []byte) bool {
	if len(v) < envelopeHead+envelopeTail || len(v) > maxPacked {
		return false
	}
	body := v[:len(v)-envelopeTail]
	return binary.BigEndian.Uint32(v[len(body):]) == envelopeSum(bucket, key, body)
}

// packer packs contents. It is not safe for use by several goroutines.
type packer struct{ enc *zstd.Encoder }

func newPacker() (*packer, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false),
		zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	return &packer{enc}, nil
}

// pack returns the packed content without its checksum, which seal adds once
// the key is known. The result is newly allocated. Parts that end at the given
// places are packed each by itself, one zstd frame after the other: that is
// smaller where they are unlike each other.
func (p *packer) pack(content []byte, ends ...int) []byte {
	out := make([]byte, envelopeHead, envelopeHead+len(content)/4+64)
	binary.BigEndian.PutUint32(out[1:], uint32(len(content)))
	out[0] = codecZstd
	from := 0
	for _, end := range append(ends, len(content)) {
		if end > from {
			out = p.enc.EncodeAll(content[from:end], out)
			from = end
		}
	}
	if len(out) >= envelopeHead+len(content) {
		out[0] = codecStored
		out = append(out[:envelopeHead], content...)
	}
	// What was taken for the worst case would stay in memory until the value is written.
	return append(make([]byte, 0, len(out)+envelopeTail), out...)
}

// seal binds a packed content to its place.
func seal(bucket string, key, packed []byte) []byte {
	return binary.BigEndian.AppendUint32(packed, envelopeSum(bucket, key, packed))
}

// opener unpacks envelopes. It is not safe for use by several goroutines.
type opener struct {
	dec *zstd.Decoder
	// stored returns the envelope at a key of a bucket, nil where there is none; without it, deltas cannot be opened.
	stored func(bucket string, key []byte) []byte
	base   base
}

func newOpener() (*opener, error) {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxValue), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	return &opener{dec: dec}, nil
}

// into is open for a content that lives in *b, which it may replace by more
// memory, until the next one does.
func (o *opener) into(bucket string, key, v []byte, b *[]byte) ([]byte, error) {
	codec, size, packed, err := prove(bucket, key, v)
	if err != nil || codec != codecZstd {
		return o.open(bucket, key, v)
	}
	content, err := unpack(o.dec, packed, *b, size)
	if err == nil {
		*b = content
	}
	return content, err
}

// open checks the envelope v that lies at key of bucket and returns its
// content, newly allocated; of a value in parts all of them, one after the
// other.
func (o *opener) open(bucket string, key, v []byte) ([]byte, error) {
	codec, size, packed, err := prove(bucket, key, v)
	if err != nil {
		return nil, err
	}
	switch codec {
	case codecStored:
		if int(size) != len(packed) {
			return nil, fmt.Errorf("stored length differs: %w", ErrDamaged)
		}
		return append([]byte(nil), packed...), nil
	case codecZstd:
		return unpack(o.dec, packed, nil, size)
	case codecDelta:
		dec, packed, err := o.against(bucket, key, packed)
		if err != nil {
			return nil, err
		}
		return unpack(dec, packed, nil, size)
	case codecParts:
		p, err := o.readParts(packed, size)
		if err != nil {
			return nil, err
		}
		out := make([]byte, 0, size)
		err = p.each(func(part []byte) { out = append(out, part...) })
		return out, err
	}
	return nil, fmt.Errorf("unknown codec %d: %w", codec, ErrDamaged)
}

// try is open for one whose content nobody wants.
func (o *opener) try(bucket string, key, v []byte) error {
	if len(v) == 0 || v[0] != codecParts {
		_, err := o.open(bucket, key, v)
		return err
	}
	p, err := o.parts(bucket, key, v)
	if err != nil {
		return err
	}
	return p.each(func([]byte) {})
}

// parts checks the envelope v like open, and returns its parts, of which none
// is unpacked. They lie in v, which is not mapped memory: its reading is not
// guarded.
func (o *opener) parts(bucket string, key, v []byte) (*parts, error) {
	codec, size, packed, err := prove(bucket, key, v)
	if err != nil {
		return nil, err
	}
	if codec != codecParts {
		return nil, fmt.Errorf("codec %d where there should be parts: %w", codec, ErrDamaged)
	}
	return o.readParts(packed, size)
}

// prove compares the checksum of an envelope, and takes it apart.
func prove(bucket string, key, v []byte) (codec byte, size uint32, packed []byte, err error) {
	if !sealed(bucket, key, v) {
		return 0, 0, nil, fmt.Errorf("checksum differs: %w", ErrDamaged)
	}
	body := v[:len(v)-envelopeTail]
	if size = binary.BigEndian.Uint32(body[1:]); size > maxValue {
		return 0, 0, nil, fmt.Errorf("content of %d bytes: %w", size, ErrDamaged)
	}
	return body[0], size, body[envelopeHead:], nil
}

// unpack returns the content of a zstd frame, in b where that has the room.
func unpack(dec *zstd.Decoder, packed, b []byte, size uint32) ([]byte, error) {
	if cap(b) < int(size) {
		b = make([]byte, 0, max(int(size), 2*cap(b)))
	}
	out, err := dec.DecodeAll(packed, b[:0])
	if err != nil {
		return nil, fmt.Errorf("zstd: %w: %w", err, ErrDamaged)
	}
	if len(out) != int(size) {
		return nil, fmt.Errorf("unpacked length differs: %w", ErrDamaged)
	}
	return out, nil
}
