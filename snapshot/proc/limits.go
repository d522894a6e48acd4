package proc

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// limits reads proc_pid_limits(5), or asks prlimit(2), which is quicker and is
// not allowed to everyone. The pid is that of this process all the time: its
// stat, read behind this, would else not be there any more.
func (v *visit) limits(p *index.Process) {
	if v.Live && !v.noPrlimit.Load() {
		if p.Limits = askLimits(v.pid); p.Limits != nil {
			return
		}
		v.noPrlimit.Store(true)
	}
	data, err := v.dir.text("limits", maxText)
	if err == nil {
		p.Limits, err = parseLimits(data)
	}
	if err != nil {
		v.fail("limits", err)
	}
}

// resources are the names of the limits and their numbers, which differ between
// machines, in the order of /proc/PID/limits.
var resources = [...]struct {
	name   string
	number int
}{
	{"cpu", unix.RLIMIT_CPU}, {"fsize", unix.RLIMIT_FSIZE}, {"data", unix.RLIMIT_DATA}, {"stack", unix.RLIMIT_STACK}, {"core", unix.RLIMIT_CORE},
	{"rss", unix.RLIMIT_RSS}, {"nproc", unix.RLIMIT_NPROC}, {"nofile", unix.RLIMIT_NOFILE}, {"memlock", unix.RLIMIT_MEMLOCK}, {"as", unix.RLIMIT_AS},
	{"locks", unix.RLIMIT_LOCKS}, {"sigpending", unix.RLIMIT_SIGPENDING}, {"msgqueue", unix.RLIMIT_MSGQUEUE}, {"nice", unix.RLIMIT_NICE},
	{"rtprio", unix.RLIMIT_RTPRIO}, {"rttime", unix.RLIMIT_RTTIME},
}

// askLimits returns nil where the kernel does not answer.
func askLimits(pid int) []index.Limit {
	all := make([]index.Limit, 0, len(resources))
	for _, r := range resources {
		var l unix.Rlimit
		_, _, errno := unix.RawSyscall6(unix.SYS_PRLIMIT64, uintptr(pid), uintptr(r.number), 0, uintptr(unsafe.Pointer(&l)), 0, 0)
		if errno != 0 {
			return nil
		}
		all = append(all, index.Limit{Name: r.name, Soft: limitOf(l.Cur), Hard: limitOf(l.Max)})
	}
	return all
}

func limitOf(n uint64) int64 {
	if n == unix.RLIM_INFINITY {
		return -1
	}
	return int64(min(n, math.MaxInt64))
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
