package index

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// find returns the value that lies at key of bucket, in mapped memory.
func (r *Reader) find(bucket string, key []byte) ([]byte, error) {
	r.finding.Lock()
	defer r.finding.Unlock()
	if v := r.stored(bucket, key); v != nil {
		return v, nil
	}
	return nil, errAbsent
}

// place is where in the file a value lies that find returned. Of a bucket so
// small that it lies in its parent bbolt may give a copy, which is nowhere in
// the file.
func (r *Reader) place(v []byte) (at int64, ok bool) {
	p := uintptr(unsafe.Pointer(unsafe.SliceData(v))) - r.db.Info().Data
	return int64(p), p < uintptr(r.size)
}

// read reads the value at key of bucket into *b, which it may replace by more
// memory.
func (r *Reader) read(bucket string, key []byte, b *[]byte) error {
	var v []byte
	err := guard(func() (err error) {
		v, err = r.find(bucket, key)
		return err
	})
	if err != nil {
		return err
	}
	return r.fetch(v, b)
}

// fetch reads a value that was found into *b, which it may replace by more
// memory. Large values are better read than mapped: pages that were touched in a
// map count as memory of the process, and one that cannot be read ends it.
func (r *Reader) fetch(v []byte, b *[]byte) error {
	if cap(*b) < len(v) {
		*b = make([]byte, len(v), 2*len(v)) // the next one may be larger
	}
	*b = (*b)[:len(v)]
	at, ok := r.place(v)
	if !ok {
		return guard(func() error { copy(*b, v); return nil })
	}
	if _, err := r.file.ReadAt(*b, at); err != nil {
		return fmt.Errorf("it cannot be read, or changed while it was read (%w): %w", bareError(err), ErrDamaged)
	}
	return nil
}

// forget tells the kernel that what was touched of the map is not needed at the
// moment (madvise(2)): it counts as memory of the process until then, and is
// read again from the file or its cache when it is. A case without segments is
// too small for that to matter.
func (r *Reader) forget() {
	_ = guard(func() error {
		v, err := r.find(bucketSegment, key32(0))
		if err != nil {
			return err
		}
		at, ok := r.place(v)
		if !ok {
			return nil
		}
		first := (*byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(v)), -at))
		return unix.Madvise(unsafe.Slice(first, r.size), unix.MADV_DONTNEED)
	})
}

// advise tells the kernel that a segment is wanted soon: it reads all of it at
// once then, and not page by page when each is touched (posix_fadvise(2)). It is
// no more than advice, so what goes wrong shows when the segment is read.
func (r *Reader) advise(n uint32) {
	_ = guard(func() error {
		v, err := r.find(bucketSegment, key32(n))
		if err != nil {
			return err
		}
		if at, ok := r.place(v); ok {
			return unix.Fadvise(int(r.file.Fd()), at, int64(len(v)), unix.FADV_WILLNEED)
		}
		return nil
	})
}
