package index_test

import (
	"cmp"
	"errors"
	"io"
	"iter"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"stilltrace/index"
	"stilltrace/index/summary"
)

// A value that is not at its key would not be missed by a question that looks
// for it there: one whose bucket has other keys is not answered, and those that
// ask nothing of that bucket are.
func TestQuestionsProveKeys(t *testing.T) {
	first := []byte{0, 0, 0, 1, 0, 0, 0, 0}
	drop := func(bucket string, key []byte) func(tx *bolt.Tx) error {
		return func(tx *bolt.Tx) error { return tx.Bucket([]byte(bucket)).Delete(key) }
	}
	last := func(bucket string) func(tx *bolt.Tx) error {
		return func(tx *bolt.Tx) error {
			key, _ := tx.Bucket([]byte(bucket)).Cursor().Last()
			return tx.Bucket([]byte(bucket)).Delete(slices.Clone(key))
		}
	}
	cases := []struct {
		bucket, how string
		do          func(tx *bolt.Tx) error
		ask         func(r *index.Reader) error
		says        string // "" where it is what all buckets say
	}{
		{"segment", "one less", drop("segment", []byte{0, 0, 0, 1}), asksEvents(index.Query{}), "segment 1: absent"},
		{"segment", "one less, and its text", drop("segment", []byte{0, 0, 0, 1}), func(r *index.Reader) error { return r.WriteSource(io.Discard, 1) }, "segment 1: absent"},
		{"gap", "one less", drop("gap", first), func(r *index.Reader) error { return all(r.Gaps(1)) }, ""},
		{"socket", "none", func(tx *bolt.Tx) error { return tx.DeleteBucket([]byte("socket")) }, func(r *index.Reader) error { return all(r.Sockets(1)) }, ""},
		{"process", "of another snapshot", func(tx *bolt.Tx) error {
			b := tx.Bucket([]byte("process"))
			v := slices.Clone(b.Get(first))
			return errors.Join(b.Delete(first), b.Put([]byte{0, 0, 9, 1, 0, 0, 0, 0}, v))
		}, func(r *index.Reader) error { return all(r.Processes(1)) }, ""},
		{"terms", "one more", func(tx *bolt.Tx) error {
			return tx.Bucket([]byte("terms")).Put([]byte{0, 0, 0, 0, 'z'}, []byte("more"))
		}, asksEvents(index.Query{Terms: []index.Term{term("ip", index.Is, "203.0.113.0/24")}}), ""},
		{"terms", "one less", last("terms"), asksEvents(index.Query{Terms: []index.Term{term("user", index.Is, "root")}}), ""},
		{"blocks", "one less", last("blocks"), asksEvents(index.Query{}), ""},
		{"summary", "one less", last("summary"), func(r *index.Reader) error { _, err := r.Summary(0).Head(); return err }, ""},
		{"summary", "one less, and its kinds", last("summary"), func(r *index.Reader) error {
			return all(r.Summary(0).Kinds(func(summary.Class) bool { return true }))
		}, ""},
	}
	for _, c := range cases {
		t.Run(c.bucket+" "+c.how, func(t *testing.T) {
			path, _ := writeCase(t, t.TempDir())
			whole, err := index.Open(path)
			require.NoError(t, err)
			require.NoError(t, c.ask(whole))
			require.NoError(t, whole.Close())
			db, err := bolt.Open(path, 0o600, nil)
			require.NoError(t, err)
			require.NoError(t, db.Update(c.do))
			require.NoError(t, db.Close())

			r := open(t, path)
			same := c.bucket + ": its keys are not those that were written"
			for range 2 {
				err = c.ask(r)
				require.ErrorIs(t, err, index.ErrDamaged)
				require.ErrorContains(t, err, cmp.Or(c.says, same))
			}
			_, err = r.Check()
			require.ErrorIs(t, err, index.ErrDamaged)
			require.ErrorContains(t, err, same)
			for _, other := range cases {
				// The other questions read several buckets.
				if other.bucket != c.bucket && slices.Contains([]string{"gap", "socket", "process", "summary"}, other.bucket) {
					require.NoError(t, other.ask(r), other.bucket)
				}
			}
		})
	}
}

// The sources and the snapshots are part of every answer.
func TestOpenProvesKeys(t *testing.T) {
	for _, name := range []string{"source", "snapshot"} {
		t.Run(name, func(t *testing.T) {
			path, _ := writeCase(t, t.TempDir())
			db, err := bolt.Open(path, 0o600, nil)
			require.NoError(t, err)
			require.NoError(t, db.Update(func(tx *bolt.Tx) error {
				key, _ := tx.Bucket([]byte(name)).Cursor().Last()
				return tx.Bucket([]byte(name)).Delete(slices.Clone(key))
			}))
			require.NoError(t, db.Close())
			_, err = index.Open(path)
			require.ErrorIs(t, err, index.ErrDamaged)
			require.ErrorContains(t, err, name+": its keys are not those that were written")
		})
	}
}

func all[T any](rows iter.Seq2[*T, error]) error {
	for _, err := range rows {
		if err != nil {
			return err
		}
	}
	return nil
}

func asksEvents(q index.Query) func(r *index.Reader) error {
	return func(r *index.Reader) error { return all(r.Events(q)) }
}
