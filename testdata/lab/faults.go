package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	collectorFiles = 24       // the descriptors that the collector may have
	reportMemory   = 64 << 20 // the bytes that the report may have
	kernelLog      = "/var/log/kern.log"
)

// startJob starts a program that waits for the returned file before it does
// harm, and looks up the number that the kernel's log will have for it.
func (l *lab) startJob(name string) (a act, signal string) {
	signal = "/run/" + name + ".start"
	a = act{Actor: "host", At: time.Now(), Count: 1, Detail: map[string]string{"name": name}}
	a.PID = l.start(Job{Name: name, Args: []string{"/srv/jobs/" + name, signal}, Unit: name})
	a.HostPID = l.hostPID(a.PID)
	return a, signal
}

// killByMemory has the kernel kill a job that takes more memory than its control
// group may have.
func (l *lab) killByMemory() {
	a, signal := l.startJob("report.py")
	dir := filepath.Join(l.memory, "report")
	limitMemory(dir, l.stagePID(a.PID))
	l.write(signal, 0o644, "")
	l.gone(a.PID)
	if n := killsIn(dir); n != 1 {
		must(fmt.Errorf("%d processes were killed", n), "control group %s", dir)
	}
	must(os.Remove(dir), "control group")
	l.awaitKernel(a, "Killed process %d (%s)")
	a.What = actOOMKill
	a.Detail["group"] = filepath.Join("/", filepath.Base(l.memory), "report") // from the root of the hierarchy, as the kernel prints it
	l.note(a)
}

// limitMemory puts a process into a new control group with little memory. The
// names differ in the two versions; without swap the kernel may lack its limit
// (Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst).
func limitMemory(dir string, pid int) {
	must(os.Mkdir(dir, 0o755), "control group")
	limit, swap := "memory.max", "memory.swap.max"
	swapBytes := 0
	if _, err := os.Stat(filepath.Join(dir, limit)); err != nil {
		limit, swap = "memory.limit_in_bytes", "memory.memsw.limit_in_bytes"
		swapBytes = reportMemory // here it is the sum of both
	}
	must(os.WriteFile(filepath.Join(dir, limit), []byte(strconv.Itoa(reportMemory)), 0), "control group")
	if _, err := os.Stat(filepath.Join(dir, swap)); err == nil {
		must(os.WriteFile(filepath.Join(dir, swap), []byte(strconv.Itoa(swapBytes)), 0), "control group")
	}
	must(os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0), "control group")
}

// killsIn is how many processes of a control group the kernel says it killed.
func killsIn(dir string) (n int) {
	b, err := os.ReadFile(filepath.Join(dir, "memory.events"))
	if errors.Is(err, os.ErrNotExist) {
		b, err = os.ReadFile(filepath.Join(dir, "memory.oom_control"))
	}
	must(err, "control group")
	for line := range strings.Lines(string(b)) {
		if _, err := fmt.Sscanf(line, "oom_kill %d", &n); err == nil {
			return n
		}
	}
	must(errors.New(string(b)), "control group %s", dir)
	return 0
}

// awaitKernel waits until rsyslogd has written what the kernel says of a process.
func (l *lab) awaitKernel(a act, format string) {
	line := fmt.Sprintf(format, a.HostPID, a.Detail["name"])
	await("the kernel's "+line, func() bool { return l.grep(kernelLog, line) > 0 })
}

// segfault has a job read memory that is not its own.
func (l *lab) segfault() {
	a, signal := l.startJob("thumbnail.py")
	l.write(signal, 0o644, "")
	l.gone(a.PID)
	l.awaitKernel(a, "%[2]s[%[1]d]: segfault at 0 ")
	a.What = actSegfault
	l.note(a)
}

// fillDisk has the backup fill its file system. What its programs say of that is
// counted where they say it, before it goes to syslog.
func (l *lab) fillDisk() {
	const said = "/srv/backup.said"
	start := time.Now()
	l.write("/srv/media/catalogue.txt", 0o644, strings.Repeat("apple, pear, plum\n", 1<<15))
	l.command("/srv/jobs/backup.sh", said).run()
	for _, f := range [][2]string{{"tar", "/srv/backup/media.tar"}, {"cp", "/srv/backup/passwd"}, {"cp", "/srv/backup/group"}} {
		program, path := f[0], f[1]
		n := 0
		for line := range strings.Lines(l.read(said)) {
			if strings.Contains(line, path) && strings.Contains(line, "No space left on device") {
				n++
			}
		}
		if n == 0 {
			must(errors.New(l.read(said)), "fill the file system of %s", path)
		}
		l.note(act{What: actDiskFull, Actor: "host", At: start, Path: path, Count: n, Detail: map[string]string{"program": program}})
	}
}

// exhaustFiles has a service open files until it may have no more. It goes on
// with all of them open, and can accept no connection.
func (l *lab) exhaustFiles() {
	start := time.Now()
	l.ownDirs("www-data", "/var/log/collector")
	talk := labDir + "/collector.talk"
	args := append([]string{"prlimit", fmt.Sprintf("--nofile=%d", collectorFiles)}, as("www-data", "/srv/jobs/collector.py")...)
	pid := l.start(Job{Name: "collector", Args: args, Unit: "collector", Output: talk})
	await("the collector to have no more files", func() bool { return strings.HasSuffix(l.read(talk), "\n") })
	n, err := strconv.Atoi(strings.TrimSpace(l.read(talk)))
	must(err, "what the collector says")
	open, err := os.ReadDir(l.path(fmt.Sprintf("/proc/%d/fd", pid)))
	must(err, "the collector's files")
	if len(open) != collectorFiles { // it was given some above its limit
		must(fmt.Errorf("%d are open", len(open)), "the collector's %d files", collectorFiles)
	}
	l.note(act{What: actTooManyFiles, Actor: "host", At: start, PID: pid, Count: n, Detail: map[string]string{"limit": strconv.Itoa(collectorFiles)}})
	l.fillQueue(pid)
}
