package proc

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"stilltrace/index"
)

// readers is how many visit processes at once: what a host in trouble can
// spare.
const readers = 2

// The bounds of waiting for a kernel that does not answer. What touches the
// memory of a process (cmdline, environ, maps) waits for its mmap_lock, and what
// touches its files for their servers; neither wait can be called off.
const (
	// patience is how long the first such wait may take; each one that was given up halves it, down to leastPatience.
	patience      = 500 * time.Millisecond
	leastPatience = 100 * time.Millisecond
	// cheapPatience is for what should not block at all.
	cheapPatience = 5 * time.Second
	// filePatience is for one read of an executable: a disk may be slow.
	filePatience = 3 * time.Second
	// glanceAfter is how often one looks whether a step still lasts.
	glanceAfter = leastPatience / 4
	// maxStuck is how many readers may be left waiting, each with a thread of the kernel; then nothing that can block is tried.
	maxStuck = 64
	// ahead is how many visits may be done before the next one in order is: it bounds the memory.
	ahead = 128
	// batch is how many of them are waited for at once: to wake up for each one costs more than its turn.
	batch = 16
)

// The states of a job.
const (
	jobCheap   = iota // what does not block is being read
	jobSlow           // what may block is being read; what was read before is final
	jobDone           // all is final
	jobLost           // nobody waits for it any more, and nothing of it is final
	jobBlocked        // nobody waits for it any more, and its visit is final
)

// job is one process to be visited.
type job struct {
	pid     int
	glimpse *glimpse // nil for a process of a later look
	state   atomic.Int32
	since   atomic.Int64 // when the step that is under way began, in nanoseconds of time.Since(began)
	step    atomic.Int32 // one of step
	visit   *visit       // final from jobSlow on
	again   *visit       // that took its place, where the process started another program meanwhile; final from jobDone on
	slow    *slowPart    // final from jobDone on
	done    chan struct{}
}

// pool visits jobs with several readers. Results are taken in the order of the
// jobs.
type pool struct {
	*Table
	jobs   []*job
	began  time.Time
	next   atomic.Int64
	room   chan struct{}
	quit   chan struct{}
	group  sync.WaitGroup
	spares spares
}

// late reports whether the time for the state of the host is over.
func (o *Options) late() bool { return !o.Deadline.IsZero() && !time.Now().Before(o.Deadline) }

func (t *Table) visitJobs(ctx context.Context, jobs []*job, emit emitter) error {
	p := &pool{Table: t, jobs: jobs, began: time.Now(), room: make(chan struct{}, ahead), quit: make(chan struct{})}
	for range min(readers, len(jobs)) {
		p.start()
	}
	defer p.end()
	for i, j := range jobs {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("%s: %w", t.Proc, err)
		}
		if err := p.finish(ctx, i); err != nil {
			return err
		}
		for _, one := range p.result(j) {
			if err := t.give(emit, one); err != nil {
				return err
			}
		}
		if j.state.Load() == jobDone {
			if j.again == nil {
				p.spares.put(j.visit)
			}
			j.visit, j.again, j.slow = nil, nil, nil // what was emitted lives in the case
		}
		select {
		case <-p.room:
		default:
		}
	}
	return nil
}

func (p *pool) start() { p.group.Go(func() { p.work(newHand()) }) }

// end waits for the readers, who have nothing more to do; but not for those
// that the kernel holds.
func (p *pool) end() {
	close(p.quit)
	ended := make(chan struct{})
	go func() {
		p.group.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(leastPatience):
	}
}

func (p *pool) ends() bool {
	select {
	case <-p.quit:
		return true
	default:
		return false
	}
}

// work visits jobs until there are no more, or until it was given up.
func (p *pool) work(h *hand) {
	for {
		select {
		case p.room <- struct{}{}:
		case <-p.quit:
			return
		}
		i := int(p.next.Add(1)) - 1
		if i >= len(p.jobs) || p.ends() {
			return
		}
		if !p.visit(p.jobs[i], h) {
			return
		}
	}
}

// visit reports whether anybody waited for the result.
func (p *pool) visit(j *job, h *hand) bool {
	v := p.spares.take(p.reader, h, j.pid, j.glimpse)
	p.touch(j, stepStat)
	v.open()
	j.visit, j.slow = v, &v.room.slow
	if !j.state.CompareAndSwap(jobCheap, jobSlow) {
		v.close()
		return false
	}
	if v.p != nil {
		next := func(at step) bool {
			p.touch(j, at)
			return j.state.Load() == jobSlow
		}
		*j.slow = v.slowly(next)
		if v.turned || j.slow.turned || j.slow.bare {
			j.again = v.repeat(j.slow, next)
		}
	}
	v.close() // before somebody else may have it
	if !j.state.CompareAndSwap(jobSlow, jobDone) {
		return false
	}
	close(j.done)
	return true
}

func (p *pool) touch(j *job, at step) {
	j.since.Store(int64(time.Since(p.began)))
	j.step.Store(int32(at))
}

// at is the step that is under way.
func (j *job) at() step { return step(j.step.Load()) }

// finish waits until the job at i is done, or gives it up.
func (p *pool) finish(ctx context.Context, i int) error {
	j, with := p.jobs[i], p.jobs[min(i+batch, len(p.jobs))-1]
	var w watch
	for !p.late() {
		select {
		case <-j.done:
			return nil
		default:
		}
		timer := time.NewTimer(glanceAfter)
		select {
		case <-with.done:
			timer.Stop()
			with = j // should this one hang, it alone is waited for
			continue
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("%s: %w", p.Proc, ctx.Err())
		case <-timer.C:
		}
		if p.overdue(j, &w) && p.giveUp(j) {
			if p.blocked++; p.stuck >= maxStuck {
				p.halted.Store(true)
			}
			p.start()
			return nil
		}
	}
	p.giveUp(j)
	return nil
}

// watch counts the looks at one step of a job. A machine that stood still, or
// gave nobody a turn, is no kernel that does not answer: then the looks were as
// late as the step, and they are few.
type watch struct {
	since int64
	looks int
}

// overdue reports whether the step of a job takes longer than it may.
func (p *pool) overdue(j *job, w *watch) bool {
	allowed := max(patience>>min(p.blocked, 10), leastPatience)
	switch j.at() {
	case stepNone:
		return false
	case stepStat:
		allowed = cheapPatience
	case stepExe:
		allowed = filePatience
	}
	since := j.since.Load()
	if since != w.since {
		*w = watch{since: since}
	}
	w.looks++
	return time.Duration(w.looks)*glanceAfter >= allowed && time.Since(p.began)-time.Duration(since) > allowed
}

// giveUp reports whether the job is not done after all. A reader may be left
// behind with it.
func (p *pool) giveUp(j *job) bool {
	if !j.state.CompareAndSwap(jobSlow, jobBlocked) && !j.state.CompareAndSwap(jobCheap, jobLost) {
		return false
	}
	if j.at() != stepNone {
		p.stuck++
	}
	return true
}

// result is what is known of a process: nothing, itself, or two that had the
// pid one after the other.
func (p *pool) result(j *job) []*index.Process {
	if j.state.Load() == jobLost {
		return p.unreached(j)
	}
	v := j.visit
	if j.state.Load() == jobDone && j.again != nil {
		v = j.again
	}
	var all []*index.Process
	if g := j.glimpse; g != nil && g.ok && (v.p == nil || v.p.StartTime != g.stat.start()) {
		all = append(all, p.ofGlimpse(g))
	}
	if v.p == nil {
		if len(all) == 0 || !v.ended {
			v.settle()
		}
		return all
	}
	place := func(reason index.Reason, detail string) {
		v.gaps = append(v.gaps, index.Gap{Area: areaProcess, Place: v.at(j.at().String()), Reason: reason, Detail: detail, PID: j.pid, Count: 1})
	}
	switch {
	case j.state.Load() == jobDone:
		j.slow.give(v)
	case p.late():
		place(index.ReasonDeadline, "")
	default:
		v.p.Blocked = j.at() != stepExe
		place(index.ReasonBlocked, "the kernel did not answer: the memory of the process is locked, or a file server is gone")
	}
	if j.glimpse == nil && p.Live || len(all) > 0 {
		v.p.Look = index.LookSecond
	}
	v.settle()
	p.own(v.p, v.hides())
	return append(all, v.p)
}

// unreached is what the first look saw of a process that nobody came to read.
func (p *pool) unreached(j *job) []*index.Process {
	p.unread++
	p.closed[0] = true
	p.gap(index.Gap{Area: areaProcess, Place: fmt.Sprintf("/proc/%d", j.pid), Reason: index.ReasonDeadline, PID: j.pid, Count: 1, Detail: "only its stat was read"})
	if j.glimpse == nil || !j.glimpse.ok {
		return nil
	}
	one := p.ofGlimpse(j.glimpse)
	one.Look = ""
	return []*index.Process{one}
}

// ofGlimpse is a process of which only the first look is known.
func (r *reader) ofGlimpse(g *glimpse) *index.Process {
	p := r.process(&g.stat)
	p.Look, p.Spaces.Net = index.LookFirst, g.netns
	return p
}
