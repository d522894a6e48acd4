package index

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"
)

// What find says of a key is what bbolt says of it, however deep the tree of
// the bucket is, before all of it was proved and after.
func TestFind(t *testing.T) {
	for name, c := range map[string]struct{ keys, size int }{
		"none":                         {0, 0},
		"within the page of buckets":   {3, 20},
		"one page":                     {40, 20},
		"pages of several":             {300, 5000},
		"a branch of many":             {2000, 300},
		"branches above one another":   {40_000, 20},
		"a page of few and large ones": {5, 100_000},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.db")
			db, err := bolt.Open(path, 0o600, &bolt.Options{NoSync: true})
			require.NoError(t, err)
			value := func(n uint32) []byte { return bytes.Repeat(binary.BigEndian.AppendUint32(nil, n), c.size/4) }
			require.NoError(t, db.Update(func(tx *bolt.Tx) error {
				b, err := tx.CreateBucket([]byte("b"))
				for n := range uint32(c.keys) {
					if err == nil {
						err = b.Put(key32(2*n+1), value(n))
					}
				}
				return err
			}))
			require.NoError(t, db.Close())
			f, err := os.Open(path)
			require.NoError(t, err)
			defer f.Close()
			v, err := newVerifier(f, nil)
			require.NoError(t, err)
			read := func() {
				for n := range uint32(c.keys) {
					at, size, err := v.find("b", key32(2*n+1))
					require.NoError(t, err)
					got := make([]byte, size)
					_, err = f.ReadAt(got, at)
					require.NoError(t, err)
					require.True(t, bytes.Equal(value(n), got), n)
					if begin, long := v.extent("b", key32(2*n+1)); long > 0 {
						require.LessOrEqual(t, begin, at)
					}
				}
				for _, n := range []uint32{0, uint32(c.keys) &^ 1, 2 * uint32(c.keys), 1 << 31} {
					_, size, err := v.find("b", key32(n))
					require.NoError(t, err)
					require.Equal(t, -1, size, fmt.Sprint(n))
				}
			}
			read()
			keys, err := v.prove("b")
			require.NoError(t, err)
			require.EqualValues(t, c.keys, keys.keys)
			read()
			_, size, err := v.find("nosuch", key32(1))
			require.NoError(t, err)
			require.Equal(t, -1, size)
		})
	}
}
