package index

import (
	"fmt"
	"math"
)

// walk goes through the events of one block.
type walk struct {
	*segmentReader
	info   *blockInfo
	filter *filter
	query  *Query

	flow, times input
	line        int // the last line of the event before, or -1
	prev        Time
	spent       int // bytes of shapes that were read
}

// run calls do with each event that is wanted, until it says no.
func (w *walk) run(do func(*Event) bool) error {
	if err := w.start(); err != nil {
		return err
	}
	for range w.info.Events {
		e, err := w.next()
		if err != nil {
			return err
		}
		if e != nil && w.query.window(e) && w.filter.holds(e) && !do(e) {
			return errStop
		}
	}
	if len(w.flow.b) > 0 || len(w.times.b) > 0 || len(w.event.rest.b) > 0 {
		return fmt.Errorf("more is said of its events than there are: %w", ErrDamaged)
	}
	return nil
}

func (w *walk) start() error {
	if err := w.segmentReader.block(w.info); err != nil {
		return err
	}
	if err := w.shared(); err != nil {
		return err
	}
	content, err := w.parts.get(w.info.Part*blockParts + blockParts - 1)
	if err != nil {
		return err
	}
	in := input{b: content}
	w.flow.b = in.bytes(in.uint())
	w.times.b = in.bytes(in.uint())
	w.event.eventsShared, w.event.lines = w.events, &w.lines
	w.event.rest, w.event.err = input{b: in.b}, nil
	w.line, w.prev = -1, 0
	return in.err
}

// next returns the next event, or nil where it cannot be one that is wanted.
func (w *walk) next() (*Event, error) {
	first, end, s, err := w.step()
	if err != nil {
		return nil, err
	}
	at, err := w.time(s, first)
	if err != nil {
		return nil, err
	}
	if at < w.info.Min || at > w.info.Max {
		return nil, fmt.Errorf("an event lies outside the block's time: %w", ErrDamaged)
	}
	w.prev = at
	wanted, err := w.mayHold(s, at, first, end)
	if err != nil {
		return nil, err
	}
	if !wanted {
		for range s.asides {
			w.event.rest.uint()
		}
		return nil, w.event.rest.err
	}
	if w.spent += s.size; w.spent/maxShape > int(w.info.Bytes) {
		return nil, fmt.Errorf("more is said of the text than it can hold: %w", ErrDamaged)
	}
	e := &Event{SourceID: w.info.Source, Source: w.path, Time: at, Line: w.info.Line + int64(first), LineEnd: w.info.Line + int64(end)}
	if err := w.event.read(e, s, first, end); err != nil {
		return nil, err
	}
	e.Offset = w.info.Offset + int64(w.lines.Start(first)+w.event.from)
	e.ID = fmt.Sprintf("%d-%d", e.SourceID, e.Offset)
	return e, nil
}

// step finds the lines of the next event and its shape.
func (w *walk) step() (first, end int, s *eventShape, err error) {
	code := w.flow.uint()
	skipped, more := uint64(0), uint64(0)
	if code&flowSkips != 0 {
		skipped = w.flow.uint()
	}
	if code&flowMore != 0 {
		more = w.flow.uint()
	}
	if w.flow.err != nil {
		return 0, 0, nil, w.flow.err
	}
	first = w.line + 1 + int(skipped&math.MaxInt32)
	end = first + int(more&math.MaxInt32)
	if end >= w.lines.Lines() {
		return 0, 0, nil, fmt.Errorf("entry beyond its block: %w", ErrDamaged)
	}
	w.line = end
	line := w.lines.Line(first)
	s, err = w.events.shape(line.Template, code>>2)
	if err == nil && s == nil {
		err = fmt.Errorf("unknown shape: %w", ErrDamaged)
	}
	return first, end, s, err
}

func (w *walk) time(s *eventShape, first int) (Time, error) {
	switch s.time {
	case timeApart:
		at := w.prev + Time(w.times.int())
		return at, w.times.err
	case timeSame:
		return w.prev, nil
	}
	line := w.lines.Line(first)
	if s.stamp < len(line.Values) {
		if stamp, ok := line.Stamp(s.stamp); ok {
			return Time(stamp.Nanos() + s.offset), nil
		}
	}
	return 0, fmt.Errorf("unknown stamp: %w", ErrDamaged)
}

// mayHold reports whether the event can be one that is wanted, as far as that
// is known without making it: it never says no to one that is.
func (w *walk) mayHold(s *eventShape, at Time, first, end int) (bool, error) {
	q := w.query
	if q.Brute {
		return true, nil
	}
	if q.Since != 0 && at < q.Since || q.Until != 0 && at >= q.Until {
		return false, nil
	}
	for i := range w.filter.conds {
		c := &w.filter.conds[i]
		if c.Field == "ip" {
			named, err := w.mayName(c, s, first, end)
			if err != nil || !named && !c.Not {
				return false, err
			}
		} else if !c.shape(s) {
			return false, nil
		}
	}
	return true, nil
}

// mayName reports whether the event can name an address of the condition.
func (w *walk) mayName(c *Condition, s *eventShape, first, end int) (bool, error) {
	if !s.all || s.ip.kind == addressApart {
		return true, nil
	}
	if err := w.seek(c.prefix); err != nil {
		return false, err
	}
	line := w.lines.Line(first)
	if w.names(&line) {
		return true, nil
	}
	if end == first {
		return false, nil
	}
	line = w.lines.Line(end)
	return w.names(&line), nil
}

// shape reports whether the condition can hold for an event of the shape.
func (c *Condition) shape(s *eventShape) bool {
	switch c.Field {
	case "action":
		return c.Text(s.action.String())
	case "outcome":
		return c.Optional(s.outcome.String())
	case "level":
		return c.Level(s.level)
	case "clock":
		return c.Text(s.clock.String())
	case "service":
		return s.service.kind != valueText || c.Optional(s.service.text)
	case "host":
		return s.host.kind != valueText || c.Optional(s.host.text)
	case "user":
		return s.user.kind != valueText || c.Optional(s.user.text)
	case "signature":
		return s.sign.kind != valueText || c.Text(s.sign.text)
	}
	return true
}
