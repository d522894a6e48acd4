package index

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"math"
	"net/netip"

	"stilltrace/index/text"
)

// Segment is a run of a source's text and the events in it, cut into blocks,
// packed and ready for Writer.AddSegment.
type Segment struct {
	row    segmentRow
	value  []byte // packed, not sealed
	terms  segmentTerms
	fields map[string]struct{}
	summed bool // its events are part of the Writer's summary
}

// Events is how many events the segment holds.
func (s *Segment) Events() (n int64) {
	for i := range s.row.Blocks {
		n += s.row.Blocks[i].Events
	}
	return n
}

// Bytes is how much text the segment holds.
func (s *Segment) Bytes() (n int64) {
	for i := range s.row.Blocks {
		n += s.row.Blocks[i].Bytes
	}
	return n
}

// SegmentBuilder packs the text of a source and the events in it: Reset begins a
// segment, Begin a block of it, Add and Repeat add the events of the block, and
// Finish ends the segment. It may be used again after Finish; it is not safe for
// use by several goroutines.
type SegmentBuilder struct {
	parts  partsWriter
	row    segmentRow
	err    error
	fields map[string]uint64 // names of fields, and their texts
	shared shared
	shape  shaper
	set    termSet
	prover prover
	sum    *summarizer                    // nil: no case is being written
	again  bool                           // what is added was added before
	apart  bool                           // what is added is no part of the summary
	names  [text.KindLine + 1][]knownName // of users, by kind and number in the segment
	line0  int64                          // of which the block's first byte is
	at0    int64                          // where in the source the block begins

	// Of the block:
	raw   []byte
	block blockRow
	line  int // the last line of the event before, or -1
	end   int // and where its bytes end
	prev  Time
	flow  []byte // where events stand, and the numbers of their shapes
	times []byte
	rest  []byte
	blank bool // no block was begun
	taken []taken
	warm  uint32 // see settle

	events []byte // memory for a block's packed events
}

// shared is what the events of a segment share.
type shared struct {
	dict    dictionary
	addrs   []netip.Addr
	addr    map[netip.Addr]uint64
	offsets []int64 // from stamps to times
	offset  map[int64]uint64
	shapes  int
	number  map[string]uint32 // of shapes among those of their template, by the template and the shape
	count   []uint32          // shapes of each template
	list    []byte            // all shapes as they are written
}

// NewSegmentBuilder returns an empty builder.
func NewSegmentBuilder() (*SegmentBuilder, error) { return newSegmentBuilder(maphash.MakeSeed()) }

func newSegmentBuilder(seed maphash.Seed) (*SegmentBuilder, error) {
	p, err := newPacker()
	if err != nil {
		return nil, err
	}
	b := &SegmentBuilder{parts: partsWriter{pack: p}, fields: map[string]uint64{}, set: newTermSet(seed)}
	b.shared = shared{addr: map[netip.Addr]uint64{}, offset: map[int64]uint64{}, number: map[string]uint32{}}
	return b, nil
}

// Reset begins a segment of the given source, whose first byte lies at offset
// of the source and in its line firstLine.
func (b *SegmentBuilder) Reset(source uint32, offset, firstLine int64) {
	b.row = segmentRow{Source: source, Offset: offset, Line: firstLine}
	b.at0, b.line0 = offset, firstLine
	b.err, b.blank, b.taken = nil, true, b.taken[:0]
	b.parts.reset()
	clear(b.fields)
	s := &b.shared
	s.dict.reset()
	clear(s.addr)
	clear(s.offset)
	clear(s.number)
	s.addrs, s.offsets, s.count, s.list, s.shapes = s.addrs[:0], s.offsets[:0], s.count[:0], s.list[:0], 0
	b.shape.text.Reset()
	b.shape.odd.rest, b.shape.odd.bytes = 0, 0
	b.set.resetSegment()
	for k := range b.names {
		b.names[k] = b.names[k][:0]
	}
}

// Begin begins a block whose text is raw: what follows the block before. raw
// must stay unchanged until the next Begin, or Finish.
func (b *SegmentBuilder) Begin(raw []byte) {
	b.endBlock()
	if b.sum != nil && b.err == nil {
		b.err = b.sum.begin()
	}
	b.blank = false
	b.raw, b.line, b.end, b.prev = raw, -1, 0, 0
	b.flow, b.times, b.rest = b.flow[:0], b.times[:0], b.rest[:0]
	b.shape.begin(raw)
	b.block = blockRow{Bytes: int64(len(raw)), Lines: int64(b.shape.text.Lines())}
	if len(raw) > 0 && raw[len(raw)-1] != '\n' {
		b.block.Lines-- // it counts newlines
	}
	b.set.beginBlock()
	if len(raw) > maxText && b.err == nil {
		b.err = fmt.Errorf("segment: a block of %d bytes: at most %d", len(raw), maxText)
	}
}

// Lines is how many lines the block has, a last one without a newline included.
func (b *SegmentBuilder) Lines() int { return b.shape.text.Lines() }

// Line fills in what line i of the block is made of, and returns where it begins
// and ends, its newline left out. It is valid until the next Begin.
func (b *SegmentBuilder) Line(i int, line *text.Line) (start, end int) {
	b.shape.text.LineTo(line, i)
	return b.shape.bounds(i)
}

// Bounds returns where line i of the block begins and ends, its newline left out.
func (b *SegmentBuilder) Bounds(i int) (start, end int) { return b.shape.bounds(i) }

// Templates returns how many templates the segment has so far.
func (b *SegmentBuilder) Templates() int { return b.shape.text.Templates() }

// Text returns the text with number n of a kind of variable whose values are
// texts. Numbers are those of the segment.
func (b *SegmentBuilder) Text(k text.Kind, n uint64) []byte { return b.shape.text.Text(k, n) }

// Add adds an entry of the block. Entries come in the order of their bytes and
// do not share lines.
func (b *SegmentBuilder) Add(e *Entry) {
	if e.Start < b.end || e.End < e.Start || e.End > len(b.raw) || e.PID < 0 || e.PID > math.MaxInt32 {
		b.fail(e, "does not follow the one before it")
		return
	}
	s := &b.shape
	s.next = max(s.next, b.line)
	s.locate(e.Start, e.End)
	if s.first <= b.line {
		b.fail(e, "shares a line with the one before it")
		return
	}
	b.describe(e)
	b.flowOn(s.first, s.end, s.number)
	b.rest = append(b.rest, s.rest...)
	if s.apart {
		b.times = binary.AppendVarint(b.times, int64(e.Time-b.prev))
	}
	b.see(e.Time)
	b.end = e.End
	b.set.addEntry(e)
	if b.counts() {
		b.sum.add(b.row.Source, b.at0+int64(e.Start), b.line0+int64(s.first), e)
	}
}

// counts reports whether the summary counts the entries that are added.
func (b *SegmentBuilder) counts() bool { return b.sum != nil && !b.again && !b.apart }

// flowOn writes that the next event is lines first to end.
func (b *SegmentBuilder) flowOn(first, end int, number uint32) {
	code, skipped, more := uint64(number)<<2, first-b.line-1, end-first
	if skipped > 0 {
		code |= flowSkips
	}
	if more > 0 {
		code |= flowMore
	}
	b.flow = binary.AppendUvarint(b.flow, code)
	if skipped > 0 {
		b.flow = binary.AppendUvarint(b.flow, uint64(skipped))
	}
	if more > 0 {
		b.flow = binary.AppendUvarint(b.flow, uint64(more))
	}
	b.line = end
}

// What the lowest bits of an event's code in the column of the flow say.
const (
	flowSkips = 1 // lines before it are of no event; their number follows
	flowMore  = 2 // it has more than one line; how many more follows
)

// see takes the event's time in.
func (b *SegmentBuilder) see(t Time) {
	r := &b.block
	if r.Events++; r.Events == 1 {
		r.Min, r.Max = t, t
	}
	r.Min, r.Max = min(r.Min, t), max(r.Max, t)
	b.prev = t
}

func (b *SegmentBuilder) fail(e *Entry, why string) {
	if b.err == nil {
		b.err = fmt.Errorf("segment: entry %d..%d of block %d of source %d %s", e.Start, e.End, len(b.row.Blocks), b.row.Source, why)
	}
}

// blockParts is how many parts of a segment's value a block has: those of its
// text, and its events.
const blockParts = text.BlockParts + 1

func (b *SegmentBuilder) endBlock() {
	if b.blank {
		return
	}
	b.settle()
	if b.sum != nil {
		b.sum.end()
	}
	columns := b.shape.text.Pack()
	b.parts.add(columns[0])
	b.parts.add(columns[1])
	b.parts.addNoise(columns[2])
	events := binary.AppendUvarint(b.events[:0], uint64(len(b.flow)))
	events = append(events, b.flow...)
	events = binary.AppendUvarint(events, uint64(len(b.times)))
	events = append(events, b.times...)
	b.events = append(events, b.rest...)
	b.parts.add(b.events)
	b.row.Blocks = append(b.row.Blocks, b.block)
	b.at0, b.line0 = b.at0+b.block.Bytes, b.line0+b.block.Lines
	b.set.endBlock()
}

// sharedParts is how many parts follow those of the blocks before the pages of
// texts: what events share, and three of the text.
const sharedParts = 4

// Finish packs the segment.
func (b *SegmentBuilder) Finish() (*Segment, error) {
	b.endBlock()
	if b.err != nil {
		return nil, b.err
	}
	b.parts.add(b.shared.append(nil))
	b.shape.text.Finish(b.parts.add)
	if b.parts.size > maxValue || b.parts.n > maxParts {
		return nil, fmt.Errorf("segment: %d bytes in %d parts: at most %d in %d", b.parts.size, b.parts.n, maxValue, maxParts)
	}
	seg := &Segment{row: b.row, value: b.parts.value(), terms: b.set.terms(), fields: map[string]struct{}{}, summed: b.sum != nil}
	for n := range b.fields {
		seg.fields[n] = struct{}{}
	}
	return seg, nil
}

// append writes what events share.
func (s *shared) append(out []byte) []byte {
	out = s.dict.appendTo(out)
	out = binary.AppendUvarint(out, uint64(len(s.addrs)))
	for _, a := range s.addrs {
		b := a.AsSlice()
		out = append(append(out, byte(len(b))), b...)
	}
	out = binary.AppendUvarint(out, uint64(len(s.offsets)))
	for _, d := range s.offsets {
		out = binary.AppendVarint(out, d)
	}
	out = binary.AppendUvarint(out, uint64(s.shapes))
	return append(out, s.list...)
}

func (s *shared) address(a netip.Addr) uint64 {
	n, ok := s.addr[a]
	if !ok {
		n = uint64(len(s.addrs))
		s.addr[a] = n
		s.addrs = append(s.addrs, a)
	}
	return n
}

// stampOffset numbers an offset from a stamp to a time.
func (s *shared) stampOffset(d int64) uint64 {
	n, ok := s.offset[d]
	if !ok {
		n = uint64(len(s.offsets))
		s.offset[d] = n
		s.offsets = append(s.offsets, d)
	}
	return n
}

// dictionary numbers texts in the order of their first use; 0 is the empty
// text.
type dictionary struct {
	number map[string]uint64
	texts  [][]byte
}

func (d *dictionary) reset() {
	if d.number == nil {
		d.number = map[string]uint64{}
	}
	clear(d.number)
	d.texts = d.texts[:0]
}

func (d *dictionary) add(text []byte) uint64 {
	if len(text) == 0 {
		return 0
	}
	n, ok := d.number[string(text)]
	if !ok {
		own := string(text)
		n = uint64(len(d.texts)) + 1
		d.number[own] = n
		d.texts = append(d.texts, []byte(own))
	}
	return n
}

func (d *dictionary) appendTo(out []byte) []byte {
	out = binary.AppendUvarint(out, uint64(len(d.texts)))
	for _, t := range d.texts {
		out = append(binary.AppendUvarint(out, uint64(len(t))), t...)
	}
	return out
}
