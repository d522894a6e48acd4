package index

import (
	"cmp"
	"iter"
	"runtime"
	"slices"
	"sync"
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
