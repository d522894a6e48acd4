package process

import (
	"math"

	"stilltrace/index"
)

// userHZ is the unit of starttime in /proc/PID/stat (proc_pid_stat(5)): USER_HZ
// of include/asm-generic/param.h, which is 100 on every architecture that Go
// runs on.
const userHZ = 100

// CPU is how much of one core a process used, in percent: 200 are two cores.
type CPU struct {
	Lifetime Share `json:"lifetime"` // since it started
	Looks    Share `json:"looks"`    // between the two looks of the capture; the kernel counts in steps of 10 ms
	Before   Share `json:"before"`   // since the snapshot before, where the case has one of the same boot
}

// Share is a part of some time.
type Share struct {
	Percent *float64 `json:"percent"` // to one digit; nil where it is unknown
	MS      int64    `json:"ms"`      // the time; 0 where it is unknown
}

func share(used uint64, of int64) Share {
	if of <= 0 {
		return Share{}
	}
	percent := rounded(float64(used) / float64(of) * 100)
	return Share{&percent, of}
}

func rounded(f float64) float64 { return math.Round(f*10) / 10 }

// Recent is what the process used lately: by two snapshots, else by two looks.
func (c *CPU) Recent() Share {
	if c.Before.Percent != nil {
		return c.Before
	}
	return c.Looks
}

// identity tells processes with one pid apart.
type identity struct {
	pid   int
	start uint64
}

func identityOf(p *index.Process) identity { return identity{p.PID, p.StartTime} }

// earlier is what the snapshot before saw of the CPU time of processes.
type earlier struct {
	used  map[identity]uint64 // ms
	apart int64               // ms from then to now
	boot  int64               // ms from boot to then; 0 where it is unknown
}

// lookBack reads the snapshot before this one, if it is of the same boot:
// processes of another boot are other ones, whatever their pids.
func lookBack(r *index.Reader, now *index.Snapshot) (*earlier, error) {
	if now.ID < 2 || now.Host.BootID == "" {
		return nil, nil
	}
	then, err := r.Snapshot(now.ID - 1)
	if err != nil {
		return nil, err
	}
	e := &earlier{used: map[identity]uint64{}, apart: elapsed(then, now), boot: then.Start.Boottime / 1e6}
	if then.Host.BootID != now.Host.BootID || then.Host.MachineID != now.Host.MachineID || then.Options.NoProc || e.apart <= 0 {
		return nil, nil
	}
	for p, err := range r.Processes(then.ID) {
		if err != nil {
			return nil, err
		}
		e.used[identityOf(p)] = p.UserMS + p.SystemMS
	}
	return e, nil
}

// elapsed is the time between two snapshots in milliseconds, by the clock that
// nobody can set where both have it.
func elapsed(then, now *index.Snapshot) int64 {
	if then.Start.Boottime > 0 && now.Start.Boottime > 0 {
		return (now.Start.Boottime - then.Start.Boottime) / 1e6
	}
	return (int64(now.Start.Realtime) - int64(then.Start.Realtime)) / 1e6
}

// cpu says how much CPU p used.
func (h *host) cpu(p *index.Process) CPU {
	var c CPU
	used := p.UserMS + p.SystemMS
	start := int64(min(p.StartTime, math.MaxInt64/1000)) * (1000 / userHZ) // ms after boot
	if now := h.read(); now > 0 {
		c.Lifetime = share(used, now-start)
	}
	looked := h.snap.Coverage != nil && p.Look == ""
	switch {
	case p.Interval != nil && p.Interval.MS < math.MaxInt64:
		c.Looks = share(p.Interval.UserMS+p.Interval.SystemMS, int64(p.Interval.MS))
	case looked:
		c.Looks = share(0, h.betweenLooks())
	}
	if e := h.before; e != nil {
		then, known := e.used[identityOf(p)]
		// One that began since then used all that it used since then.
		if (known || e.boot > 0 && start >= e.boot) && used >= then {
			c.Before = share(used-then, e.apart)
		}
	}
	return c
}

// read is when the processes were read, in milliseconds after boot: at the end
// of the looks, since the uptime is read before them. 0 where it is unknown.
func (h *host) read() int64 {
	if c := h.snap.Coverage; c != nil && c.SecondLook.Boottime > 0 {
		return c.SecondLook.Boottime / 1e6
	}
	if up := h.snap.Host.Uptime * 1000; up > 0 && up < math.MaxInt64 {
		return int64(up)
	}
	return 0
}

// betweenLooks is the time from the first look to the second, in milliseconds.
func (h *host) betweenLooks() int64 {
	c := h.snap.Coverage
	return (c.SecondLook.Monotonic - c.FirstLook.Monotonic) / 1e6
}
