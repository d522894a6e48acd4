package text

// A Mark says where one variable of a line stands: the bytes from Start to
// End, counted from the first byte of the line. Encoder and Decoder find the
// same marks in the same text, so that what lies in a line can be said in terms
// of them.
type Mark struct{ Start, End uint32 }

// A Line is one line taken apart: its template, and for each variable where it
// stands and what it is.
type Line struct {
	Template uint32
	Marks    []Mark
	Values   []uint64 // for kinds of text the number of the text; what else a kind's value is says doc.go
	slots    []slot
}

// Kind says what variable i is.
func (l *Line) Kind(i int) Kind { return l.slots[i].kind }

// IsText reports whether values of the kind are numbers of texts.
func (k Kind) IsText() bool { return k >= KindIPv4 }

// Number returns the number that variable i is, if it is a run of decimal
// digits without leading zeros.
func (l *Line) Number(i int) (n uint64, ok bool) {
	v := l.Values[i]
	return v, l.slots[i].kind == KindNumber && v < 1<<zeroShift
}

// Ticks returns the stamp that variable i is, if it is the line's first one, as
// a number that grows with time, and how many of it are a second. In between two
// whole hours it grows as time does.
func (l *Line) Ticks(i int) (ticks, second uint64, ok bool) {
	sl := &l.slots[i]
	return l.Values[i], powers[sl.b], sl.kind == KindStamp
}

// A Stamp is the time that a variable shows. Year is 0 where it shows none.
type Stamp struct {
	Year, Month, Day     int // month and day from 1
	Hour, Minute, Second int
	Nano                 int
}

// Stamp returns the time that variable i is, if it is the line's first one. Its
// day need not exist: it is at most 31.
func (l *Line) Stamp(i int) (s Stamp, ok bool) {
	sl := &l.slots[i]
	if sl.kind != KindStamp {
		return s, false
	}
	v, frac := l.Values[i]/powers[sl.b], l.Values[i]%powers[sl.b]
	sec, v := v%(24*3600), v/(24*3600)
	day, v := v%32, v/32
	s = Stamp{Month: int(v%12) + 1, Day: int(day), Hour: int(sec / 3600), Minute: int(sec / 60 % 60), Second: int(sec % 60), Nano: int(frac * powers[9-sl.b])}
	if sl.a&^layoutComma > layoutSyslog0 {
		s.Year = firstYear + int(v/12%years)
	}
	return s, true
}

// Nanos returns the time as nanoseconds since 1970 if it were UTC, a time
// without a year as one of 1900.
func (s Stamp) Nanos() int64 {
	y := s.Year
	if y == 0 {
		y = firstYear
	}
	// Days since 1970 in the Gregorian calendar, with years that begin in March.
	if s.Month <= 2 {
		y--
	}
	of := y % 400
	day := of*365 + of/4 - of/100 + (153*((s.Month+9)%12)+2)/5 + s.Day - 1
	days := int64(y/400*146097 + day - 719468)
	return ((days*24+int64(s.Hour))*60+int64(s.Minute))*60e9 + int64(s.Second)*1e9 + int64(s.Nano)
}
