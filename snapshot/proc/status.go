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
	v.room.status = statusLines{p: p}
	if err := v.room.status.parse(data); err != nil {
		v.fail("status", err)
	}
	if p.Threads > 1 {
		v.statusText = append(v.statusText[:0], data...)
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
	return s.parse(data)
}

func (s *statusLines) parse(data []byte) error {
	p := s.p
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
	case "Threads":
		// The first look was before: who has started threads since is asked for them.
		if n := s.number(key, value, 10, 31); n > 0 {
			p.Threads = int(n)
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
	case "NoNewPrivs":
		s.security.NoNewPrivs = s.number(key, value, 10, 1) == 1
	case "Seccomp":
		s.set(key, value, &s.security.Seccomp)
	case "Seccomp_filters":
		s.set(key, value, &s.security.Filters)
	default:
		if to := s.memoryField(key); to != nil {
			s.size(key, value, to)
		} else if to := s.mask(key); to != nil {
			*to = s.number(key, value, 16, 64)
		}
	}
}

// memoryField is where a line in kB belongs, nil for another line.
func (s *statusLines) memoryField(key string) *uint64 {
	m := &s.memory
	switch key {
	case "VmPeak":
		return &m.PeakVirtual
	case "VmHWM":
		return &m.PeakResident
	case "RssAnon":
		return &m.Anonymous
	case "RssFile":
		return &m.File
	case "RssShmem":
		return &m.Shared
	case "VmData":
		return &m.Data
	case "VmStk":
		return &m.Stack
	case "VmLck":
		return &m.Locked
	case "VmPTE":
		return &m.PageTables
	}
	return nil
}

// mask is where a line of bits belongs, nil for another line.
func (s *statusLines) mask(key string) *uint64 {
	b, m := &s.security, &s.signals
	switch key {
	case "CapInh":
		return &b.CapInherited
	case "CapPrm":
		return &b.CapPermitted
	case "CapEff":
		s.has.security = true
		return &b.CapEffective
	case "CapBnd":
		return &b.CapBounding
	case "CapAmb":
		return &b.CapAmbient
	case "ShdPnd":
		return &m.Pending
	case "SigBlk":
		return &m.Blocked
	case "SigIgn":
		return &m.Ignored
	case "SigCgt":
		return &m.Caught
	}
	return nil
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
	n := numbers{}
	v := n.parse(value, base, bits)
	if n.err != nil {
		s.torn(key, value)
	}
	return v
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
		if all == nil {
			all = make([]uint32, 0, 4) // as many as say who somebody is
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
