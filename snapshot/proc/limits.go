package proc

import (
	"bytes"
	"math"
	"strconv"

	"stilltrace/index"
)

// limits reads proc_pid_limits(5). Asking prlimit(2) sixteen times takes as long.
func (v *visit) limits(p *index.Process) {
	data, err := v.dir.text("limits", maxText)
	if err == nil {
		p.Limits, err = v.limitTexts.of(data, parseLimits)
	}
	if err != nil {
		v.fail("limits", err)
	}
}

// limitNames are the names of limits and those of getrlimit(2).
var limitNames = map[string]string{
	"Max cpu time": "cpu", "Max file size": "fsize", "Max data size": "data", "Max stack size": "stack",
	"Max core file size": "core", "Max resident set": "rss", "Max processes": "nproc", "Max open files": "nofile",
	"Max locked memory": "memlock", "Max address space": "as", "Max file locks": "locks", "Max pending signals": "sigpending",
	"Max msgqueue size": "msgqueue", "Max nice priority": "nice", "Max realtime priority": "rtprio", "Max realtime timeout": "rttime",
}

// limitColumn is where the values begin: the kernel pads the name to 25 bytes and a blank.
const limitColumn = 26

// parseLimits reads the rows below the heading. A limit that getrlimit(2) does
// not name keeps the kernel's name.
func parseLimits(data []byte) ([]index.Limit, error) {
	_, rows, ok := bytes.Cut(data, []byte("\n"))
	if !ok {
		return nil, torn("no heading")
	}
	all := make([]index.Limit, 0, len(limitNames))
	for row := range bytes.Lines(rows) {
		if len(row) <= limitColumn {
			return all, torn("row %.40q", row)
		}
		kernel := bytes.TrimSpace(row[:limitColumn])
		soft, rest := cutField(row[limitColumn:])
		hard, _ := cutField(rest)
		l := index.Limit{Name: limitNames[string(kernel)]}
		var err1, err2 error
		l.Soft, err1 = parseLimit(soft)
		l.Hard, err2 = parseLimit(hard)
		if err1 != nil || err2 != nil {
			return all, torn("row %.40q", row)
		}
		if l.Name == "" {
			l.Name = string(kernel)
		}
		all = append(all, l)
	}
	return all, nil
}

// cutField cuts the first word off.
func cutField(b []byte) (word, rest []byte) {
	b = bytes.TrimLeft(b, " ")
	if i := bytes.IndexAny(b, " \n"); i >= 0 {
		return b[:i], b[i:]
	}
	return b, nil
}

// parseLimit reads one value, -1 for unlimited.
func parseLimit(b []byte) (int64, error) {
	if string(b) == "unlimited" {
		return -1, nil
	}
	n, err := strconv.ParseUint(string(b), 10, 64)
	return int64(min(n, math.MaxInt64)), err
}
