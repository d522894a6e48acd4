package logs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"syscall"
	"time"

	"stilltrace/index"
)

// fileReader reads one file after the other and hands their chunks on.
type fileReader struct {
	f  *Finder
	p  *pipeline
	id uint32
	// Of rotated siblings the newest comes first. What is older cannot be later than the first stamp of what is newer.
	family string
	bound  time.Time
	based  bool
	// What was read already, under which name: a log that is rotated meanwhile comes by twice.
	read map[fileID]string
}

// fileID is which file on a host this is (stat(2)).
type fileID struct{ device, inode uint64 }

func (r *fileReader) all(files []File) {
	r.read = map[fileID]string{}
	for _, file := range files {
		// Without its newest member a family may be none: worker.1 and worker.2 write side by side.
		if file.family != r.family || !r.based {
			r.family, r.bound, r.based = file.family, r.p.o.Captured, file.age == 0
		}
		if day, ok := rotatedOn(file.Path); ok && day.Before(r.bound) {
			r.bound = day
		}
		if gap, ok := r.one(file.Path); !ok || gap != nil && !r.p.send(&job{gap: gap}) {
			return
		}
	}
}

// one reads one file. It reports false when the capture has ended.
func (r *fileReader) one(name string) (gap *index.Gap, ok bool) {
	o, err := r.f.open(name)
	if err != nil {
		return lostLog(name, err), true
	}
	defer o.file.Close()
	if r.f.skip != nil && r.f.skip(o.stat) {
		return nil, true
	}
	if st, ok := o.stat.Sys().(*syscall.Stat_t); ok {
		id := fileID{uint64(st.Dev), st.Ino}
		if first := r.read[id]; first != "" {
			return &index.Gap{Area: "log", Place: name, Reason: index.ReasonChanged, Detail: "left out: it is the same file as " + first + ", which was read", Count: 1}, true
		}
		r.read[id] = name
	}
	head, err := o.head()
	if err != nil {
		return lostLog(name, err), true
	}
	r.id++
	from := &reading{id: r.id, path: name, format: detect(head), service: []byte(serviceOf(name))}
	// Where the head has years and later lines have none, the year of the capture stands in for what only a walk of the whole file could tell.
	d := dater{zone: r.p.o.Zone, base: r.p.o.Captured.Year()}
	if yearless(from.format, head) {
		if err := r.anchor(o, from.format, &d); err != nil {
			return lostLog(name, err), true
		}
	}
	return r.chunks(o, from, d)
}

// anchor finds the year of the first stamp, for which the whole file has to be
// walked: a year can only be told from the end.
func (r *fileReader) anchor(o *opened, format Format, d *dater) error {
	var walk yearWalk
	c := newChunker(o.text, format.Starts)
	for {
		ch, ok := c.next()
		if !ok || r.p.ctx.Err() != nil {
			break
		}
		walkYears(&walk, ch.raw, format)
	}
	if walk.have {
		d.base, d.walked = walk.anchor(r.bound, d.zone), true
		r.bound = civil(walk.first, d.base, d.zone)
	}
	return o.begin()
}

func (r *fileReader) chunks(o *opened, from *reading, d dater) (*index.Gap, bool) {
	s := o.source()
	s.ID, s.Format = from.id, from.format.Name
	sum := sha256.New()
	c := newChunker(o.text, from.format.Starts)
	before := make(chan index.Time, 1)
	before <- 0
	for {
		ch, ok := c.next()
		if !ok {
			break
		}
		sum.Write(ch.raw)
		after := make(chan index.Time, 1)
		if !r.p.send(&job{chunk: ch, from: from, dater: d, before: before, after: after, done: make(chan struct{})}) {
			return nil, false
		}
		if d.walked {
			walkYears(&d.walk, ch.raw, from.format)
		}
		before = after
	}
	s.Bytes, s.Lines, s.SHA256 = c.offset, c.lines(), hex.EncodeToString(sum.Sum(nil))
	gap := o.end(&s, c.err)
	return gap, r.p.send(&job{from: from, end: &s})
}

func lostLog(name string, err error) *index.Gap {
	g := &index.Gap{Area: "log", Place: name, Reason: reasonOf(err), Detail: cause(err).Error(), Count: 1}
	switch {
	case errors.Is(err, errBinary), errors.Is(err, errCompression), errors.Is(err, errors.ErrUnsupported):
		g.Reason = index.ReasonUnsupported
	case errors.Is(err, io.ErrUnexpectedEOF), strings.HasPrefix(err.Error(), "gzip: "):
		g.Reason = index.ReasonTorn
	}
	return g
}

// detect returns the format that knows most entries of the head; Plain where
// none knows half of what it takes for entries.
func detect(head []byte) Format {
	best, most := plain, 0
	for _, f := range Formats() {
		known, entries, lines := 0, 0, 0
		var e Entry
		eachEntry(head, f.Starts, func(start, end, n int) {
			lines += n
			entries++
			e.reset()
			if f.Parse(head[start:end], &e) {
				known++
			}
		})
		// A format that takes nearly every line for a continuation only happens to know a few of them.
		if known > most && known*2 >= entries && lines <= known*maxJoined {
			best, most = f, known
		}
	}
	return best
}

// maxJoined is how many lines an entry has at most on the average of a file:
// tracebacks have some thirty.
const maxJoined = 60

// eachEntry calls do for each entry in text: where it starts, where it ends
// without its newline, and how many lines it has. Lines before the first start
// are one entry.
func eachEntry(text []byte, starts func([]byte) bool, do func(start, end, lines int)) {
	start, end, lines := 0, 0, 0
	for at := 0; at < len(text); {
		stop, next := len(text), len(text)
		if n := bytes.IndexByte(text[at:], '\n'); n >= 0 {
			stop, next = at+n, at+n+1
		}
		if lines > 0 && (lines >= maxEntryLines || starts(afterHole(text[at:stop]))) {
			do(start, end, lines)
			start, lines = at, 0
		}
		end = stop
		lines++
		at = next
	}
	if lines > 0 {
		do(start, end, lines)
	}
}

// afterHole is a line without the NULs that a truncated log has before it.
func afterHole(line []byte) []byte {
	if len(line) > 0 && line[0] == 0 {
		return bytes.TrimLeft(line, "\x00")
	}
	return line
}

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
