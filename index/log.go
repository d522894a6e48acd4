package index

import (
	"fmt"
	"io"
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
		if s.ID != uint32(len(r.sources))+1 || s.Offset < 0 || s.Bytes < 0 || s.Bytes > maxFile-s.Offset {
			return fmt.Errorf("source %d: numbered %d, or of a strange size: %w", len(r.sources)+1, s.ID, ErrDamaged)
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
		of := r.bySource[p.ID]
		for n := of.first; n < of.end; n++ {
			if b := &r.blocks[n]; b.Offset < s.Offset && b.Offset+b.Bytes > s.Offset {
				return fmt.Errorf("source %d: continues source %d within a block: %w", s.ID, p.ID, ErrDamaged)
			}
		}
	}
	return nil
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

// WriteLog writes the text of a log to w, byte for byte.
func (r *Reader) WriteLog(w io.Writer, l *Log) error {
	parts := l.sources()
	for i, id := range parts {
		end := l.Bytes
		if i+1 < len(parts) {
			end = r.sources[parts[i+1]-1].Offset
		}
		if err := r.writeText(w, id, end); err != nil {
			return err
		}
	}
	return nil
}

// WriteSource writes the text that one source holds to w, byte for byte.
func (r *Reader) WriteSource(w io.Writer, id uint32) error {
	if id == 0 || int(id) > len(r.sources) {
		return fmt.Errorf("%s: no source %d", r.path, id)
	}
	return r.writeText(w, id, r.sources[id-1].End())
}

// writeText writes the text of a source up to the given place in its log,
// where a block ends.
func (r *Reader) writeText(w io.Writer, id uint32, end int64) error {
	lines, done := r.decoder()
	defer done()
	of := r.bySource[id]
	for n := of.first; n < of.end && r.blocks[n].Offset < end; n++ {
		raw, err := r.text(n, lines)
		if err != nil {
			return fmt.Errorf("%s: %w", r.path, err)
		}
		if _, err := io.WriteString(w, raw); err != nil {
			return err
		}
	}
	return nil
}
