package index

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
)

// Block is one run of a source's bytes and the events in it, packed and ready
// for Writer.AddBlock.
type Block struct {
	info   blockInfo
	raw    []byte // packed, not sealed
	events []byte // packed, not sealed
	terms  []string
	fields map[string]struct{}
	summed bool // its events are part of the Writer's summary
}

// Events is how many events the block holds.
func (b *Block) Events() int64 { return b.info.Events }

// Bytes is how much text the block holds.
func (b *Block) Bytes() int64 { return b.info.Bytes }

// blockInfo is a block's row in the directory.
type blockInfo struct {
	Source uint32
	Offset int64 // of its first byte in the source
	Bytes  int64
	Events int64
	Min    Time // earliest and latest time of its events; 0, 0 where it has none
	Max    Time
}

// BlockBuilder packs entries into blocks. It may be used again after Finish;
// it is not safe for use by several goroutines.
type BlockBuilder struct {
	pack      *packer
	info      blockInfo
	raw       []byte
	firstLine int64
	prev      Entry // of the entry added last: only what the next one needs
	err       error

	dict  dictionary
	addrs []netip.Addr
	addr  map[netip.Addr]uint64
	cols  [columns][]byte
	shape shaper
	terms termSet
	names map[string]struct{}
	sum   *summarizer // nil: no case is being written
}

// The columns of an events value, in their order in it. The column of the rest
// follows them.
const (
	colLine  = iota // the first line, as the difference to the last line of the entry before
	colLines        // last line - first line
	colShape        // 0 for the last one of the template, else its number plus one
	colTime         // difference to the entry before, zigzag, where the shape says so
	columns         // how many columns there are
)

// NewBlockBuilder returns an empty builder.
func NewBlockBuilder() (*BlockBuilder, error) {
	p, err := newPacker()
	if err != nil {
		return nil, err
	}
	b := &BlockBuilder{pack: p, addr: map[netip.Addr]uint64{}, terms: termSet{set: map[string]struct{}{}}, names: map[string]struct{}{}}
	b.dict.reset()
	return b, nil
}

// Reset begins a block of the given source: raw, whose first byte lies at
// offset of the source and in its line firstLine. raw must stay unchanged
// until Finish.
func (b *BlockBuilder) Reset(source uint32, offset, firstLine int64, raw []byte) {
	b.info = blockInfo{Source: source, Offset: offset, Bytes: int64(len(raw))}
	b.raw, b.firstLine = raw, firstLine
	b.prev = Entry{LineEnd: firstLine - 1}
	b.err = nil
	b.dict.reset()
	b.addrs = b.addrs[:0]
	clear(b.addr)
	clear(b.terms.set)
	clear(b.names)
	for i := range b.cols {
		b.cols[i] = b.cols[i][:0]
	}
	b.shape.reset(raw)
	if b.sum != nil {
		b.err = b.sum.begin()
	}
}

// Add adds an entry. Entries come in the order of their bytes and do not
// overlap.
func (b *BlockBuilder) Add(e *Entry) {
	if e.Start < b.prev.End || e.End < e.Start || e.End > len(b.raw) || e.PID < 0 || e.PID > math.MaxInt32 {
		b.fail(e, "does not follow the one before it")
		return
	}
	s := &b.shape
	s.locate(e.Start, e.End)
	if e.Line != b.firstLine+int64(s.first) || e.LineEnd != b.firstLine+int64(s.end) {
		b.fail(e, "stands in other lines")
		return
	}
	b.info.Events++
	if b.info.Events == 1 {
		b.info.Min, b.info.Max = e.Time, e.Time
	}
	b.info.Min, b.info.Max = min(b.info.Min, e.Time), max(b.info.Max, e.Time)
	b.uint(colLine, uint64(e.Line-b.prev.LineEnd))
	b.uint(colLines, uint64(e.LineEnd-e.Line))
	b.addShape(e)
	b.uint(colShape, s.finish())
	b.terms.addEntry(e)
	if b.sum != nil {
		b.sum.add(b.info.Source, b.info.Offset+int64(e.Start), e)
	}
	b.prev.End, b.prev.LineEnd, b.prev.Time = e.End, e.LineEnd, e.Time
}

func (b *BlockBuilder) fail(e *Entry, why string) {
	if b.err == nil {
		b.err = fmt.Errorf("block: entry %d..%d at line %d %s", e.Start, e.End, e.Line, why)
	}
}

// addShape writes the entry's shape, in the order that doc.go gives.
func (b *BlockBuilder) addShape(e *Entry) {
	s := &b.shape
	s.key = append(s.key[:0], byte(e.Clock), byte(e.Level), byte(e.Action), byte(e.Outcome))
	s.uint(uint64(max(e.Count, 1) - 1))
	if s.whole() {
		s.byte(0)
	} else {
		s.byte(1)
		s.apart(uint64(e.Start - s.starts[s.first]))
		s.apart(uint64(e.End - e.Start))
	}
	if s.time(e.Time, b.prev.Time) {
		b.cols[colTime] = binary.AppendVarint(b.cols[colTime], int64(e.Time-b.prev.Time))
	}
	s.pid(b.raw, e.PID)
	for _, v := range [...][]byte{e.Host, e.Service, e.Signature} {
		b.value(v, true)
	}
	b.value(e.User, false)
	if e.IP.IsValid() {
		s.address(b.raw, e.IP, b.address)
	} else {
		s.byte(addressNone)
	}
	s.uint(uint64(len(e.IPs)))
	for _, a := range e.IPs {
		s.address(b.raw, a, b.address)
	}
	b.value(e.Message, false)
	s.uint(uint64(len(e.Fields)))
	for _, f := range e.Fields {
		b.names[f.Name] = struct{}{}
		s.uint(b.dict.add([]byte(f.Name)))
		b.value(f.Value, false)
	}
}

func (b *BlockBuilder) uint(col int, v uint64) {
	b.cols[col] = binary.AppendUvarint(b.cols[col], v)
}

func (b *BlockBuilder) address(a netip.Addr) uint64 {
	n, ok := b.addr[a]
	if !ok {
		n = uint64(len(b.addrs))
		b.addr[a] = n
		b.addrs = append(b.addrs, a)
	}
	return n
}

// value writes v as a range of the entry's own bytes where it is one, and else
// as a text of the dictionary: most values lie in the text already. Of few
// values, the text belongs to the shape.
func (b *BlockBuilder) value(v []byte, few bool) {
	s := &b.shape
	at := within(b.raw[s.from:s.until], v)
	switch {
	case at >= 0 && s.span(s.from+at, s.from+at+len(v)):
	case few || len(v) == 0:
		s.byte(valueText)
		s.uint(b.dict.add(v))
	case at >= 0:
		s.byte(valueApart)
		s.apart(uint64(at))
		s.apart(uint64(len(v)))
	default:
		s.byte(valueOwn)
		s.apart(b.dict.add(v))
	}
}

// within returns where v lies in raw if v is a part of the same memory, else
// -1. Two slices of one array share its end, so their capacities tell the
// distance of their starts; comparing the bytes makes a wrong guess harmless.
func within(raw, v []byte) int {
	at := cap(raw) - cap(v)
	if len(v) > 0 && at >= 0 && at+len(v) <= len(raw) && bytes.Equal(raw[at:at+len(v)], v) {
		return at
	}
	return -1
}

// Finish packs the block.
func (b *BlockBuilder) Finish() (*Block, error) {
	if b.err != nil {
		return nil, b.err
	}
	if len(b.raw) > maxText {
		return nil, fmt.Errorf("block: %d bytes of text: at most %d", len(b.raw), maxText)
	}
	out := binary.AppendUvarint(nil, uint64(b.info.Events))
	out = b.dict.appendTo(out)
	out = binary.AppendUvarint(out, uint64(len(b.addrs)))
	for _, a := range b.addrs {
		s := a.AsSlice()
		out = append(append(out, byte(len(s))), s...)
	}
	out = binary.AppendUvarint(out, uint64(b.firstLine))
	out = binary.AppendUvarint(out, uint64(len(b.shape.offset)))
	for _, d := range b.shape.offset {
		out = binary.AppendVarint(out, d)
	}
	for _, parts := range [...][][]byte{b.shape.shapes, append(b.cols[:], b.shape.rest)} {
		out = binary.AppendUvarint(out, uint64(len(parts)))
		for _, p := range parts {
			out = append(binary.AppendUvarint(out, uint64(len(p))), p...)
		}
	}
	if len(out) > maxValue {
		return nil, fmt.Errorf("block: %d bytes of events: at most %d", len(out), maxValue)
	}
	blk := &Block{info: b.info, raw: b.pack.pack(b.shape.packed, b.shape.text.Parts()...), events: b.pack.pack(out), terms: b.terms.sorted(), fields: map[string]struct{}{}}
	for n := range b.names {
		blk.fields[n] = struct{}{}
	}
	blk.summed = b.sum != nil
	return blk, nil
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
