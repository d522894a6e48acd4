package index

import (
	"fmt"
	"math"
	"strconv"
)

// walk goes through the events of one block.
type walk struct {
	*segmentReader
	info   *blockInfo
	filter *filter
	query  *Query

	flow, times input
	line        int         // the last line of the event before, or -1
	prev        Time        // of the event before, unless
	dated       int         // it is the stamp of this line
	stamped     *eventShape // as this shape says
	near        []bool      // lines that name the address which is sought; nil where none is
	spent       int         // bytes of shapes that were read
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
	content, err := w.parts.into(w.info.Part*blockParts+blockParts-1, &w.parted[blockParts-1])
	if err != nil {
		return err
	}
	in := input{b: content}
	w.flow.b = in.bytes(in.uint())
	w.times.b = in.bytes(in.uint())
	w.event.eventsShared, w.event.lines = w.events, &w.lines
	w.event.rest, w.event.err = input{b: in.b}, nil
	w.line, w.prev, w.stamped = -1, 0, nil
	if in.err != nil || w.query.Brute {
		return in.err
	}
	for i := range w.filter.conds {
		if c := &w.filter.conds[i]; c.Field == "ip" && !c.Not {
			w.near, err = w.naming(c.prefix)
			break
		}
	}
	return err
}

// next returns the next event, or nil where it cannot be one that is wanted.
func (w *walk) next() (*Event, error) {
	first, end, s, err := w.step()
	if err != nil {
		return nil, err
	}
	// Most lines name another address: they are passed with no more than this.
	wanted := w.near == nil || w.near[first] || w.near[end] || !s.all || s.ip.kind == addressApart
	if wanted {
		wanted, err = w.mayHold(s, first, end)
	}
	if err != nil {
		return nil, err
	}
	if !wanted && s.time == timeStamp {
		w.dated, w.stamped = first, s // in case that the next one's time follows from it
		return nil, w.pass(s)
	}
	at, err := w.time(s, first)
	if err != nil {
		return nil, err
	}
	if at < w.info.Min || at > w.info.Max {
		return nil, fmt.Errorf("an event lies outside the block's time: %w", ErrDamaged)
	}
	w.prev, w.stamped = at, nil
	q := w.query
	if !wanted || !q.Brute && (q.Since != 0 && at < q.Since || q.Until != 0 && at >= q.Until) {
		return nil, w.pass(s)
	}
	if w.spent += s.size; w.spent/maxShape > int(w.info.Bytes) {
		return nil, fmt.Errorf("more is said of the text than it can hold: %w", ErrDamaged)
	}
	e := &Event{SourceID: w.info.Source, Source: w.path, Time: at, Line: w.info.Line + int64(first), LineEnd: w.info.Line + int64(end)}
	if err := w.event.read(e, s, first, end); err != nil {
		return nil, err
	}
	e.Offset = w.info.Offset + int64(w.lines.Start(first)+w.event.from)
	e.ID = eventID(e.SourceID, e.Offset)
	return e, nil
}

// eventID is the ID of the event that begins at the offset of the source.
func eventID(source uint32, offset int64) string {
	return string(strconv.AppendInt(append(strconv.AppendUint(nil, uint64(source), 10), '-'), offset, 10))
}

// pass leaves out what is said of an event aside of its shape.
func (w *walk) pass(s *eventShape) error {
	for range s.asides {
		w.event.rest.uint()
	}
	return w.event.rest.err
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
	s, err = w.events.shape(w.lines.Template(first), code>>2)
	if err == nil && s == nil {
		err = fmt.Errorf("unknown shape: %w", ErrDamaged)
	}
	return first, end, s, err
}

func (w *walk) time(s *eventShape, first int) (Time, error) {
	if s.time != timeStamp && w.stamped != nil {
		var err error
		if w.prev, err = w.time(w.stamped, w.dated); err != nil {
			return 0, err
		}
	}
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
func (w *walk) mayHold(s *eventShape, first, end int) (bool, error) {
	if w.query.Brute {
		return true, nil
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
	return w.names(first) || end != first && w.names(end), nil
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
