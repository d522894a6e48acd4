package logs

import "stilltrace/index"

// A quarter is what tells the time of lines whose stamps lie in one quarter of
// an hour: neither the offset of a zone nor the year changes within one, so the
// calendar is asked for the first of them only.
type quarter struct {
	of   stampForm // zero where none is known
	from uint64    // its first tick, as package text counts them
	size uint64    // how many it has

	start  index.Time // of the quarter
	unit   index.Time // a tick
	offset int64      // from stamps to times
	clock  index.Clock
	stamp  Stamp  // the first one of it that was dated
	last   uint64 // ticks of the last one since its start, which the walk of the years was not told of yet
	behind bool   // there is one
}

// stampForm is what stamps have in common of which one quarter tells the time.
type stampForm struct {
	second  uint32 // how many ticks are a second
	zone    int32  // as in Stamp
	hasZone bool
}

// holds reports whether it is the one of the stamp with so many ticks.
func (q *quarter) holds(of stampForm, ticks uint64) bool {
	return ticks-q.from < q.size && q.of == of
}

// dates reports whether the line's stamp is one of a day that there is.
func (s *splitter) dates(l *look, v *variant) bool {
	if s.quarter.holds(v.of, l.values[v.stamp]) {
		return true
	}
	s.fill(l)
	t, ok := l.line.Stamp(v.stamp)
	return ok && isDay(t)
}

// when returns the time of the line, which the variant fits, and how far that
// lies behind its stamp.
func (s *splitter) when(j *job, l *look, v *variant) (at index.Time, offset int64, clock index.Clock) {
	q := &s.quarter
	ticks := l.values[v.stamp]
	if !q.holds(v.of, ticks) {
		s.fill(l)
		t, _ := l.line.Stamp(v.stamp)
		stamp := Stamp{Year: t.Year, Month: t.Month, Day: t.Day, Hour: t.Hour, Min: t.Minute, Sec: t.Second, Nano: t.Nano, Zone: int(v.of.zone), HasZone: v.of.hasZone}
		at, clock := s.date(j, stamp)
		size := 900 * uint64(v.of.second)
		past, unit := ticks%size, index.Time(1e9/v.of.second)
		*q = quarter{of: v.of, from: ticks - past, size: size, unit: unit,
			start: at - index.Time(past)*unit, offset: int64(at) - t.Nanos(), clock: clock, stamp: stamp}
		if q.start <= 1 {
			q.of = stampForm{} // what lies before 1970 has no time of its own
		}
		return at, q.offset, clock
	}
	q.last, q.behind = ticks-q.from, true
	return q.start + index.Time(q.last)*q.unit, q.offset, q.clock
}

// date is what the dater says of a stamp, once it knows of those before it.
func (s *splitter) date(j *job, stamp Stamp) (index.Time, index.Clock) {
	q := &s.quarter
	if q.behind && q.stamp.Year == 0 {
		last, seconds := q.stamp, int(q.last/uint64(q.of.second))
		last.Min, last.Sec = last.Min/15*15+seconds/60, seconds%60
		j.dater.walk.step(last)
	}
	q.behind = false
	if stamp.Year == 0 {
		q.of = stampForm{} // the year may be another one from here on
	}
	return j.dater.date(stamp)
}
