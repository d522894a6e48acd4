package proc

import (
	"errors"
	"io/fs"
	"strconv"

	"stilltrace/index"
)

// visit reads one process. Its gaps wait until it is known how the process
// fared in the meantime.
type visit struct {
	*reader
	*hand
	pid      int
	glimpse  *glimpse       // nil where the first look did not see it
	p        *index.Process // nil where it cannot be told which process this is
	dir      dir            // its own directory
	before   statText       // the first stat, of which p was made
	statOnly bool           // of p nothing but that is kept
	gaps     []index.Gap
	ended    bool // it exited while it was being read
	turned   bool // it started another program while it was being read
	noInfo   bool // a copy without fdinfo
	// statusText is status as it was read, of a process with several threads: each of them has one of its own.
	statusText []byte
	room       *room
}

func newVisit(r *reader, h *hand, pid int, g *glimpse) *visit {
	return &visit{reader: r, hand: h, pid: pid, glimpse: g, room: new(room)}
}

func (v *visit) at(name string) string {
	if name == "" {
		return "/proc/" + strconv.Itoa(v.pid)
	}
	return "/proc/" + strconv.Itoa(v.pid) + "/" + name
}

func (v *visit) fail(name string, err error) { v.failed(name, err, 1) }

func (v *visit) failed(name string, err error, count int) {
	v.gaps = append(v.gaps, v.gapOf(name, err, count))
}

func (v *visit) gapOf(name string, err error, count int) index.Gap {
	reason, detail := explain(err)
	if reason == index.ReasonVanished && !v.Live {
		reason = index.ReasonAbsent // nothing ends in a copy
	}
	return index.Gap{Area: areaProcess, Place: v.at(name), Reason: reason, Detail: detail, PID: v.pid, Count: count}
}

// failedAll notes what failed for the same reason at one place as one gap.
func (v *visit) failedAll(name string, errs []error) {
	count := map[string]int{}
	for _, err := range errs {
		count[err.Error()]++
	}
	for _, err := range errs {
		if n := count[err.Error()]; n > 0 {
			v.failed(name, err, n)
			delete(count, err.Error())
		}
	}
}

// alive reports whether err says something else than that the process ended.
func (v *visit) alive(err error) bool {
	reason, _ := explain(err)
	return reason != index.ReasonVanished || !v.Live
}

// exited reports whether state is that of a process without memory, files
// and directories: a zombie, or one that is being removed.
func exited(state string) bool { return state == "Z" || state == "X" || state == "x" }

// open reads what does not block. All is read relative to the directory of the
// process, which stays bound to it: once it has ended nothing can be read
// there, even where the pid was given away. A tree that is being written shows
// that by a start time which changed in between.
func (v *visit) open() {
	top := dir{fd: v.top.fd, live: v.Live, buf: v.buf}
	var err error
	if v.dir, err = top.open(strconv.Itoa(v.pid)); err != nil {
		v.dir.fd = -1
		v.fail("", err)
		v.ended = !v.alive(err)
		return
	}
	at, err := v.begin()
	if err != nil {
		v.fail("stat", err)
		v.ended = !v.alive(err)
		return
	}
	p := v.p
	v.cheap(p)
	now, err := v.readStat()
	switch {
	case errors.Is(err, errTorn):
		v.gaps = v.gaps[:0]
		v.fail("stat", err)
		v.p = nil
	case err != nil:
		v.fail("stat", err)
		v.ended = !v.alive(err)
	case now.start() == p.StartTime:
		v.end(&now, at)
	case v.glimpse != nil && v.glimpse.ok && v.Live:
		// It is another process than the first look saw: this directory is its own, and what it holds is read as of a later look.
		v.glimpse, v.gaps, v.p = nil, v.gaps[:0], nil
		v.later()
	default:
		v.another()
	}
}

// later reads a process that the first look did not see, in its directory.
func (v *visit) later() {
	at, err := v.begin()
	if err != nil {
		v.fail("stat", err)
		v.ended = !v.alive(err)
		return
	}
	v.cheap(v.p)
	now, err := v.readStat()
	if err != nil {
		v.fail("stat", err)
		v.ended = !v.alive(err)
		return
	}
	v.end(&now, at)
}

// end takes in the last stat of the process, whose first one was of that time.
func (v *visit) end(now *statText, at int64) {
	v.ended = exited(now.state) && !exited(v.before.state)
	v.turned = v.Live && !v.p.Kernel && !v.ended && v.before.otherProgram(now)
	now.refresh(v.p)
	if v.Live {
		v.p.Interval = interval(&v.before, now, v.passed()-at)
	}
}

// begin makes the process of its first stat, and tells when that was: it is that
// of the first look, where there was one.
func (v *visit) begin() (at int64, err error) {
	if g := v.glimpse; g != nil && g.ok {
		v.before, at = g.stat, g.at
	} else if v.before, err = v.readStat(); err != nil {
		return 0, err
	} else {
		at = v.passed()
	}
	v.p = &v.room.process
	v.fill(v.p, &v.before)
	return at, nil
}

// cheap reads what does not block.
func (v *visit) cheap(p *index.Process) {
	v.status(p)
	v.io(p)
	v.cgroup(p)
	v.limits(p)
	v.links(p)
	v.spaces(p)
	v.audit(p)
	v.label(p)
	v.waits(p)
	v.threads(p)
	v.files(p)
}

// another forgets what was read: the pid was given to another process
// meanwhile.
func (v *visit) another() {
	v.p, v.statOnly = v.process(&v.before), true
	v.gaps = append(v.gaps[:0], index.Gap{Area: areaProcess, Place: v.at(""), Reason: index.ReasonChanged, PID: v.pid, Count: 1,
		Detail: "the pid was given to another process; only stat was kept"})
}

func (v *visit) readStat() (statText, error) {
	var s statText
	data, err := v.dir.text("stat", maxText)
	if err == nil {
		s, err = parseStat(data)
	}
	if err == nil && s.pid != v.pid {
		err = torn("it speaks of process %d", s.pid)
	}
	return s, err
}

func (v *visit) close() {
	if v.dir.fd >= 0 {
		v.dir.close()
	}
}

// step is what is read of a process at a time: stepStat stands for all that does
// not block, the others may.
type step int32

const (
	stepNone step = iota // nobody began yet
	stepStat
	stepCmdline
	stepEnviron
	stepMaps
	stepExe
)

// String is the file that is read.
func (s step) String() string { return [...]string{"", "stat", "cmdline", "environ", "maps", "exe"}[s] }

// slowPart is what had to wait for the memory and the files of a process. It is
// kept apart from the rest, which is final when this is begun.
type slowPart struct {
	cmdline []string
	environ []index.Variable
	maps    mappings
	exe     *index.FileIdentity
	sum     string
	script  *index.Script
	another bool // the pid was given away
	turned  bool // it started another program
	bare    bool // it has no arguments: it may be starting one
	gaps    []index.Gap
}

// slowly reads it. Before each step that may block, next is told; it answers
// whether anybody still waits.
func (v *visit) slowly(next func(step) bool) (s slowPart) {
	p := v.p
	if p.Kernel || exited(p.State) || v.ended || v.statOnly {
		return s
	}
	fail := func(at step, err error) {
		if err != nil && !(errors.Is(err, fs.ErrNotExist) && v.ended) {
			s.gaps = append(s.gaps, v.gapOf(at.String(), err, 1))
		}
	}
	if v.halted.Load() {
		s.gaps = append(s.gaps, index.Gap{Area: areaProcess, Place: v.at(stepCmdline.String()), Reason: index.ReasonBlocked, PID: v.pid, Count: 1,
			Detail: "not tried: too many processes did not answer"})
		return s
	}
	var err error
	if !next(stepCmdline) {
		return s
	}
	s.cmdline, err = v.commandLine()
	s.bare = v.Live && err == nil && len(s.cmdline) == 0
	fail(stepCmdline, err)
	if !next(stepEnviron) {
		return s
	}
	s.environ, err = v.environ()
	fail(stepEnviron, err)
	if !next(stepMaps) {
		return s
	}
	s.maps, err = v.maps()
	fail(stepMaps, err)
	if !v.Live {
		now, err := v.readStat()
		s.another = err == nil && now.start() != p.StartTime
		return s
	}
	if p.Exe != "" && next(stepExe) {
		s.exe, s.sum, err = v.executable(next)
		s.turned = err == nil && v.otherImage(s.exe) || errors.Is(err, errChanged) && v.otherName()
		fail(stepExe, err)
		if err == nil && next(stepExe) {
			s.script = v.script(s.cmdline, next)
		}
	}
	return s
}

// give completes the process of v.
func (s *slowPart) give(v *visit) {
	if s.another {
		v.another()
		return
	}
	p := v.p
	p.Cmdline, p.Environ, p.Maps = s.cmdline, s.environ, s.maps.kept
	p.ExeFile, p.ExeSHA256, p.Script = s.exe, s.sum, s.script
	for _, g := range s.gaps {
		// The process may have ended since what does not block was read.
		if v.Live && g.Reason == index.ReasonVanished {
			v.ended = true
		}
	}
	v.gaps = append(v.gaps, s.gaps...)
}
