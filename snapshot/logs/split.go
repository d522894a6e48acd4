package logs

import (
	"bytes"
	"fmt"
	"hash/maphash"

	"stilltrace/index"
	"stilltrace/index/text"
)

// blockSize is about how much text is a block of its own: less is found and
// read faster, more is smaller in the case.
const blockSize = 192 << 10

// splitter turns chunks into segments of events.
type splitter struct {
	builder  *index.SegmentBuilder
	captured index.Time
	entry    Entry
	sign     []byte
	signer   signer
	vars     []variable

	// The templates of earlier segments that were met again, by the hash of their text.
	recurring map[uint64]struct{}
	hash      maphash.Hash

	parseAll bool // leaves no line to a plan: the plain way that the fast one is tested against

	// Of the segment:
	format  Format
	plans   []plan                     // by template
	checked []checked                  // of all plans
	asks    []ask                      // likewise
	texts   [text.KindLine + 1][]uint8 // what is known of texts, by kind and number
	// Of the block:
	raw   []byte
	last  index.Time // of the entry before
	known bool       // and whether it is known
	sound bool       // the format knows the entry, which is whole lines
	// The lines of the entry that is made, and the one behind them.
	looks [maxPlanned + 1]*look
	of    [maxPlanned + 1]*text.Line // of each look
	// Of the lines that plans took:
	quarter quarter
}

// split makes a segment of a chunk, and proves that it holds its text. A second
// try, should there ever have to be one, takes no line apart.
func (s *splitter) split(j *job) (*index.Segment, error) {
	seg, err := s.segment(j)
	j.stamp = s.last
	j.after <- s.last
	if err == nil {
		err = s.builder.Prove(seg, j.chunk.raw)
	}
	if err == nil {
		return seg, nil
	}
	s.builder.Simply(true)
	defer s.builder.Simply(false)
	j.cuts = 0
	seg, err2 := s.segment(j)
	if err2 == nil {
		err2 = s.builder.Prove(seg, j.chunk.raw)
	}
	if err2 != nil {
		return nil, fmt.Errorf("%s: %w: %w", j.from.path, err, err2)
	}
	return seg, nil
}

// segment parses the entries of a chunk. Whatever the text, every line belongs
// to an event, but for blank ones.
func (s *splitter) segment(j *job) (*index.Segment, error) {
	raw := j.chunk.raw
	s.builder.Reset(j.from.id, j.chunk.offset, j.chunk.firstLine)
	s.builder.Apart(j.chunk.open)
	s.format, s.last, s.known, s.quarter = j.from.format, 0, false, quarter{}
	clear(s.plans)
	s.plans, s.checked, s.asks = s.plans[:0], s.checked[:0], s.asks[:0]
	if s.looks[0] == nil {
		looks := make([]look, len(s.looks))
		for k := range looks {
			s.looks[k], s.of[k] = &looks[k], &looks[k].line
		}
	}
	for k := range s.texts {
		s.texts[k] = s.texts[k][:0]
	}
	rest := j.chunk.midLine
	for at := 0; at < len(raw); {
		n, within := cutBlock(raw[at:], s.format.Starts)
		s.raw = raw[at : at+n : at+n]
		s.builder.Begin(s.raw)
		s.block(j, rest)
		within = within || at+n == len(raw) && j.chunk.cut
		if within && !rest {
			j.cuts++
		}
		rest = within
		at += n
	}
	if !s.known {
		s.last = j.inherits()
	}
	return s.builder.Finish()
}

// cutBlock returns where the next block ends: before the last entry that starts
// within blockSize, or else behind the first one; and whether that is within a
// line, which then is longer than an entry may be.
func cutBlock(raw []byte, starts func([]byte) bool) (n int, within bool) {
	if len(raw) <= blockSize+blockSize/4 {
		return len(raw), false
	}
	begins := func(at int) bool {
		line := raw[at:min(len(raw), at+maxEntry)]
		if n := bytes.IndexByte(line, '\n'); n >= 0 {
			line = line[:n]
		}
		return starts(afterHole(line))
	}
	for end, tries := blockSize, 0; tries < maxEntryLines; tries++ {
		start := bytes.LastIndexByte(raw[:end], '\n') + 1
		if start == 0 {
			break
		}
		if begins(start) {
			return start, false
		}
		end = start - 1
	}
	for at := blockSize; ; {
		n := bytes.IndexByte(raw[at:min(len(raw), maxEntry)], '\n')
		switch {
		case n < 0 && at > blockSize:
			return at, false // the long line begins there
		case n < 0 && len(raw) > maxEntry:
			return maxEntry, true
		case n < 0 || at+n+1 == len(raw):
			return len(raw), false
		}
		if at += n + 1; begins(at) {
			return at, false
		}
	}
}

// block adds the entries of one block. rest tells that the block begins within
// a line.
func (s *splitter) block(j *job, rest bool) {
	n := s.builder.Lines()
	if n == 0 {
		return
	}
	s.examineTexts()
	for len(s.plans) < s.builder.Templates() {
		s.plans = append(s.plans, plan{})
	}
	s.look(0, 0)
	for i := 0; i < n; {
		first := i
		for i++; i < n; i++ {
			// Of an entry that is too long for a plan the lines are not kept.
			if next := s.look(min(i-first, maxPlanned), i); i-first >= maxEntryLines || s.starts(next) {
				break
			}
		}
		torn, lines := rest && first == 0, i-first
		if torn || lines > maxPlanned || !s.planned(j, lines) {
			for _, l := range s.looks[:min(lines, maxPlanned)] {
				s.fill(l)
			}
			s.event(j, first, i-1, torn)
			if !torn && lines <= maxPlanned && s.sound {
				s.learn(lines, &s.entry)
			}
		}
		next := min(lines, maxPlanned)
		s.looks[0], s.looks[next] = s.looks[next], s.looks[0]
		s.of[0], s.of[next] = s.of[next], s.of[0]
	}
}

// planned adds the entry of the first n lines that were looked at if a plan
// takes it.
func (s *splitter) planned(j *job, n int) bool {
	v := s.looks[0].fits
	if n == 1 && v != nil {
		return s.takeLine(j, v)
	}
	v = s.fit(n) // a plan may have been made since the line was looked at
	return v != nil && s.take(j, v, n)
}

// event parses and adds the entry that is lines first to last.
func (s *splitter) event(j *job, first, last int, torn bool) {
	start, end := s.builder.Bounds(first)
	if last > first {
		_, end = s.builder.Bounds(last)
	}
	content := bytes.TrimRight(s.raw[start:end], "\r\n")
	s.sound = false
	if len(bytes.Trim(content, "\r\n \t\x00")) == 0 {
		return
	}
	e := &s.entry
	known := s.parse(j, afterHole(content), torn)
	e.Start, e.End = start, start+len(content)
	s.sound = known && e.End == end
	if !e.Stamp.IsZero() {
		e.Time, e.Clock = s.date(j, e.Stamp)
		s.dated(j, e.Time)
	} else {
		e.Time, e.Clock = s.undated(j)
	}
	s.signature(e, first, last)
	s.builder.Add(&e.Entry)
}

// dated takes in the time of an entry that has a stamp.
func (s *splitter) dated(j *job, at index.Time) {
	s.last, s.known = at, true
	if j.first == 0 || at < j.first {
		j.first = at
	}
	j.last = max(j.last, at)
}

// undated returns the time of an entry without a stamp: that of the one before.
func (s *splitter) undated(j *job) (index.Time, index.Clock) {
	if !s.known {
		s.last, s.known = j.inherits(), true
	}
	if s.last == 0 {
		return s.captured, index.ClockCapture
	}
	return s.last, index.ClockInherited
}

// parse fills the entry from its text with the format of the file, or as plain
// text where that does not know it. The rest of a line that was cut is the
// message it was in: what it looks like is up to whoever wrote it. It reports
// whether the format knows the entry.
func (s *splitter) parse(j *job, content []byte, rest bool) (known bool) {
	e := &s.entry
	e.reset()
	if known = !rest && s.format.Parse(content, e); !known && !rest {
		e.reset()
		plain.Parse(content, e)
	}
	if len(e.Service) == 0 {
		e.Service = j.from.service
	}
	if len(e.Message) == 0 {
		e.Message = content
	}
	if e.IP.IsValid() {
		e.IP = e.IP.Unmap().WithZone("")
	}
	e.IPs = appendAddresses(e.IPs, content)
	return known
}

// signature signs the entry that is lines first to last.
func (s *splitter) signature(e *Entry, first, last int) {
	signed := e.Variable
	if len(signed) == 0 {
		signed = e.Message
	}
	at := partOf(s.raw, signed)
	s.vars = s.vars[:0]
	var line text.Line
	for i := first; i <= last && at >= 0; i++ {
		start, end := s.builder.Line(i, &line)
		if end <= at {
			continue
		}
		if start >= at+min(len(signed), maxSigned) {
			break
		}
		for k, m := range line.Marks {
			v := variable{start + int(m.Start) - at, start + int(m.End) - at, maskOf(line.Kind(k))}
			if line.Kind(k) == text.KindColons {
				v.mask = maskIP
				if !s.builder.IsAddress(line.Values[k]) {
					v.mask = maskMAC
				}
			}
			if v.end > 0 && v.start < len(signed) {
				v.start = max(v.start, 0)
				s.vars = append(s.vars, v)
			}
		}
	}
	from := partOf(signed, e.User)
	to := from + len(e.User)
	s.sign = s.signer.sign(s.sign[:0], signed, from, to, s.vars)
	e.Signature = s.sign
}

// partOf returns where part stands in b as the same memory, or -1: what merely
// looks the same is no part.
func partOf(b, part []byte) int {
	at := cap(b) - cap(part)
	if len(part) == 0 || at < 0 || at+len(part) > len(b) || !bytes.Equal(b[at:at+len(part)], part) {
		return -1
	}
	return at
}
