package proc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// Owners tells for the inode of a socket which descriptors of which processes
// hold it, by pid and descriptor.
type Owners map[uint64][]index.Owner

// ReadProcesses reads every process of o.Proc and emits it, in the order of
// the pids. host gives the boot time and the names of the users; it may be
// nil. The error is that the procfs cannot be listed, that emit failed, or
// that ctx ended; then the owners found so far are returned with it.
func ReadProcesses(ctx context.Context, o Options, host *index.Host, emit func(*index.Process) error, gap func(index.Gap)) (Owners, error) {
	r, err := newReader(o, host, gap)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Proc, err)
	}
	defer r.top.close()
	pids, err := r.pids()
	if err != nil {
		return nil, fmt.Errorf("%s: list the processes: %w", o.Proc, err)
	}
	for _, pid := range pids {
		if err := ctx.Err(); err != nil {
			return r.owners, fmt.Errorf("%s: %w", o.Proc, err)
		}
		v := visit{reader: r, pid: pid}
		p := v.process()
		v.settle()
		if p == nil {
			continue
		}
		if err := emit(p); err != nil {
			return r.owners, err
		}
	}
	r.done()
	return r.owners, nil
}

// reader is what the visits to all processes share.
type reader struct {
	Options
	top     dir // of the procfs itself
	procfs  procfs.FS
	users   map[uint32]string
	booted  index.Time
	gap     func(index.Gap)
	owners  Owners
	owned   int            // entries of owners
	lost    int            // descriptors of sockets that found no room there
	missing map[string]int // files that this kernel does not have, and for how many processes
}

func newReader(o Options, host *index.Host, gap func(index.Gap)) (*reader, error) {
	fs, err := procfs.NewFS(o.Proc)
	if err != nil {
		return nil, err
	}
	fd, err := again(func() (int, error) { return unix.Open(o.Proc, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0) })
	if err != nil {
		return nil, err
	}
	r := &reader{
		Options: o, procfs: fs, top: dir{fd: fd, live: o.Live, buf: new([]byte)},
		users: map[uint32]string{}, gap: gap, owners: Owners{}, missing: map[string]int{},
	}
	if host == nil {
		return r, nil
	}
	r.booted = host.Booted
	for _, u := range host.Users {
		if _, twice := r.users[u.UID]; !twice {
			r.users[u.UID] = u.Name
		}
	}
	r.noteHidden(host.Mounts, unix.Geteuid())
	return r, nil
}

// noteHidden notes that a procfs mounted with hidepid= keeps the processes of
// other users out of the list itself (proc(5), mount options).
func (r *reader) noteHidden(mounts []index.Mount, euid int) {
	if !r.Live || euid == 0 {
		return
	}
	for _, m := range mounts {
		if m.Type != "proc" || m.Point != r.Proc {
			continue
		}
		for option := range strings.SplitSeq(m.Super, ",") {
			switch option {
			case "hidepid=2", "hidepid=invisible", "hidepid=4", "hidepid=ptraceable":
				r.gap(index.Gap{Area: areaProcess, Place: "/proc", Reason: index.ReasonPermission, Count: 1,
					Detail: "mounted with " + option + ": processes of other users are not listed"})
			}
		}
	}
}

func (r *reader) pids() ([]int, error) {
	var pids []int
	over := 0
	err := r.top.names(func(name string) bool {
		pid, ok := number(name)
		switch {
		case !ok || pid == 0:
		case len(pids) < maxPIDs:
			pids = append(pids, pid)
		default:
			over++
		}
		return true
	})
	if over > 0 {
		r.gap(index.Gap{Area: areaProcess, Place: "/proc", Reason: index.ReasonTooLarge, Detail: "more processes than a kernel allows", Count: over})
	}
	slices.Sort(pids)
	return pids, err
}

// done notes what the visits could not know one by one.
func (r *reader) done() {
	for _, name := range optional {
		if n := r.missing[name]; n > 0 {
			r.gap(index.Gap{Area: areaProcess, Place: "/proc/PID/" + name, Reason: index.ReasonAbsent, Detail: "this kernel has no such file", Count: n})
		}
	}
	if r.lost > 0 {
		r.gap(index.Gap{Area: areaSocket, Place: "/proc/PID/fd", Reason: index.ReasonTooLarge, Detail: "more descriptors of sockets than the limit", Count: r.lost})
	}
}

// optional are the files that a kernel has or has not, by its configuration
// (CONFIG_TASK_IO_ACCOUNTING, CONFIG_CGROUPS, CONFIG_AUDIT). A process that
// lives and lacks one has not vanished.
var optional = []string{"io", "cgroup", "loginuid", "sessionid"}

// visit reads one process. Its gaps wait until it is known how the process
// fared in the meantime.
type visit struct {
	*reader
	pid   int
	dir   dir         // its own directory
	proc  procfs.Proc // the same by path; set by stat
	gaps  []index.Gap
	ended bool // it exited while it was being read
}

func (v *visit) at(name string) string {
	if name == "" {
		return "/proc/" + strconv.Itoa(v.pid)
	}
	return "/proc/" + strconv.Itoa(v.pid) + "/" + name
}

func (v *visit) fail(name string, err error) { v.failed(name, err, 1) }

func (v *visit) failed(name string, err error, count int) {
	reason, detail := explain(err)
	if reason == index.ReasonVanished && !v.Live {
		reason = index.ReasonAbsent // nothing ends in a copy
	}
	v.gaps = append(v.gaps, index.Gap{Area: areaProcess, Place: v.at(name), Reason: reason, Detail: detail, PID: v.pid, Count: count})
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

// settle hands the gaps on. What is missing because the process ended is one
// gap, about the process; what is missing although it lives is the kernel's.
func (v *visit) settle() {
	lost := 0
	for _, g := range v.gaps {
		name := strings.TrimPrefix(g.Place, v.at("")+"/")
		switch {
		case g.Reason == index.ReasonVanished && v.ended:
			lost += g.Count
		case g.Reason == index.ReasonVanished && slices.Contains(optional, name):
			v.missing[name]++
		default:
			v.gap(g)
		}
	}
	if lost > 0 {
		v.gap(index.Gap{Area: areaProcess, Place: v.at(""), Reason: index.ReasonVanished, Detail: "it ended while it was being read", PID: v.pid, Count: lost})
	}
}

// process reads the process, or returns nil where it cannot be told which
// process this is.
//
// procfs opens its three files by path, the others are opened in a directory
// that is held. The directory is opened first: if a file of it can still be
// read after procfs has read, the process has lived through, and the path
// meant the same process all the time. A start time that changed in between
// shows it for a tree that is being written.
func (v *visit) process() *index.Process {
	var err error
	if v.dir, err = v.top.open(strconv.Itoa(v.pid)); err != nil {
		v.fail("", err)
		return nil
	}
	defer v.dir.close()
	p, err := v.stat()
	if err != nil {
		v.fail("stat", err)
		return nil
	}
	before := *p
	v.accounts(p)
	if !v.status(p) {
		p.IO, p.Cgroup, p.Container = nil, "", ""
	}
	v.commandLine(p)
	v.links(p)
	v.spaces(p)
	v.audit(p)
	v.limits(p)
	v.files(p)
	now, err := v.identity()
	switch {
	case errors.Is(err, errTorn):
		v.gaps = v.gaps[:0]
		v.fail("stat", err)
		return nil
	case err != nil:
		v.fail("stat", err)
		v.ended = !v.alive(err)
	case now.start != p.StartTime:
		v.gaps = append(v.gaps[:0], index.Gap{Area: areaProcess, Place: v.at(""), Reason: index.ReasonChanged, PID: v.pid, Count: 1,
			Detail: "the pid was given to another process; only stat was kept"})
		return &before
	default:
		v.ended = exited(now.state) && !exited(p.State)
	}
	v.own(p)
	return p
}

// alive reports whether err says something else than that the process ended.
func (v *visit) alive(err error) bool {
	reason, _ := explain(err)
	return reason != index.ReasonVanished || !v.Live
}

// exited reports whether state is that of a process without memory, files
// and directories: a zombie, or one that is being removed.
func exited(state string) bool { return state == "Z" || state == "X" || state == "x" }
