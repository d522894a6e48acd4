package proc

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

// The host that is promised, which is the one of a full run, the one of a quick
// run, and what makes it another: processes, sockets, and how many network
// namespaces share them.
//
//	STILLTRACE_PARITY=1500/5000/5 go test -run '^TestParity$' -v ./snapshot/proc
const parityAsked, parityPromised, parityQuick = "STILLTRACE_PARITY", "1500/5000/5", "300/1000/2"

// tool runs a program that the capture is held against. lsof ends with 1 where
// it did not see all.
func tool(t *testing.T, argv ...string) string {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "COLUMNS=100000")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if _, missing := exec.LookPath(argv[0]); missing != nil {
		t.Skipf("no %s to compare with", argv[0])
	}
	if len(out) == 0 {
		require.NoError(t, err, "%s", stderr.String())
	}
	return string(out)
}

// stable are the lines that are in both.
func stable(before, after map[string]string) map[string]string {
	both := map[string]string{}
	for key, line := range before {
		if after[key] == line {
			both[key] = line
		}
	}
	return both
}

// All that ps, ss and lsof show of what lived through the capture is in it,
// with the same values.
func TestParity(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("an ordinary user's ps, ss and lsof see other things than root's")
	}
	host := parityQuick
	if os.Getenv("STILLTRACE_FULL") == "1" {
		host = parityPromised
	}
	p := newParity(t, cmp.Or(os.Getenv(parityAsked), host))
	// Others use this machine too: what differs for them in one moment does not in another.
	const tries = 6
	for range tries {
		if p.compare(t); !slices.ContainsFunc(p.looks, func(l *parityLook) bool { return len(l.differs) > 0 }) {
			break
		}
	}
	for _, l := range p.looks {
		t.Logf("%s: %d rows, %d differ", l.name, l.rows, len(l.differs))
	}
	for _, l := range p.looks {
		require.Empty(t, l.differs, l.name)
	}
}

// parity holds a still against what the usual tools show.
type parity struct {
	looks    []*parityLook
	compared bool
}

// parityLook is one tool, and what it shows of a still.
type parityLook struct {
	name    string
	least   int // rows
	theirs  func(t *testing.T) map[string]string
	ours    func(s *still) map[string]string
	rows    int
	differs map[string]string // in each comparison so far
}

// newParity starts the host.
func newParity(t *testing.T, asked string) *parity {
	t.Helper()
	var processes, sockets, spaces int
	_, err := fmt.Sscanf(asked, "%d/%d/%d", &processes, &sockets, &spaces)
	require.NoError(t, err, asked)
	p := &parity{looks: []*parityLook{
		{name: "ps", least: processes, theirs: psRows, ours: psRowsOf},
		{name: "lsof", least: 7*processes + sockets, theirs: lsofRows, ours: lsofRowsOf},
	}}
	seen := func(name string, least int, cmd *exec.Cmd, inside []string) {
		p.looks = append(p.looks, &parityLook{
			name: name, least: least,
			theirs: func(t *testing.T) map[string]string { return ssRows(t, inside) },
			ours:   func(s *still) map[string]string { return ssRowsOf(s, s.processes[cmd.Process.Pid].Spaces.Net) },
		})
	}
	for i := range spaces {
		part, of := processes*(i+1)/spaces-processes*i/spaces, sockets*(i+1)/spaces-sockets*i/spaces
		if i == 0 {
			seen("ss", of, startHost(t, part, of, nil), nil)
			continue
		}
		apart := startHost(t, part, of, &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET})
		seen(fmt.Sprintf("ss in namespace %d", i+1), of, apart, insideOf(apart))
	}
	rare := startRole(t, "sockets", &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET})
	seen("ss among rare sockets", 3, rare, insideOf(rare))
	return p
}

// compare takes a still between two looks of each tool.
func (p *parity) compare(t *testing.T) {
	t.Helper()
	look := func() (all []map[string]string) {
		for _, l := range p.looks {
			all = append(all, l.theirs(t))
		}
		return all
	}
	before := look()
	s := take(t, live())
	after := look()
	for i, l := range p.looks {
		want, mine := stable(before[i], after[i]), l.ours(s)
		require.GreaterOrEqual(t, len(want), l.least, l.name)
		l.rows = len(want)
		now := map[string]string{}
		for key, line := range want {
			_, before := l.differs[key]
			if mine[key] != line && (!p.compared || before) {
				now[key] = fmt.Sprintf("%q, and the capture has %q", line, mine[key])
			}
		}
		l.differs = now
	}
	p.compared = true
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// psRows are processes as ps sees them, by pid. Threads and the resident size
// may change and be as before a moment later: they are left out.
func psRows(t *testing.T) map[string]string {
	rows := map[string]string{}
	for line := range strings.Lines(tool(t, "ps", "-e", "-o", "pid=,ppid=,pgid=,sid=,euid=,ruid=,suid=,egid=,rgid=,ni=,tty=,vsz=,comm=")) {
		f := strings.Fields(line)
		if f[1] == "2" || f[0] == "2" {
			continue // a worker of the kernel has another name at each moment
		}
		rows[f[0]] = strings.Join(f[1:], " ")
	}
	return rows
}

func psRowsOf(s *still) map[string]string {
	rows := map[string]string{}
	for pid, p := range s.processes {
		if p.Look != index.LookFirst {
			rows[strconv.Itoa(pid)] = psRow(p)
		}
	}
	return rows
}

func psRow(p *index.Process) string {
	tty := p.TTY
	if tty == "" || !exists("/dev/"+tty) { // ps looks it up in its own /dev
		tty = "?"
	}
	nice := strconv.Itoa(p.Nice)
	if p.Sched != nil && (p.Sched.Policy == 1 || p.Sched.Policy == 2 || p.Sched.Policy == 6) {
		nice = "-" // ps gives none to what is scheduled in real time
	}
	return strings.Join(strings.Fields(fmt.Sprintln(p.PPID, p.PGRP, p.SID, *p.EUID, *p.UID, *p.SUID, *p.EGID, *p.GID, nice, tty, p.VSize>>10, p.Comm)), " ")
}

// ssRows are the sockets of one network namespace as ss sees them, by inode.
// Those without one, in TIME_WAIT, nobody can tell apart.
func ssRows(t *testing.T, inside []string) map[string]string {
	rows := map[string]string{}
	for line := range strings.Lines(tool(t, append(inside, "ss", "-H", "-tuwane")...)) {
		f := strings.Fields(line)
		inode, uid := "", "uid:0"
		for _, one := range f[6:] {
			if strings.HasPrefix(one, "ino:") {
				inode = one
			}
			if strings.HasPrefix(one, "uid:") {
				uid = one
			}
		}
		if inode != "" && inode != "ino:0" {
			// It writes * for [::] where the socket hears IPv4 as well, which no file of /proc tells.
			rows[inode] = strings.ReplaceAll(strings.Join(append(f[:6:6], uid), " "), "[::]", "*")
		}
	}
	for line := range strings.Lines(tool(t, append(inside, "ss", "-H", "-xane")...)) {
		f := strings.Fields(line)
		star := len(f) - 1
		for star > 0 && f[star] != "*" {
			star--
		}
		// Its queues of what does not listen are not in any file.
		rows["ino:"+f[star-1]] = fmt.Sprint(f[0], f[1], f[star+1])
	}
	for line := range strings.Lines(tool(t, append(inside, "ss", "-H", "-0ane")...)) {
		for _, one := range strings.Fields(line) {
			if strings.HasPrefix(one, "ino:") {
				rows[one] = "packet"
			}
		}
	}
	return rows
}

// ssStates are the kernel's names as ss abbreviates them.
var ssStates = map[string]string{
	"ESTABLISHED": "ESTAB", "CLOSE": "UNCONN", "UNCONNECTED": "UNCONN", "CONNECTED": "ESTAB", "CONNECTING": "SYN-SENT",
	"FIN_WAIT1": "FIN-WAIT-1", "FIN_WAIT2": "FIN-WAIT-2", "CLOSE_WAIT": "CLOSE-WAIT", "LAST_ACK": "LAST-ACK", "SYN_SENT": "SYN-SENT", "SYN_RECV": "SYN-RECV",
}

func ssRowsOf(s *still, netns uint64) map[string]string {
	rows := map[string]string{}
	for _, k := range s.sockets {
		if k.NetNS != netns || k.Inode == 0 {
			continue
		}
		key := fmt.Sprintf("ino:%d", k.Inode)
		state := k.State
		if short := ssStates[state]; short != "" {
			state = short
		}
		switch k.Proto {
		case "netlink":
		case "packet":
			rows[key] = "packet"
		case "unix":
			kind := map[string]string{"stream": "u_str", "dgram": "u_dgr", "seqpacket": "u_seq"}[k.Type]
			rows[key] = fmt.Sprint(kind, state, strconv.FormatUint(k.Peer, 10))
		default:
			send := k.SendQ
			if k.Backlog != nil {
				send = *k.Backlog
			}
			proto := strings.TrimSuffix(k.Proto, "6")
			local, remote := ssEnd(k.Local.String(), k.LPort), ssEnd(k.Remote.String(), k.RPort)
			if proto == "raw" {
				local = strings.TrimSuffix(local, "*") + k.Protocol
			}
			rows[key] = fmt.Sprintf("%s %s %d %d %s %s uid:%d", proto, state, k.RecvQ, send, local, remote, *k.UID)
		}
	}
	return rows
}

func ssEnd(addr string, port uint16) string {
	if addr == "::" {
		addr = "*"
	} else if strings.Contains(addr, ":") {
		addr = "[" + addr + "]"
	}
	if port == 0 {
		return addr + ":*"
	}
	return fmt.Sprintf("%s:%d", addr, port)
}

// lsofRows are the open files as lsof sees them, by pid and descriptor: access
// and inode; of cwd, rtd and txt the name. Of the files in memory those are
// left out that are mapped and not executed, and [vdso].
func lsofRows(t *testing.T) map[string]string {
	rows := map[string]string{}
	pid := ""
	for line := range strings.Lines(tool(t, "lsof", "-nP", "-F", "pfatdino0")) {
		f := map[byte]string{}
		for field := range strings.SplitSeq(strings.TrimSuffix(line, "\n"), "\x00") {
			if field != "" {
				f[field[0]] = field[1:]
			}
		}
		if f['p'] != "" {
			pid = f['p']
		}
		key := pid + " " + f['f']
		_, err := strconv.Atoi(f['f'])
		switch {
		case pid == strconv.Itoa(os.Getpid()): // whoever looks has other files at each look
		case strings.Contains(f['n'], "denied"), f['n'] == "/proc/"+pid+"/exe": // it could not be read
		case f['f'] == "cwd" || f['f'] == "rtd" || f['f'] == "txt":
			rows[key] = strings.TrimSuffix(f['n'], deleted)
		case err == nil && (f['t'] == "REG" || f['t'] == "DIR") && f['o'] != "": // of some it gives the size alone
			rows[key] = f['a'] + " " + f['i'] + " " + strings.TrimPrefix(f['o'], "0t")
		case err == nil && f['t'] == "FIFO" && f['n'] == "pipe":
			rows[key] = f['a'] + " " + f['i']
		case err == nil && f['t'] == "FIFO": // one with a name is a file by its link
			rows[key] = f['a'] + " " + f['i'] + " 0"
		case err == nil && (f['t'] == "IPv4" || f['t'] == "IPv6"):
			rows[key] = f['a'] + " " + f['d']
		case err == nil && (f['t'] == "unix" || f['t'] == "netlink" || f['t'] == "pack" || f['t'] == "sock"): // the last is one of another network namespace
			rows[key] = f['a'] + " " + f['i']
		case err == nil && f['t'] == "CHR":
			rows[key] = f['a'] + " " + f['n']
		}
	}
	return rows
}

func lsofRowsOf(s *still) map[string]string {
	rows := map[string]string{}
	for pid, p := range s.processes {
		lsofRowsOfOne(pid, p, rows)
	}
	return rows
}

func lsofRowsOfOne(pid int, p *index.Process, rows map[string]string) {
	at := func(what string) string { return fmt.Sprintf("%d %s", pid, what) }
	rows[at("cwd")], rows[at("rtd")], rows[at("txt")] = p.Cwd, p.Root, p.Exe
	for _, f := range p.Files {
		access := f.Access
		if access == "rw" {
			access = "u"
		}
		key := at(strconv.Itoa(f.FD))
		switch {
		case (f.Type == "file" || f.Type == "memfd") && f.Pos != nil:
			rows[key] = fmt.Sprintf("%s %d %d", access, f.Inode, *f.Pos)
		case f.Type == "pipe":
			rows[key] = fmt.Sprintf("%s %d", access, f.Inode)
		case f.Type == "device":
			rows[key] = access + " " + f.Target
		case f.Type == "socket":
			rows[key] = fmt.Sprintf("%s %d", access, f.Inode)
		}
	}
}
