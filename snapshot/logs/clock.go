package logs

import (
	"time"

	"stilltrace/index"
)

// disorder is how far a stamp may lie before the one above it: what lies
// further back is of the next year. Repeated messages and slow writers come
// minutes late, a log that was put together from two may be off by days.
const disorder = 7 * 24 * 3600

// yearSeconds is a leap year.
const yearSeconds = 366 * 24 * 3600

// clockSkew is how far a stamp may lie after the capture and still be of the
// same year: clocks differ, and the capture's own zone may be unknown.
const clockSkew = 24 * 3600

// yearWalk follows stamps without a year through a file. Logs are written in
// the order of time, but for some disorder: a stamp that would lie far before
// the one above it is of the next year.
type yearWalk struct {
	year int // counted from 0 at the first stamp
	prev int // seconds since the start of its year
	have bool
	leap int // the counted year of a February 29, whose year must be a leap year; valid where haveLeap
	// haveLeap tells that there was one.
	haveLeap bool
	first    Stamp
	last     Stamp
}

// step takes the next stamp and returns its counted year.
func (w *yearWalk) step(s Stamp) int {
	now := secondsOfYear(s)
	switch d := now - w.prev; {
	case !w.have:
		w.have, w.first = true, s
	case d < -disorder:
		w.year++
	case d > yearSeconds-disorder:
		w.year--
	}
	w.prev, w.last = now, s
	if s.Month == 2 && s.Day == 29 && !w.haveLeap {
		w.leap, w.haveLeap = w.year, true
	}
	return w.year
}

// anchor returns the year that the count 0 stands for, given that the last
// stamp is not later than the bound.
func (w *yearWalk) anchor(bound time.Time, zone *time.Location) int {
	limit := bound.Unix() + clockSkew
	year := bound.In(zone).Year() + 1
	for civil(w.last, year, zone).Unix() > limit {
		year--
	}
	base := year - w.year
	// Leap years are at most eight years apart.
	for tries := 0; w.haveLeap && daysIn(base+w.leap, 2) != 29 && tries < 8; tries++ {
		base--
	}
	return base
}

func secondsOfYear(s Stamp) int {
	day := s.Day
	for m := 1; m < s.Month; m++ {
		day += daysIn(0, m)
	}
	return ((day*24+s.Hour)*60+s.Min)*60 + s.Sec
}

func civil(s Stamp, year int, zone *time.Location) time.Time {
	return time.Date(year, time.Month(s.Month), s.Day, s.Hour, s.Min, s.Sec, s.Nano, zone)
}

// dater completes the stamps of one source.
type dater struct {
	zone *time.Location
	base int // the year for which yearWalk counts 0
	walk yearWalk
	// walked tells that base follows from the whole file, so that walk must go on from chunk to chunk.
	walked bool

	// The offset of the zone changes only at full quarters of an hour of universal time, so it is looked up once for each.
	quarter int64
	offset  int64
	cached  bool
}

// date returns the moment of s and how far it can be trusted. s must not be
// zero.
func (d *dater) date(s Stamp) (index.Time, index.Clock) {
	clock := index.ClockNoZone
	if s.Year == 0 {
		s.Year = d.base + d.walk.step(s)
		clock = index.ClockNoYear
	}
	wall := civilSeconds(s)
	if s.HasZone {
		if clock == index.ClockNoZone {
			clock = index.ClockExact
		}
		return nanos(wall-int64(s.Zone), s.Nano), clock
	}
	if q := wall / 900; !d.cached || q != d.quarter {
		_, off := civil(s, s.Year, d.zone).Zone()
		d.quarter, d.offset, d.cached = q, int64(off), true
	}
	return nanos(wall-d.offset, s.Nano), clock
}

// nanos gives what lies before 1970 the first moment after it: no log is that
// old, the zero Time means unknown, and far years would overflow.
func nanos(sec int64, nano int) index.Time {
	if sec < 0 {
		return 1
	}
	return max(index.Time(sec*1e9+int64(nano)), 1)
}

// civilSeconds is the stamp as seconds since 1970 if it were UTC. The years
// are those that four digits can write; nanoseconds since 1970 end in 2262, so
// later years are taken as that one.
func civilSeconds(s Stamp) int64 {
	y := min(s.Year, 2261)
	m := s.Month
	// Days since 1970 in the proleptic Gregorian calendar, with years that begin in March.
	if m <= 2 {
		y--
	}
	era := floorDiv(y, 400)
	yoe := y - era*400
	doy := (153*((m+9)%12)+2)/5 + s.Day - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	days := int64(era)*146097 + int64(doe) - 719468
	return days*86400 + int64(s.Hour)*3600 + int64(s.Min)*60 + int64(s.Sec)
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
