package printable

import "strconv"

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
