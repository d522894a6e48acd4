package logs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
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
	walked []byte // memory for the chunks of a walk
	// What was read already, under which name: a log that is rotated meanwhile comes by twice.
	read map[fileID]string
	held *held
}

// fileID is which file on a host this is (stat(2)).
type fileID struct{ device, inode uint64 }

func idOf(st fs.FileInfo) (fileID, bool) {
	s, ok := st.Sys().(*syscall.Stat_t)
	if !ok {
		return fileID{}, false
	}
	return fileID{uint64(s.Dev), s.Ino}, true
}

// all reads the files. While one is read the next one is looked at, which may
// have to be walked to its end for the year of its stamps.
func (r *fileReader) all(files []File) {
	r.read = map[fileID]string{}
	next := make(chan *looked)
	go func() {
		defer close(next)
		for _, file := range files {
			r.enter(file)
			l := r.one(file.Path)
			select {
			case next <- l:
			case <-r.p.ctx.Done():
				l.close()
				return
			}
		}
	}()
	going := true
	for l := range next {
		going = going && r.file(l)
		l.close()
	}
}

// looked is a file once it is known how it is to be read. Without a file there
// are only gaps to be told.
type looked struct {
	o    *opened
	from *reading
	d    dater
	gaps []index.Gap
}

func (l *looked) close() {
	if l.o != nil {
		l.o.file.Close()
	}
}

// enter begins with the next file of a family, or with another family.
func (r *fileReader) enter(file File) {
	// Without its newest member a family may be none: worker.1 and worker.2 write side by side.
	if file.family != r.family || !r.based {
		r.family, r.bound, r.based = file.family, r.p.o.Captured, file.age == 0
	}
	if day, ok := rotatedOn(file.Path); ok && day.Before(r.bound) {
		r.bound = day
	}
}

// one looks at one file.
func (r *fileReader) one(name string) *looked {
	o, err := r.f.open(name)
	if err != nil {
		return &looked{gaps: []index.Gap{lostLog(name, err)}}
	}
	l := r.known(o)
	if l.from != nil {
		l.o = o
	} else {
		o.file.Close()
	}
	return l
}

// known finds out what is known of an opened file already, and looks at it
// where there is more to be read.
func (r *fileReader) known(o *opened) *looked {
	if r.f.skip != nil && r.f.skip(o.stat) {
		return &looked{}
	}
	if id, ok := idOf(o.stat); ok {
		if first := r.read[id]; first != "" {
			return &looked{gaps: []index.Gap{{Area: "log", Place: o.path, Reason: index.ReasonChanged, Detail: "left out: it is the same file as " + first + ", which was read", Count: 1}}}
		}
		r.read[id] = o.path
	}
	prior, err := r.held.find(r.p.ctx, o)
	if err != nil {
		return &looked{gaps: []index.Gap{lostLog(o.path, err)}}
	}
	if prior != nil && prior.Resume.Yearless && prior.First != 0 {
		// What is older than this log is older than its first event.
		defer r.notAfter(prior.First)
	}
	if prior != nil && prior.unchanged(o) {
		return &looked{gaps: prior.gaps}
	}
	from, d, err := r.look(o, prior)
	if err != nil {
		return &looked{gaps: []index.Gap{lostLog(o.path, err)}}
	}
	r.id++
	from.id = r.id
	return &looked{from: from, d: d}
}

// look finds out how a file is to be read, and from where; prior is what is
// held of it.
func (r *fileReader) look(o *opened, prior *heldLog) (*reading, dater, error) {
	from := &reading{path: o.path, service: []byte(serviceOf(o.path)), sum: sha256.New()}
	d := dater{zone: r.p.o.Zone, base: r.p.o.Captured.Year()}
	if prior != nil {
		if err := from.goOn(prior); err != nil {
			return nil, d, err
		}
		o.from = from.resume.Offset
	}
	o.remember()
	head, err := o.head()
	if err != nil {
		return nil, d, err
	}
	var ok bool
	if from.format, ok = formatHeld(prior); !ok {
		from.format = detect(head)
	}
	// Where the head has years and later lines have none, the year of the capture stands in for what only a walk of the whole file could tell.
	if yearless(from.format, head) {
		r.anchor(o.text, from, &d)
		err = o.begin()
	}
	return from, d, err
}

// notAfter says that nothing in what is read next is later than t.
func (r *fileReader) notAfter(t index.Time) {
	if t := t.Go(); t.Before(r.bound) {
		r.bound = t
	}
}

// goOn makes r a reading of what the log has behind what is held of it.
func (r *reading) goOn(l *heldLog) (err error) {
	r.continues, r.resume, r.stamp = l.Tip(), l.Resume, l.Resume.Stamp
	r.sum, err = r.resume.Sum()
	return err
}

// formatHeld is the format that the log was read with before, if so much of it
// is held that looking again would find the same.
func formatHeld(l *heldLog) (Format, bool) {
	if l == nil || l.Bytes < headSize {
		return Format{}, false
	}
	for _, f := range append(Formats(), plain) {
		if f.Name == l.Format {
			return f, true
		}
	}
	return Format{}, false
}

// anchor finds the year of the first stamp, for which all that is to be read
// has to be walked: a year can only be told from the end.
func (r *fileReader) anchor(text io.Reader, from *reading, d *dater) {
	var walk yearWalk
	c := from.chunker(text)
	// Nothing is kept of what is walked: a small memory stays in the caches of the processor.
	c.size = pieceSize
	for {
		ch, ok := c.next(r.walked)
		if !ok || r.p.ctx.Err() != nil {
			break
		}
		walkYears(&walk, ch.raw, from.format)
		from.walks = append(from.walks, walkedTo{ch.end(), walk})
		r.walked = ch.buf
	}
	if walk.have {
		d.base, d.walked = walk.anchor(r.bound, d.zone), true
		r.bound = civil(walk.first, d.base, d.zone)
	}
}

// walkedTo is what a walk of the years knew at a place of a text.
type walkedTo struct {
	offset int64
	walk   yearWalk
}

// walk goes on with a walk of the years, over a chunk. What an earlier walk
// knew at the last of its places within the chunk need not be found again; unless
// the text is another one meanwhile.
func (r *reading) walk(w *yearWalk, ch *chunk) {
	rest := ch.raw
	for len(r.walks) > 0 && r.walks[0].offset <= ch.end() {
		to, n := r.walks[0].walk, int(r.walks[0].offset-ch.offset)
		r.walks = r.walks[1:]
		if r.lastStamp(ch.raw[:max(n, 0)]) != to.last {
			r.walks = nil
			break
		}
		*w, rest = to, ch.raw[n:]
	}
	walkYears(w, rest, r.format)
}

// lastStamp is that of the last line, if it has one without a year.
func (r *reading) lastStamp(text []byte) Stamp {
	var w yearWalk
	walkYears(&w, text[bytes.LastIndexByte(bytes.TrimSuffix(text, []byte("\n")), '\n')+1:], r.format)
	return w.last
}

// file reads what was looked at to its end. It reports false when the capture
// has ended.
func (r *fileReader) file(l *looked) bool {
	for i := range l.gaps {
		if !r.p.send(&job{gap: &l.gaps[i]}) {
			return false
		}
	}
	if l.o == nil {
		return true
	}
	s := l.o.source()
	c := l.from.chunker(l.o.text)
	if !r.chunks(c, l.from, l.d, &s) {
		return false
	}
	// A log that cannot be known again is not continued.
	var err error
	if s.Resume.Head, s.Resume.Tail, err = l.o.remembered(s.End()); err != nil || s.Resume.State == nil {
		s.Resume = nil
	}
	gap := l.o.end(&s, c.err)
	return r.p.send(&job{from: l.from, end: &s}) && (gap == nil || r.p.send(&job{gap: gap}))
}

// chunks sends the chunks of a text on their way and completes what s says of
// it. It reports false when the capture has ended.
func (r *fileReader) chunks(c *chunker, from *reading, d dater, s *index.Source) bool {
	s.ID, s.Format, s.Continues, s.Offset = from.id, from.format.Name, from.continues, c.offset
	s.Open = 0
	s.Resume = &index.Resume{Yearless: d.walked || from.resume != nil && from.resume.Yearless}
	c.digest = &digest{sum: from.sum}
	lines := c.line - 1
	resume := func() {
		s.Resume.Offset, s.Resume.Line, s.Resume.Mid, s.Resume.State = c.offset, c.line, c.mid, index.SumState(c.digest.sum)
	}
	resume()
	before := make(chan index.Time, 1)
	before <- from.stamp
	for {
		ch, ok := c.next(r.p.buf)
		if !ok {
			break
		}
		after := make(chan index.Time, 1)
		j := &job{chunk: ch, from: from, dater: d, before: before, after: after, done: make(chan struct{})}
		if d.walked {
			from.walk(&d.walk, &ch)
		}
		// The text is the worker's from here on.
		if !r.p.send(j) {
			return false
		}
		before = after
		if ch.open {
			s.Open = int64(len(ch.raw))
		} else {
			resume()
		}
	}
	s.Bytes, s.Lines, s.SHA256 = c.offset-s.Offset, c.lines()-lines, hex.EncodeToString(c.digest.sum.Sum(nil))
	return true
}

func lostLog(name string, err error) index.Gap {
	g := index.Gap{Area: "log", Place: name, Reason: reasonOf(err), Detail: cause(err).Error(), Count: 1}
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
