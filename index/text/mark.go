package text

import "time"

// A Mark is one variable of a line: the bytes from Start to End, counted from
// the first byte of the line. Encoder and Decoder find the same marks in the
// same text, so that what lies in a line can be said in terms of them.
type Mark struct {
	Start, End uint32
	kind       kind
	digits     byte   // of a stamp's fraction
	value      uint64 // of a stamp
}

// IsNumber reports whether the variable is a run of decimal digits.
func (m Mark) IsNumber() bool { return m.kind == kindInt }

// IsAddress reports whether the variable may be an IP address.
func (m Mark) IsAddress() bool { return m.kind == kindIPv4 || m.kind == kindColons }

// Time returns the stamp that the variable is, in nanoseconds since 1970 if it
// were UTC; a stamp without a year is one of 1900.
func (m Mark) Time() (ns int64, ok bool) {
	if m.kind != kindStamp {
		return 0, false
	}
	v, frac := m.value/powers[m.digits], m.value%powers[m.digits]
	sec, v := v%(24*3600), v/(24*3600)
	day, v := v%32, v/32
	month, year := v%12, firstYear+v/12%years
	date := time.Date(int(year), time.Month(month+1), int(day), 0, 0, 0, 0, time.UTC).Unix()
	return (date+int64(sec))*1e9 + int64(frac*powers[9-m.digits]), true
}

// Marks returns the variables of line i of the text encoded last. They are
// valid until the next Encode.
func (e *Encoder) Marks(i int) []Mark {
	return marksOf(e.block.scan.marks, e.block.marked, i)
}

// marksOf are the marks of line i, where first says at which each line's begin.
func marksOf(all []Mark, first []uint32, i int) []Mark {
	if i+1 < len(first) {
		return all[first[i]:first[i+1]]
	}
	return all[first[i]:]
}
