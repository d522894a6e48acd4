package index

import (
	"bytes"
	"fmt"
)

// AddProcess adds a process to the snapshot. Processes come in the order of
// their pids; those that a second look found come behind, likewise.
func (w *Writer) AddProcess(p *Process) error {
	w.counts.Processes++
	return w.record(&w.processes, p)
}

// AddSocket adds a socket to the snapshot.
func (w *Writer) AddSocket(s *Socket) error {
	w.counts.Sockets++
	return w.record(&w.sockets, s)
}

// EndState packs the processes and the sockets, when no more of them come. Commit
// does so too; whoever has to wait for something else may do it before.
func (w *Writer) EndState() error {
	for _, r := range [...]*recordWriter{&w.processes, &w.sockets} {
		if err := w.flushRecords(r); err != nil {
			return err
		}
	}
	return nil
}

// AddGap adds what the snapshot could not see.
func (w *Writer) AddGap(g *Gap) error {
	w.counts.Gaps++
	return w.record(&w.gaps, g)
}

// MaxSnapshot is how large a Snapshot may be in a case: what a reader takes for
// one record, less some room for the counts that Commit adds.
const MaxSnapshot = maxRecord - 64<<10

// SizeOf is how many bytes a record takes in a case before it is packed.
func (w *Writer) SizeOf(v any) (int, error) {
	b, err := w.encode.Marshal(v)
	return len(b), err
}

// recordWriter gathers the records of one kind into values.
type recordWriter struct {
	bucket string
	buf    bytes.Buffer
	n      int
	values uint32
}

// recordRoom is what most records fit in; those of a small host fit in firstRoom together.
const recordRoom, firstRoom = 4 << 10, 64 << 10

// grow makes room for a record. What does not fit in firstRoom gets the room of a
// whole value at once: memory that is not used takes none, but every new page of
// memory has its price, and so has the copying.
func (r *recordWriter) grow() {
	if r.buf.Available() < recordRoom {
		room := firstRoom
		if r.buf.Cap() > 0 {
			room = max(2*r.buf.Cap(), recordBytes+firstRoom)
		}
		more := make([]byte, 0, room)
		r.buf = *bytes.NewBuffer(append(more, r.buf.Bytes()...))
	}
}

func (w *Writer) record(r *recordWriter, v any) error {
	r.grow()
	before := r.buf.Len()
	if err := w.encode.MarshalToBuffer(v, &r.buf); err != nil {
		return fmt.Errorf("%s: cbor: %w", r.bucket, err)
	}
	if size := r.buf.Len() - before; size > maxRecord {
		return fmt.Errorf("%s: a record of %d bytes: at most %d", r.bucket, size, maxRecord)
	}
	if r.n > 0 && r.buf.Len() > recordBytes {
		next := bytes.Clone(r.buf.Bytes()[before:])
		r.buf.Truncate(before)
		if err := w.flushRecords(r); err != nil {
			return err
		}
		r.buf.Write(next)
	}
	if r.n++; r.n < recordsPerValue {
		return nil
	}
	return w.flushRecords(r)
}

func (w *Writer) flushRecords(r *recordWriter) error {
	if r.n == 0 {
		return nil
	}
	key := keyPair(uint32(w.snapshot), r.values)
	r.values++
	packed, err := w.packState(r.bucket, key, r.buf.Bytes())
	r.buf.Reset()
	r.n = 0
	if err != nil {
		return err
	}
	return w.put(r.bucket, key, packed)
}

// packState packs what a still says, against an earlier one where that is
// smaller.
func (w *Writer) packState(bucket string, key, content []byte) ([]byte, error) {
	if len(content) > maxRecord {
		return nil, fmt.Errorf("%s: %s %x: %d bytes: at most %d", w.path, bucket, key, len(content), maxRecord)
	}
	l := w.leans.of(bucket, key)
	if l == nil || l.full() {
		return w.pack.pack(content), nil
	}
	packed, err := w.packAgainst(bucket, key, content, l.base)
	if err != nil {
		return nil, err
	}
	near := len(packed)
	if m := l.middle(); m != l.base {
		other, err := w.packAgainst(bucket, key, content, m)
		if err != nil {
			return nil, err
		}
		near = len(other)
	}
	// A host that was booted anew has little in common with what it was.
	if whole := len(packed) > l.size/2; whole || l.worn(len(packed), near) {
		if p := w.pack.pack(content); !whole || len(p) <= len(packed) {
			return p, nil
		}
	}
	return packed, nil
}

func (w *Writer) packAgainst(bucket string, key, content []byte, number uint32) ([]byte, error) {
	base, err := w.base(bucket, baseKey(key, number))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", w.path, err)
	}
	return packAgainst(content, number, base)
}
