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
// What is unknown is nil.
type CPU struct {
	Lifetime *float64 `json:"lifetime_percent"` // since it started
	AgeMS    int64    `json:"age_ms"`           // how long that is; 0 where it is unknown
	// Recent is the share between two looks at it, RecentMS apart, of which the first was in snapshot Since.
	Recent   *float64 `json:"recent_percent"`
	RecentMS int64    `json:"recent_ms,omitzero"`
	Since    int      `json:"since_snapshot,omitzero"`
}

// share is what part of some time was used, in percent to one digit; nil where
// there was no time.
func share(used uint64, of int64) *float64 {
	if of <= 0 {
		return nil
	}
	percent := math.Round(float64(used)/float64(of)*1000) / 10
	return &percent
}

// identity tells processes with one pid apart.
type identity struct {
	pid   int
	start uint64
}

func identityOf(p *index.Process) identity { return identity{p.PID, p.StartTime} }

// earlier is what an earlier look at the processes saw of their CPU time.
type earlier struct {
	snapshot int
	used     map[identity]uint64 // ms
	apart    int64               // ms from then to now
}

// lookBack finds the latest earlier snapshot of the same boot. Processes of
// another boot are other ones, whatever their pids.
func lookBack(r *index.Reader, now *index.Snapshot) (*earlier, error) {
	if now.ID < 2 || now.Host.BootID == "" {
		return nil, nil
	}
	then, err := r.Snapshot(now.ID - 1)
	if err != nil {
		return nil, err
	}
	apart := elapsed(then, now)
	if then.Host.BootID != now.Host.BootID || then.Host.MachineID != now.Host.MachineID || apart <= 0 {
		return nil, nil
	}
	e := &earlier{snapshot: then.ID, used: map[identity]uint64{}, apart: apart}
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
	used := p.UserMS + p.SystemMS
	var c CPU
	if up := h.snap.Host.Uptime; up > 0 && up < math.MaxInt64/1e6 {
		if age := int64(up*1000) - int64(min(p.StartTime, math.MaxInt64/1000)/userHZ*1000+p.StartTime%userHZ*(1000/userHZ)); age > 0 {
			c.AgeMS, c.Lifetime = age, share(used, age)
		}
	}
	if e := h.before; e != nil {
		if then, ok := e.used[identityOf(p)]; ok && used >= then {
			c.Recent, c.RecentMS, c.Since = share(used-then, e.apart), e.apart, e.snapshot
		}
	}
	return c
}
