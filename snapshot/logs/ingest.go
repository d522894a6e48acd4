package logs

import (
	"context"
	"runtime"
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
	inner, stop := context.WithCancel(ctx)
	defer stop()
	cores := runtime.GOMAXPROCS(0)
	// The order holds at most this many chunks, so memory does not grow with the logs.
	p := &pipeline{ctx: inner, o: o, jobs: make(chan *job), order: make(chan *job, 2*cores)}
	for range cores {
		b, err := w.NewBlockBuilder()
		if err != nil {
			return err
		}
		go p.work(splitter{builder: b, captured: index.TimeOf(o.Captured)})
	}
	go func() {
		defer close(p.order)
		defer close(p.jobs)
		r := fileReader{f: f, p: p}
		r.all(files)
	}()
	err := p.drain(w, f.gap)
	stop()
	// Only when the order is closed has the reader left its files.
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

	done  chan struct{} // closed when block and err are set; nil where there is no chunk
	block *index.Block
	err   error
	// The earliest and the latest stamp in the chunk; unknown where it has none.
	first, last index.Time

	end *index.Source
	gap *index.Gap
}

// reading is what the jobs of one source share.
type reading struct {
	id      uint32
	path    string
	format  Format
	service []byte // of entries that name none
	// These are the drain's alone.
	events      int64
	first, last index.Time
}

type pipeline struct {
	ctx   context.Context
	o     Options
	jobs  chan *job
	order chan *job
}

// send gives a job to the drain and, with a chunk, to the workers. It reports
// false when the capture has ended.
func (p *pipeline) send(j *job) bool {
	select {
	case p.order <- j:
	case <-p.ctx.Done():
		return false
	}
	if j.done == nil {
		return true
	}
	select {
	case p.jobs <- j:
		return true
	case <-p.ctx.Done():
		return false
	}
}

func (p *pipeline) work(s splitter) {
	for j := range p.jobs {
		j.block, j.err = s.split(j)
		close(j.done)
	}
}

// drain writes what the jobs give, in the order of reading.
func (p *pipeline) drain(w *index.Writer, gap func(index.Gap)) error {
	var kept int64
	for j := range p.order {
		switch {
		case j.gap != nil:
			gap(*j.gap)
		case j.end != nil:
			j.end.Events, j.end.First, j.end.Last = j.from.events, j.from.first, j.from.last
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
			if err := w.AddBlock(j.block); err != nil {
				return err
			}
			kept += j.block.Bytes()
			if p.o.Progress != nil {
				p.o.Progress(j.from.path, kept)
			}
		}
	}
	return nil
}

func (r *reading) count(j *job) {
	r.events += j.block.Events()
	if j.first != 0 && (r.first == 0 || j.first < r.first) {
		r.first = j.first
	}
	r.last = max(r.last, j.last)
}
