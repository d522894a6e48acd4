package render

import (
	"strconv"
	"time"

	"stilltrace/index"
	"stilltrace/index/printable"
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
		return printable.Grouped(c.number)
	case Bytes:
		return printable.Size(c.number)
	case Time:
		return Stamp(index.Time(c.number), zone)
	case Percent:
		return tenths(c.number)
	case Span:
		return printable.Span(c.number)
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
	case k == Percent:
		return tenths(c.number)
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

func tenths(n int64) string { return strconv.FormatFloat(float64(n)/10, 'f', 1, 64) }
