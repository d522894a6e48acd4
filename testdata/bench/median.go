package main

import (
	"fmt"
	"slices"
	"time"
)

func (m *measured) cpu() time.Duration {
	return medianOf(m.samples, func(s sample) time.Duration { return s.CPU })
}

func (m *measured) wall() time.Duration {
	return medianOf(m.samples, func(s sample) time.Duration { return s.Wall })
}

func (m *measured) peak() int64 {
	return medianOf(m.samples, func(s sample) int64 { return s.Peak })
}

func medianOf[T ~int64](samples []sample, of func(sample) T) T {
	values := make([]T, 0, len(samples))
	for _, s := range samples {
		values = append(values, of(s))
	}
	return median(values)
}

// median is the middle value, or the mean of the two in the middle; 0 of none.
func median[T ~int64](values []T) T {
	values = slices.Sorted(slices.Values(values))
	switch n := len(values); {
	case n == 0:
		return 0
	case n%2 == 1:
		return values[n/2]
	default:
		return (values[n/2-1] + values[n/2]) / 2
	}
}

// goal is what a figure must be, and what it should be; less is better. The
// zero goal is none.
type goal struct{ must, aim float64 }

// verdict says how a figure stands to its goal.
func (g goal) verdict(v float64) string {
	switch {
	case g == goal{}:
		return ""
	case v <= g.aim:
		return "aim"
	case v <= g.must:
		return "must"
	case v < 2*g.must:
		return fmt.Sprintf("missed by %.1f %%", 100*(v/g.must-1))
	}
	return fmt.Sprintf("missed: %.1f times what it must be", v/g.must)
}

// figure is one ratio, or one size, beside its goal.
type figure struct {
	what, against, measure string
	value                  float64
	unit                   string // empty for a ratio
	goal                   goal
}

// short writes a number with three digits that count, and never with an
// exponent.
func short(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	case v >= 0.1:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.2g", v)
}
