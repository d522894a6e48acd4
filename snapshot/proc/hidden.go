package proc

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
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
	began := time.Now()
	var unlisted []int
	t.probed = 0
	for pid := 1; pid <= min(last, maxPIDs); pid++ {
		if pid&0xfff == 0 && (time.Since(began) > probeTime || t.late()) {
			break
		}
		t.probed = pid
		if known[pid] {
			continue
		}
		if _, err := unix.Getpgid(pid); err == nil && !t.isThread(pid) {
			if unlisted = append(unlisted, pid); len(unlisted) == maxHidden {
				break
			}
		}
	}
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
			_, err := unix.Getpgid(pid)
			return err != nil || t.isThread(pid)
		})
	}
	for _, pid := range unlisted {
		t.suspect(pid, fmt.Sprintf("getpgid(%d) finds it, and %d listings of /proc in a row did not show it", pid, hiddenTries))
	}
}

// isThread reports whether id is a thread of another process: threads answer
// under their own id, and are not listed.
func (t *Table) isThread(id int) bool {
	data, err := t.top.text(strconv.Itoa(id)+"/status", maxStatus)
	if err != nil {
		return false
	}
	_, rest, ok := bytes.Cut(data, []byte("\nTgid:"))
	if !ok {
		return false
	}
	leader, _, _ := bytes.Cut(rest, []byte("\n"))
	n, ok := number(string(bytes.TrimSpace(leader)))
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
