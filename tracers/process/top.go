package process

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"stilltrace/index"
)

// measure is something of which a process can use much.
type measure struct {
	name string
	// of returns how much p used, what decides first standing first; false where it is unknown.
	of func(p *Row) ([2]uint64, bool)
}

var measures = []measure{
	{"cpu", func(p *Row) ([2]uint64, bool) {
		if recent := p.CPU.Recent().Percent; recent != nil { // in tenths, as it is rounded
			return [2]uint64{uint64(*recent*10 + 0.5), p.UserMS + p.SystemMS}, true
		}
		return [2]uint64{0, p.UserMS + p.SystemMS}, true
	}},
	{"rss", func(p *Row) ([2]uint64, bool) { return [2]uint64{p.RSS, p.VSize}, true }},
	{"io", func(p *Row) ([2]uint64, bool) {
		if p.IO == nil {
			return [2]uint64{}, false
		}
		return [2]uint64{p.IO.ReadBytes + p.IO.WriteBytes, p.IO.ReadChars + p.IO.WriteChars}, true
	}},
	{"fds", func(p *Row) ([2]uint64, bool) {
		if p.FDs == nil || *p.FDs < 0 {
			return [2]uint64{}, false
		}
		return [2]uint64{uint64(*p.FDs), 0}, true
	}},
	{"threads", func(p *Row) ([2]uint64, bool) { return [2]uint64{uint64(max(p.Threads, 0)), 0}, true }},
	{"switches", func(p *Row) ([2]uint64, bool) {
		if p.Switches == nil {
			return [2]uint64{}, false
		}
		return [2]uint64{p.Switches.Voluntary + p.Switches.Involuntary, p.Switches.Involuntary}, true
	}},
}

// Measures returns the names of what Top can order by.
func Measures() []string {
	var names []string
	for _, m := range measures {
		names = append(names, m.name)
	}
	return names
}

// Top answers q like Run, with those processes first that use most: of CPU
// time (recent, where an earlier look tells, then in all), memory, bytes read from
// and written to devices, open descriptors, threads or context switches. Those
// of which it is unknown are left out of Processes and counted in TopUnknown.
func Top(r *index.Reader, q index.Query, by string) (*Answer, error) {
	i := slices.IndexFunc(measures, func(m measure) bool { return m.name == by })
	if i < 0 {
		return nil, fmt.Errorf("top %q: one of %s", by, strings.Join(Measures(), ", "))
	}
	a, err := Run(r, q)
	if err != nil {
		return nil, err
	}
	// Rows are large: their places are sorted instead of them.
	type place struct {
		much [2]uint64
		at   int
	}
	var order []place
	for at := range a.Processes {
		if much, known := measures[i].of(&a.Processes[at]); known {
			order = append(order, place{much, at})
		}
	}
	slices.SortFunc(order, func(a, b place) int {
		return cmp.Or(cmp.Compare(b.much[0], a.much[0]), cmp.Compare(b.much[1], a.much[1]), cmp.Compare(a.at, b.at))
	})
	rows := make([]Row, len(order))
	for n, p := range order {
		rows[n] = a.Processes[p.at]
	}
	a.Top, a.TopUnknown = by, len(a.Processes)-len(rows)
	a.Processes = rows
	return a, nil
}
