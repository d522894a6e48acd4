package index

import (
	"bytes"
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"io"
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
// them: by source and offset. It holds one block at a time, whatever the
// disorder of the logs. An event is valid until the next one is asked for.
func (r *Reader) Scan(q Query) iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		f, err := r.filter(q)
		var blocks []int
		if err == nil {
			blocks, err = r.candidates(f, q)
		}
		for _, n := range blocks {
			if err == nil {
				err = r.block(n, f, q, func(e *Event) bool { return yield(e, nil) })
			}
		}
		if err != nil && !errors.Is(err, errStop) {
			yield(nil, fmt.Errorf("%s: %w", r.path, err))
		}
	}
}

func (r *Reader) merge(f *filter, q Query, yield func(*Event, error) bool) error {
	blocks, err := r.candidates(f, q)
	if err != nil {
		return err
	}
	slices.SortStableFunc(blocks, func(a, b int) int { return cmp.Compare(r.blocks[a].Min, r.blocks[b].Min) })
	var held eventHeap
	for {
		// Nothing behind the next block can be earlier than its earliest event.
		for len(blocks) > 0 && (len(held) == 0 || r.blocks[blocks[0]].Min <= held[0].Time) {
			err := r.block(blocks[0], f, q, func(e *Event) bool {
				own := *e
				heap.Push(&held, &own)
				return true
			})
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
// no; then the error is errStop. The event is overwritten by the next one, its
// texts and slices are not.
func (r *Reader) block(n int, f *filter, q Query, do func(*Event) bool) error {
	info := r.blocks[n]
	raw, err := r.value(bucketRaw, key32(uint32(n)))
	if err != nil {
		return err
	}
	content, err := r.value(bucketEvents, key32(uint32(n)))
	if err != nil {
		return err
	}
	u, err := newUnblock(info, r.sources[info.Source-1].Path, string(raw), content)
	if err != nil {
		return fmt.Errorf("block %d: %w", n, err)
	}
	var e Event
	for range u.count {
		e = Event{}
		if err := u.next(&e); err != nil {
			return fmt.Errorf("block %d: %w", n, err)
		}
		if e.Time < info.Min || e.Time > info.Max {
			return fmt.Errorf("block %d: an event lies outside the block's time: %w", n, ErrDamaged)
		}
		if q.window(&e) && f.holds(&e) && !do(&e) {
			return errStop
		}
	}
	return nil
}

// candidates returns the blocks that can hold wanted events, ascending.
func (r *Reader) candidates(f *filter, q Query) ([]int, error) {
	wanted := make([]bool, len(r.blocks))
	for i, b := range r.blocks {
		wanted[i] = b.Events > 0 && (q.Brute || (q.Since == 0 || b.Max >= q.Since) && (q.Until == 0 || b.Min < q.Until))
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
	for seg := range uint32((len(r.blocks) + blocksPerSegment - 1) / blocksPerSegment) {
		prefix := key32(seg)
		start := append(prefix, first...)
		var c *bolt.Cursor
		// The page that begins at or before the first term may hold it.
		move := func() ([]byte, []byte) {
			b := r.tx.Bucket([]byte(bucketTerms))
			if b == nil {
				return nil, nil
			}
			c = b.Cursor()
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
				return fmt.Errorf("terms of segment %d: %w", seg, err)
			}
			if page == nil {
				break
			}
			base := int(seg) * blocksPerSegment
			more, err = readPage(page, first, last, func(b int) {
				if base+b < len(hit) {
					hit[base+b] = true
				}
			})
			if err != nil {
				return fmt.Errorf("terms of segment %d: %w", seg, err)
			}
			move = func() ([]byte, []byte) { return c.Next() }
		}
	}
	return nil
}

// WriteSource writes the text of a source to w, byte for byte.
func (r *Reader) WriteSource(w io.Writer, id uint32) error {
	next := int64(0)
	for n, b := range r.blocks {
		if b.Source != id {
			continue
		}
		if b.Offset != next {
			return fmt.Errorf("%s: source %d: block %d begins at %d, not at %d: %w", r.path, id, n, b.Offset, next, ErrDamaged)
		}
		raw, err := r.value(bucketRaw, key32(uint32(n)))
		if err != nil {
			return fmt.Errorf("%s: %w", r.path, err)
		}
		if int64(len(raw)) != b.Bytes {
			return fmt.Errorf("%s: block %d: %d bytes, not %d: %w", r.path, n, len(raw), b.Bytes, ErrDamaged)
		}
		if _, err := w.Write(raw); err != nil {
			return err
		}
		next += b.Bytes
	}
	return nil
}

// eventHeap orders events by time, source and offset.
type eventHeap []*Event

func (h eventHeap) Len() int      { return len(h) }
func (h eventHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h eventHeap) Less(i, j int) bool {
	a, b := h[i], h[j]
	if a.Time != b.Time {
		return a.Time < b.Time
	}
	if a.SourceID != b.SourceID {
		return a.SourceID < b.SourceID
	}
	return a.Offset < b.Offset
}
func (h *eventHeap) Push(x any) { *h = append(*h, x.(*Event)) }
func (h *eventHeap) Pop() any {
	old := *h
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return e
}
