package index

import (
	"encoding/binary"
	"fmt"
	"net/netip"
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
	info  blockInfo
	path  string
	raw   string
	count int
	texts []string
	addrs []netip.Addr
	cols  [columns]input
	prev  Event
	end   int // of the entry before, within raw
}

func newUnblock(info blockInfo, path string, raw string, content []byte) (*unblock, error) {
	u := &unblock{info: info, path: path, raw: raw}
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
	for i := range u.cols {
		u.cols[i].b = in.bytes(in.uint())
	}
	// Each event has four bytes of class, so a count beyond that is a lie.
	// An entry takes at least a byte of text and a newline.
	if in.err == nil && (len(in.b) > 0 || events > uint64(len(raw)/2+1) || int64(len(raw)) != info.Bytes || events*4 != uint64(len(u.cols[colClass].b)) || int64(events) != info.Events) {
		in.fail("columns and count differ")
	}
	u.count = int(events)
	u.prev.LineEnd = int64(u.cols[colLine].uint()) - 1
	return u, in.err
}

// next decodes the next event into e, which must be new: its slices are kept
// by whoever receives it.
func (u *unblock) next(e *Event) error {
	c := &u.cols
	start := u.end + int(c[colStart].uint()&0x7fffffff)
	end := start + int(c[colLength].uint()&0x7fffffff)
	if start < u.end || end < start || end > len(u.raw) {
		return fmt.Errorf("entry beyond its block: %w", ErrDamaged)
	}
	raw := u.raw[start:end]
	e.Raw = raw
	e.SourceID = u.info.Source
	e.Source = u.path
	e.Offset = u.info.Offset + int64(start)
	e.ID = fmt.Sprintf("%d-%d", e.SourceID, e.Offset)
	e.Line = u.prev.LineEnd + c[colLine].int()
	e.LineEnd = e.Line + int64(c[colLines].uint())
	e.Time = u.prev.Time + Time(c[colTime].int())
	if class := c[colClass].bytes(4); class != nil {
		e.Clock, e.Level, e.Action, e.Outcome = Clock(class[0]), Level(class[1]), Action(class[2]), Outcome(class[3])
	}
	e.PID = u.prev.PID + int(c[colPID].int())
	e.Count = int(c[colCount].uint()&0x7fffffff) + 1
	e.Host, e.Service, e.User, e.Sign = u.text(colText), u.text(colText), u.text(colText), u.text(colText)
	if n := c[colIP].uint(); n > 0 {
		e.IP = u.address(n-1, &c[colIP])
	}
	if n := c[colIPs].count(); n > 0 {
		e.IPs = make([]netip.Addr, 0, n)
		for range n {
			e.IPs = append(e.IPs, u.address(c[colIPs].uint(), &c[colIPs]))
		}
	}
	e.Message = u.value(colMessage, raw)
	// A field takes at least three bytes.
	if n := c[colFields].count(); n > 0 {
		e.Fields = make([]Field, 0, min(n, 64))
		for range n {
			if c[colFields].err != nil {
				break
			}
			name := u.text(colFields)
			e.Fields = append(e.Fields, Field{name, u.value(colFields, raw)})
		}
	}
	u.end = end
	u.prev.LineEnd, u.prev.Time, u.prev.PID = e.LineEnd, e.Time, e.PID
	for i := range c {
		if c[i].err != nil {
			return fmt.Errorf("column %d: %w", i, c[i].err)
		}
	}
	return nil
}

func (u *unblock) text(col int) string {
	n := u.cols[col].uint()
	if n >= uint64(len(u.texts)) {
		u.cols[col].fail("unknown text")
		return ""
	}
	return u.texts[n]
}

func (u *unblock) address(n uint64, in *input) netip.Addr {
	if n >= uint64(len(u.addrs)) {
		in.fail("unknown address")
		return netip.Addr{}
	}
	return u.addrs[n]
}

func (u *unblock) value(col int, raw string) string {
	in := &u.cols[col]
	size := in.uint()
	if size == 0 {
		return u.text(col)
	}
	at := in.uint()
	size--
	if size > uint64(len(raw)) || at > uint64(len(raw))-size {
		in.fail("range beyond its entry")
		return ""
	}
	return raw[at : at+size]
}
