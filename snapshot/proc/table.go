package proc

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"sync"

	"stilltrace/index"
)

// Table is the process table of a procfs, which is looked at twice.
type Table struct {
	*reader
	first, second index.Clocks
	forks         uint64 // before the first look
	forked        uint64 // between the two
	tasks         int
	hidden        []index.Hidden
	probed        int
	glimpses      []glimpse // by pid
	passes        int
	emitted       int
	endedEarly    int
	began         int
	blocked       int
	stuck         int               // readers that were left behind
	containers    map[int]string    // of a process
	netContainer  map[uint64]string // of a network namespace
	found         []index.Container // by id
	members       spaceMembers
	cgroupPaths   map[string]bool
	programs      map[string]program // by path
	leaders       map[int]int        // the process of a thread
	ownMounts     uint64             // inode of the mount namespace of the host; 0 where unknown
	deniedNets    int                // processes whose network namespace may not be known
	unread        int
}

// glimpse is what the first look saw of a process.
type glimpse struct {
	pid   int
	ok    bool
	stat  statText
	at    int64  // nanoseconds since the reading began
	netns uint64 // inode of its network namespace; 0 where unknown
	// denied: the namespace is not to be known by whoever runs this.
	denied bool
}

// Close ends the reading.
func (t *Table) Close() { t.top.close() }

// glance reads the stat of many processes with all readers at once.
func (r *reader) glance(pids []int) []glimpse {
	all := make([]glimpse, len(pids))
	share := (len(pids) + readers - 1) / readers
	var group sync.WaitGroup
	for from := 0; from < len(pids); from += share {
		group.Go(func() {
			top := dir{fd: r.top.fd, live: r.Live, buf: new([]byte)}
			for i := from; i < min(from+share, len(pids)); i++ {
				all[i] = r.glimpse(top, pids[i])
			}
		})
	}
	group.Wait()
	return all
}

func (r *reader) glimpse(top dir, pid int) glimpse {
	g := glimpse{pid: pid}
	if !r.Live {
		return g // nothing moves in a copy, and what it says of itself is read once
	}
	name := strconv.Itoa(pid)
	data, err := top.text(name+"/stat", maxText)
	if err != nil {
		return g
	}
	g.at = r.passed()
	if g.stat, err = parseStat(data); err != nil || g.stat.pid != pid {
		return g
	}
	g.ok = true
	text, err := top.linkBytes(name + "/ns/net")
	if err == nil {
		g.netns, _ = bracketedBytes(text, "net")
	}
	g.denied = errors.Is(err, fs.ErrPermission) && g.stat.numbers[statFlags]&pfKthread == 0
	return g
}

// counts reads how many processes and threads were made since boot, and how
// many CPUs there are, from /proc/stat.
func (r *reader) counts() (forks uint64, err error) {
	data, err := r.top.read("stat", maxStatText)
	if err != nil {
		return 0, err
	}
	_, rest, ok := bytes.Cut(data, []byte("\nprocesses "))
	if !ok {
		return 0, torn("no line of processes")
	}
	digits, _, _ := bytes.Cut(rest, []byte("\n"))
	return strconv.ParseUint(string(digits), 10, 64)
}

// visitAll visits the processes of the first look, then those that began in
// the meantime, until a listing shows no new ones.
func (t *Table) visitAll(ctx context.Context, host *index.Host, emit emitter) error {
	known := make(map[int]bool, len(t.glimpses))
	first := make([]job, len(t.glimpses))
	jobs := make([]*job, len(t.glimpses))
	for i := range t.glimpses {
		known[t.glimpses[i].pid] = true
		jobs[i] = &first[i]
		jobs[i].pid, jobs[i].glimpse, jobs[i].done = t.glimpses[i].pid, &t.glimpses[i], make(chan struct{})
	}
	t.passes = 1
	if err := t.visitJobs(ctx, jobs, emit); err != nil {
		return err
	}
	for t.Live && t.passes < maxPasses && !t.late() {
		pids, err := t.list(t.top)
		t.lookAgain()
		t.passes++
		if err != nil {
			t.gap(absentGap(areaProcess, "/proc", err))
			break
		}
		pids = slices.DeleteFunc(pids, func(pid int) bool { return known[pid] })
		if len(pids) == 0 {
			break
		}
		jobs = jobs[:0]
		for _, pid := range pids {
			known[pid] = true
			jobs = append(jobs, &job{pid: pid, done: make(chan struct{})})
		}
		if err := t.visitJobs(ctx, jobs, emit); err != nil {
			return err
		}
	}
	if t.second.Realtime == 0 {
		t.lookAgain() // the deadline came before a second look
	}
	if t.Live && host != nil {
		t.lookForHidden(host.Mounts, known)
	}
	return nil
}

// lookAgain is when the second look was: its clocks, and what was forked until
// then. Both stand behind the listing, as those of the first look stand before it.
func (t *Table) lookAgain() {
	t.second = ReadClocks(t.Live)
	if forks, err := t.counts(); err == nil && forks >= t.forks {
		t.forked = forks - t.forks
	}
}

// give emits one process.
func (t *Table) give(emit emitter, p *index.Process) error {
	switch p.Look {
	case index.LookFirst:
		t.endedEarly++
	case index.LookSecond:
		t.began++
	}
	t.emitted++
	t.note(p)
	return emit(p)
}

// coverage is nil for a copy, in which nothing moves.
func (t *Table) coverage() *index.Coverage {
	if !t.Live {
		return nil
	}
	return &index.Coverage{
		FirstLook: t.first, SecondLook: t.second, Listed: len(t.glimpses), Seen: t.emitted, Ended: t.endedEarly, Began: t.began, Passes: t.passes,
		Forks: t.forked, Tasks: t.tasks, Threads: t.threads, Probed: t.probed, Blocked: t.blocked, Unread: t.unread, Hidden: t.hidden,
	}
}
