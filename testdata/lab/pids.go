package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// childOf returns the only child of a process of ours, as /proc numbers it:
// /proc is still the machine's, and that is how the kernel's log numbers too.
func (l *lab) childOf(pid int) string {
	all, err := filepath.Glob("/proc/[0-9]*/status")
	must(err, "list processes")
	self := ""
	for _, f := range all {
		if s := readStatus(f); len(s.pids) == 2 && s.pids[1] == strconv.Itoa(pid) && s.space == ownSpace() {
			self = s.pids[0]
		}
	}
	for _, f := range all {
		if s := readStatus(f); self != "" && s.parent == self && len(s.pids) == 3 {
			return s.pids[0]
		}
	}
	return ""
}

// status is the part of /proc/PID/status that tells one namespace's number from another's.
type status struct {
	parent string
	pids   []string // from the outermost namespace to the innermost
	space  string   // the pid namespace
}

func readStatus(file string) (s status) {
	b, err := os.ReadFile(file)
	if err != nil {
		return s
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		switch {
		case len(f) > 1 && f[0] == "PPid:":
			s.parent = f[1]
		case len(f) > 1 && f[0] == "NSpid:":
			s.pids = f[1:]
		}
	}
	s.space, _ = os.Readlink(filepath.Join(filepath.Dir(file), "ns", "pid"))
	return s
}

func ownSpace() string {
	s, err := os.Readlink("/proc/self/ns/pid")
	must(err, "own pid namespace")
	return s
}

// hostPID is the number that the kernel's log has for a process of the victim.
func (l *lab) hostPID(pid int) int {
	all, err := filepath.Glob("/proc/[0-9]*/status")
	must(err, "list processes")
	for _, f := range all {
		if s := readStatus(f); s.space == l.pidns && len(s.pids) > 0 && s.pids[len(s.pids)-1] == strconv.Itoa(pid) {
			n, err := strconv.Atoi(s.pids[0])
			must(err, "%s", f)
			return n
		}
	}
	must(errors.New("it is not there"), "process %d of the victim", pid)
	return 0
}

// kill sends a signal to a process of the victim.
func (l *lab) kill(pid int, s syscall.Signal) {
	must(unix.Kill(l.stagePID(pid), s), "signal %v to process %d", s, pid)
}

// stagePID is the director's own number for a process of the victim.
func (l *lab) stagePID(pid int) int {
	s := readStatus(fmt.Sprintf("/proc/%d/status", l.hostPID(pid)))
	n, err := strconv.Atoi(s.pids[len(s.pids)-2])
	must(err, "process %d of the victim", pid)
	return n
}
