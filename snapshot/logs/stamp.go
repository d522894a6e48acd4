package logs

// Stamp is a time as a log entry writes it, before the year and the zone that
// it may leave open are completed. The zero Stamp is no stamp.
type Stamp struct {
	Year           int // 0: not written
	Month, Day     int // from 1
	Hour, Min, Sec int
	Nano           int
	Zone           int // seconds east of UTC
	HasZone        bool
}

// IsZero reports whether the entry had no stamp.
func (s Stamp) IsZero() bool { return s.Month == 0 }

// The stamp parsers below read the stamp at the start of b, strictly, and
// return how many bytes it takes, or 0 where b does not start with such a
// stamp. Impossible dates (Feb 30, 25:00) are refused.

// stampBSD reads "Jan _2 15:04:05" (RFC 3164 section 4.1.2), one-digit days with one blank or two.
func stampBSD(b []byte) (Stamp, int) {
	if len(b) < 14 {
		return Stamp{}, 0
	}
	var s Stamp
	if s.Month = month(b); s.Month == 0 || b[3] != ' ' {
		return Stamp{}, 0
	}
	i := 4
	if b[i] == ' ' {
		i++
	}
	n := 0
	for n < 2 && i < len(b) && isDigit(b[i]) {
		s.Day = s.Day*10 + int(b[i]-'0')
		i, n = i+1, n+1
	}
	if n == 0 || i >= len(b) || b[i] != ' ' {
		return Stamp{}, 0
	}
	m := s.clock(b[i+1:])
	if m == 0 || !s.valid() {
		return Stamp{}, 0
	}
	return s, i + 1 + m
}

// stampISO reads "2006-01-02T15:04:05" with T or a blank between date and
// time, then an optional fraction after a dot or comma, then an optional zone:
// Z, +02:00, +0200 or +02, with no blank before it (RFC 3339, ISO 8601).
func stampISO(b []byte) (Stamp, int) { return stampDate(b, '-') }

// stampSlash reads "2006/01/02 15:04:05", as nginx writes it.
func stampSlash(b []byte) (Stamp, int) { return stampDate(b, '/') }

func stampDate(b []byte, sep byte) (Stamp, int) {
	if len(b) < 19 || b[4] != sep || b[7] != sep || (b[10] != 'T' && b[10] != ' ') {
		return Stamp{}, 0
	}
	var s Stamp
	var ok1, ok2, ok3 bool
	s.Year, ok1 = digits(b[:4])
	s.Month, ok2 = digits(b[5:7])
	s.Day, ok3 = digits(b[8:10])
	if !ok1 || !ok2 || !ok3 {
		return Stamp{}, 0
	}
	n := s.clock(b[11:])
	if n == 0 || s.Year == 0 || !s.valid() {
		return Stamp{}, 0
	}
	n += 11
	n += s.zone(b[n:])
	return s, n
}

// stampCLF reads "02/Jan/2006:15:04:05 +0000", the time of the common log
// format, without its brackets.
func stampCLF(b []byte) (Stamp, int) {
	if len(b) < 26 || b[2] != '/' || b[6] != '/' || b[11] != ':' || b[20] != ' ' {
		return Stamp{}, 0
	}
	var s Stamp
	var ok1, ok2 bool
	s.Day, ok1 = digits(b[:2])
	s.Month = month(b[3:])
	s.Year, ok2 = digits(b[7:11])
	if !ok1 || !ok2 || s.Month == 0 || s.Year == 0 || s.clock(b[12:20]) != 8 || !s.valid() {
		return Stamp{}, 0
	}
	if s.zone(b[21:26]) != len("+0000") {
		return Stamp{}, 0
	}
	return s, 26
}

// clock reads "15:04:05" and an optional fraction.
func (s *Stamp) clock(b []byte) int {
	if len(b) < 8 || b[2] != ':' || b[5] != ':' {
		return 0
	}
	var ok1, ok2, ok3 bool
	s.Hour, ok1 = digits(b[:2])
	s.Min, ok2 = digits(b[3:5])
	s.Sec, ok3 = digits(b[6:8])
	if !ok1 || !ok2 || !ok3 {
		return 0
	}
	n := 8
	if len(b) > 9 && (b[8] == '.' || b[8] == ',') && isDigit(b[9]) {
		scale := 100_000_000
		for n = 9; n < len(b) && isDigit(b[n]); n++ {
			s.Nano += int(b[n]-'0') * scale
			scale /= 10
		}
	}
	return n
}

// zone reads Z or an offset from UTC; one of 60 minutes or of 16 hours and
// more is no zone.
func (s *Stamp) zone(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	if b[0] == 'Z' {
		s.HasZone = true
		return 1
	}
	if len(b) < 3 || (b[0] != '+' && b[0] != '-') {
		return 0
	}
	h, ok := digits(b[1:3])
	if !ok || h > 15 {
		return 0
	}
	m, n := 0, 3
	rest := b[3:]
	if len(rest) >= 3 && rest[0] == ':' {
		rest, n = rest[1:], 4
	}
	if len(rest) >= 2 && isDigit(rest[0]) && isDigit(rest[1]) {
		m = int(rest[0]-'0')*10 + int(rest[1]-'0')
		if m > 59 {
			return 0
		}
		n += 2
	} else {
		n = 3
	}
	s.Zone, s.HasZone = h*3600+m*60, true
	if b[0] == '-' {
		s.Zone = -s.Zone
	}
	return n
}

// valid reports whether the date exists and the clock reads at most 23:59:60,
// a leap second. Without a year February may have 29 days.
func (s *Stamp) valid() bool {
	return s.Month >= 1 && s.Month <= 12 && s.Day >= 1 && s.Day <= daysIn(s.Year, s.Month) &&
		s.Hour < 24 && s.Min < 60 && s.Sec <= 60
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

const monthNames = "JanFebMarAprMayJunJulAugSepOctNovDec"

// month returns the number of the English month name that b starts with, or 0.
func month(b []byte) int {
	if len(b) < 3 {
		return 0
	}
	for m := range 12 {
		if string(b[:3]) == monthNames[3*m:3*m+3] {
			return m + 1
		}
	}
	return 0
}

// digits reads b, all of it, as a decimal number of at most nine digits.
func digits(b []byte) (int, bool) {
	if len(b) == 0 || len(b) > 9 {
		return 0, false
	}
	n := 0
	for _, c := range b {
		if !isDigit(c) {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
