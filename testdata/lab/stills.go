package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A process is a process as ps lists it, with the start that tells it from a
// later one of the same number.
type process struct {
	PID   int    `json:"pid"`
	PPID  int    `json:"ppid"`
	User  string `json:"user"`
	Args  string `json:"args"`  // "[comm]" where there are none
	Start uint64 `json:"start"` // in clock ticks since boot, field 22 of /proc/PID/stat
}

// A socket is one of TCP as ss lists it.
type socket struct {
	State string         `json:"state"` // the kernel's name
	Local netip.AddrPort `json:"local"`
	Peer  netip.AddrPort `json:"peer"`
	PIDs  []int          `json:"pids"` // of all owners, ascending
}

// still takes a snapshot of the victim with the victim's own stilltrace, and
// writes down which processes and sockets stood still meanwhile.
func (l *lab) still(name string) {
	s := still{Name: name}
	processes, sockets, logs := l.processes(), l.sockets(), l.logSizes()
	s.At = time.Now()
	db := filepath.Join(labDir, name+".db")
	l.command(stillBin, "snapshot", "-o", db).run()
	s.Until = time.Now()
	s.Processes, s.PassingPIDs = same(processes, l.processes(), func(p process) int { return p.PID })
	s.Sockets, s.PassingSockets = same(sockets, l.sockets(), func(k socket) socket { return k })
	for path, size := range l.logSizes() {
		s.Logs = append(s.Logs, file{path, logs[path], size})
	}
	slices.SortFunc(s.Logs, func(a, b file) int { return strings.Compare(a.Path, b.Path) })
	b, err := os.ReadFile(l.path(db))
	must(err, "the still %s", name)
	must(os.WriteFile(filepath.Join(resultsDir, name+".db"), b, 0o644), "the still %s", name)
	must(os.Remove(l.path(db)), "the still %s", name)
	must(l.addStill(s), "truth.json")
}

// twice takes a still, lets something happen, and adds a second snapshot to a
// copy of it, twice.db: what was used from the one to the other is known. The
// truth of that is bounded by what the site's processes had used when each
// snapshot began and when it was done.
func (l *lab) twice(name string, between func()) {
	before, start := l.siteTicks(), time.Now()
	l.still(name)
	first := l.siteTicks()
	between()
	second := l.siteTicks()
	b, err := os.ReadFile(filepath.Join(resultsDir, name+".db"))
	must(err, "the still %s", name)
	db := filepath.Join(labDir, "twice.db")
	must(os.WriteFile(l.path(db), b, 0o644), "the second snapshot")
	l.command(stillBin, "snapshot", "--append", "--no-logs", "-o", db).run()
	after := l.siteTicks()
	b, err = os.ReadFile(l.path(db))
	must(err, "the second snapshot")
	must(os.WriteFile(filepath.Join(resultsDir, "twice.db"), b, 0o644), "the second snapshot")
	const tick = 10 // ms, the USER_HZ of every architecture
	l.note(act{What: actCPU, Actor: "host", At: start, Count: 1, Detail: map[string]string{"service": "gunicorn",
		"least": strconv.Itoa((second - first) * tick), "most": strconv.Itoa((after - before) * tick)}})
}

// siteTicks is the CPU time that gunicorn's processes have used, those that are
// still being started too (proc_pid_stat(5), utime and stime).
func (l *lab) siteTicks() (sum int) {
	for _, p := range l.processes() {
		stat := l.read(fmt.Sprintf("/proc/%d/stat", p.PID))
		f := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
		if !strings.HasSuffix(p.Args, "/usr/bin/gunicorn shop.wsgi") || len(f) < 13 {
			continue
		}
		for _, text := range f[11:13] {
			n, err := strconv.Atoi(text)
			must(err, "CPU time of process %d", p.PID)
			sum += n
		}
	}
	return sum
}

// same returns the things that were there before and after, unchanged, and the
// names of all others.
func same[T, N any](before, after []T, name func(T) N) (both []T, rest []N) {
	in := func(all []T, t T) bool {
		return slices.ContainsFunc(all, func(o T) bool { return reflect.DeepEqual(o, t) })
	}
	for _, t := range before {
		if in(after, t) {
			both = append(both, t)
		} else {
			rest = append(rest, name(t))
		}
	}
	for _, t := range after {
		if !in(before, t) {
			rest = append(rest, name(t))
		}
	}
	return both, rest
}

// logSizes are the victim's logs.
func (l *lab) logSizes() map[string]int64 {
	all := map[string]int64{}
	top := l.path(logRoot)
	must(filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			all[logRoot+strings.TrimPrefix(path, top)] = info.Size()
		}
		return err
	}), "logs")
	return all
}

// processes asks ps, and /proc for the start of each.
func (l *lab) processes() []process {
	var all []process
	for line := range strings.Lines(l.command("ps", "-e", "-ww", "-o", "pid=,ppid=,user:32=,args=").run()) {
		f := strings.Fields(line)
		if len(f) < 4 {
			must(errors.New(line), "ps")
		}
		p := process{User: f[2], Args: strings.Join(f[3:], " ")}
		var err1, err2 error
		p.PID, err1 = strconv.Atoi(f[0])
		p.PPID, err2 = strconv.Atoi(f[1])
		must(errors.Join(err1, err2), "ps")
		stat := l.read(fmt.Sprintf("/proc/%d/stat", p.PID))
		if g := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:]); len(g) > 19 { // it may be gone
			start, err := strconv.ParseUint(g[19], 10, 64)
			must(err, "start of process %d", p.PID)
			p.Start = start
			all = append(all, p)
		}
	}
	return all
}

var ownerPID = regexp.MustCompile(`pid=(\d+)`)

// sockets asks ss for the listeners and the connections that somebody owns, in
// the host's network and in those that are apart from it.
func (l *lab) sockets() []socket {
	var all []socket
	for state, name := range map[string]string{"listening": "LISTEN", "established": "ESTABLISHED"} {
		said := l.command("ss", "-Htnp", "state", state).run()
		for _, pid := range l.alone {
			said += l.command("nsenter", fmt.Sprintf("--net=/proc/%d/ns/net", pid), "ss", "-Htnp", "state", state).run()
		}
		for line := range strings.Lines(said) {
			f := strings.Fields(line)
			k := socket{State: name, Local: end(f[2]), Peer: end(f[3])}
			for _, m := range ownerPID.FindAllStringSubmatch(line, -1) {
				pid, err := strconv.Atoi(m[1])
				must(err, "ss")
				k.PIDs = append(k.PIDs, pid)
			}
			slices.Sort(k.PIDs)
			if k.PIDs = slices.Compact(k.PIDs); len(k.PIDs) > 0 {
				all = append(all, k)
			}
		}
	}
	slices.SortFunc(all, func(a, b socket) int {
		if c := a.Local.Compare(b.Local); c != 0 {
			return c
		}
		return a.Peer.Compare(b.Peer)
	})
	return all
}

// end reads one end as ss prints it: * is the wildcard of a socket that serves
// both families, and of a port that is none.
func end(s string) netip.AddrPort {
	host, port, err := net.SplitHostPort(s)
	must(err, "ss: %s", s)
	host, _, _ = strings.Cut(host, "%")
	if host == "*" {
		host = "::"
	}
	if port == "*" {
		port = "0"
	}
	n, err := strconv.ParseUint(port, 10, 16)
	must(err, "ss: %s", s)
	a, err := netip.ParseAddr(host)
	must(err, "ss: %s", s)
	return netip.AddrPortFrom(a.Unmap(), uint16(n))
}

// keepLogs copies the victim's logs out.
func (l *lab) keepLogs() {
	out := filepath.Join(resultsDir, "logs")
	must(os.RemoveAll(out), "logs")
	must(os.CopyFS(out, os.DirFS(l.path("/var/log"))), "logs")
}
