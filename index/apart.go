package index

import (
	"slices"

	"stilltrace/index/summary"
)

// apart are the blocks whose events summaries leave out, as the snapshot knew
// the case: of each log that ended within a line its last entry. The next
// snapshot may read that again, and what was counted cannot be taken back.
func (r *Reader) apart(snapshot int) (blocks []int, err error) {
	for i := range r.sources {
		s := &r.sources[i]
		if s.Open == 0 || s.Snapshot > snapshot {
			continue
		}
		if err := r.directory(); err != nil {
			return nil, err
		}
		of := r.bySource[s.ID]
		for n := of.end - 1; n >= of.first && s.holdsApart(r.blocks[n].Offset); n-- {
			if r.blocks[n].Events > 0 && r.counts(n, snapshot) {
				blocks = append(blocks, n)
			}
		}
	}
	slices.Sort(blocks)
	return blocks, nil
}

// sumUp makes a run of the events of a few blocks, in memory.
func (r *Reader) sumUp(blocks []int) (pages []summary.Page, err error) {
	pack, err := newPacker()
	if err != nil {
		return nil, err
	}
	sum := newSummarizer(checkBytes, func() (summary.Scratch, error) { return &heldScratch{pack: pack, open: r.open}, nil })
	var s segmentReader
	for _, n := range blocks {
		err := sum.begin()
		if err == nil {
			err = r.openSegment(&s, r.open, r.blocks[n].Segment)
		}
		if err == nil {
			err = r.walk(&s, n, &filter{}, Query{}, func(e *Event) bool {
				sum.add(e.SourceID, e.Offset, e.Line, e.entry())
				return true
			})
		}
		if err != nil {
			return nil, blockError(n, err)
		}
	}
	err = summary.Merge(summaryOptions(), []*summary.Builder{sum.Builder}, func(p summary.Page) error {
		p.Key, p.Content = append([]byte{}, p.Key...), slices.Clone(p.Content)
		pages = append(pages, p)
		return nil
	})
	return pages, err
}

// walkPages walks the pages of a table in memory: all of them, since they are
// few.
func walkPages(pages []summary.Page, t summary.Table) summary.Walker {
	return func() (key []byte, unpack func() ([]byte, error), err error) {
		for len(pages) > 0 {
			p := pages[0]
			if pages = pages[1:]; p.Table == t {
				return p.Key, func() ([]byte, error) { return p.Content, nil }, nil
			}
		}
		return nil, nil, nil
	}
}
