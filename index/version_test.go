package index_test

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"testing"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"stilltrace/index"
)

func TestOpenTellsVersions(t *testing.T) {
	path, _ := writeCase(t, t.TempDir())
	db, err := bolt.Open(path, 0o600, nil)
	require.NoError(t, err)
	manifest := `{"format":99,"tool":"stilltrace 9"}`
	require.NoError(t, db.Update(func(tx *bolt.Tx) error {
		return tx.Bucket([]byte("manifest")).Put([]byte("manifest"), stored("manifest", "manifest", manifest))
	}))
	require.NoError(t, db.Close())
	_, err = index.Open(path)
	require.ErrorIs(t, err, index.ErrNewer)
	require.ErrorContains(t, err, "stilltrace 9")
}

func TestOpenTellsOldVersions(t *testing.T) {
	path, _ := writeCase(t, t.TempDir())
	db, err := bolt.Open(path, 0o600, nil)
	require.NoError(t, err)
	require.NoError(t, db.Update(func(tx *bolt.Tx) error {
		return tx.Bucket([]byte("manifest")).Put([]byte("manifest"), stored("manifest", "manifest", `{"format":1,"tool":"stilltrace 0"}`))
	}))
	require.NoError(t, db.Close())
	_, err = index.Open(path)
	require.ErrorIs(t, err, index.ErrNotCase)
	require.ErrorContains(t, err, "stilltrace 0")
}

// A case of a later version that has more than this one knows, but nothing else,
// is answered and proved, what is not known included; only nothing is added to it.
func TestWhatALaterVersionAdded(t *testing.T) {
	path, _ := writeCase(t, t.TempDir())
	r := open(t, path)
	m := r.Manifest()
	want, err := answers(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	value := stored("later", "key", "what is not known")
	sum := hasher()
	for _, part := range [][]byte{[]byte("key"), value} {
		sum.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		sum.Write(part)
	}
	m.Feature, m.Tool = index.Feature+1, "stilltrace 9"
	m.Buckets = append(m.Buckets, index.BucketProof{Name: "later", Keys: 1, Bytes: int64(3 + len(value)),
		Index: crc32.Checksum([]byte("key"), crc32.MakeTable(crc32.Castagnoli)), SHA256: hex.EncodeToString(sum.Sum(nil))})
	told := fmt.Sprintf("stilltrace case\nformat %d\nfeature %d\ntool %q\n", m.Format, m.Feature, m.Tool)
	for _, b := range m.Buckets {
		told += fmt.Sprintf("bucket %q keys %d bytes %d index %d sha256 %s\n", b.Name, b.Keys, b.Bytes, b.Index, b.SHA256)
	}
	for _, f := range m.Fields {
		told += fmt.Sprintf("field %q\n", f)
	}
	m.Digest = sha(told)
	manifest, err := json.Marshal(m)
	require.NoError(t, err)
	write := func(value []byte) {
		change(t, path, func(tx *bolt.Tx) error {
			b, err := tx.CreateBucketIfNotExists([]byte("later"))
			require.NoError(t, err)
			require.NoError(t, b.Put([]byte("key"), value))
			return tx.Bucket([]byte("manifest")).Put([]byte("manifest"), stored("manifest", "manifest", string(manifest)))
		})
	}
	write(value)
	r = open(t, path)
	got, err := answers(r)
	require.NoError(t, err)
	require.Equal(t, want, got)
	proof, err := r.Check()
	require.NoError(t, err)
	require.Empty(t, proof.Problems)
	require.NoError(t, r.Close())
	_, err = index.Append(context.Background(), path, "test")
	require.ErrorIs(t, err, index.ErrNewer)
	require.ErrorContains(t, err, "stilltrace 9")

	value[len(value)-6] ^= 1
	write(value)
	proof, err = open(t, path).Check()
	require.NoError(t, err)
	require.Len(t, proof.Problems, 2, "the value and the bucket: %v", proof.Problems)
}

// stored makes an envelope by hand, as doc.go describes it.
func stored(bucket, key, content string) []byte {
	v := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(content)))
	v = append(v, content...)
	sum := append([]byte(bucket), 0)
	sum = binary.BigEndian.AppendUint32(sum, uint32(len(key)))
	sum = append(append(sum, key...), v...)
	return binary.BigEndian.AppendUint32(v, crc32.Checksum(sum, crc32.MakeTable(crc32.Castagnoli)))
}
