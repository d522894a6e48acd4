package index

import (
	"cmp"
	"iter"
	"runtime"
	"slices"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// batch is the wanted events of one block.
type batch struct {
	events []*Event
	err    error
}

// maxReaders is how many segments are read at once: more take memory and, on the
// few cores of an analyst's machine, no less time.
const maxReaders = 4

// toldAhead is of how many segments behind the one that is being read the kernel
// is told that they come next.
const toldAhead = 4

// ahead yields the wanted events of each block, in the order of the blocks,
// which is that of the case. Segments are read on all cores, each by one: what
// its blocks share is unpacked once. They are read no further ahead than a block
// or two each, so memory does not grow with their number.
func (r *Reader) ahead(blocks []int, f *filter, q Query) iter.Seq2[[]*Event, error] {
	segments := slices.Collect(chunksBy(blocks, func(n int) uint32 { return r.blocks[n].Segment }))
	readers := min(len(segments), runtime.GOMAXPROCS(0), maxReaders)
	return func(yield func([]*Event, error) bool) {
		stop := make(chan struct{})
		var wait sync.WaitGroup
		defer wait.Wait()
		defer close(stop)
		out := make([]chan batch, readers)
		for k := range out {
			out[k] = make(chan batch, 1)
			wait.Go(func() { r.readAhead(segments, k, readers, f, q, out[k], stop) })
		}
		for i, blocks := range segments {
			for range blocks {
				b := <-out[i%readers]
				if !yield(b.events, b.err) || b.err != nil {
					return
				}
			}
		}
	}
}

// readAhead reads every so manieth segment.
func (r *Reader) readAhead(segments [][]int, from, step int, f *filter, q Query, out chan<- batch, stop <-chan struct{}) {
	send := func(b batch) bool {
		select {
		case out <- b:
			return b.err == nil
		case <-stop:
			return false
		}
	}
	open, err := newOpener()
	if err != nil {
		send(batch{err: err})
		return
	}
	var s segmentReader
	soon := from // the next segment of which the kernel has not been told
	for i := from; i < len(segments); i += step {
		for ; soon < len(segments) && soon <= i+toldAhead*step; soon += step {
			r.advise(r.blocks[segments[soon][0]].Segment)
		}
		blocks := segments[i]
		err := r.openSegment(&s, open, r.blocks[blocks[0]].Segment)
		for _, n := range blocks {
			b := batch{err: err}
			if err == nil {
				b.err = r.walk(&s, n, f, q, func(e *Event) bool { b.events = append(b.events, e); return true })
			}
			if b.err != nil {
				b.err = blockError(n, b.err)
			}
			if !send(b) {
				return
			}
		}
	}
}

// advise tells the kernel that a segment is wanted soon: it reads all of it at
// once then, and not page by page when each is touched (posix_fadvise(2)). It is
// no more than advice, so what goes wrong shows when the segment is read. Of a
// bucket so small that it lies in its parent bbolt may give a copy, which is
// nowhere in the file.
func (r *Reader) advise(n uint32) {
	_ = guard(func() error {
		v, err := r.find(bucketSegment, key32(n))
		if err != nil {
			return err
		}
		at := uintptr(unsafe.Pointer(unsafe.SliceData(v))) - r.db.Info().Data
		if at >= uintptr(r.size) {
			return nil
		}
		return unix.Fadvise(int(r.file.Fd()), int64(at), int64(len(v)), unix.FADV_WILLNEED)
	})
}

// chunksBy yields the runs of values that have the same key.
func chunksBy[T any, K cmp.Ordered](values []T, key func(T) K) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		for from := 0; from < len(values); {
			to := from + 1
			for to < len(values) && key(values[to]) == key(values[from]) {
				to++
			}
			if !yield(values[from:to]) {
				return
			}
			from = to
		}
	}
}

// gathered is how many blocks are read in the order of the case, and their events
// sorted, rather than merged in the order of time: the few that a pivot leads
// to. Each segment is opened once then.
const gathered = 1024

// maxGathered bounds the events that are held to be sorted.
const maxGathered = 50_000

// gather returns the wanted events of the blocks in the order of time. It
// reports false where there are more than can be held.
func (r *Reader) gather(blocks []int, f *filter, q Query) (all []*Event, ok bool, err error) {
	if len(blocks) > gathered || len(f.conds) == 0 {
		return nil, false, nil
	}
	for events, err := range r.ahead(blocks, f, q) {
		if err != nil {
			return nil, false, err
		}
		if all = append(all, events...); len(all) > maxGathered {
			return nil, false, nil
		}
	}
	slices.SortFunc(all, compareEvents)
	return all, true, nil
}
