package index

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// read reads the value of segment n into *b, which it may replace by more
// memory. Only the way to it is proved, and not the keys of all segments: they
// are numbered without a gap, so that each of them is missed by who looks for
// it. It may be called by several goroutines.
func (r *Reader) read(n uint32, b *[]byte) error {
	r.finding.Lock()
	at, size, err := r.pages.find(bucketSegment, key32(n))
	r.finding.Unlock()
	if err != nil {
		return unsound(err)
	}
	if size < 0 {
		return errAbsent
	}
	return r.readAt(at, size, b)
}

// readAt reads a value. Large ones are better read than mapped: pages that were
// touched in a map count as memory of the process, and one that cannot be read
// ends it.
func (r *Reader) readAt(at int64, size int, b *[]byte) error {
	if size > maxPacked {
		return fmt.Errorf("a value of %d bytes: %w", size, ErrDamaged)
	}
	if cap(*b) < size {
		*b = make([]byte, size, 2*size) // the next one may be larger
	}
	*b = (*b)[:size]
	if _, err := r.file.ReadAt(*b, at); err != nil {
		return fmt.Errorf("it cannot be read, or changed while it was read (%w): %w", bareError(err), ErrDamaged)
	}
	return nil
}

// place is where in the file a value lies that bbolt found. Of a bucket so
// small that it lies in its parent bbolt may give a copy, which is nowhere in
// the file.
func (r *Reader) place(v []byte) (at int64, ok bool) {
	p := uintptr(unsafe.Pointer(unsafe.SliceData(v))) - r.db.Info().Data
	return int64(p), p < uintptr(r.size)
}

// fetch reads a value that bbolt found into *b, as readAt does.
func (r *Reader) fetch(v []byte, b *[]byte) error {
	if at, ok := r.place(v); ok {
		return r.readAt(at, len(v), b)
	}
	return guard(func() error { *b = append((*b)[:0], v...); return nil })
}

// forget tells the kernel that what was touched of the map is not needed at the
// moment (madvise(2)): it counts as memory of the process until then, and is
// read again from the file or its cache when it is. A case without segments is
// too small for that to matter.
func (r *Reader) forget() {
	_ = guard(func() error {
		b, err := r.bucket(bucketSegment)
		if b == nil || err != nil {
			return err
		}
		v := b.Get(key32(0))
		at, ok := r.place(v)
		if v == nil || !ok {
			return nil
		}
		first := (*byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(v)), -at))
		return unix.Madvise(unsafe.Slice(first, r.size), unix.MADV_DONTNEED)
	})
}

// advise tells the kernel that a segment is wanted soon, where it may have to
// wait for a disk: all that belongs to it is read at once then, while others are
// unpacked. It may be called by several goroutines.
func (r *Reader) advise(n uint32) {
	if !r.cold {
		return
	}
	r.finding.Lock()
	at, size := r.pages.extent(bucketSegment, key32(n))
	known := at == r.advised // with the segment before, which shares its page
	r.advised = at
	r.finding.Unlock()
	if !known {
		r.foresee(at, size)
	}
}

// foresee tells the kernel that a part of the file is wanted soon
// (posix_fadvise(2)). It is no more than advice, so what goes wrong shows when
// the part is read.
func (r *Reader) foresee(at, size int64) {
	const piece = 2 << 20 // what the kernel reads ahead at most
	for end := at + size; at < end; at += piece {
		_ = unix.Fadvise(int(r.file.Fd()), at, min(piece, end-at), unix.FADV_WILLNEED)
	}
}

// foreseer returns what tells the kernel which pages come next: nil where the
// file is in memory already.
func (r *Reader) foreseer() func(at, size int64) {
	if r.cold = !r.cached(); r.cold {
		return r.foresee
	}
	return nil
}

// cached reports whether some places of the file can be read without waiting for
// a disk (RWF_NOWAIT, preadv2(2)), or nobody can tell.
func (r *Reader) cached() bool {
	const places = 5
	b := make([]byte, 1)
	for i := range int64(places) {
		_, err := unix.Preadv2(int(r.file.Fd()), [][]byte{b}, r.size*i/places, unix.RWF_NOWAIT)
		if errors.Is(err, unix.EAGAIN) {
			return false
		}
	}
	return true
}
