package query

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // an analyst's machine may have no zones, or other ones

	"stilltrace/index"
)

// forms is what a bad time names.
const forms = "write 2026-11-23T04:05:06Z, \"2026-11-23 04:05\", 2026-11-23, 04:05 on the day of the snapshot, or 90m, 2h, 3d before it"

var before = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^-?(?:([0-9]{1,5})d)?((?:[0-9]+[hms])*)$`) })

// parseTime reads a moment as a person types it, in a zone, relative to the
// end of the snapshot where it names no date.
func parseTime(s string, zone *time.Location, end index.Time) (index.Time, error) {
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return inRange(s, t)
	}
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return inRange(s, t)
		}
	}
	day := end.Go().In(zone)
	for _, layout := range []string{"15:04:05", "15:04"} {
		if t, err := time.Parse(layout, s); err == nil {
			return inRange(s, time.Date(day.Year(), day.Month(), day.Day(), t.Hour(), t.Minute(), t.Second(), 0, zone))
		}
	}
	if m := before().FindStringSubmatch(s); m != nil && m[1]+m[2] != "" {
		if d, err := span(m[1], m[2]); err == nil {
			return inRange(s, end.Go().Add(-d))
		}
	}
	return 0, fmt.Errorf("%q is not a time: %s", s, forms)
}

func span(days, rest string) (time.Duration, error) {
	var d time.Duration
	if rest != "" {
		var err error
		if d, err = time.ParseDuration(rest); err != nil {
			return 0, err
		}
	}
	if days != "" {
		n, err := strconv.Atoi(days)
		if err != nil {
			return 0, err
		}
		d += time.Duration(n) * 24 * time.Hour
	}
	if d < 0 {
		return 0, errors.New("too long")
	}
	return d, nil
}

// inRange refuses what no Time can hold: nanoseconds in 64 bits end in 2262.
func inRange(s string, t time.Time) (index.Time, error) {
	if t.Year() < 1678 || t.Year() > 2261 {
		return 0, fmt.Errorf("%q: the year is beyond 1678 to 2261", s)
	}
	return index.TimeOf(t), nil
}

// zone returns the zone called name; host stands for that of the captured host.
func zone(name string, host *index.Timezone) (*time.Location, error) {
	if name == "host" {
		if len(host.Rules) > 0 {
			return host.Location(), nil
		}
		name = host.Name
	}
	if name == "" || strings.EqualFold(name, "utc") {
		return time.UTC, nil
	}
	if z, err := time.LoadLocation(name); err == nil && name != "Local" {
		return z, nil
	}
	return nil, fmt.Errorf("--tz %q: no such zone: write UTC, host, or a name such as Europe/Berlin", name)
}

// window reads --since and --until.
func (o *Options) window(z *time.Location, end index.Time) (since, until index.Time, err error) {
	if o.Since != "" {
		if since, err = parseTime(o.Since, z, end); err != nil {
			return 0, 0, fmt.Errorf("--since %w", err)
		}
	}
	if o.Until != "" {
		if until, err = parseTime(o.Until, z, end); err != nil {
			return 0, 0, fmt.Errorf("--until %w", err)
		}
	}
	if since != 0 && until != 0 && since >= until {
		return 0, 0, fmt.Errorf("--since %s is not before --until %s", since, until)
	}
	return since, until, nil
}
