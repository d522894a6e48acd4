package printable

import (
	"fmt"
	"math"
	"strconv"
)

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

// Span writes a number of milliseconds for a person: 0.25 s, 3m05s, 2h03m,
// 5d04h.
func Span(ms int64) string {
	s := ms / 1000
	switch {
	case ms < 0:
		return "-" + Span(-max(ms, -math.MaxInt64))
	case ms < 59_995: // more would be written 60.00
		return strconv.FormatFloat(float64(ms)/1000, 'f', 2, 64) + " s"
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case s < 86400:
		return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
	}
	return fmt.Sprintf("%sd%02dh", Grouped(s/86400), s/3600%24)
}
