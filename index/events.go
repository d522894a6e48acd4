package index

import (
	"bytes"
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"iter"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// Events yields the events for which all of q holds, in the order of time,
// source and offset. Blocks that overlap in time are held together, so memory
// is bounded by the number of sources and their disorder, not by their size.
// An error ends them.
func (r *Reader) Events(q Query) iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		f, err := r.filter(q)
		if err == nil {
			err = r.merge(f, q, yield)
		}
		if err != nil {
			yield(nil, fmt.Errorf("%s: %w", r.path, err))
		}
	}
}

// Scan yields the same events as Events in the order in which the case holds
// them: by source and offset. It holds a few blocks at a time, whatever the
// disorder of the logs.
func (r *Reader) Scan(q Query) iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		f, err := r.filter(q)
		var blocks []int
		if err == nil {
			blocks, err = r.candidates(f, q)
		}
		if err != nil {
			yield(nil, fmt.Errorf("%s: %w", r.path, err))
			return
		}
		for events, err := range r.ahead(blocks, f, q) {
			if err != nil {
				yield(nil, fmt.Errorf("%s: %w", r.path, err))
				return
			}
			for _, e := range events {
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

// Last returns the last n events for which all of q holds, in the order of
// Events. It reads no more blocks than may hold one of them.
func (r *Reader) Last(q Query, n int) ([]*Event, error) {
	f, err := r.filter(q)
	var blocks []int
	if err == nil {
		blocks, err = r.candidates(f, q)
	}
	slices.SortFunc(blocks, func(a, b int) int {
		return cmp.Or(cmp.Compare(r.blocks[b].Max, r.blocks[a].Max), cmp.Compare(b, a))
	})
	var held eventHeap // the earliest on top, which is the first to go
	for _, b := range blocks {
		if err != nil || len(held) == n && r.blocks[b].Max < held[0].Time {
			break
		}
		err = r.block(b, f, q, func(e *Event) bool {
			if len(held) == n && compareEvents(e, held[0]) < 0 {
				return true
			}
			if heap.Push(&held, e); len(held) > n {
				heap.Pop(&held)
			}
			return true
		})
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.path, err)
	}
	slices.SortFunc(held, compareEvents)
	return held, nil
}

// merge yields the events in the order of time.
func (r *Reader) merge(f *filter, q Query, yield func(*Event, error) bool) error {
	blocks, err := r.candidates(f, q)
	if err != nil {
		return err
	}
	if all, ok, err := r.gather(blocks, f, q); err != nil || ok {
		for _, e := range all {
			if !yield(e, nil) {
				break
			}
		}
		return err
	}
	// No event of a block comes before the block's own start: its earliest time, its source, its first byte.
	start := func(n int) *Event {
		b := &r.blocks[n]
		return &Event{Time: b.Min, SourceID: b.Source, Offset: b.Offset}
	}
	slices.SortFunc(blocks, func(a, b int) int { return compareEvents(start(a), start(b)) })
	var held eventHeap
	for {
		for len(blocks) > 0 && (len(held) == 0 || compareEvents(start(blocks[0]), held[0]) <= 0) {
			err := r.block(blocks[0], f, q, func(e *Event) bool {
				heap.Push(&held, e)
				return len(held) <= maxHeld
			})
			if errors.Is(err, errStop) {
				return fmt.Errorf("more than %d events overlap in time: narrow the question with terms or times", maxHeld)
			}
			if err != nil {
				return err
			}
			blocks = blocks[1:]
		}
		if len(held) == 0 {
			return nil
		}
		if !yield(heap.Pop(&held).(*Event), nil) {
			return nil
		}
	}
}

// block calls do with each event of one block that is wanted, until it says
// no; then the error is errStop.
func (r *Reader) block(n int, f *filter, q Query, do func(*Event) bool) error {
	s, done, err := r.segment(r.blocks[n].Segment)
	if err == nil {
		defer done()
		err = r.walk(s, n, f, q, do)
	}
	if err != nil && !errors.Is(err, errStop) {
		return blockError(n, err)
	}
	return err
}

// walk is block for one whose segment is open.
func (r *Reader) walk(s *segmentReader, n int, f *filter, q Query, do func(*Event) bool) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	w := walk{segmentReader: s, info: &r.blocks[n], filter: f, query: &q}
	return w.run(do)
}

func blockError(n int, err error) error { return fmt.Errorf("block %d: %w", n, err) }

// candidates returns the blocks that can hold wanted events, ascending.
func (r *Reader) candidates(f *filter, q Query) ([]int, error) {
	if err := r.directory(); err != nil {
		return nil, err
	}
	wanted := make([]bool, len(r.blocks))
	for i, b := range r.blocks {
		wanted[i] = b.Events > 0 && r.counts(i, q.Snapshot) && (q.Brute || (q.Since == 0 || b.Max >= q.Since) && (q.Until == 0 || b.Min < q.Until))
	}
	if !q.Brute {
		for i := range f.conds {
			first, last, ok := f.conds[i].span()
			if !ok {
				continue
			}
			hit := make([]bool, len(r.blocks))
			if err := r.postings(first, last, hit); err != nil {
				return nil, err
			}
			for i := range wanted {
				wanted[i] = wanted[i] && hit[i]
			}
		}
	}
	var out []int
	for i, w := range wanted {
		if w {
			out = append(out, i)
		}
	}
	return out, nil
}

// postings marks the blocks in which a term within first and last occurs.
func (r *Reader) postings(first, last []byte, hit []bool) error {
	terms, err := r.bucket(bucketTerms)
	if err != nil || terms == nil {
		return err
	}
	for g := range len(r.groups) - 1 {
		prefix := key32(uint32(g))
		start := append(prefix, first...)
		var c *bolt.Cursor
		// The page that begins at or before the first term may hold it.
		move := func() ([]byte, []byte) {
			c = terms.Cursor()
			k, v := c.Seek(start)
			if !bytes.Equal(k, start) {
				if pk, pv := c.Prev(); bytes.HasPrefix(pk, prefix) {
					return pk, pv
				}
				k, v = c.Seek(start)
			}
			return k, v
		}
		for more := true; more; {
			var page []byte
			err := guard(func() (err error) {
				k, v := move()
				if k == nil || !bytes.HasPrefix(k, prefix) {
					return nil
				}
				page, err = r.open.open(bucketTerms, k, v)
				return err
			})
			if err != nil {
				return fmt.Errorf("terms of group %d: %w", g, err)
			}
			if page == nil {
				break
			}
			base, end := r.groups[g], r.groups[g+1]
			more, err = readPage(page, first, last, func(_ []byte, b int) {
				if base+b < end {
					hit[base+b] = true
				}
			})
			if err != nil {
				return fmt.Errorf("terms of group %d: %w", g, err)
			}
			move = func() ([]byte, []byte) { return c.Next() }
		}
	}
	return nil
}

// compareEvents orders events by time, source and offset.
func compareEvents(a, b *Event) int {
	return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.SourceID, b.SourceID), cmp.Compare(a.Offset, b.Offset))
}

// maxHeld bounds the events that are held because their blocks overlap: some
// gigabytes, which only a log whose times jump to and fro can need.
const maxHeld = 4_000_000

// eventHeap holds events, the earliest on top.
type eventHeap []*Event

func (h eventHeap) Len() int           { return len(h) }
func (h eventHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h eventHeap) Less(i, j int) bool { return compareEvents(h[i], h[j]) < 0 }
func (h *eventHeap) Push(x any)        { *h = append(*h, x.(*Event)) }
func (h *eventHeap) Pop() any {
	old := *h
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return e
}
