package proc

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"

	"stilltrace/index"
)

// commandLine reads proc_pid_cmdline(5).
func (v *visit) commandLine() ([]string, error) {
	data, err := v.dir.whole("cmdline", maxCmdline)
	if err != nil && !errors.Is(err, errTooLarge) {
		return nil, err
	}
	return splitArgs(data), err
}

// splitArgs splits an argument area. Each argument ends with a NUL, so the
// last NUL begins no further one; every other byte is kept, those of a title
// that the process wrote over its arguments too.
func splitArgs(data []byte) []string {
	if len(data) == 0 {
		return []string{}
	}
	return strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00")
}

// links reads exe, cwd and root. A kernel thread has no exe; an exited
// process has none of them.
func (v *visit) links(p *index.Process) {
	if exited(p.State) {
		return
	}
	if !p.Kernel {
		if text, err := v.dir.linkWord("exe", v.words); err != nil {
			v.fail("exe", err)
		} else {
			p.Exe, p.ExeGone = v.dir.gone("exe", text)
		}
	}
	var err error
	if p.Cwd, err = v.dir.linkWord("cwd", v.words); err != nil {
		v.fail("cwd", err)
	}
	if p.Root, err = v.dir.linkWord("root", v.words); err != nil {
		v.fail("root", err)
	}
}

// spaces reads the links of ns (proc_pid_ns(5)). They are mostly refused
// together; those refused for one reason are one gap.
func (v *visit) spaces(p *index.Process) {
	var failed []error
	for _, space := range []struct {
		name  string
		link  string
		inode *uint64
		young bool // came in Linux 4.6 or 5.6
	}{
		{"cgroup", "ns/cgroup", &p.Spaces.Cgroup, true},
		{"ipc", "ns/ipc", &p.Spaces.IPC, false},
		{"mnt", "ns/mnt", &p.Spaces.Mnt, false},
		{"net", "ns/net", &p.Spaces.Net, false},
		{"pid", "ns/pid", &p.Spaces.PID, false},
		{"time", "ns/time", &p.Spaces.Time, true},
		{"user", "ns/user", &p.Spaces.User, false},
		{"uts", "ns/uts", &p.Spaces.UTS, false},
	} {
		if *space.inode = v.knownSpace(p, space.name); *space.inode != 0 {
			continue
		}
		text, err := v.dir.linkBytes(space.link)
		if err == nil {
			var ok bool
			if *space.inode, ok = bracketedBytes(text, space.name); !ok {
				err = torn("link %.40q", text)
			}
			v.knowSpace(p, space.name, *space.inode)
		}
		missing := errors.Is(err, fs.ErrNotExist) && (space.young || exited(p.State))
		if err != nil && !missing {
			failed = append(failed, err)
		}
	}
	v.failedAll("ns", failed)
}

// knownSpace is a namespace that need not be asked for, 0 where it must. That of
// the network was read by the first look. And a process whose status names one
// pid alone lives in the pid namespace of the procfs itself, as all of these do.
func (v *visit) knownSpace(p *index.Process, name string) uint64 {
	switch g := v.glimpse; {
	case name == "net" && g != nil && g.ok && g.stat.start() == p.StartTime:
		return g.netns
	case name == "pid" && v.Live && len(p.NSPID) == 1:
		return v.ownPIDs.Load()
	}
	return 0
}

func (v *visit) knowSpace(p *index.Process, name string, inode uint64) {
	if name == "pid" && v.Live && len(p.NSPID) == 1 {
		v.ownPIDs.Store(inode)
	}
}

// bracketed reads the number of a link text such as net:[4026531833].
func bracketed(text, kind string) (uint64, bool) {
	return bracketedBytes([]byte(text), kind)
}

func bracketedBytes(text []byte, kind string) (uint64, bool) {
	n := len(kind)
	if len(text) < n+4 || string(text[:n]) != kind || text[n] != ':' || text[n+1] != '[' || text[len(text)-1] != ']' {
		return 0, false
	}
	v, err := strconv.ParseUint(string(text[n+2:len(text)-1]), 10, 64)
	return v, err == nil
}

// unset is the kernel's value for a login that never was: (uid_t)-1.
const unset = 1<<32 - 1

// audit reads loginuid and sessionid.
func (v *visit) audit(p *index.Process) {
	p.LoginUID = v.value("loginuid")
	// The kernel gives both at once (audit_set_loginuid): who never logged in has no session either.
	if p.LoginUID != nil || !v.Live {
		p.Session = v.value("sessionid")
	}
}

func (v *visit) value(name string) *uint32 {
	data, err := v.dir.text(name, maxText)
	if err != nil {
		v.fail(name, err)
		return nil
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(data)), 10, 32)
	if err != nil {
		v.fail(name, torn("number %.40q", data))
		return nil
	}
	if n == unset {
		return nil
	}
	u := uint32(n)
	return &u
}
