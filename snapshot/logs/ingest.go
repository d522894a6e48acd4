package logs

import (
	"cmp"
	"context"
	"fmt"
	"hash"
	"io"
	"iter"
	"runtime"
	"sync"
	"time"

	"stilltrace/index"
)

// Options say how logs are read.
type Options struct {
	Zone     *time.Location // in which the host writes stamps that name none
	Captured time.Time      // no stamp without a year is later than this
	// Progress is told after each block how many bytes of text are kept so far; it may be nil.
	Progress func(path string, bytes int64)
}

// Ingest reads the files into w: the text of each byte for byte, and the
// events in it. Files are read one after the other; their chunks are parsed on
// all cores and written in the order of reading, so that the same logs give
// the same case. What cannot be read is a gap; an error is about the case, or
// ctx has ended.
func (f *Finder) Ingest(ctx context.Context, files []File, w *index.Writer, o Options) error {
	known, err := newHeld(w.Held())
	if err != nil {
		return err
	}
	first := w.SourceCount()
	builders, err := newBuilders(w)
	if err != nil {
		return err
	}
	return run(ctx, w, builders, o, f.gap, func(p *pipeline) {
		r := fileReader{f: f, p: p, id: first, held: known}
		r.all(files)
	})
}

// sink takes what is made of logs.
type sink interface {
	NewSegmentBuilder() (*index.SegmentBuilder, error)
	AddSegment(s *index.Segment) error
	EndSource(s index.Source) error
}

// newBuilders are as many as there are cores.
func newBuilders(w sink) (out []*index.SegmentBuilder, err error) {
	for range runtime.GOMAXPROCS(0) {
		b, err := w.NewSegmentBuilder()
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}

// run parses what read sends, with as many workers as there are builders, and
// drains it into w.
func run(ctx context.Context, w sink, builders []*index.SegmentBuilder, o Options, gap func(index.Gap), read func(p *pipeline)) error {
	inner, stop := context.WithCancel(ctx)
	defer stop()
	// Memory does not grow with the logs: each worker has one chunk, and the order holds no more than so many segments that wait for a
	// slower one before them.
	p := &pipeline{ctx: inner, o: o, order: make(chan *job, 2*len(builders))}
	next, leave := iter.Pull(func(yield func(*job) bool) {
		p.yield = yield
		read(p)
	})
	p.next = next
	var workers sync.WaitGroup
	for _, b := range builders {
		workers.Go(func() { p.work(splitter{builder: b, captured: index.TimeOf(o.Captured)}) })
	}
	go func() {
		workers.Wait()
		leave() // the files, wherever reading was
		close(p.order)
	}()
	err := p.drain(w, gap)
	stop()
	for range p.order {
	}
	if err == nil {
		err = ctx.Err()
	}
	return err
}

// job is one step in the order of reading: a chunk of a source, its end, or a
// gap.
type job struct {
	chunk chunk
	from  *reading
	dater dater
	// The time of the last stamped entry comes from the job before and goes to the one behind it: an entry without a stamp takes it.
	before <-chan index.Time
	after  chan<- index.Time

	prior index.Time // what came from the job before, once it came
	came  bool
	stamp index.Time // what goes to the job behind it

	done    chan struct{} // closed when segment and err are set; nil where there is no chunk
	segment *index.Segment
	err     error
	// The earliest and the latest stamp in the chunk; unknown where it has none.
	first, last index.Time
	cuts        int // lines that were cut

	end *index.Source
	gap *index.Gap
}

// inherits is the time that an entry without a stamp takes at the start of the
// chunk; 0 where none has one before it.
func (j *job) inherits() index.Time {
	if !j.came {
		j.prior, j.came = <-j.before, true
	}
	return j.prior
}

// reading is what the jobs of one source share.
type reading struct {
	id      uint32
	path    string
	format  Format
	service []byte    // of entries that name none
	sum     hash.Hash // SHA-256 of what comes before in the log
	// Where a log goes on that the case holds already: after which source, where, and with which time.
	continues uint32
	resume    *index.Resume
	stamp     index.Time
	walks     []walkedTo // of a log whose years were counted: what was known behind each of its chunks
	// again tells that the text was cut before, its last entry at tail.
	again bool
	tail  int64
	// These are the drain's alone.
	events      int64
	first, last index.Time
	cuts        int
	inherit     index.Time // the time that an entry without a stamp would take at the end
}

// chunker cuts the text that is to be read of the log.
func (r *reading) chunker(text io.Reader) *chunker {
	at := index.Resume{Line: 1}
	if r.resume != nil {
		at = *r.resume
	}
	c := newChunker(text, r.format.Starts)
	if r.again {
		c = newToldChunker(text, r.format.Starts, at.Offset, r.tail)
	}
	c.resume(&at)
	return c
}

// pipeline is the way of the chunks. There is nobody who reads for others:
// each worker reads the chunk that it parses, so that the text is in the caches
// of its own processor. They take turns in it.
type pipeline struct {
	ctx   context.Context
	o     Options
	order chan *job

	turn  sync.Mutex // of what follows
	next  func() (*job, bool)
	yield func(*job) bool // the other end of next
	buf   []byte          // of the worker whose turn it is
}

// send gives a job to the drain and, with a chunk, to the worker that reads. It
// reports false when the capture has ended.
func (p *pipeline) send(j *job) bool {
	select {
	case p.order <- j:
	case <-p.ctx.Done():
		return false
	}
	return j.done == nil || p.yield(j)
}

// read returns the next job that has a chunk, which is read into buf.
func (p *pipeline) read(buf []byte) (*job, bool) {
	p.turn.Lock()
	defer p.turn.Unlock()
	if p.ctx.Err() != nil {
		return nil, false
	}
	p.buf = buf
	return p.next()
}

func (p *pipeline) work(s splitter) {
	var buf []byte
	for {
		j, ok := p.read(buf)
		if !ok {
			return
		}
		j.segment, j.err = s.split(j)
		buf = j.chunk.buf
		j.chunk.raw, j.chunk.buf = nil, nil
		close(j.done)
	}
}

// drain writes what the jobs give, in the order of reading.
func (p *pipeline) drain(w sink, gap func(index.Gap)) error {
	var kept int64
	for j := range p.order {
		switch {
		case j.gap != nil:
			gap(*j.gap)
		case j.end != nil:
			j.end.Events, j.end.First, j.end.Last = j.from.events, j.from.first, j.from.last
			if n := j.from.cuts; n > 0 {
				gap(index.Gap{Area: "log", Place: j.from.path, Reason: index.ReasonTooLarge, Count: n,
					Detail: fmt.Sprintf("lines longer than %d bytes: kept whole, but cut into several events", maxEntry)})
			}
			if j.end.Resume != nil {
				j.end.Resume.Stamp = cmp.Or(j.from.inherit, j.from.stamp)
			}
			if err := w.EndSource(*j.end); err != nil {
				return err
			}
		default:
			select {
			case <-j.done:
			case <-p.ctx.Done():
				return p.ctx.Err()
			}
			if j.err != nil {
				return j.err
			}
			j.from.count(j)
			if err := w.AddSegment(j.segment); err != nil {
				return err
			}
			kept += j.segment.Bytes()
			if p.o.Progress != nil {
				p.o.Progress(j.from.path, kept)
			}
		}
	}
	return nil
}

func (r *reading) count(j *job) {
	r.events += j.segment.Events()
	r.cuts += j.cuts
	if j.first != 0 && (r.first == 0 || j.first < r.first) {
		r.first = j.first
	}
	r.last = max(r.last, j.last)
	if !j.chunk.open {
		r.inherit = j.stamp
	}
}
