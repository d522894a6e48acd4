package proc

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// Owners tells for the inode of a socket which descriptors of which processes
// hold it, by pid and descriptor.
type Owners map[uint64][]index.Owner

// reader is what the visits to all processes share.
type reader struct {
	Options
	opened   time.Time
	top      dir // of the procfs itself
	users    map[uint32]string
	booted   index.Time
	gap      func(index.Gap)
	hashes   *hasher
	halted   atomic.Bool   // no file that can block is to be opened any more
	noQuery  atomic.Bool   // the kernel knows no PROCMAP_QUERY
	ownPIDs  atomic.Uint64 // inode of the pid namespace of the procfs; 0 until a process told
	owners   Owners
	owned    int            // entries of owners
	lost     int            // descriptors of sockets that found no room there
	missing  map[string]int // files that this kernel, or the copy, does not have, and for how many processes
	present  map[string]bool
	labelled bool            // a security module gives every process a label
	unified  string          // where the control groups of version 2 are mounted; "" in a copy
	closed   map[uint64]bool // network namespaces of which some process has a list of descriptors that could not be read; 0: one of an unknown namespace
	threads  int
}

func newReader(o Options, gap func(index.Gap)) (*reader, error) {
	fd, err := again(func() (int, error) { return unix.Open(o.Proc, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0) })
	if err != nil {
		return nil, err
	}
	top := dir{fd: fd, live: o.Live, buf: new([]byte)}
	return &reader{
		labelled: labels(top), Options: o, opened: time.Now(), top: top, users: map[uint32]string{}, gap: gap,
		hashes: newHasher(), owners: Owners{}, missing: map[string]int{}, present: map[string]bool{}, closed: map[uint64]bool{},
	}, nil
}

// passed is how long the reading lasts, in nanoseconds.
func (r *reader) passed() int64 { return int64(time.Since(r.opened)) }

// know takes in what the host says that explains processes.
func (r *reader) know(host *index.Host) {
	if host == nil {
		return
	}
	r.booted = host.Booted
	if r.Live {
		r.unified = unifiedMount(host.Mounts)
	}
	for _, u := range host.Users {
		if _, twice := r.users[u.UID]; !twice {
			r.users[u.UID] = u.Name
		}
	}
	r.noteHidden(host.Mounts, unix.Geteuid())
}

// noteHidden notes that a procfs mounted with hidepid= keeps the processes of
// other users out of the list itself (proc(5), mount options).
func (r *reader) noteHidden(mounts []index.Mount, euid int) {
	if option := hidepid(r.Options, mounts, euid); option != "" {
		r.gap(index.Gap{Area: areaProcess, Place: "/proc", Reason: index.ReasonPermission, Count: 1,
			Detail: "mounted with " + option + ": processes of other users are not listed"})
	}
}

// hidepid is the option by which the procfs hides processes from this reader,
// "" where it hides none.
func hidepid(o Options, mounts []index.Mount, euid int) string {
	if !o.Live || euid == 0 {
		return ""
	}
	found := ""
	for _, m := range mounts {
		if m.Type != "proc" || m.Point != o.Proc {
			continue
		}
		found = "" // the last mount at a place covers those before
		for option := range strings.SplitSeq(m.Super, ",") {
			switch option {
			case "hidepid=2", "hidepid=invisible", "hidepid=4", "hidepid=ptraceable":
				found = option
			}
		}
	}
	return found
}

// list returns the pids that the procfs lists, ascending.
func (r *reader) list(top dir) ([]int, error) {
	if _, err := unix.Seek(top.fd, 0, unix.SEEK_SET); err != nil {
		return nil, err
	}
	var pids []int
	over := 0
	err := top.ids(func(pid int) bool {
		switch {
		case pid == 0:
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
		n := r.missing[name]
		switch {
		case n == 0:
		case r.Live:
			r.gap(index.Gap{Area: areaProcess, Place: "/proc/PID/" + name, Reason: index.ReasonAbsent, Detail: "this kernel has no such file", Count: n})
		case r.present[name]:
			r.gap(index.Gap{Area: areaProcess, Place: "/proc/PID/" + name, Reason: index.ReasonAbsent, Detail: "the copy lacks it of some processes", Count: n})
		default:
			r.gap(index.Gap{Area: areaProcess, Place: "/proc/PID/" + name, Reason: index.ReasonAbsent, Detail: "the copy has it of no process", Count: 1})
		}
	}
	if r.lost > 0 {
		r.gap(index.Gap{Area: areaSocket, Place: "/proc/PID/fd", Reason: index.ReasonTooLarge, Detail: "more descriptors of sockets than the limit", Count: r.lost})
	}
}

// optional are the files that a kernel has or has not, by its configuration
// (CONFIG_TASK_IO_ACCOUNTING, CONFIG_CGROUPS, CONFIG_AUDIT, CONFIG_SCHED_INFO,
// …), and a copy by whoever made it. A process that lives and lacks one has not
// vanished.
var optional = []string{"io", "cgroup", "loginuid", "sessionid", "schedstat", "wchan", "oom_score", "oom_score_adj", "environ", "maps", "fdinfo", "task"}

// rarely are those of them that a copy seldom has, so that one gap for all is
// enough.
var rarely = []string{"schedstat", "wchan", "oom_score", "oom_score_adj", "environ", "maps", "fdinfo", "task"}

// emitter takes the processes in. Each is valid until it returns.
type emitter func(*index.Process) error

// Processes reads every process of the first look, and those that began since,
// and emits them: by pid, and behind these the later ones likewise. Each is valid
// until emit returns. host gives
// the boot time and the names of the users; it may be nil. The error is that
// emit failed or that ctx ended; then the owners found so far are returned
// with it.
func (t *Table) Processes(ctx context.Context, host *index.Host, emit func(*index.Process) error) (Owners, *index.Coverage, error) {
	r := t.reader
	r.know(host)
	err := t.visitAll(ctx, host, emit)
	if err != nil {
		return r.owners, nil, err
	}
	r.done()
	return r.owners, t.coverage(), nil
}

// settle hands the gaps of a visit on. What is missing because the process ended is one
// gap, about the process; what is missing although it lives is the kernel's.
func (v *visit) settle() {
	lost := 0
	for _, g := range v.gaps {
		name := strings.TrimPrefix(g.Place, v.at("")+"/")
		switch {
		case g.Reason == index.ReasonVanished && v.ended:
			lost += g.Count
		case g.Reason == index.ReasonVanished && slices.Contains(optional, name),
			g.Reason == index.ReasonAbsent && slices.Contains(rarely, name):
			v.missing[name]++
		default:
			v.gap(g)
		}
	}
	if lost > 0 {
		v.gap(index.Gap{Area: areaProcess, Place: v.at(""), Reason: index.ReasonVanished, Detail: "it ended while it was being read", PID: v.pid, Count: lost})
	}
	if v.p == nil || v.Live {
		return
	}
	for name, has := range map[string]bool{"environ": v.p.Environ != nil, "maps": v.p.Maps != nil, "task": v.p.Tasks != nil} {
		if has {
			v.present[name] = true
		}
	}
}

// hides reports whether there may be descriptors that were not seen.
func (v *visit) hides() bool {
	if v.p.Kernel || exited(v.p.State) {
		return false
	}
	return v.p.FDs == nil || slices.ContainsFunc(v.gaps, func(g index.Gap) bool {
		return g.Place == v.at("fd") && (g.Reason == index.ReasonPermission || g.Reason == index.ReasonTooLarge)
	})
}

// own notes which sockets p holds.
func (r *reader) own(p *index.Process, hides bool) {
	r.threads += p.Threads
	if hides {
		r.closed[p.Spaces.Net] = true
	}
	for _, f := range p.Files {
		if f.Type != "socket" || f.Inode == 0 {
			continue
		}
		if r.owned == maxOwners {
			r.lost++
			continue
		}
		r.owned++
		r.owners[f.Inode] = append(r.owners[f.Inode], index.Owner{PID: p.PID, FD: f.FD, Comm: p.Comm})
	}
}

// FirstLook lists the processes and reads the stat of each, which is all that
// will be known of those that end before they can be read whole. It is the
// first thing to do: what it does not see, nobody does.
func FirstLook(o Options, gap func(index.Gap)) (*Table, error) {
	r, err := newReader(o, gap)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Proc, err)
	}
	t := &Table{reader: r, containers: map[int]string{}, netContainer: map[uint64]string{},
		members: spaceMembers{"mnt": {}, "user": {}, "time": {}}, cgroupPaths: map[string]bool{}, programs: map[string]program{}, leaders: map[int]int{}}
	t.ownMounts = t.top.space("self/ns/mnt")
	if !o.Live {
		t.ownMounts = t.top.space("1/ns/mnt")
	}
	// Before the clocks, as at the end it is behind them: what is forked between the looks is counted.
	t.forks, _ = r.counts()
	t.first = ReadClocks(o.Live)
	pids, err := r.list(r.top)
	if err != nil {
		r.top.close()
		return nil, fmt.Errorf("%s: list the processes: %w", o.Proc, err)
	}
	t.glimpses = r.glance(pids)
	for i := range t.glimpses {
		if t.glimpses[i].denied {
			t.deniedNets++
		}
	}
	return t, nil
}
