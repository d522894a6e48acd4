package query

import (
	"fmt"
	"strconv"
	"strings"

	"stilltrace/index"
	"stilltrace/index/printable"
	"stilltrace/query/render"
	"stilltrace/tracers/network"
	"stilltrace/tracers/process"
)

func (s *session) oneProcess(pid int) (Status, error) {
	if err := s.whole(); err != nil {
		return StatusOf(err), err
	}
	w, err := process.One(s.reader, s.snap.ID, pid)
	if err != nil {
		return StatusOf(err), err
	}
	if w == nil {
		none, err := process.Run(s.reader, s.query)
		if err != nil {
			return StatusOf(err), err
		}
		return s.print(&render.Answer{Main: processes(false).table(nil, 0), Value: none})
	}
	p := &w.Process
	limit := s.limit()
	held, err := network.Run(s.reader, index.Query{Snapshot: s.snap.ID, Terms: []index.Term{is("pid", strconv.Itoa(pid)), is("proto", "*")}})
	if err != nil {
		return StatusOf(err), err
	}
	a := &render.Answer{Main: processes(false).table([]process.Row{w.Process}, 1), Value: w}
	a.Sections = []render.Table{
		s.identity(p, &w.Why),
		s.resources(p),
		s.belonging(p),
		relatives().list(ancestryTitle(w.AncestryEnd), w.Ancestry),
		some(relatives(), "Children", w.Children, limit),
		some(threads(&p.Process), "Threads", p.Tasks, limit),
		some(socketsOf(), "Sockets", held.Sockets, limit),
		some(openFiles(), "Open files", p.Files, limit),
		some(mappings(), "Code that it runs, and memory that matters", oddFirst(p.Maps), limit),
		environment(p),
		limits(p.Limits),
		factors().list(scored(p), p.Factors),
		s.whatToDo(w.Recommendations),
		gaps().list("What could not be read", w.Gaps),
	}
	return s.print(a)
}

func (s *session) stamp(t index.Time) string {
	if t == 0 {
		return ""
	}
	return render.Stamp(t, s.zone) + " " + s.zone.String()
}

func (s *session) identity(p *process.Row, w *process.Why) render.Table {
	exe := p.Exe
	if p.ExeGone {
		exe += " (deleted)"
	}
	kind := ""
	switch {
	case p.Self:
		kind = "it took this snapshot"
	case p.Look == index.LookFirst:
		kind = "it ended while the snapshot was taken: only what /proc/PID/stat held is known"
	case p.Look == index.LookSecond:
		kind = "it began while the snapshot was taken"
	case p.Blocked:
		kind = "its memory was locked: arguments, environment and maps are unknown"
	}
	script := ""
	if p.Script != nil {
		script = p.Script.Path + s.file(p.Script.File)
	}
	return facts(fmt.Sprintf("Process %d", p.PID),
		fact{"command", commandLine(&p.Process)},
		fact{"why it runs", s.why(w)},
		fact{"name", p.Comm},
		fact{"executable", exe + s.file(p.ExeFile)},
		fact{"sha256", p.ExeSHA256},
		fact{"package", s.packageOf(p)},
		fact{"script", script},
		fact{"state", state(p.State)},
		fact{"sleeps in", p.WChan},
		fact{"note", kind},
		fact{"started", s.started(p)},
		fact{"user", who(p)},
		fact{"logged in as", named(p.LoginUser, p.LoginUID)},
		fact{"directory", p.Cwd},
		fact{"root", notRoot(p.Root)},
		fact{"terminal", p.TTY},
	)
}

func (s *session) started(p *process.Row) string {
	text := s.stamp(p.Started)
	if age := p.CPU.Lifetime.MS; age > 0 && text != "" {
		text += ", " + printable.Span(age) + " before the snapshot"
	}
	return text
}

// file says in short what fstat(2) knows of a file.
func (s *session) file(f *index.FileIdentity) string {
	if f == nil {
		return ""
	}
	text := fmt.Sprintf(" (%s, mode %04o, of user %s", printable.Size(f.Size), f.Mode&0o7777, named(s.snap.Host.UserName(f.UID), &f.UID))
	if f.Ctime != 0 {
		text += ", inode changed " + s.stamp(f.Ctime)
	}
	return text + ")"
}

func (s *session) belonging(p *process.Row) render.Table {
	spaces := ""
	if n := p.Spaces; n != (index.Namespaces{}) {
		spaces = fmt.Sprintf("pid %d, net %d, mnt %d, user %d, uts %d, ipc %d, cgroup %d, time %d",
			n.PID, n.Net, n.Mnt, n.User, n.UTS, n.IPC, n.Cgroup, n.Time)
	}
	inside := ""
	if len(p.NSPID) > 1 {
		inside = joinInts(p.NSPID)
	}
	tracer := ""
	if p.Tracer != 0 {
		tracer = strconv.Itoa(p.Tracer)
	}
	container := p.Container
	if p.ContainerName != "" {
		container = p.ContainerName + ", " + p.Container
	}
	session := ""
	if p.Session != nil {
		session = strconv.FormatUint(uint64(*p.Session), 10)
	}
	return facts("Where it belongs",
		fact{"service", p.Service},
		fact{"container", container},
		fact{"cgroup", p.Cgroup},
		fact{"session", session},
		fact{"group", fmt.Sprintf("process group %d, session leader %d", p.PGRP, p.SID)},
		fact{"namespaces", spaces},
		fact{"pids inside", inside},
		fact{"ids inside", s.idsInside(p)},
		fact{"clocks inside", s.clocksInside(p)},
		fact{"label", p.Label},
		fact{"rights", rights(p.Security)},
		fact{"traced by", tracer},
		fact{"evidence", p.Evidence()},
	)
}

func rights(c *index.SecurityBits) string {
	if c == nil {
		return ""
	}
	text := "capabilities " + capabilities(c.CapEffective) + ", " + seccomp(c.Seccomp)
	if c.NoNewPrivs {
		text += ", no new privileges"
	}
	return text
}

// seccomp names a mode of seccomp(2).
func seccomp(mode int) string {
	if text := map[int]string{0: "no seccomp", 1: "seccomp strict", 2: "seccomp filter"}[mode]; text != "" {
		return text
	}
	return fmt.Sprintf("seccomp %d", mode)
}

// capabilityNames are in the order of their bits (include/uapi/linux/capability.h).
var capabilityNames = strings.Fields("chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service " +
	"net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource " +
	"sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf " +
	"checkpoint_restore")

// capabilities spells out a set: all of them, none, or their names.
func capabilities(set uint64) string {
	all := uint64(1)<<len(capabilityNames) - 1
	switch {
	case set == 0:
		return "none"
	case set&all == all:
		return "all"
	}
	var names, others []string
	for i, name := range capabilityNames {
		if set&(1<<i) != 0 {
			names = append(names, name)
		} else {
			others = append(others, name)
		}
	}
	if len(names) > len(others) {
		return "all but " + strings.Join(others, " ")
	}
	return strings.Join(names, " ")
}

// state spells out the letter of proc_pid_stat(5).
func state(letter string) string {
	words := map[string]string{
		"R": "running", "S": "sleeping", "D": "waiting, cannot be interrupted", "Z": "zombie: ended, its parent has not asked",
		"T": "stopped", "t": "stopped by a tracer", "X": "dead", "I": "idle",
	}
	if w := words[letter]; w != "" {
		return letter + ", " + w
	}
	return letter
}

func who(p *process.Row) string {
	effective := named(p.User, p.EUID)
	if real := named(p.RealUser, p.UID); real != effective && real != "" {
		return effective + ", started by " + real
	}
	return effective
}

// named writes a user as id(1) does: 33(www-data).
func named(name string, id *uint32) string {
	switch {
	case id == nil:
		return name
	case name == "":
		return strconv.FormatUint(uint64(*id), 10)
	}
	return strconv.FormatUint(uint64(*id), 10) + "(" + name + ")"
}

func notRoot(root string) string {
	if root == "/" {
		return ""
	}
	return root
}

func scored(p *process.Row) string {
	return fmt.Sprintf("What stands out: %d of 100 points", p.Score)
}
