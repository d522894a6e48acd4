package proc

import (
	"bytes"
	"errors"
	"io/fs"
	"strconv"

	"stilltrace/index"
)

// waits reads why the process does not run, and for how long: schedstat,
// wchan, and what the kernel would kill first.
func (v *visit) waits(p *index.Process) {
	if data, ok := v.small("schedstat"); ok {
		if err := parseSchedstat(data, p); err != nil {
			v.fail("schedstat", err)
		}
	}
	if adj, ok := v.signed("oom_score_adj"); ok && (adj != 0 || !v.Live) {
		score, _ := v.signed("oom_score")
		if score != 0 || adj != 0 {
			p.OOM = &index.OOM{Score: score, Adj: adj}
		}
	}
	// What sleeps until something happens sleeps where it always does; what the kernel does not let go is of interest.
	if p.State != "D" && v.Live {
		return
	}
	if data, ok := v.small("wchan"); ok && string(data) != "0" {
		p.WChan = string(data[:min(len(data), maxName)])
	}
}

// small reads a file of one value, which an exited process may have lost.
func (v *visit) small(name string) ([]byte, bool) {
	data, err := v.dir.text(name, maxText)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) || !exited(v.p.State) {
			v.fail(name, err)
		}
		return nil, false
	}
	return bytes.TrimSpace(data), true
}

func (v *visit) signed(name string) (int, bool) {
	data, ok := v.small(name)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(string(data), 10, 32)
	if err != nil {
		v.fail(name, torn("number %.40q", data))
		return 0, false
	}
	return int(n), true
}

// parseSchedstat reads the second of the three numbers of schedstat.
func parseSchedstat(data []byte, p *index.Process) error {
	f := bytes.Fields(data)
	if len(f) < 3 {
		return torn("%d fields of 3", len(f))
	}
	n := numbers{}
	wait := n.decimal(f[1], 64) / 1e6
	if n.err != nil || wait == 0 {
		return n.err
	}
	if p.Sched == nil {
		p.Sched = &index.Sched{}
	}
	p.Sched.WaitMS = wait
	return nil
}
