package index

import (
	"fmt"
	"net/netip"

	"stilltrace/index/text"
)

// eventReader makes an event of its shape and its lines. What the shape says is
// checked against the lines: it may come from somebody else.
type eventReader struct {
	*eventsShared
	lines *text.Decoder
	rest  input // the column of what shapes cannot say

	first, end  text.Line // the event's first and last line
	raw         string    // its lines
	second      int       // where the last line begins in raw
	from, until int       // the event's bytes in raw
	buffer      []byte
	err         error
}

func (r *eventReader) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s: %w", what, ErrDamaged)
	}
}

// read fills in what the shape says of the event that is lines first to end of
// the block.
func (r *eventReader) read(e *Event, s *eventShape, first, end int) error {
	if err := r.render(first, end); err != nil {
		return err
	}
	e.Clock, e.Level, e.Action, e.Outcome, e.Count = s.clock, s.level, s.action, s.outcome, s.count
	r.from, r.until = 0, len(r.raw)
	if s.part {
		at, size := r.rest.uint(), r.rest.uint()
		if room := uint64(len(r.raw)); at > room || size > room-at {
			r.fail("entry beyond its lines")
			return r.err
		}
		r.from, r.until = int(at), int(at+size)
	}
	e.Raw = r.raw[r.from:r.until]
	e.PID = r.pid(s)
	e.Host, e.Service, e.Sign, e.User = r.value(&s.host), r.value(&s.service), r.value(&s.sign), r.value(&s.user)
	e.IP = r.address(s.ip)
	if s.all {
		e.IPs = r.named(e.IPs, &r.first)
		if end != first {
			e.IPs = r.named(e.IPs, &r.end)
		}
	}
	for _, a := range s.ips {
		e.IPs = append(e.IPs, r.address(a))
	}
	e.Message = r.value(&s.message)
	if n := len(s.fields); n > 0 {
		e.Fields = make([]Field, 0, n)
		for i := range s.fields {
			e.Fields = append(e.Fields, Field{s.fields[i].name, r.value(&s.fields[i].value)})
		}
	}
	if r.rest.err != nil {
		return r.rest.err
	}
	return r.err
}

// render makes the text of the event's lines.
func (r *eventReader) render(first, end int) (err error) {
	marks, lastMarks := r.first.Marks, r.end.Marks
	r.first = r.lines.Line(first)
	r.first.Marks = marks
	r.second = 0
	if r.buffer, err = r.lines.AppendMarks(r.buffer[:0], first, &r.first); err != nil {
		return err
	}
	r.end, r.end.Marks = r.first, lastMarks
	for i := first + 1; i <= end; i++ {
		r.buffer = append(r.buffer, '\n')
		if i < end {
			r.buffer, err = r.lines.AppendLine(r.buffer, i)
		} else {
			r.second = len(r.buffer)
			r.end = r.lines.Line(i)
			r.end.Marks = lastMarks
			r.buffer, err = r.lines.AppendMarks(r.buffer, i, &r.end)
		}
		if err != nil {
			return err
		}
	}
	if first == end {
		r.end.Marks = append(r.end.Marks[:0], r.first.Marks...)
	}
	r.raw = string(r.buffer)
	return nil
}

// line returns the line that a place or an address is in, and where it begins.
func (r *eventReader) line(last bool) (*text.Line, int) {
	if last {
		return &r.end, r.second
	}
	return &r.first, 0
}

func (r *eventReader) pid(s *eventShape) int {
	switch s.pid {
	case pidApart:
		return int(r.rest.uint() & 0x7fffffff)
	case pidMarked:
		if s.pidMark < len(r.first.Values) {
			if n, ok := r.first.Number(s.pidMark); ok && n <= 0x7fffffff {
				return int(n)
			}
		}
		r.fail("unknown process id")
	}
	return 0
}

func (r *eventReader) address(ref addressRef) netip.Addr {
	switch ref.kind {
	case addressNone:
		return netip.Addr{}
	case addressApart:
		n := r.rest.uint()
		if n >= uint64(len(r.addrs)) {
			r.fail("unknown address")
			return netip.Addr{}
		}
		return r.addrs[n]
	}
	line, _ := r.line(ref.kind == addressLast)
	if ref.mark < len(line.Values) {
		if a, ok := r.marked(line, ref.mark); ok {
			return a
		}
	}
	r.fail("no address where one should be")
	return netip.Addr{}
}

// marked returns the address that variable i of the line is.
func (r *eventReader) marked(line *text.Line, i int) (netip.Addr, bool) {
	k := line.Kind(i)
	if k != text.KindIPv4 && k != text.KindColons {
		return netip.Addr{}, false
	}
	b, err := r.lines.Text(k, line.Values[i])
	if err != nil {
		if r.err == nil {
			r.err = err
		}
		return netip.Addr{}, false
	}
	if k == text.KindIPv4 {
		return netip.AddrFrom4([4]byte(b)), true
	}
	return ParseColons(b)
}

// named appends the addresses that the variables of the line are, each once.
func (r *eventReader) named(ips []netip.Addr, line *text.Line) []netip.Addr {
next:
	for i := range line.Values {
		a, ok := r.marked(line, i)
		if !ok {
			continue
		}
		for _, b := range ips {
			if a == b {
				continue next
			}
		}
		ips = append(ips, a)
	}
	return ips
}

func (r *eventReader) value(v *valueRef) string {
	start, end := 0, 0
	switch v.kind {
	case valueText:
		return v.text
	case valueOwn:
		t, ok := r.text(r.rest.uint())
		if !ok {
			r.fail("unknown text")
		}
		return t
	case valueRange:
		start, end = r.place(&v.from), r.place(&v.to)
	case valueApart:
		at, size := r.rest.uint(), r.rest.uint()
		if room := uint64(r.until - r.from); at > room || size > room-at {
			r.fail("value beyond its entry")
			return ""
		}
		start = r.from + int(at)
		end = start + int(size)
	}
	if start < r.from || end < start || end > r.until {
		r.fail("value beyond its entry")
		return ""
	}
	return r.raw[start:end]
}

// place returns where a place is in the text of the lines.
func (r *eventReader) place(p *placeRef) int {
	line, start := r.line(p.last)
	at, ok := line.At(p.Place)
	if !ok {
		r.fail("unknown variable")
	}
	return start + at
}
