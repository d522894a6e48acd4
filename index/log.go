package index

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// Log is one log of the host as a snapshot knew it: all that the case holds of
// it up to then. The fields of its Source are those of the last reading, but
// for its bytes, lines, events and times, which are of the whole, and the
// snapshot, which is the one that met it first.
type Log struct {
	Source
	Parts []uint32 `json:"parts,omitempty"` // the sources that it was put together from, where there are several
}

// loadSources reads all sources.
func (r *Reader) loadSources() error {
	total := 0
	return r.each(bucketSource, nil, func(key, content []byte) error {
		if total += len(content); total > maxLoaded {
			return fmt.Errorf("%s: more than %d bytes: %w", bucketSource, maxLoaded, ErrDamaged)
		}
		var s Source
		if err := r.record(bucketSource, content, &s); err != nil {
			return err
		}
		if s.ID != uint32(len(r.sources))+1 || s.Offset < 0 || s.Bytes < 0 || s.Bytes > maxFile-s.Offset || s.Open < 0 || s.Open > s.Bytes {
			return fmt.Errorf("source %d: numbered %d, or of a strange size: %w", len(r.sources)+1, s.ID, ErrDamaged)
		}
		after := 1
		if n := len(r.sources); n > 0 {
			after = r.sources[n-1].Snapshot
		}
		if s.Snapshot < after || s.Snapshot > r.snapshots {
			return fmt.Errorf("source %d: of snapshot %d, which it cannot be of: %w", s.ID, s.Snapshot, ErrDamaged)
		}
		r.sources = append(r.sources, s)
		return nil
	})
}

// proveLogs proves how sources continue each other: each at most one, at the
// place that it names, in a later snapshot, and where no block lies across.
func (r *Reader) proveLogs() error {
	r.next = make([]uint32, len(r.sources)+1)
	for i := range r.sources {
		s := &r.sources[i]
		if s.Continues == 0 {
			if s.Offset != 0 {
				return fmt.Errorf("source %d: begins within a log that is not there: %w", s.ID, ErrDamaged)
			}
			continue
		}
		if s.Continues >= s.ID || r.next[s.Continues] != 0 {
			return fmt.Errorf("source %d: continues source %d, which it cannot: %w", s.ID, s.Continues, ErrDamaged)
		}
		p := &r.sources[s.Continues-1]
		if p.Resume == nil || s.Offset != p.Resume.Offset || s.Offset < p.Offset || s.Offset > p.End() || s.Snapshot <= p.Snapshot {
			return fmt.Errorf("source %d: continues source %d at another place: %w", s.ID, p.ID, ErrDamaged)
		}
		r.next[p.ID] = s.ID
		of := r.bySource[p.ID] // the directory was read, since there is a log that continues
		for n := of.first; n < of.end; n++ {
			if b := &r.blocks[n]; b.Offset < s.Offset && b.Offset+b.Bytes > s.Offset {
				return fmt.Errorf("source %d: continues source %d within a block: %w", s.ID, p.ID, ErrDamaged)
			}
		}
	}
	return nil
}

// firsts are, of each source, the first one of its log; 0 of none.
func (r *Reader) firsts() []uint32 {
	out := make([]uint32, len(r.sources)+1)
	for i := range r.sources {
		s := &r.sources[i]
		out[s.ID] = s.ID
		if s.Continues != 0 {
			out[s.ID] = out[s.Continues]
		}
	}
	return out
}

// counts reports whether the events of block n are those of the case as the
// snapshot knew it (0: the last one): it is not of a later snapshot, and no
// source that continues its own has read its text again.
func (r *Reader) counts(n, snapshot int) bool {
	b := &r.blocks[n]
	if snapshot == 0 {
		snapshot = r.snapshots
	}
	if r.sources[b.Source-1].Snapshot > snapshot {
		return false
	}
	next := r.next[b.Source]
	return next == 0 || r.sources[next-1].Snapshot > snapshot || b.Offset < r.sources[next-1].Offset
}

// Logs are the logs in the case as the snapshot knew them, 0 for the last one,
// in the order in which they were first read.
func (r *Reader) Logs(snapshot int) []Log {
	if snapshot == 0 {
		snapshot = r.snapshots
	}
	out := []Log{}
	at := make([]int, len(r.sources)+1) // where in out the log of a source stands
	for i := range r.sources {
		s := &r.sources[i]
		if s.Snapshot > snapshot {
			continue
		}
		if s.Continues == 0 {
			at[s.ID] = len(out)
			out = append(out, Log{Source: *s})
			continue
		}
		at[s.ID] = at[s.Continues]
		out[at[s.ID]].add(s, r)
	}
	return out
}

// add puts the source behind what the log has.
func (l *Log) add(s *Source, r *Reader) {
	before := l.Source
	if len(l.Parts) == 0 {
		l.Parts = []uint32{before.ID}
	}
	l.Parts = append(l.Parts, s.ID)
	l.Source = *s
	l.ID, l.Snapshot, l.Continues, l.Offset = before.ID, before.Snapshot, 0, 0
	l.Bytes = s.End()
	l.Lines = before.Resume.Line - 1 + s.Lines
	l.Events = before.Events - r.eventsFrom(s.Continues, s.Offset) + s.Events
	if s.First == 0 || before.First != 0 && before.First < s.First {
		l.First = before.First
	}
	l.Last = max(s.Last, before.Last)
}

// eventsFrom counts the events of the source that begin at or after offset.
func (r *Reader) eventsFrom(source uint32, offset int64) (n int64) {
	of := r.bySource[source]
	for i := of.end - 1; i >= of.first && r.blocks[i].Offset >= offset; i-- {
		n += r.blocks[i].Events
	}
	return n
}

// sources are those that the log was put together from.
func (l *Log) sources() []uint32 {
	if len(l.Parts) == 0 {
		return []uint32{l.ID}
	}
	return l.Parts
}

// Tip is the source that the log ends with.
func (l *Log) Tip() uint32 {
	parts := l.sources()
	return parts[len(parts)-1]
}

// LogOf is the log that a source belongs to as it was when that source had
// been read.
func (r *Reader) LogOf(source uint32) Log {
	var parts []uint32
	for id := source; id != 0; id = r.sources[id-1].Continues {
		parts = append(parts, id)
	}
	slices.Reverse(parts)
	l := Log{Source: r.sources[parts[0]-1]}
	for _, id := range parts[1:] {
		l.add(&r.sources[id-1], r)
	}
	return l
}

// WriteLog writes the text of a log to w, byte for byte.
func (r *Reader) WriteLog(w io.Writer, l *Log) error {
	_, err := io.Copy(w, r.OpenLog(l))
	return err
}

// WriteSource writes the text that one source holds to w, byte for byte.
func (r *Reader) WriteSource(w io.Writer, id uint32) error {
	if id == 0 || int(id) > len(r.sources) {
		return fmt.Errorf("%s: no source %d", r.path, id)
	}
	_, err := io.Copy(w, r.OpenSource(id))
	return err
}

// OpenLog returns the text of a log.
func (r *Reader) OpenLog(l *Log) io.Reader {
	parts := l.sources()
	texts := make([]io.Reader, len(parts))
	for i, id := range parts {
		end := l.Bytes
		if i+1 < len(parts) {
			end = r.sources[parts[i+1]-1].Offset
		}
		texts[i] = r.textOf(id, end)
	}
	return io.MultiReader(texts...)
}

// OpenSource returns the text that one source holds.
func (r *Reader) OpenSource(id uint32) io.Reader { return r.textOf(id, r.sources[id-1].End()) }

// textOf is the text of a source up to the given place in its log, where a
// block ends.
func (r *Reader) textOf(id uint32, end int64) io.Reader {
	return &textReader{r: r, source: id, end: end}
}

// textReader reads the text of blocks, one after the other.
type textReader struct {
	r          *Reader
	source     uint32 // 0 once its blocks are known
	next, stop int    // blocks
	end        int64
	buf, rest  []byte
}

// fill makes the text of the next block; at the end it is io.EOF.
func (t *textReader) fill() error {
	if t.source != 0 {
		if err := t.r.directory(); err != nil {
			return fmt.Errorf("%s: %w", t.r.path, err)
		}
		of := t.r.bySource[t.source]
		t.next, t.stop, t.source = of.first, of.end, 0
	}
	for len(t.rest) == 0 {
		if t.next >= t.stop || t.r.blocks[t.next].Offset >= t.end {
			return io.EOF
		}
		if err := t.r.ctx.Err(); err != nil {
			return err
		}
		info := &t.r.blocks[t.next]
		s, done, err := t.r.segment(info.Segment)
		if err == nil {
			t.buf, err = s.appendBlock(t.buf[:0], info)
			done()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", t.r.path, blockError(t.next, err))
		}
		t.rest = t.buf
		t.next++
	}
	return nil
}

func (t *textReader) Read(p []byte) (int, error) {
	if err := t.fill(); err != nil {
		return 0, err
	}
	n := copy(p, t.rest)
	t.rest = t.rest[n:]
	return n, nil
}

// WriteTo writes what is left without copying it.
func (t *textReader) WriteTo(w io.Writer) (n int64, err error) {
	for {
		if err := t.fill(); err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return n, err
		}
		m, err := w.Write(t.rest)
		n += int64(m)
		t.rest = t.rest[m:]
		if err != nil {
			return n, err
		}
	}
}
