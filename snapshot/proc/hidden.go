package proc

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"stilltrace/index"
)

const (
	// hiddenTries is how often in a row a process must not be listed, and hiddenPause how long one waits in between: who has just begun or ended is not hidden.
	hiddenTries, hiddenPause = 3, 10 * time.Millisecond
	// probeTime bounds the questions to the kernel: a second is enough for all the ids there can be.
	probeTime = time.Second
	// quickProbe is how many ids are always asked for: the default of kernel.pid_max, ten milliseconds.
	quickProbe = 1 << 15
	// maxHidden is how many suspects are kept.
	maxHidden = 256
	// initialPIDs is the inode of the pid namespace of the machine (PROC_PID_INIT_INO of include/linux/proc_ns.h).
	initialPIDs = 0xeffffffc
)

// lookForHidden compares what the kernel says otherwise with the listings. It
// is left out where the procfs hides processes by its own option (hidepid=).
func (t *Table) lookForHidden(mounts []index.Mount, known map[int]bool) {
	t.mountedOver(mounts)
	if hidepid(t.Options, mounts, unix.Geteuid()) != "" || t.late() {
		return
	}
	last := t.countTasks()
	for pid := range known {
		last = max(last, pid)
	}
	// Each task of the machine was seen, or as many as that: a look at those who came first is enough.
	if t.top.space("self/ns/pid") == initialPIDs && t.tasks > 0 && t.tasks <= t.threads {
		last = min(last, quickProbe)
	}
	t.probe(last, known)
}

// countTasks reads the tasks of the machine and the id that was given last.
func (t *Table) countTasks() int {
	data, err := t.top.text("loadavg", maxText)
	if err != nil {
		return 0
	}
	if l, err := parseLoad(data); err == nil {
		t.tasks = l.Tasks
	}
	f := bytes.Fields(data)
	if len(f) < 5 {
		return 0
	}
	last, _ := number(string(f[4]))
	return last
}

// mountedOver finds processes whose directory in the procfs is covered.
func (t *Table) mountedOver(mounts []index.Mount) {
	for _, m := range mounts {
		rest, ok := strings.CutPrefix(m.Point, t.Proc+"/")
		if !ok {
			continue
		}
		name, _, _ := strings.Cut(rest, "/")
		if pid, ok := number(name); ok {
			t.suspect(pid, fmt.Sprintf("%s is covered by a mount: %s of type %s", m.Point, m.Source, m.Type))
		}
	}
}

func (t *Table) suspect(pid int, evidence ...string) {
	for i := range t.hidden {
		if t.hidden[i].PID == pid {
			t.hidden[i].Evidence = append(t.hidden[i].Evidence, evidence...)
			return
		}
	}
	if len(t.hidden) < maxHidden {
		t.hidden = append(t.hidden, index.Hidden{PID: pid, Evidence: evidence})
	}
}

// probe asks the kernel for each id up to last.
func (t *Table) probe(last int, known map[int]bool) {
	unlisted := t.unlisted(min(last, maxPIDs), known)
	for try := 0; try < hiddenTries && len(unlisted) > 0; try++ {
		if try > 0 {
			time.Sleep(hiddenPause)
		}
		listed, err := t.list(t.top)
		if err != nil {
			return
		}
		unlisted = slices.DeleteFunc(unlisted, func(pid int) bool {
			if _, found := slices.BinarySearch(listed, pid); found {
				return true
			}
			return !answers(pid) || t.top.isThread(pid, t.leaders[pid])
		})
	}
	for _, pid := range unlisted {
		t.suspect(pid, fmt.Sprintf("getpgid(%d) finds it, and %d listings of /proc in a row did not show it", pid, hiddenTries))
	}
}

// probed is what came of one piece of the ids.
type probed struct {
	done     bool
	unlisted []int
}

// probePiece is how many ids are asked for before one looks at the time.
const probePiece = 1 << 12

// unlisted are the processes that answer and are not known, and notes up to which
// id all were asked for. The readers, who have nothing else to do, share the ids.
func (t *Table) unlisted(last int, known map[int]bool) (all []int) {
	began := time.Now()
	listed := make([]bool, last+1)
	for pid := range known {
		if pid <= last && known[pid] {
			listed[pid] = true
		}
	}
	pieces := make([]probed, last/probePiece+1)
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(readers, len(pieces)) {
		group.Go(func() {
			top := dir{fd: t.top.fd, live: t.Live, buf: new([]byte)}
			for i := int(next.Add(1)) - 1; i < len(pieces); i = int(next.Add(1)) - 1 {
				if i > 0 && (time.Since(began) > probeTime || t.late()) {
					return
				}
				pieces[i] = probed{true, top.probe(i*probePiece, min((i+1)*probePiece-1, last), listed, t.leaders)}
			}
		})
	}
	group.Wait()
	t.probed = 0
	for i, p := range pieces {
		if !p.done {
			break
		}
		t.probed = min((i+1)*probePiece-1, last)
		if all = append(all, p.unlisted...); len(all) >= maxHidden {
			all = all[:maxHidden]
			t.probed = all[maxHidden-1]
			break
		}
	}
	return all
}

// probe returns those from one id to another that answer, are not listed and are
// no threads.
func (d dir) probe(from, to int, listed []bool, leaders map[int]int) (unlisted []int) {
	for pid := max(from, 1); pid <= to && len(unlisted) < maxHidden; pid++ {
		if listed[pid] {
			continue
		}
		if answers(pid) && !d.isThread(pid, leaders[pid]) {
			unlisted = append(unlisted, pid)
		}
	}
	return unlisted
}

// isThread reports whether id is a thread of another process: threads answer
// under their own id, and are not listed. leader is the process that had it, 0
// where none is known: a look there is cheaper than to read its status.
func (d dir) isThread(id, leader int) bool {
	if leader != 0 && leader != id {
		if _, err := quickMode(d.fd, strconv.Itoa(leader)+"/task/"+strconv.Itoa(id)); err == nil {
			return true
		}
	}
	data, err := d.text(strconv.Itoa(id)+"/status", maxStatus)
	if err != nil {
		return false
	}
	_, rest, ok := bytes.Cut(data, []byte("\nTgid:"))
	if !ok {
		return false
	}
	digits, _, _ := bytes.Cut(rest, []byte("\n"))
	n, ok := number(string(bytes.TrimSpace(digits)))
	return ok && n != id
}

// space is the inode of a namespace, 0 where it cannot be read.
func (d dir) space(name string) uint64 {
	text, err := d.linkBytes(name)
	if err != nil {
		return 0
	}
	inode, _ := bracketedBytes(text, name[strings.LastIndexByte(name, '/')+1:])
	return inode
}
