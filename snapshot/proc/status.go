package proc

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"stilltrace/index"
)

// status reads proc_pid_status(5) and reports whether the process was still
// there to be read.
func (v *visit) status(p *index.Process) bool {
	data, err := v.dir.text("status", maxStatus)
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
// leaves its part unknown; the first of them is the error. The kernel writes
// each key once; of a second one, somebody's trick, the first counts.
func parseStatus(data []byte, p *index.Process) error {
	s := statusLines{p: p}
	for len(data) > 0 {
		line := data
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			line, data = data[:i], data[i+1:]
		} else {
			data = nil
		}
		if i := bytes.IndexByte(line, ':'); i >= 0 {
			s.line(string(line[:i]), bytes.TrimSpace(line[i+1:]))
		}
	}
	if p.UID == nil {
		s.torn("Uid", nil)
	}
	if p.GID == nil {
		s.torn("Gid", nil)
	}
	s.join()
	return s.err
}

// statusLines gathers what belongs together and stands on several lines.
type statusLines struct {
	p        *index.Process
	memory   index.MemoryUse
	signals  index.Signals
	security index.SecurityBits
	switches index.Switches
	has      struct{ switches, security, groups, spaces bool }
	err      error
}

func (s *statusLines) line(key string, value []byte) {
	p := s.p
	switch key {
	case "Umask":
		if p.Umask == nil {
			n := uint32(s.number(key, value, 8, 32))
			p.Umask = &n
		}
	case "TracerPid":
		s.set(key, value, &p.Tracer)
	case "Uid":
		if u := s.list(key, value); p.UID == nil && len(u) == 4 {
			p.UID, p.EUID, p.SUID, p.FSUID = &u[0], &u[1], &u[2], &u[3]
		}
	case "Gid":
		if g := s.list(key, value); p.GID == nil && len(g) == 4 {
			p.GID, p.EGID = &g[0], &g[1]
		}
	case "Groups":
		if !s.has.groups {
			p.Groups, s.has.groups = s.list(key, value), true
		}
	case "NSpid":
		if !s.has.spaces {
			s.has.spaces = true
			for _, pid := range s.list(key, value) {
				p.NSPID = append(p.NSPID, int(pid))
			}
		}
	case "VmRSS":
		s.size(key, value, &p.RSS) // stat counts pages, of the size that the captured host had
	case "VmSwap":
		if p.Swap == nil {
			var n uint64
			if s.size(key, value, &n) {
				p.Swap = &n
			}
		}
	case "voluntary_ctxt_switches":
		s.switches.Voluntary, s.has.switches = s.number(key, value, 10, 64), true
	case "nonvoluntary_ctxt_switches":
		s.switches.Involuntary = s.number(key, value, 10, 64)
	default:
		s.memoryLine(key, value)
		s.privilege(key, value)
	}
}

func (s *statusLines) memoryLine(key string, value []byte) {
	m := &s.memory
	switch key {
	case "VmPeak":
		s.size(key, value, &m.PeakVirtual)
	case "VmHWM":
		s.size(key, value, &m.PeakResident)
	case "RssAnon":
		s.size(key, value, &m.Anonymous)
	case "RssFile":
		s.size(key, value, &m.File)
	case "RssShmem":
		s.size(key, value, &m.Shared)
	case "VmData":
		s.size(key, value, &m.Data)
	case "VmStk":
		s.size(key, value, &m.Stack)
	case "VmLck":
		s.size(key, value, &m.Locked)
	case "VmPTE":
		s.size(key, value, &m.PageTables)
	}
}

func (s *statusLines) privilege(key string, value []byte) {
	b := &s.security
	switch key {
	case "CapInh":
		b.CapInherited = s.number(key, value, 16, 64)
	case "CapPrm":
		b.CapPermitted = s.number(key, value, 16, 64)
	case "CapEff":
		b.CapEffective, s.has.security = s.number(key, value, 16, 64), true
	case "CapBnd":
		b.CapBounding = s.number(key, value, 16, 64)
	case "CapAmb":
		b.CapAmbient = s.number(key, value, 16, 64)
	case "NoNewPrivs":
		b.NoNewPrivs = s.number(key, value, 10, 1) == 1
	case "Seccomp":
		s.set(key, value, &b.Seccomp)
	case "Seccomp_filters":
		s.set(key, value, &b.Filters)
	case "ShdPnd":
		s.signals.Pending = s.number(key, value, 16, 64)
	case "SigBlk":
		s.signals.Blocked = s.number(key, value, 16, 64)
	case "SigIgn":
		s.signals.Ignored = s.number(key, value, 16, 64)
	case "SigCgt":
		s.signals.Caught = s.number(key, value, 16, 64)
	}
}

func (s *statusLines) join() {
	if s.has.switches {
		s.p.Switches = &s.switches
	}
	if s.has.security {
		s.p.Security = &s.security
	}
	if s.memory != (index.MemoryUse{}) {
		s.p.Memory = &s.memory
	}
	if s.signals != (index.Signals{}) {
		s.p.Signals = &s.signals
	}
}

func (s *statusLines) torn(key string, value []byte) {
	if s.err == nil {
		s.err = torn("%s %.40q", key, value)
	}
}

// number reads one number, 0 where there is none.
func (s *statusLines) number(key string, value []byte, base, bits int) uint64 {
	n, err := strconv.ParseUint(string(value), base, bits)
	if err != nil {
		s.torn(key, value)
		return 0
	}
	return n
}

func (s *statusLines) set(key string, value []byte, to *int) {
	if *to == 0 {
		*to = int(s.number(key, value, 10, 31))
	}
}

// list reads numbers of 32 bits with blanks between them.
func (s *statusLines) list(key string, value []byte) []uint32 {
	var all []uint32
	for f := range strings.FieldsSeq(string(value)) {
		n, err := strconv.ParseUint(f, 10, 32)
		if err != nil {
			s.torn(key, value)
			return nil
		}
		all = append(all, uint32(n))
	}
	return all
}

// size reads a line in kB, which a task without memory has not.
func (s *statusLines) size(key string, value []byte, to *uint64) bool {
	n, err := strconv.ParseUint(string(bytes.TrimSuffix(value, []byte(" kB"))), 10, 54)
	if err != nil {
		s.torn(key, value)
		return false
	}
	*to = n << 10
	return true
}
