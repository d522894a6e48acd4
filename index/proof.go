package index

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/crc32"
)

// bucketWriter gathers the proof of one bucket while keys come in ascending
// order. The same sum is made when a case is checked.
type bucketWriter struct {
	name  string
	last  []byte
	keys  int64
	bytes int64
	index uint32
	sum   hash.Hash
}

func newBucketWriter(name string) *bucketWriter {
	return &bucketWriter{name: name, sum: sha256.New()}
}

func (b *bucketWriter) add(key, value []byte) error {
	if b.keys > 0 && bytes.Compare(key, b.last) <= 0 {
		return fmt.Errorf("%s: key %x after %x: keys must ascend", b.name, key, b.last)
	}
	b.last = append(b.last[:0], key...)
	b.keys++
	b.index = crc32.Update(b.index, castagnoli, key)
	b.bytes += int64(len(key) + len(value))
	for _, part := range [...][]byte{key, value} {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		b.sum.Write(size[:])
		b.sum.Write(part)
	}
	return nil
}

func (b *bucketWriter) proof() BucketProof {
	return BucketProof{Name: b.name, Keys: b.keys, Bytes: b.bytes, Index: b.index, SHA256: hex.EncodeToString(b.sum.Sum(nil))}
}

// digest is the SHA-256 over the manifest's own fields and its buckets'
// proofs, each as one line of text, so that anybody can make it again.
func (m *Manifest) digest() string {
	sum := sha256.New()
	fmt.Fprintf(sum, "stilltrace case\nformat %d\nfeature %d\ntool %q\n", m.Format, m.Feature, m.Tool)
	for _, b := range m.Buckets {
		fmt.Fprintf(sum, "bucket %q keys %d bytes %d index %d sha256 %s\n", b.Name, b.Keys, b.Bytes, b.Index, b.SHA256)
	}
	for _, f := range m.Fields {
		fmt.Fprintf(sum, "field %q\n", f)
	}
	return hex.EncodeToString(sum.Sum(nil))
}
