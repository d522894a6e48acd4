package index

import (
	"encoding/json"
	"fmt"
	"time"
)

// Time is a moment in nanoseconds since 1970-01-01T00:00:00Z. Zero means that
// the moment is unknown. In JSON it is RFC 3339 in UTC with full precision, or
// null where it is unknown.
type Time int64

// TimeOf returns t as a Time. The zero time.Time gives the unknown Time: its
// UnixNano would silently overflow to the year 1754.
func TimeOf(t time.Time) Time {
	if t.IsZero() {
		return 0
	}
	return Time(t.UnixNano())
}

// Go returns t as a time.Time in UTC. The unknown Time gives the zero
// time.Time.
func (t Time) Go() time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(t)).UTC()
}

// String returns t as RFC 3339 in UTC, or "" where it is unknown.
func (t Time) String() string {
	if t == 0 {
		return ""
	}
	return t.Go().Format(time.RFC3339Nano)
}

// MarshalJSON writes the RFC 3339 form, or null.
func (t Time) MarshalJSON() ([]byte, error) {
	if t == 0 {
		return []byte("null"), nil
	}
	return json.Marshal(t.String())
}

// UnmarshalJSON reads what MarshalJSON writes.
func (t *Time) UnmarshalJSON(b []byte) error {
	var s *string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("time: %w", err)
	}
	if s == nil {
		*t = 0
		return nil
	}
	g, err := time.Parse(time.RFC3339Nano, *s)
	if err != nil {
		return fmt.Errorf("time: %w", err)
	}
	*t = TimeOf(g)
	return nil
}
