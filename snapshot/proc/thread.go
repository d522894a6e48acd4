package proc

import (
	"slices"
	"strconv"

	"stilltrace/index"
)

// threads reads the stat and the rights of each thread of a process that has several
// (proc_pid_task(5)). Threads come and go by themselves: one that ended in
// between is no gap.
func (v *visit) threads(p *index.Process) {
	if p.Threads < 2 {
		return
	}
	d, err := v.dir.open("task")
	if err != nil {
		v.fail("task", err)
		return
	}
	defer d.close()
	var tids []int
	over := 0
	err = d.ids(func(tid int) bool {
		switch {
		case len(tids) == maxThreads:
			over++
		default:
			tids = append(tids, tid)
		}
		return true
	})
	if err != nil {
		v.fail("task", err)
	}
	if over > 0 {
		v.failed("task", errTooLarge, over)
	}
	slices.Sort(tids)
	var bad []error
	for _, tid := range tids {
		data, err := d.text(strconv.Itoa(tid)+"/stat", maxText)
		if err == nil {
			var s statText
			if s, err = parseStat(data); err == nil {
				p.Tasks = append(p.Tasks, index.Thread{Rights: v.rights(d, tid),
					TID: tid, Comm: s.comm, State: s.state, StartTime: s.start(), UserMS: s.ms(statUser), SystemMS: s.ms(statSystem)})
				continue
			}
		}
		if v.alive(err) {
			bad = append(bad, err)
		}
	}
	v.failedAll("task", bad)
}
