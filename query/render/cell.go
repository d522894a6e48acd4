package render

import (
	"strconv"
	"time"

	"stilltrace/index"
)

// stamp is how a table writes a moment. The zone stands in the header.
const stamp = "2006-01-02 15:04:05"

// person is the cell as a table shows it, not yet escaped.
func (c Cell) person(k Kind, zone *time.Location) string {
	if !c.known {
		return c.text
	}
	switch k {
	case Count:
		return Grouped(c.number)
	case Bytes:
		return Size(c.number)
	case Time:
		return Stamp(index.Time(c.number), zone)
	}
	return strconv.FormatInt(c.number, 10)
}

// program is the cell as csv writes it, not yet escaped.
func (c Cell) program(k Kind, zone *time.Location) string {
	switch {
	case !c.known:
		return c.text
	case k == Time:
		return index.Time(c.number).Go().In(zone).Format(time.RFC3339Nano)
	}
	return strconv.FormatInt(c.number, 10)
}

// Stamp writes a moment for a person: seconds, in the given zone, which it
// does not name; "" where it is unknown.
func Stamp(t index.Time, zone *time.Location) string {
	if t == 0 {
		return ""
	}
	return t.Go().In(zone).Format(stamp)
}

// Grouped writes a number for a person: 1,234,567.
func Grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	first := 0
	if n < 0 {
		first = 1
	}
	for i := len(s) - 3; i > first; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Counted writes how many there are of something: "1 process", "1,234 processes".
func Counted(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Grouped(n) + " " + many
}

// Size writes a number of bytes for a person, in powers of 1024: 12.3 MiB.
func Size(n int64) string {
	const unit = 1024
	if n < unit && n > -unit {
		return strconv.FormatInt(n, 10) + " B"
	}
	v := float64(n) / unit
	units := "KMGTPE"
	i := 0
	// 1023.95 and more would be written 1024.0.
	for ; (v >= unit-0.05 || v <= -unit+0.05) && i < len(units)-1; i++ {
		v /= unit
	}
	return strconv.FormatFloat(v, 'f', 1, 64) + " " + units[i:i+1] + "iB"
}
