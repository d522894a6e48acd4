package index

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// gathered is how many blocks are read as they come, and their events sorted,
// rather than merged in the order of time: the few that a pivot leads to. Each
// segment is opened once then.
const gathered = 1024

// maxGathered bounds the events that are held to be sorted.
const maxGathered = 50_000

// gather returns the wanted events of the blocks in the order of time. It
// reports false where there are more than can be held.
func (r *Reader) gather(blocks []int, f *filter, q Query) (all []*Event, ok bool, err error) {
	if len(blocks) > gathered || len(f.conds) == 0 {
		return nil, false, nil
	}
	g := &gathering{Reader: r, filter: f, query: q,
		segments: slices.Collect(chunksBy(blocks, func(n int) uint32 { return r.blocks[n].Segment }))}
	g.errs = make([]error, len(g.segments))
	found := make([][]*Event, min(len(g.segments), runtime.GOMAXPROCS(0), maxReaders))
	for i := range min(len(g.segments), toldAhead) {
		g.advise(i)
	}
	var wait sync.WaitGroup
	for k := range found {
		wait.Go(func() { found[k] = g.run() })
	}
	wait.Wait()
	if g.held.Load() > maxGathered {
		return nil, false, nil
	}
	// The first in the order of the case, whoever was there first.
	for _, err := range g.errs {
		if err != nil {
			return nil, false, err
		}
	}
	all = slices.Concat(found...)
	slices.SortFunc(all, compareEvents)
	return all, true, nil
}

// gathering is several goroutines that read segments, each the next one that
// nobody has read.
type gathering struct {
	*Reader
	filter   *filter
	query    Query
	segments [][]int // the blocks of each
	errs     []error // of each
	next     atomic.Int64
	held     atomic.Int64 // events
}

func (g *gathering) advise(i int) {
	if i < len(g.segments) {
		g.Reader.advise(g.blocks[g.segments[i][0]].Segment)
	}
}

// run reads segments until there are no more, or too many events.
func (g *gathering) run() (found []*Event) {
	open, err := newOpener()
	var s segmentReader
	for {
		i := int(g.next.Add(1)) - 1
		if i >= len(g.segments) {
			return found
		}
		if err != nil {
			g.errs[i] = err
			continue
		}
		g.advise(i + toldAhead)
		g.errs[i] = g.segment(&s, open, g.segments[i], func(e *Event) bool {
			found = append(found, e)
			return g.held.Add(1) <= maxGathered
		})
		if g.held.Load() > maxGathered {
			return nil
		}
	}
}

func (g *gathering) segment(s *segmentReader, open *opener, blocks []int, do func(*Event) bool) error {
	err := g.openSegment(s, open, g.blocks[blocks[0]].Segment)
	for _, n := range blocks {
		if err == nil {
			err = g.walk(s, n, g.filter, g.query, do)
		}
		if err != nil {
			return blockError(n, err)
		}
	}
	return nil
}
