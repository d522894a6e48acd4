package index

import (
	"fmt"
	"net/netip"

	"stilltrace/index/text"
)

// shapeReader reads an event by its shape. What the shape says is checked
// against the lines: it may come from somebody else.
type shapeReader struct {
	input
	*unblock
	first, end  text.Line // the event's first and last line
	ends        [2]int    // where their texts end in the block's
	from, until int       // the event's bytes in the block's text
}

func (r *shapeReader) read(e *Event) {
	if class := r.bytes(4); class != nil {
		e.Clock, e.Level, e.Action, e.Outcome = Clock(class[0]), Level(class[1]), Action(class[2]), Outcome(class[3])
	}
	e.Count = int(r.uint()&0x7fffffff) + 1
	r.bounds()
	e.Raw = r.raw[r.from:r.until]
	e.Offset = r.info.Offset + int64(r.from)
	e.ID = fmt.Sprintf("%d-%d", e.SourceID, e.Offset)
	e.Time = r.time()
	e.PID = r.pid()
	e.Host, e.Service, e.Sign, e.User = r.value(), r.value(), r.value(), r.value()
	e.IP = r.address()
	if n := r.input.count(); n > 0 {
		e.IPs = make([]netip.Addr, 0, n)
		for range n {
			e.IPs = append(e.IPs, r.address())
		}
	}
	e.Message = r.value()
	if n := r.input.count(); n > 0 {
		e.Fields = make([]Field, 0, n)
		for range n {
			name := r.text(r.uint())
			e.Fields = append(e.Fields, Field{name, r.value()})
		}
	}
	if r.input.err == nil && len(r.b) > 0 {
		r.fail("shape longer than it should be")
	}
}

func (r *shapeReader) byte() byte {
	if b := r.bytes(1); b != nil {
		return b[0]
	}
	return 0xff
}

// bounds finds the bytes of the event.
func (r *shapeReader) bounds() {
	r.from, r.until = r.first.Start, r.ends[1]
	switch r.byte() {
	case 0:
	case 1:
		at, size := r.rest.uint(), r.rest.uint()
		if room := uint64(len(r.raw) - r.from); at > room || size > room-at {
			r.fail("entry beyond its block")
			return
		}
		r.from += int(at)
		r.until = r.from + int(size)
	default:
		r.fail("unknown bounds")
	}
}

func (r *shapeReader) time() Time {
	switch r.byte() {
	case timeApart:
		return r.prev.Time + Time(r.cols[colTime].int())
	case timeSame:
		return r.prev.Time
	case timeStamp:
		m, ok := r.mark(r.first)
		n := r.uint()
		if !ok || n >= uint64(len(r.offsets)) {
			r.fail("unknown stamp")
			return 0
		}
		ns, _ := m.Time()
		return Time(ns + r.offsets[n])
	}
	r.fail("unknown time")
	return 0
}

func (r *shapeReader) pid() int {
	switch r.byte() {
	case pidNone:
		return 0
	case pidApart:
		return int(r.rest.uint() & 0x7fffffff)
	case pidMarked:
		if m, ok := r.mark(r.first); ok {
			return number(r.of(r.first, m))
		}
	}
	r.fail("unknown process id")
	return 0
}

// mark reads the number of a variable of the line.
func (r *shapeReader) mark(l text.Line) (m text.Mark, ok bool) {
	n := r.uint()
	if n >= uint64(len(l.Marks)) {
		r.fail("unknown variable")
		return m, false
	}
	return l.Marks[n], true
}

// of is the text of a variable.
func (r *shapeReader) of(l text.Line, m text.Mark) string {
	return r.raw[l.Start+int(m.Start) : l.Start+int(m.End)]
}

func (r *shapeReader) address() netip.Addr {
	line := r.first
	switch r.byte() {
	case addressNone:
		return netip.Addr{}
	case addressApart:
		n := r.rest.uint()
		if n >= uint64(len(r.addrs)) {
			r.fail("unknown address")
			return netip.Addr{}
		}
		return r.addrs[n]
	case addressFirst:
	case addressLast:
		line = r.end
	default:
		r.fail("unknown place of an address")
		return netip.Addr{}
	}
	m, ok := r.mark(line)
	if !ok {
		return netip.Addr{}
	}
	a, err := netip.ParseAddr(r.of(line, m))
	if err != nil {
		r.fail("no address where one should be")
	}
	return a.Unmap()
}

func (r *shapeReader) text(n uint64) string {
	if n >= uint64(len(r.texts)) {
		r.fail("unknown text")
		return ""
	}
	return r.texts[n]
}

func (r *shapeReader) value() string {
	start, end := 0, 0
	switch r.byte() {
	case valueText:
		return r.text(r.uint())
	case valueOwn:
		return r.text(r.rest.uint())
	case valueRange:
		start, end = r.position(), r.position()
	case valueApart:
		at, size := r.rest.uint(), r.rest.uint()
		if room := uint64(r.until - r.from); at > room || size > room-at {
			r.fail("value beyond its entry")
			return ""
		}
		start = r.from + int(at)
		end = start + int(size)
	default:
		r.fail("unknown place of a value")
	}
	if start < r.from || end < start || end > r.until {
		r.fail("value beyond its entry")
		return ""
	}
	return r.raw[start:end]
}

// position reads a place in the block's text.
func (r *shapeReader) position() int {
	edge, off := r.uint(), r.uint()
	line := r.first
	if edge&1 == 1 {
		line = r.end
	}
	edge >>= 1
	if edge > 2*uint64(len(line.Marks)) || off > uint64(len(r.raw)) {
		r.fail("unknown variable")
		return 0
	}
	at := line.Start + int(off)
	switch {
	case edge == 0:
	case edge&1 == 1:
		at += int(line.Marks[edge/2].Start)
	default:
		at += int(line.Marks[edge/2-1].End)
	}
	return at
}
