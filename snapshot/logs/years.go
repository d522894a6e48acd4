package logs

import (
	"bytes"
	"strings"
	"time"
)

// yearless reports whether the stamps of the format lack the year in this
// file.
func yearless(f Format, head []byte) bool {
	found := false
	eachEntry(head, f.Starts, func(start, end, _ int) {
		if !found {
			s := stampOf(f, head[start:end])
			found = !s.IsZero() && s.Year == 0
		}
	})
	return found
}

// walkYears takes the stamps of the text's entries into the walk. Of those of one
// day only the first and the last one make a difference to it, and nearly all
// lines are of the same day as the one above them.
func walkYears(w *yearWalk, text []byte, f Format) {
	const day = len("Nov 23")
	var seen, last []byte
	step := func(line []byte) {
		if f.Starts(line) {
			if s := stampOf(f, line); !s.IsZero() && s.Year == 0 {
				w.step(s)
			}
		}
	}
	for len(text) > 0 {
		line := text
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			line, text = text[:i], text[i+1:]
		} else {
			text = nil
		}
		if len(line) >= day && bytes.Equal(line[:day], seen) {
			last = line
			continue
		}
		if last != nil {
			step(last)
		}
		step(line)
		if seen, last = nil, nil; len(line) >= day && month(line) > 0 && line[3] == ' ' {
			seen = line[:day]
		}
	}
	if last != nil {
		step(last)
	}
}

// stampOf returns the stamp of an entry. Most stamps without a year are those
// of RFC 3164 at the start of the line.
func stampOf(f Format, entry []byte) Stamp {
	if s, n := stampBSD(entry); n > 0 {
		return s
	}
	var e Entry
	if f.Parse(entry, &e) {
		return e.Stamp
	}
	return Stamp{}
}

// rotatedOn returns the end of the day that logrotate's dateext put into a
// name: nothing in the file is later.
func rotatedOn(name string) (time.Time, bool) {
	name = strings.TrimSuffix(name, ".gz")
	if len(name) < 9 || name[len(name)-9] != '-' {
		return time.Time{}, false
	}
	day, err := time.Parse("20060102", name[len(name)-8:])
	return day.AddDate(0, 0, 1), err == nil
}
