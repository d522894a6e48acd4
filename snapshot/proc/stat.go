package proc

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"strconv"

	"stilltrace/index"
)

// pfKthread marks a kernel thread in the flags of stat (PF_KTHREAD,
// include/linux/sched.h). Nothing that a process can write sets it.
const pfKthread = 0x00200000

// statText is proc_pid_stat(5) of a process or of one of its threads, taken
// apart.
type statText struct {
	pid     int
	comm    string
	state   string
	numbers [statFields]int64 // those behind state, by the constants below; a value beyond 63 bits is the highest of them
}

// Where the numbers of stat stand behind the state; proc_pid_stat(5) counts
// from 1, and the state is its third.
const (
	statPPID = iota
	statPGRP
	statSession
	statTTY
	_ // tpgid
	statFlags
	statMinor
	statChildMinor
	statMajor
	statChildMajor
	statUser
	statSystem
	statChildUser
	statChildSystem
	_ // priority
	statNice
	statThreads
	_ // itrealvalue
	statStart
	statVSize
	statRSS
	statStack    = 24 // startstack; 0 for who may not trace the process
	statRealTime = 36
	statPolicy   = 37
	statBlockIO  = 38
	statFields   = 39
)

// parseStat reads the line of stat. The command, field 2, may hold anything:
// it ends at the last parenthesis. Kernels before 2.6.18 wrote less than is
// asked for here; what stands behind the resident size may be missing.
func parseStat(data []byte) (statText, error) {
	var s statText
	pid, _, ok := bytes.Cut(data, []byte(" ("))
	end := bytes.LastIndexByte(data, ')')
	if !ok || end < len(pid)+2 {
		return s, torn("no command in %.40q", data)
	}
	var err error
	if s.pid, err = strconv.Atoi(string(pid)); err != nil {
		return s, torn("pid %.20q", pid)
	}
	s.comm = string(data[len(pid)+2 : end])
	rest := data[end+1:]
	field := func() []byte {
		from := 0
		for from < len(rest) && isBlank(rest[from]) {
			from++
		}
		to := from
		for to < len(rest) && !isBlank(rest[to]) {
			to++
		}
		f := rest[from:to]
		rest = rest[to:]
		return f
	}
	state := field()
	if len(state) != 1 {
		return s, torn("state %.20q", state)
	}
	s.state = letter(state[0])
	for i := range s.numbers {
		f := field()
		if len(f) == 0 {
			if i <= statRSS {
				return s, torn("%d fields behind the command", i+1)
			}
			break
		}
		if s.numbers[i], ok = statNumber(f); !ok {
			return s, torn("number %.40q", f)
		}
	}
	return s, nil
}

func isBlank(c byte) bool { return c == ' ' || c == '\n' }

// letter is the state as a string, without taking memory for the usual ones.
func letter(c byte) string {
	const known = "RSDZTtWXxKPI"
	if i := bytes.IndexByte([]byte(known), c); i >= 0 {
		return known[i : i+1]
	}
	return string([]byte{c})
}

func statNumber(f []byte) (int64, bool) {
	if n, ok := shortDecimal(f); ok {
		return int64(n), true
	}
	if f[0] != '-' {
		if n, err := strconv.ParseUint(string(f), 10, 64); err == nil {
			return int64(min(n, math.MaxInt64)), true
		}
	}
	n, err := strconv.ParseInt(string(f), 10, 64)
	return n, err == nil
}

// unsigned is a number that cannot be negative.
func (s *statText) unsigned(field int) uint64 { return uint64(max(s.numbers[field], 0)) }

// ms is a time of stat in milliseconds.
func (s *statText) ms(field int) uint64 {
	return min(s.unsigned(field), math.MaxInt64/1000) * 1000 / userHZ
}

// otherProgram reports whether the process started another program between
// two readings of its stat. A new stack begins elsewhere, unless addresses are
// not randomised; who has given up its memory, or may not be traced, shows none.
func (s *statText) otherProgram(last *statText) bool {
	before, now := s.numbers[statStack], last.numbers[statStack]
	return s.comm != last.comm || before != now && before != 0 && now != 0
}

func (s *statText) start() uint64 { return s.unsigned(statStart) }

// process is what stat alone knows.
func (r *reader) process(s *statText) *index.Process {
	p := new(index.Process)
	r.fill(p, s)
	return p
}

// fill makes p what stat alone knows.
func (r *reader) fill(p *index.Process, s *statText) {
	*p = index.Process{
		PID: s.pid, StartTime: s.start(), Started: r.started(s.start()), Kernel: s.numbers[statFlags]&pfKthread != 0,
		RSS: min(s.unsigned(statRSS), math.MaxInt64>>16) * uint64(os.Getpagesize()),
	}
	s.refresh(p)
}

// refresh brings p up to what stat says. The resident size stays: status knows it
// better.
func (s *statText) refresh(p *index.Process) {
	p.PPID, p.Comm, p.State = int(s.numbers[statPPID]), s.comm, s.state
	p.Threads, p.Nice, p.PGRP, p.SID = int(s.unsigned(statThreads)), int(s.numbers[statNice]), int(s.numbers[statPGRP]), int(s.numbers[statSession])
	p.TTY, p.Flags = ttyName(uint32(s.numbers[statTTY])), uint32(s.numbers[statFlags])
	p.UserMS, p.SystemMS, p.VSize = s.ms(statUser), s.ms(statSystem), s.unsigned(statVSize)
	p.Faults = orNil(p.Faults, index.Faults{
		Minor: s.unsigned(statMinor), Major: s.unsigned(statMajor), ChildMinor: s.unsigned(statChildMinor), ChildMajor: s.unsigned(statChildMajor),
		ChildUserMS: s.ms(statChildUser), ChildSystemMS: s.ms(statChildSystem), BlockIOMS: s.ms(statBlockIO),
	})
	c := index.Sched{Policy: uint32(s.unsigned(statPolicy)), RealTime: uint32(s.unsigned(statRealTime))}
	if p.Sched != nil {
		c.WaitMS = p.Sched.WaitMS
	}
	p.Sched = orNil(p.Sched, c)
}

// orNil is where v lies, in was where that is not nil; nil where v says nothing.
func orNil[T comparable](was *T, v T) *T {
	var nothing T
	switch {
	case v == nothing:
		return nil
	case was == nil:
		was = new(T)
	}
	*was = v
	return was
}

// interval is what the process used between two readings of its stat, ns
// nanoseconds apart; nil where that is nothing.
func interval(before, after *statText, ns int64) *index.Interval {
	user, system := after.ms(statUser)-before.ms(statUser), after.ms(statSystem)-before.ms(statSystem)
	if ns <= 0 || user == 0 && system == 0 || after.ms(statUser) < before.ms(statUser) || after.ms(statSystem) < before.ms(statSystem) {
		return nil
	}
	return &index.Interval{MS: uint64(ns) / 1e6, UserMS: user, SystemMS: system}
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
