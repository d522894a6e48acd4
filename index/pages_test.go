package index

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"
)

// TestPageFile holds what is written against bbolt itself: its own check, and
// what it reads, also once it has added to the file.
func TestPageFile(t *testing.T) {
	cases := []struct {
		name  string
		sizes map[string][]int // of the values of each bucket
	}{
		{"empty buckets", map[string][]int{"a": nil, "b": nil}},
		{"within the page that names them", map[string][]int{"a": {0, 1}, "b": {900}}},
		{"as large as just fits there", map[string][]int{"a": {inlineBytes - pageHead - elemSize - 4}, "b": {inlineBytes - pageHead - elemSize - 3}}},
		{"a page to the byte", map[string][]int{"a": {casePage - pageHead - elemSize - 4}, "b": {casePage - pageHead - elemSize - 3}}},
		{"many small ones", map[string][]int{"a": repeated(20_000, 40, 400), "b": repeated(3, 7)}},
		{"as many as lie in a head", map[string][]int{"a": repeated(4*headElems+1, 8<<10)}},
		{"large ones", map[string][]int{"a": repeated(40, 70_000, 200_000, 3), "b": repeated(300, 9_000, 1_200)}},
		{"the largest", map[string][]int{"a": {maxPacked, 1, maxPacked, maxPacked, 5_000}}},
		{"pages on pages", map[string][]int{"a": repeated(300_000, 16)}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.db")
			writePages(t, path, c.sizes)
			checkPages(t, path, c.sizes)
			db, err := bolt.Open(path, 0o600, nil)
			require.NoError(t, err)
			require.NoError(t, db.Update(func(tx *bolt.Tx) error {
				for name := range c.sizes {
					value := valueOf(len(c.sizes[name]), 33)
					require.NoError(t, tx.Bucket([]byte(name)).Put(key32(uint32(len(c.sizes[name]))), value))
				}
				return nil
			}))
			require.NoError(t, db.Close())
			for name := range c.sizes {
				c.sizes[name] = append(c.sizes[name], 33)
			}
			checkPages(t, path, c.sizes)
		})
	}
}

func repeated(n int, sizes ...int) (out []int) {
	for i := range n {
		out = append(out, sizes[i%len(sizes)])
	}
	return out
}

func valueOf(n, size int) []byte { return bytes.Repeat([]byte{byte(n), byte(n >> 8)}, size/2+1)[:size] }

// writePages writes the buckets value by value in turn.
func writePages(t *testing.T, path string, sizes map[string][]int) {
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	w, err := newPageFile(f)
	require.NoError(t, err)
	trees := map[string]*pageTree{}
	for name := range sizes {
		trees[name] = &pageTree{}
	}
	for n, more := 0, true; more; n++ {
		more = false
		for name, list := range sizes {
			if n < len(list) {
				more = true
				require.NoError(t, w.put(trees[name], key32(uint32(n)), valueOf(n, list[n])))
			}
		}
	}
	require.NoError(t, w.finish(trees))
	st, err := f.Stat()
	require.NoError(t, err)
	require.Equal(t, int64(w.next)*casePage, st.Size())
}

func checkPages(t *testing.T, path string, sizes map[string][]int) {
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, verifyPages(f))
	db, err := bolt.Open(path, 0, &bolt.Options{ReadOnly: true})
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, db.View(func(tx *bolt.Tx) error {
		for err := range tx.Check() {
			require.NoError(t, err)
		}
		for name, list := range sizes {
			c := tx.Bucket([]byte(name)).Cursor()
			n := 0
			for k, v := c.First(); k != nil; k, v = c.Next() {
				// Values of megabytes are not to be printed where they differ.
				if !bytes.Equal(k, key32(uint32(n))) || !bytes.Equal(v, valueOf(n, list[n])) {
					return fmt.Errorf("bucket %s: key %x is not what was put as %d", name, k, n)
				}
				n++
			}
			require.Equal(t, len(list), n, name)
		}
		return nil
	}))
}
