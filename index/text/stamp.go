package text

// The layouts of a time stamp. Values count the smallest unit that the stamp
// shows, in months of 31 days: this is no calendar, but it grows with time and
// gives the same bytes back.
const (
	layoutSyslog   = iota // Nov  3 03:10:00
	layoutSyslog0         // Nov 03 03:10:00
	layoutISO             // 2026-11-23T03:10:00
	layoutISOSpace        // 2026-11-23 03:10:00
	layoutSlashes         // 2026/11/23 03:10:00
	layoutCLF             // 23/Nov/2026:03:10:00
	layoutRedis           // 23 Nov 2026 03:10:00
	layouts
	layoutComma = 8 // added where a comma stands before the fraction
)

// Years between these are known: with more of them, nanoseconds would not fit.
const (
	firstYear = 1900
	years     = 200
)

const months = "JanFebMarAprMayJunJulAugSepOctNovDec"

var powers = [...]uint64{1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}

// A stamp is a time found in a line.
type stamp struct {
	start, end int
	layout     byte
	digits     byte // of the fraction
	value      uint64
}

// findStamp looks for a stamp whose first digits are line[i:e]; it may begin
// before i, but not before from.
func findStamp(line []byte, from, i, e int) (s stamp, ok bool) {
	if e >= len(line) || len(line)-i < 10 {
		return s, false
	}
	s.start = i
	var year, month, day, at int
	switch c := line[e]; {
	case e-i == 4 && (c == '-' || c == '/') && len(line)-i >= 19:
		year, month, day, at = s.numeric(line, i, c)
	case e-i == 2 && (c == '/' || c == ' ') && len(line)-i >= 20 && line[i+6] == c:
		year, month, day, at = s.named(line, i, c)
	case e-i <= 2 && c == ' ' && i-from >= 4 && line[i-1] == ' ':
		year, month, day, at = s.syslog(line, from, i, e)
	}
	if at == 0 || year < 0 || year >= years || month < 0 || month > 11 || day < 0 || day > 31 {
		return s, false
	}
	if len(line)-at < 8 || line[at+2] != ':' || line[at+5] != ':' {
		return s, false
	}
	hour, minute, second := two(line, at), two(line, at+3), two(line, at+6)
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return s, false
	}
	s.value = uint64((((year*12+month)*32+day)*24+hour)*3600 + minute*60 + second)
	s.end = at + 8
	s.fraction(line)
	return s, true
}

// The following read the date of a layout at i, and return where the time of
// day begins, or 0. Years count from firstYear, months from 0; a part that is
// no number is negative or too large.

// numeric reads a date whose parts are separated by c.
func (s *stamp) numeric(line []byte, i int, c byte) (year, month, day, at int) {
	switch {
	case line[i+7] != c:
		return
	case c == '/' && line[i+10] == ' ':
		s.layout = layoutSlashes
	case c == '-' && line[i+10] == ' ':
		s.layout = layoutISOSpace
	case c == '-' && line[i+10] == 'T':
		s.layout = layoutISO
	default:
		return
	}
	return two(line, i)*100 + two(line, i+2) - firstYear, two(line, i+5) - 1, two(line, i+8), i + 11
}

// named reads a date with the month's name between the day and the year.
func (s *stamp) named(line []byte, i int, c byte) (year, month, day, at int) {
	s.layout = layoutRedis
	end := byte(' ')
	if c == '/' {
		s.layout, end = layoutCLF, ':'
	}
	if line[i+11] != end {
		return
	}
	return two(line, i+7)*100 + two(line, i+9) - firstYear, monthOf(line[i+3 : i+6]), two(line, i), i + 12
}

// syslog reads a date without a year; its month stands before its digits.
func (s *stamp) syslog(line []byte, from, i, e int) (year, month, day, at int) {
	s.start, day = i-4, int(line[i]-'0')
	if e-i == 2 {
		day = two(line, i)
		if line[i] == '0' {
			s.layout = layoutSyslog0
		}
	} else if s.start--; s.start < from || line[i-2] != ' ' {
		return 0, 0, 0, 0
	}
	if line[s.start+3] != ' ' || day < 1 {
		return 0, 0, 0, 0
	}
	return 0, monthOf(line[s.start : s.start+3]), day, e + 1
}

// fraction takes the fraction of the second in, where one follows.
func (s *stamp) fraction(line []byte) {
	if s.end+1 >= len(line) || line[s.end] != '.' && line[s.end] != ',' {
		return
	}
	v, i := s.value, s.end+1
	for i < len(line) && i-s.end <= 9 && classes[line[i]]&isDigit != 0 {
		v = v*10 + uint64(line[i]-'0')
		i++
	}
	if i == s.end+1 {
		return
	}
	if line[s.end] == ',' {
		s.layout |= layoutComma
	}
	s.digits, s.value, s.end = byte(i-s.end-1), v, i
}

// two returns the number of two digits at i, or a negative one where they are
// no digits.
func two(line []byte, i int) int {
	a, b := int(line[i])-'0', int(line[i+1])-'0'
	if a < 0 || a > 9 || b < 0 || b > 9 {
		return -10000
	}
	return a*10 + b
}

// monthOf returns the number of a month's name from 0, or -1.
func monthOf(name []byte) int {
	for m := 0; m < len(months); m += 3 {
		if name[0] == months[m] && name[1] == months[m+1] && name[2] == months[m+2] {
			return m / 3
		}
	}
	return -1
}

// rescale returns v, which counts units of from digits, in units of to digits.
func rescale(v uint64, from, to byte) uint64 {
	if to >= from {
		return v * powers[to-from]
	}
	return v / powers[from-to]
}

// appendStamp appends the stamp with the given value in seconds.
func appendStamp(dst []byte, layout byte, v uint64) []byte {
	sec, v := v%60, v/60
	minute, v := v%60, v/60
	hour, v := v%24, v/24
	day, v := v%32, v/32
	month, year := v%12, firstYear+v/12%years
	name := months[month*3 : month*3+3]
	switch layout {
	case layoutSyslog:
		dst = append(append(dst, name...), ' ')
		if day < 10 {
			dst = append(dst, ' ', '0'+byte(day))
		} else {
			dst = appendTwo(dst, day)
		}
		dst = append(dst, ' ')
	case layoutSyslog0:
		dst = append(appendTwo(append(append(dst, name...), ' '), day), ' ')
	case layoutCLF:
		dst = append(appendTwo(dst, day), '/')
		dst = append(append(dst, name...), '/')
		dst = append(appendTwo(appendTwo(dst, year/100), year%100), ':')
	case layoutRedis:
		dst = append(appendTwo(dst, day), ' ')
		dst = append(append(dst, name...), ' ')
		dst = append(appendTwo(appendTwo(dst, year/100), year%100), ' ')
	default:
		sep, end := byte('-'), byte('T')
		switch layout {
		case layoutISOSpace:
			end = ' '
		case layoutSlashes:
			sep, end = '/', ' '
		}
		dst = append(appendTwo(appendTwo(dst, year/100), year%100), sep)
		dst = append(appendTwo(dst, month+1), sep)
		dst = append(appendTwo(dst, day), end)
	}
	dst = append(appendTwo(dst, hour), ':')
	dst = append(appendTwo(dst, minute), ':')
	return appendTwo(dst, sec)
}

// stampLength returns how many bytes a stamp takes.
func stampLength(layout, digits byte) uint64 {
	n := uint64(len("2026-11-23 03:10:00"))
	switch layout &^ layoutComma {
	case layoutSyslog, layoutSyslog0:
		n = uint64(len("Nov 23 03:10:00"))
	case layoutCLF, layoutRedis:
		n = uint64(len("23/Nov/2026:03:10:00"))
	}
	if digits > 0 {
		n += 1 + uint64(digits)
	}
	return n
}

func appendTwo(dst []byte, v uint64) []byte {
	return append(dst, '0'+byte(v/10%10), '0'+byte(v%10))
}
