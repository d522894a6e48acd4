package proc

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"strconv"

	"github.com/prometheus/procfs"

	"stilltrace/index"
)

// pfKthread marks a kernel thread in the flags of stat (PF_KTHREAD,
// include/linux/sched.h). Nothing that a process can write sets it.
const pfKthread = 0x00200000

// stat reads proc_pid_stat(5).
func (v *visit) stat() (*index.Process, error) {
	s, err := guarded(v.dir.regular("stat"), func() (procfs.ProcStat, error) {
		var err error
		if v.proc, err = v.procfs.Proc(v.pid); err != nil {
			return procfs.ProcStat{}, err
		}
		return v.proc.Stat()
	})
	if err != nil {
		return nil, err
	}
	if len(s.State) != 1 {
		return nil, torn("state %q", s.State)
	}
	p := &index.Process{
		PID: v.pid, PPID: s.PPID, Comm: s.Comm, State: s.State,
		StartTime: s.Starttime, Started: v.started(s.Starttime),
		Threads: s.NumThreads, Nice: s.Nice, PGRP: s.PGRP, SID: s.Session, TTY: ttyName(uint32(s.TTY)),
		Flags: uint32(s.Flags), Kernel: s.Flags&pfKthread != 0,
		UserMS: uint64(s.UTime) * 1000 / userHZ, SystemMS: uint64(s.STime) * 1000 / userHZ,
		VSize: uint64(s.VSize), RSS: uint64(max(s.RSS, 0)) * uint64(os.Getpagesize()),
	}
	return p, nil
}

// started is the wall clock's time of ticks after boot, unknown where it
// lies outside of what a Time can hold.
func (r *reader) started(ticks uint64) index.Time {
	const tick = 1e9 / userHZ
	if r.booted <= 0 || ticks > uint64(math.MaxInt64-r.booted)/tick {
		return 0
	}
	return r.booted + index.Time(ticks*tick)
}

// identity is what a second reading of stat is held against.
type identity struct {
	pid   int
	state string
	start uint64
}

func (v *visit) identity() (identity, error) {
	data, err := v.dir.read("stat", maxText)
	if err != nil {
		return identity{}, err
	}
	now, err := parseIdentity(data)
	if err == nil && now.pid != v.pid {
		err = torn("it speaks of process %d", now.pid)
	}
	return now, err
}

// parseIdentity reads fields 1, 3 and 22 of stat. The command, field 2, may
// hold anything: it ends at the last parenthesis.
func parseIdentity(data []byte) (identity, error) {
	pid, _, ok := bytes.Cut(data, []byte(" ("))
	end := bytes.LastIndexByte(data, ')')
	if !ok || end < len(pid) {
		return identity{}, torn("no command in %.40q", data)
	}
	f := bytes.Fields(data[end+1:])
	if len(f) < 20 {
		return identity{}, torn("%d fields behind the command", len(f))
	}
	n, err1 := strconv.Atoi(string(pid))
	start, err2 := strconv.ParseUint(string(f[19]), 10, 64)
	if err1 != nil || err2 != nil {
		return identity{}, torn("pid %.20q, start time %.20q", pid, f[19])
	}
	return identity{pid: n, state: string(f[0]), start: start}, nil
}

// accounts reads what procfs reads well besides: proc_pid_io(5) and
// proc_pid_cgroup(5).
func (v *visit) accounts(p *index.Process) {
	if io, err := guarded(v.dir.regular("io"), v.proc.IO); err != nil {
		v.fail("io", err)
	} else {
		p.IO = &index.ProcessIO{
			ReadChars: io.RChar, WriteChars: io.WChar, ReadCalls: io.SyscR, WriteCalls: io.SyscW,
			ReadBytes: io.ReadBytes, WriteBytes: io.WriteBytes, CancelledBytes: uint64(max(io.CancelledWriteBytes, 0)),
		}
	}
	if groups, err := guarded(v.dir.regular("cgroup"), v.proc.Cgroups); err != nil {
		v.fail("cgroup", err)
	} else {
		p.Cgroup, p.Container = cgroupOf(groups)
	}
}

// ttyName is the name below /dev of the terminal with the number tty of stat
// (Documentation/admin-guide/devices.txt), "" for none.
func ttyName(tty uint32) string {
	major, minor := tty>>8&0xfff, tty&0xff|tty>>12&0xfff00
	switch {
	case tty == 0:
		return ""
	case major >= 136 && major <= 143: // UNIX98_PTY_SLAVE_MAJOR and the seven behind it
		return fmt.Sprintf("pts/%d", minor+(major-136)*256)
	case major == 4 && minor < 64:
		return fmt.Sprintf("tty%d", minor)
	case major == 4:
		return fmt.Sprintf("ttyS%d", minor-64)
	case major == 5 && minor == 1:
		return "console"
	case major == 204 && minor >= 64 && minor < 80:
		return fmt.Sprintf("ttyAMA%d", minor-64)
	case major == 229:
		return fmt.Sprintf("hvc%d", minor)
	}
	return fmt.Sprintf("%d:%d", major, minor)
}
