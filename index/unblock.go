package index

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"strings"

	"stilltrace/index/text"
)

// input reads what a block's columns are made of. After the first fault it
// yields zeros, and err says what was wrong. No length is believed before it
// was compared with the bytes that are left.
type input struct {
	b   []byte
	err error
}

func (in *input) fail(what string) {
	if in.err == nil {
		in.err = fmt.Errorf("%s: %w", what, ErrDamaged)
	}
	in.b = nil
}

func (in *input) uint() uint64 {
	v, n := binary.Uvarint(in.b)
	if n <= 0 {
		in.fail("number cut short")
		return 0
	}
	in.b = in.b[n:]
	return v
}

func (in *input) int() int64 {
	v, n := binary.Varint(in.b)
	if n <= 0 {
		in.fail("number cut short")
		return 0
	}
	in.b = in.b[n:]
	return v
}

func (in *input) bytes(n uint64) []byte {
	if n > uint64(len(in.b)) {
		in.fail("text cut short")
		return nil
	}
	out := in.b[:n]
	in.b = in.b[n:]
	return out
}

// count reads how many things follow, each of which takes at least one byte.
func (in *input) count() int {
	n := in.uint()
	if n > uint64(len(in.b)) {
		in.fail("count too large")
		return 0
	}
	return int(n)
}

// unblock decodes the events of one block.
type unblock struct {
	info    blockInfo
	path    string
	raw     string
	lines   *text.Decoder // of raw
	count   int
	texts   []string
	addrs   []netip.Addr
	offsets []int64 // from stamps to times
	shapes  [][]byte
	last    map[uint32]int // the shape that a template had last
	cols    [columns]input
	rest    input

	spent     int // bytes of shapes that were read
	firstLine int64
	prev      Event
	line      int // the event's last line, within raw
}

// newUnblock reads the head of an events value. lines must have decoded raw,
// and not be used again as long as events are.
func newUnblock(info blockInfo, path, raw string, lines *text.Decoder, content []byte) (*unblock, error) {
	u := &unblock{info: info, path: path, raw: raw, lines: lines, last: map[uint32]int{}, line: -1}
	in := &input{b: content}
	events := in.uint()
	u.texts = append(u.texts, "")
	for range in.count() {
		u.texts = append(u.texts, string(in.bytes(in.uint())))
	}
	for range in.count() {
		size := in.bytes(1)
		if len(size) == 0 {
			break
		}
		a, ok := netip.AddrFromSlice(in.bytes(uint64(size[0])))
		if !ok {
			in.fail("address of a strange length")
		}
		u.addrs = append(u.addrs, a)
	}
	u.firstLine = int64(in.uint() & math.MaxInt64)
	for range in.count() {
		u.offsets = append(u.offsets, in.int())
	}
	for range in.count() {
		u.shapes = append(u.shapes, in.bytes(in.uint()))
	}
	if in.uint() != columns+1 {
		in.fail("another number of columns")
	}
	for i := range u.cols {
		u.cols[i].b = in.bytes(in.uint())
	}
	u.rest.b = in.bytes(in.uint())
	// Each event has at least a byte of shape, so a count beyond that is a lie.
	if in.err == nil && (len(in.b) > 0 || events > uint64(len(u.cols[colShape].b)) || int64(len(raw)) != info.Bytes || int64(events) != info.Events) {
		in.fail("columns and count differ")
	}
	u.count = int(events)
	u.prev.LineEnd = u.firstLine - 1
	return u, in.err
}

// next decodes the next event into e, which must be new: its slices are kept
// by whoever receives it.
func (u *unblock) next(e *Event) error {
	first := u.line + int(u.cols[colLine].uint()&math.MaxInt32)
	end := first + int(u.cols[colLines].uint()&math.MaxInt32)
	if first < 0 || first < u.line || end < first || end >= u.lines.Lines() {
		return fmt.Errorf("entry beyond its block: %w", ErrDamaged)
	}
	r := &shapeReader{unblock: u, first: u.lines.Line(first)}
	r.end, r.ends = r.first, [2]int{u.lineEnd(first), u.lineEnd(end)}
	if end != first {
		r.end = u.lines.Line(end)
	}
	number := int(u.cols[colShape].uint() & math.MaxInt32)
	if number == 0 {
		number = u.last[r.first.Template]
	}
	if number == 0 || number > len(u.shapes) {
		return fmt.Errorf("unknown shape: %w", ErrDamaged)
	}
	u.last[r.first.Template] = number
	r.b = u.shapes[number-1]
	if u.spent += len(r.b); u.spent/maxShape > len(u.raw) {
		return fmt.Errorf("more is said of the text than it can hold: %w", ErrDamaged)
	}
	e.SourceID, e.Source = u.info.Source, u.path
	e.Line, e.LineEnd = u.firstLine+int64(first), u.firstLine+int64(end)
	r.read(e)
	u.line, u.prev.Time = end, e.Time
	for _, in := range [...]*input{&u.cols[colLine], &u.cols[colLines], &u.cols[colShape], &u.cols[colTime], &u.rest, &r.input} {
		if in.err != nil {
			return in.err
		}
	}
	return nil
}

// lineEnd is where the text of a line ends, its newline left out.
func (u *unblock) lineEnd(i int) int {
	if i+1 < u.lines.Lines() {
		return u.lines.Line(i+1).Start - 1
	}
	return len(strings.TrimSuffix(u.raw, "\n"))
}
