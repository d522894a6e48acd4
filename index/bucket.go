package index

import (
	"bytes"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// unsound is the error of a file whose structure does not hold.
func unsound(err error) error {
	if errors.Is(err, errNoBolt) {
		return ErrNotCase
	}
	return fmt.Errorf("%w or it was not copied whole (%w): copy it again", ErrNotCase, err)
}

// bucket returns a bucket, once its structure and its keys are proved; nil
// where there is none. A value has its own checksum; but of one whose key is not
// where it should be, nothing would be seen.
func (r *Reader) bucket(name string) (b *bolt.Bucket, err error) {
	r.finding.Lock()
	got, err := r.pages.prove(name)
	r.finding.Unlock()
	if err != nil {
		return nil, unsound(err)
	}
	if name != bucketManifest {
		if want := r.proofOf(name); got.keys != want.Keys || got.sum != want.Index {
			return nil, fmt.Errorf("%s: its keys are not those that were written: %w", name, ErrDamaged)
		}
	}
	err = guard(func() error { b = r.tx.Bucket([]byte(name)); return nil })
	return b, err
}

// errAbsent: a key that should be there is not. Only the manifest's absence
// means anything else than damage.
var errAbsent = fmt.Errorf("absent: %w", ErrDamaged)

// stored is the envelope at a key of a bucket that is proved, nil where there is
// none. It runs under the guard of its caller.
func (r *Reader) stored(bucket string, key []byte) []byte {
	if b := r.tx.Bucket([]byte(bucket)); b != nil {
		return b.Get(key)
	}
	return nil
}

// value returns the proved content of one key.
func (r *Reader) value(bucket string, key []byte) (content []byte, err error) {
	if err := r.ctx.Err(); err != nil {
		return nil, err
	}
	err = guard(func() error {
		b, err := r.bucket(bucket)
		if err != nil {
			return err
		}
		if b == nil {
			return errAbsent
		}
		v := b.Get(key)
		if v == nil {
			return errAbsent
		}
		content, err = r.open.open(bucket, key, v)
		return err
	})
	if err != nil {
		err = fmt.Errorf("%s %x: %w", bucket, key, err)
	}
	return content, err
}

// each calls do with the key and the proved content of each value of a bucket
// whose key begins with prefix, in order.
func (r *Reader) each(bucket string, prefix []byte, do func(key, content []byte) error) error {
	var c *bolt.Cursor
	var key, content []byte
	read := func(move func() ([]byte, []byte, error)) error {
		return guard(func() error {
			k, v, err := move()
			if key = nil; err != nil || k == nil || !bytes.HasPrefix(k, prefix) {
				return err
			}
			key = bytes.Clone(k)
			if content, err = r.open.open(bucket, key, v); err != nil {
				return fmt.Errorf("%s %x: %w", bucket, key, err)
			}
			return nil
		})
	}
	err := read(func() (k, v []byte, err error) {
		b, err := r.bucket(bucket)
		if b == nil || err != nil {
			return nil, nil, err
		}
		c = b.Cursor()
		k, v = c.Seek(prefix)
		return k, v, nil
	})
	for err == nil && key != nil {
		if err = do(key, content); err == nil {
			err = r.ctx.Err()
		}
		if err == nil {
			err = read(func() (k, v []byte, err error) { k, v = c.Next(); return k, v, nil })
		}
	}
	return err
}
