package index

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/fxamacker/cbor/v2"
	bolt "go.etcd.io/bbolt"

	bolterrors "go.etcd.io/bbolt/errors"
	"golang.org/x/sys/unix"
)

// lockWait is how long Open waits for another process that holds the file for
// writing; bbolt alone would wait for ever.
const lockWait = time.Second

// Reader answers from one case. It never writes. It is not safe for use by
// several goroutines; several Readers of one file do not disturb each other.
type Reader struct {
	path      string
	ctx       context.Context
	file      *os.File
	size      int64 // of the file
	db        *bolt.DB
	tx        *bolt.Tx
	open      *opener
	decode    cbor.DecMode
	manifest  Manifest
	snapshots int       // how many there are
	last      *Snapshot // the one that was asked for last
	sources   []Source
	next      []uint32 // of each source, the one that continues it; 0 where none does
	listed    bool     // the directory of blocks was read: what follows is known
	blocks    []blockInfo
	groups    []int // the number of the first block of each, and behind the last one how many blocks there are
	segments  []run // the blocks of each segment
	bySource  []run // and of each source
	idle      []*segmentReader
	cold      bool       // not all of the file is in memory
	advised   int64      // where the last page lies of which the kernel was told
	finding   sync.Mutex // of the pages, which several goroutines look for
	pages     *verifier
}

// run is the blocks from first to end, without end.
type run struct{ first, end int }

// Open opens the case at path. Whatever is read of it is proved first: the
// structure of the file and of a bucket, by plain reads, before bbolt sees it;
// the keys of a bucket before one of them is looked for; each value by its
// checksum. What is not read is not proved: that is what Check is for.
func Open(path string) (*Reader, error) {
	r := &Reader{path: path, ctx: context.Background()}
	err := r.start()
	if err != nil {
		r.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

func (r *Reader) start() error {
	if err := r.openFile(); err != nil {
		return err
	}
	var err error
	if r.pages, err = newVerifier(r.file, r.foreseer()); err != nil {
		return unsound(err)
	}
	if r.open, err = newOpener(); err != nil {
		return err
	}
	r.open.stored = r.stored
	// Log text need not be UTF-8, and neither do names of processes.
	r.decode, err = cbor.DecOptions{UTF8: cbor.UTF8DecodeInvalid, DupMapKey: cbor.DupMapKeyEnforcedAPF,
		MaxNestedLevels: 8, MaxArrayElements: 1 << 16, MaxMapPairs: 1 << 10, IndefLength: cbor.IndefLengthForbidden}.DecMode()
	if err != nil {
		return fmt.Errorf("cbor: %w", err)
	}
	err = guard(func() error {
		r.db, err = bolt.Open(r.path, 0, &bolt.Options{ReadOnly: true, Timeout: lockWait,
			OpenFile: func(string, int, fs.FileMode) (*os.File, error) { return r.file, nil }})
		if errors.Is(err, bolterrors.ErrTimeout) {
			return errors.New("another process is writing it: try again when it has ended")
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrNotCase, err)
		}
		r.tx, err = r.db.Begin(false)
		return err
	})
	if err != nil {
		return err
	}
	return r.load()
}

// openFile opens the file such that nothing can hang and only a regular file
// comes through.
func (r *Reader) openFile() error {
	f, err := os.OpenFile(r.path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return bareError(err)
	}
	r.file = f
	st, err := f.Stat()
	switch {
	case err != nil:
		return bareError(err)
	case st.IsDir():
		return fmt.Errorf("%w: it is a directory", ErrNotCase)
	case !st.Mode().IsRegular():
		return fmt.Errorf("%w: it is not a regular file", ErrNotCase)
	case st.Size() == 0:
		return fmt.Errorf("%w: the file is empty", ErrNotCase)
	case st.Size() > maxFile:
		return fmt.Errorf("%w: %d bytes are more than a case can have", ErrNotCase, st.Size())
	}
	r.size = st.Size()
	return nil
}

// Close ends the Reader.
func (r *Reader) Close() error {
	if r.tx != nil {
		_ = r.tx.Rollback()
		r.tx = nil
	}
	var err error
	if r.db != nil {
		err = r.db.Close() // closes the file too
		r.db, r.file = nil, nil
	}
	if r.file != nil {
		err = r.file.Close()
		r.file = nil
	}
	return err
}

// Bind ends every later read with the error of ctx once ctx has ended, so that
// whoever asked a long question can take it back.
func (r *Reader) Bind(ctx context.Context) { r.ctx = ctx }

// Path is the name under which the case was opened.
func (r *Reader) Path() string { return r.path }

// Manifest says what the case holds.
func (r *Reader) Manifest() Manifest { return r.manifest }

// SnapshotCount is how many captures the case holds. There is at least one.
func (r *Reader) SnapshotCount() int { return r.snapshots }

// Snapshots yields the captures in the case, the first one first. An error
// ends them.
func (r *Reader) Snapshots() iter.Seq2[*Snapshot, error] {
	return func(yield func(*Snapshot, error) bool) {
		for id := 1; id <= r.snapshots; id++ {
			s, err := r.Snapshot(id)
			if !yield(s, err) || err != nil {
				return
			}
		}
	}
}

// Snapshot is the capture with that number; 0 is the last one.
func (r *Reader) Snapshot(id int) (*Snapshot, error) {
	if r.last != nil && r.last.ID == id {
		return r.last, nil
	}
	s := new(Snapshot)
	if err := r.snapshot(id, s, &s.ID); err != nil {
		return nil, err
	}
	r.last = s
	return s, nil
}

// Moment is of the capture with that number what every answer needs; 0 is the
// last one.
func (r *Reader) Moment(id int) (*Moment, error) {
	m := new(Moment)
	if err := r.snapshot(id, m, &m.ID); err != nil {
		return nil, err
	}
	return m, nil
}

// snapshot reads a capture, or a part of it, which holds its number.
func (r *Reader) snapshot(id int, into any, number *int) error {
	if id == 0 {
		id = r.snapshots
	}
	if id < 1 || id > r.snapshots {
		return fmt.Errorf("%s@%d: no such snapshot: the case holds %d", r.path, id, r.snapshots)
	}
	content, err := r.value(bucketSnapshot, key32(uint32(id)))
	if err == nil {
		err = r.record(bucketSnapshot, content, into)
	}
	if err == nil && *number != id {
		err = fmt.Errorf("numbered %d: %w", *number, ErrDamaged)
	}
	if err != nil {
		return fmt.Errorf("%s: snapshot %d: %w", r.path, id, err)
	}
	return nil
}

// record decodes the content of a value that is one record.
func (r *Reader) record(bucket string, content []byte, v any) error {
	if len(content) > maxRecord {
		return fmt.Errorf("%s: a record of %d bytes: %w", bucket, len(content), ErrDamaged)
	}
	if err := r.decode.Unmarshal(content, v); err != nil {
		return fmt.Errorf("%s: %w: %w", bucket, err, ErrDamaged)
	}
	return nil
}

// Sources are the readings of logs in the case, in the order in which they
// were read; Logs puts together what belongs to one log.
func (r *Reader) Sources() []Source { return r.sources }

// Processes yields the processes of a snapshot in the order of their pids.
func (r *Reader) Processes(snapshot int) iter.Seq2[*Process, error] {
	return records[Process](r, bucketProcess, snapshot)
}

// Sockets yields the sockets of a snapshot in the order of capture.
func (r *Reader) Sockets(snapshot int) iter.Seq2[*Socket, error] {
	return records[Socket](r, bucketSocket, snapshot)
}

// Gaps yields what a snapshot could not see, in the order of capture.
func (r *Reader) Gaps(snapshot int) iter.Seq2[*Gap, error] {
	return records[Gap](r, bucketGap, snapshot)
}

var errStop = errors.New("stop")

// records yields the records of one snapshot. An error ends them.
func records[T any](r *Reader, bucket string, snapshot int) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		err := r.each(bucket, key32(uint32(snapshot)), func(key, content []byte) error {
			if len(content) > maxRecord {
				return fmt.Errorf("%s %x: %d bytes of records: %w", bucket, key, len(content), ErrDamaged)
			}
			dec := r.decode.NewDecoder(bytes.NewReader(content))
			for n := 0; ; n++ {
				v := new(T)
				err := dec.Decode(v)
				if errors.Is(err, io.EOF) {
					return nil
				}
				if err != nil || n >= recordsPerValue {
					return fmt.Errorf("%s %x: record %d: %w", bucket, key, n, ErrDamaged)
				}
				if !yield(v, nil) {
					return errStop
				}
			}
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(nil, fmt.Errorf("%s: %w", r.path, err))
		}
	}
}

// guard runs do, which reads mapped memory, and turns a panic or a memory
// fault in it into an error: the last belt, for a file that changes under us.
func guard(do func() error) (err error) {
	old := debug.SetPanicOnFault(true)
	defer debug.SetPanicOnFault(old)
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("it cannot be read, or changed while it was read (%v): %w", p, ErrDamaged)
		}
	}()
	return do()
}
