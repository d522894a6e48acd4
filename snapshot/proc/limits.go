package proc

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"stilltrace/index"
)

// limits reads proc_pid_limits(5).
func (v *visit) limits(p *index.Process) {
	data, err := v.dir.text("limits", maxText)
	if err == nil {
		p.Limits, err = parseLimits(data)
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
	var all []index.Limit
	for row := range strings.Lines(string(rows)) {
		if len(row) <= limitColumn {
			return all, torn("row %.40q", row)
		}
		name := strings.TrimSpace(row[:limitColumn])
		f := strings.Fields(row[limitColumn:])
		if len(f) < 2 {
			return all, torn("row %.40q", row)
		}
		soft, err1 := parseLimit(f[0])
		hard, err2 := parseLimit(f[1])
		if err1 != nil || err2 != nil {
			return all, torn("row %.40q", row)
		}
		if short, ok := limitNames[name]; ok {
			name = short
		}
		all = append(all, index.Limit{Name: name, Soft: soft, Hard: hard})
	}
	return all, nil
}

// parseLimit reads one value, -1 for unlimited.
func parseLimit(s string) (int64, error) {
	if s == "unlimited" {
		return -1, nil
	}
	n, err := strconv.ParseUint(s, 10, 64)
	return int64(min(n, math.MaxInt64)), err
}
