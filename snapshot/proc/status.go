package proc

import (
	"bytes"
	"errors"
	"math"
	"strconv"
	"strings"

	"stilltrace/index"
)

// status reads proc_pid_status(5) and reports whether the process was still
// there to be read.
func (v *visit) status(p *index.Process) bool {
	data, err := v.dir.read("status", maxStatus)
	if err != nil {
		v.fail("status", err)
		if !errors.Is(err, errTooLarge) {
			return v.alive(err)
		}
	}
	if err := parseStatus(data, p); err != nil {
		v.fail("status", err)
	}
	if p.EUID != nil {
		p.User = v.users[*p.EUID]
	}
	return true
}

// parseStatus fills p from the lines of status. A line that cannot be read
// leaves its part unknown; the first of them is the error.
func parseStatus(data []byte, p *index.Process) error {
	s := statusLines{p: p, keys: map[string]string{}}
	for line := range strings.Lines(string(data)) {
		key, value, ok := strings.Cut(line, ":")
		if !ok || !wanted(key) {
			continue
		}
		// The kernel writes each key once; a second one would be somebody's trick.
		if _, twice := s.keys[key]; !twice {
			s.keys[key] = strings.TrimSpace(value)
		}
	}
	s.ids()
	s.sizes()
	s.security()
	p.Tracer = int(s.number("TracerPid", 10, 31))
	return s.err
}

func wanted(key string) bool {
	switch key {
	case "TracerPid", "Uid", "Gid", "Groups", "NSpid", "VmRSS", "VmSwap", "voluntary_ctxt_switches", "nonvoluntary_ctxt_switches",
		"CapEff", "CapPrm", "CapBnd", "NoNewPrivs", "Seccomp":
		return true
	}
	return false
}

type statusLines struct {
	p    *index.Process
	keys map[string]string
	err  error
}

func (s *statusLines) torn(key string) {
	if s.err == nil {
		s.err = torn("%s %.40q", key, s.keys[key])
	}
}

// number reads one number, 0 where there is no such line: most of them came
// with some version of the kernel.
func (s *statusLines) number(key string, base, bits int) uint64 {
	text, ok := s.keys[key]
	if !ok {
		return 0
	}
	n, err := strconv.ParseUint(text, base, bits)
	if err != nil {
		s.torn(key)
		return 0
	}
	return n
}

func (s *statusLines) ids() {
	if u := s.list("Uid"); len(u) == 4 {
		s.p.UID, s.p.EUID, s.p.SUID, s.p.FSUID = &u[0], &u[1], &u[2], &u[3]
	} else {
		s.torn("Uid")
	}
	if g := s.list("Gid"); len(g) == 4 {
		s.p.GID, s.p.EGID = &g[0], &g[1]
	} else {
		s.torn("Gid")
	}
	s.p.Groups = s.list("Groups")
	for _, pid := range s.list("NSpid") {
		s.p.NSPID = append(s.p.NSPID, int(pid))
	}
}

// list reads numbers of 32 bits with blanks between them.
func (s *statusLines) list(key string) []uint32 {
	var all []uint32
	for f := range strings.FieldsSeq(s.keys[key]) {
		n, err := strconv.ParseUint(f, 10, 32)
		if err != nil {
			s.torn(key)
			return nil
		}
		all = append(all, uint32(n))
	}
	return all
}

// sizes reads the lines in kB, which a task without memory has not, and the
// context switches.
func (s *statusLines) sizes() {
	if rss, ok := s.bytes("VmRSS"); ok {
		s.p.RSS = rss // stat counts pages, of the size that the captured host had
	}
	if swap, ok := s.bytes("VmSwap"); ok {
		s.p.Swap = &swap
	}
	if _, ok := s.keys["voluntary_ctxt_switches"]; ok {
		s.p.Switches = &index.Switches{
			Voluntary:   s.number("voluntary_ctxt_switches", 10, 64),
			Involuntary: s.number("nonvoluntary_ctxt_switches", 10, 64),
		}
	}
}

func (s *statusLines) bytes(key string) (uint64, bool) {
	text, ok := s.keys[key]
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.TrimSuffix(text, " kB"), 10, 54)
	if err != nil {
		s.torn(key)
		return 0, false
	}
	return n << 10, true
}

func (s *statusLines) security() {
	if _, ok := s.keys["CapEff"]; !ok {
		return
	}
	s.p.Security = &index.SecurityBits{
		CapEffective: s.number("CapEff", 16, 64),
		CapPermitted: s.number("CapPrm", 16, 64),
		CapBounding:  s.number("CapBnd", 16, 64),
		NoNewPrivs:   s.number("NoNewPrivs", 10, 1) == 1,
		Seccomp:      int(s.number("Seccomp", 10, 31)),
	}
}

// limits reads proc_pid_limits(5).
func (v *visit) limits(p *index.Process) {
	data, err := v.dir.read("limits", maxText)
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
