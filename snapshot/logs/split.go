package logs

import (
	"bytes"

	"stilltrace/index"
)

// splitter turns chunks into blocks of events.
type splitter struct {
	builder  *index.BlockBuilder
	captured index.Time
	entry    Entry
	sign     []byte
}

// split parses the entries of a chunk. Whatever the text, every line belongs
// to an event, but for blank ones.
func (s *splitter) split(j *job) (*index.Block, error) {
	raw := j.chunk.raw
	s.builder.Reset(j.from.id, j.chunk.offset, j.chunk.firstLine, raw)
	line := j.chunk.firstLine
	last := index.Time(0)
	known := false
	eachEntry(raw, j.from.format.Starts, func(start, end, lines int) {
		first := line
		line += int64(lines)
		text := bytes.TrimRight(raw[start:end], "\r\n")
		if len(bytes.Trim(text, "\r\n \t\x00")) == 0 {
			return
		}
		lastLine := first + int64(bytes.Count(text, []byte{'\n'}))
		e := &s.entry
		s.parse(j, afterHole(text), j.chunk.midLine && start == 0)
		e.Start, e.End = start, start+len(text)
		e.Line, e.LineEnd = first, lastLine
		switch {
		case !e.Stamp.IsZero():
			e.Time, e.Clock = j.dater.date(e.Stamp)
			last, known = e.Time, true
			if j.first == 0 || e.Time < j.first {
				j.first = e.Time
			}
			j.last = max(j.last, e.Time)
		default:
			if !known {
				last, known = <-j.before, true
			}
			e.Time, e.Clock = last, index.ClockInherited
			if last == 0 {
				e.Time, e.Clock = s.captured, index.ClockCapture
			}
		}
		s.builder.Add(&e.Entry)
	})
	if !known {
		last = <-j.before
	}
	j.stamp = last
	j.after <- last
	return s.builder.Finish()
}

// parse fills the entry from its text with the format of the file, or as plain
// text where that does not know it. The rest of a line that was cut is the
// message it was in: what it looks like is up to whoever wrote it.
func (s *splitter) parse(j *job, text []byte, rest bool) {
	e := &s.entry
	e.reset()
	if !rest && !j.from.format.Parse(text, e) {
		e.reset()
		plain.Parse(text, e)
	}
	if len(e.Service) == 0 {
		e.Service = j.from.service
	}
	if len(e.Message) == 0 {
		e.Message = text
	}
	if e.IP.IsValid() {
		e.IP = e.IP.Unmap().WithZone("")
	}
	e.IPs = appendAddresses(e.IPs, text)
	signed := e.Variable
	if len(signed) == 0 {
		signed = e.Message
	}
	from, to := userIn(signed, e.User)
	s.sign = appendSignature(s.sign[:0], signed, from, to)
	e.Signature = s.sign
}

// userIn returns where the user's name stands in msg as the same memory: a
// name that merely occurs there is no variable.
func userIn(msg, user []byte) (from, to int) {
	at := cap(msg) - cap(user)
	if len(user) == 0 || at < 0 || at+len(user) > len(msg) || !bytes.Equal(msg[at:at+len(user)], user) {
		return -1, -1
	}
	return at, at + len(user)
}
