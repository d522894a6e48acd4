package proc

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

func ptr[T any](v T) *T { return &v }

func TestWholeProcessOfACopiedTree(t *testing.T) {
	procDir, root := t.TempDir(), t.TempDir()
	craft(t, procDir, process(812))
	craft(t, procDir, map[string]any{"stat": "cpu 1 2 3\nbtime 1700000000\nprocesses 99\n"})
	craft(t, root, map[string]any{"etc/passwd": "www:x:1001:101:Web:/srv:/bin/false\n"})

	s := take(t, Options{Proc: procDir, Root: root})
	require.Equal(t, []int{812}, s.order)
	require.Empty(t, s.gapsOf(812))
	require.Equal(t, &index.Process{
		PID: 812, PPID: 1, Comm: "web", State: "S",
		UID: ptr(uint32(1000)), EUID: ptr(uint32(1001)), SUID: ptr(uint32(1002)), FSUID: ptr(uint32(1003)),
		GID: ptr(uint32(100)), EGID: ptr(uint32(101)), Groups: []uint32{4, 24, 27}, User: "www",
		Cmdline: []string{"/usr/bin/web", "--port", "80"}, Exe: "/usr/bin/web", Cwd: "/srv", Root: "/",
		StartTime: 4242, Started: 1700000042_420000000, Threads: 3, PGRP: 812, SID: 812, TTY: "pts/0", Flags: 0x400100,
		UserMS: 120, SystemMS: 340, VSize: 3133440, RSS: 1696 << 10, Swap: ptr(uint64(8 << 10)),
		IO:       &index.ProcessIO{ReadChars: 1, WriteChars: 2, ReadCalls: 3, WriteCalls: 4, ReadBytes: 5, WriteBytes: 6, CancelledBytes: 7},
		Switches: &index.Switches{Voluntary: 10, Involuntary: 11},
		Limits: []index.Limit{
			{Name: "nofile", Soft: 1024, Hard: 524288}, {Name: "core", Soft: 0, Hard: -1}, {Name: "nice"},
			{Name: "Max of tomorrow", Soft: 1<<63 - 1, Hard: 7},
		},
		FDs: ptr(3),
		Files: []index.OpenFile{
			{FD: 0, Type: "device", Target: "/dev/null"},
			{FD: 3, Type: "socket", Target: "socket:[501]", Inode: 501, Access: "rw"},
			{FD: 10, Type: "file", Target: "/var/log/web.log", Inode: 77, Deleted: true, Access: "w", Flags: 0o2102001, Pos: ptr(uint64(4096)), Mount: 26},
		},
		Unit: "web.service", Umask: ptr(uint32(0o22)), Faults: &index.Faults{Minor: 100}, Sched: &index.Sched{WaitMS: 20},
		WChan: "do_epoll_wait", OOM: &index.OOM{Score: 666, Adj: -17},
		Tasks: []index.Thread{
			{TID: 812, Comm: "web", State: "S", StartTime: 4242, UserMS: 120, SystemMS: 340},
			{TID: 813, Comm: "pool (1)", State: "R", StartTime: 4243, UserMS: 120, SystemMS: 340},
		},
		Environ: []index.Variable{
			{Name: "DB_PASSWORD"}, {Name: "LD_PRELOAD", Value: ptr("/tmp/x.so")}, {Name: "PATH", Value: ptr("/bin")},
			{Name: "https_proxy", Value: ptr("http://…@proxy:3128")},
		},
		Maps: []index.Mapping{
			{Path: "/usr/bin/web", Perms: "r-xp", Size: 0x2000, Device: "254:1", Inode: 1234},
			{Perms: "rwxp", Size: 0x1000, Start: 0x7f0000000000},
			{Path: "/usr/lib/a b.so", Perms: "r-xp", Size: 0x3000, Parts: 2, Start: 0x7f0000001000, Device: "254:1", Inode: 99, Deleted: true},
			{Path: "/memfd:x\ny", Perms: "rw-s", Size: 0x1000, Start: 0x7f0000004000, Device: "0:1", Inode: 7, Deleted: true},
			{Path: "/tmp/.x/data", Perms: "r--s", Size: 0x1000, Start: 0x7f0000005000, Device: "254:1", Inode: 8},
		},
		Cgroup: "/system.slice/web.service",
		Spaces: index.Namespaces{Cgroup: 4026531830, IPC: 4026531831, Mnt: 4026531832, Net: 4026531833, PID: 4026531834,
			Time: 4026531835, User: 4026531836, UTS: 4026531837},
		NSPID: []int{812, 7}, LoginUID: ptr(uint32(1000)), Tracer: 77,
		Security: &index.SecurityBits{CapEffective: 0x1ffffffffff, CapPermitted: 0xff, CapBounding: 1, NoNewPrivs: true, Seccomp: 2},
	}, s.processes[812])
}

func TestHostileProcesses(t *testing.T) {
	const secret = "root:secret"
	dir, outside := t.TempDir(), t.TempDir()
	craft(t, outside, map[string]any{"secret": secret})
	add := func(pid int, change map[string]any) {
		all := process(pid)
		for name, entry := range change {
			key := fmt.Sprintf("%d/%s", pid, name)
			if all[key] = entry; entry == nil {
				delete(all, key)
			}
		}
		craft(t, dir, all)
	}
	comm := "a) R 1\n\x1b[2J\xff("
	add(10, map[string]any{"stat": statLine(10, comm, "S", 0, 1)})
	add(11, map[string]any{"stat": "11 (web"})
	add(12, map[string]any{"stat": "12 (web)"})
	add(13, map[string]any{"stat": ")13("})
	add(14, map[string]any{"stat": statLine(9, "web", "S", 0, 1)})
	add(15, map[string]any{"stat": statLine(15, "web", "S", 0, 1)[:60]})
	add(16, map[string]any{"stat": ""})
	add(17, map[string]any{"stat": nil})
	add(18, map[string]any{"stat": link(filepath.Join(outside, "secret"))})
	add(19, map[string]any{"stat": fifo{}})
	add(20, map[string]any{"cmdline": hole(1 << 40), "status": hole(1 << 40), "limits": fifo{}, "io": fifo{}, "cgroup": link("status")})
	add(21, map[string]any{"io": "rchar: x\n", "limits": "none", "cgroup": "::", "loginuid": "me", "sessionid": nil, "status": "Uid:\t1\n"})
	add(22, map[string]any{"exe": "a file", "cwd": nil, "ns/net": link("net:[x]"), "ns/time": nil, "ns/mnt": nil, "ns/uts": nil, "fd/4": "a file", "fd/x": link("a")})
	add(23, map[string]any{"stat": statLine(23, "[kworker/0:1]", "S", pfKthread, 1), "exe": nil, "cmdline": ""})
	add(24, map[string]any{"stat": statLine(24, "gone", "Z", 0, 1), "exe": nil, "cmdline": "", "cwd": nil, "root": nil, "ns/net": nil, "ns/mnt": nil, "ns/ipc": nil, "ns/uts": nil})
	add(25, map[string]any{"stat": statLine(25, "[kworker/0:1]", "S", 0, 1), "cmdline": "\x00\xff \x00\x00", "exe": link("/memfd:x\xff (deleted)")})
	add(26, map[string]any{"status": nil, "fd/0": nil, "fd/3": nil, "fd/10": nil})
	add(29, map[string]any{"status": statusText + strings.Repeat("X", maxStatus)})
	craft(t, dir, map[string]any{"27": "a file", "28": link("10"), "007/stat": "x", "12x/stat": "x", "0/stat": "x", "99999999999/stat": "x"})

	s := take(t, Options{Proc: dir, Root: t.TempDir()})
	require.Equal(t, []int{10, 20, 21, 22, 23, 24, 25, 26, 29}, s.order)
	require.Equal(t, comm, s.processes[10].Comm)
	require.Equal(t, "S", s.processes[10].State)
	require.Equal(t, []string{"", "\xff ", ""}, s.processes[25].Cmdline)
	require.Equal(t, "/memfd:x\xff", s.processes[25].Exe)
	require.True(t, s.processes[25].ExeGone)
	require.False(t, s.processes[25].Kernel)
	require.True(t, s.processes[23].Kernel)
	require.Len(t, s.processes[20].Cmdline, maxCmdline)
	require.Equal(t, ptr(uint32(1001)), s.processes[29].EUID, "what lies within the limit is kept")
	require.Equal(t, 4, *s.processes[22].FDs)
	for _, g := range s.gaps {
		require.NotContains(t, g.Detail, "secret")
		require.NotContains(t, g.Place, dir)
		require.NotEqual(t, index.ReasonVanished, g.Reason, "nothing vanishes from a copy: %v", g)
	}

	want := map[int][]string{
		10: nil,
		11: {"/stat torn 1"}, 12: {"/stat torn 1"}, 13: {"/stat torn 1"}, 14: {"/stat torn 1"}, 15: {"/stat torn 1"}, 16: {"/stat torn 1"},
		17: {"/stat absent 1"}, 18: {"/stat unsupported 1"}, 19: {"/stat unsupported 1"},
		20: {"/status too_large 1", "/status torn 1", "/io unsupported 1", "/cgroup unsupported 1", "/limits unsupported 1", "/cmdline too_large 1"},
		21: {"/status torn 1", "/io torn 1", "/cgroup torn 1", "/limits torn 1", "/loginuid torn 1", "/sessionid absent 1"},
		22: {"/exe unsupported 1", "/cwd absent 1", "/ns absent 2", "/ns torn 1", "/fd unsupported 1"},
		23: nil, 24: nil, 25: nil,
		26: {"/status absent 1", "/fd absent 1"},
		27: {" unsupported 1"}, 28: {" unsupported 1"}, 29: {"/status too_large 1"},
	}
	got := map[int][]string{}
	for pid := range want {
		got[pid] = nil
		for _, g := range s.gapsOf(pid) {
			got[pid] = append(got[pid], fmt.Sprintf("%s %s %d", strings.TrimPrefix(g.Place, fmt.Sprintf("/proc/%d", pid)), g.Reason, g.Count))
		}
	}
	require.Equal(t, want, got)
}

func TestDescriptorsBeyondTheLimit(t *testing.T) {
	dir, err := os.MkdirTemp("/dev/shm", "proc") // so many links take their time on a disk
	if err != nil {
		dir = t.TempDir()
	}
	defer os.RemoveAll(dir)
	craft(t, dir, process(812))
	for fd := 100; fd < 100+maxFDs; fd++ {
		require.NoError(t, os.Symlink("x", fmt.Sprintf("%s/812/fd/%d", dir, fd)))
	}
	s := take(t, Options{Proc: dir, Root: t.TempDir()})
	require.Equal(t, maxFDs+3, *s.processes[812].FDs)
	require.Len(t, s.processes[812].Files, maxFDs)
	require.Equal(t, []index.Gap{{Area: "process", Place: "/proc/812/fd", Reason: index.ReasonTooLarge, Detail: errTooLarge.Error(), PID: 812, Count: 3}}, s.gapsOf(812))
}

// Whoever opens one file by a very long path thousands of times must not make
// a record that a case cannot hold.
func TestDescriptorsOfLongNames(t *testing.T) {
	dir := t.TempDir()
	craft(t, dir, process(812))
	const many = 2000
	for fd := 100; fd < 100+many; fd++ {
		require.NoError(t, os.Symlink("/"+strings.Repeat("x", 4000), fmt.Sprintf("%s/812/fd/%d", dir, fd)))
	}
	s := take(t, Options{Proc: dir, Root: t.TempDir()})
	kept := len(s.processes[812].Files)
	require.Equal(t, many+3, *s.processes[812].FDs)
	require.Less(t, kept, maxFDText/4000+4)
	require.Equal(t, []index.Gap{{Area: "process", Place: "/proc/812/fd", Reason: index.ReasonTooLarge, Detail: errTooLarge.Error(), PID: 812, Count: many + 3 - kept}}, s.gapsOf(812))
}

// The largest record that a process can bring about fits into a case.
func TestLargestRecord(t *testing.T) {
	long := strings.Repeat("x", 4000)
	p := index.Process{PID: 1 << 22, Comm: strings.Repeat("x", 64), Cmdline: splitArgs([]byte(strings.Repeat("\x00", maxCmdline)))}
	for room := maxFDText; ; {
		f := index.OpenFile{FD: 1 << 20, Type: "anon", Target: "anon_inode:[eventpoll]", Deleted: true, Access: "rw", Flags: 1<<32 - 1, Mount: 1 << 30, Detail: strings.Repeat("x", maxDetail)}
		if len(p.Files)%2 == 0 {
			f = index.OpenFile{FD: 1 << 20, Type: "file", Target: "/", Deleted: true, Access: "rw", Flags: 1<<32 - 1, Pos: ptr(uint64(1 << 63)), Inode: 1 << 63, Mount: 1 << 30}
		}
		if room -= sizeOfFile(&f); room < 0 || len(p.Files) == maxFDs {
			break
		}
		p.Files = append(p.Files, f)
	}
	var m mappings
	for i := range uint64(maxMappings) {
		m.add(index.Mapping{Path: "/" + long[:i%2*4000], Perms: "rwxp", Device: "4095:1048575", Inode: i + 1, Deleted: true}, 1<<63, 1<<62)
	}
	require.Positive(t, m.over)
	p.Maps = m.kept
	for range maxThreads {
		p.Tasks = append(p.Tasks, index.Thread{TID: 1 << 22, Comm: strings.Repeat("x", 15), State: "S", StartTime: 1 << 63, UserMS: 1 << 63, SystemMS: 1 << 63})
	}
	p.Environ = parseEnviron([]byte(strings.Repeat("LD_"+strings.Repeat("x", 250)+"=\x00", maxEnviron/255)), true, nil)
	w, err := index.Create(filepath.Join(t.TempDir(), "a.db"), index.CreateOptions{})
	require.NoError(t, err)
	defer w.Abort()
	require.NoError(t, w.AddProcess(&p))
}

// A pid that is given away between the two readings of stat must not lend its
// new owner's facts to the old one.
func TestChangedIdentity(t *testing.T) {
	dir, next := t.TempDir(), filepath.Join(t.TempDir(), "stat")
	craft(t, dir, process(812))
	stop, stopped := make(chan bool), make(chan bool)
	go func() {
		defer close(stopped)
		for start := uint64(1); ; start++ {
			select {
			case <-stop:
				return
			default:
			}
			_ = os.WriteFile(next, []byte(statLine(812, "web", "S", 0, start)), 0o644)
			_ = os.Rename(next, filepath.Join(dir, "812/stat"))
		}
	}()
	defer func() { close(stop); <-stopped }()
	const tries = 10_000
	for range tries {
		s := take(t, Options{Proc: dir, Root: t.TempDir()})
		p := s.processes[812]
		if len(s.gapsOf(812)) == 0 {
			require.NotEmpty(t, p.Cmdline)
			continue
		}
		require.Equal(t, index.ReasonChanged, s.gapsOf(812)[0].Reason)
		require.Equal(t, "web", p.Comm)
		require.Nil(t, p.Cmdline)
		require.Nil(t, p.Files)
		require.Nil(t, p.IO)
		require.Empty(t, p.Exe)
		require.Nil(t, p.UID)
		return
	}
	t.Fatalf("the change was never met in %d readings", tries)
}

func TestReadProcessesStops(t *testing.T) {
	dir := t.TempDir()
	for pid := 1; pid <= 3; pid++ {
		craft(t, dir, process(pid))
	}
	o := Options{Proc: dir, Root: t.TempDir()}
	noGap := func(g index.Gap) { t.Errorf("gap %v", g) }

	full := errors.New("disk full")
	_, err := readProcesses(context.Background(), o, nil, func(*index.Process) error { return full }, noGap)
	require.ErrorIs(t, err, full)

	ctx, cancel := context.WithCancel(context.Background())
	seen := 0
	owners, err := readProcesses(ctx, o, nil, func(*index.Process) error { seen++; cancel(); return nil }, noGap)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, seen)
	require.Equal(t, Owners{501: {{PID: 1, FD: 3, Comm: "web"}}}, owners)
	_, err = readSockets(ctx, o, nil, noGap)
	require.ErrorIs(t, err, context.Canceled)

	o.Proc = filepath.Join(dir, "none")
	_, err = readProcesses(context.Background(), o, nil, nil, noGap)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, o.Proc)
}

// Reading a tree twice gives the same records and gaps.
func TestSameTreeSameRecords(t *testing.T) {
	dir := t.TempDir()
	all := process(812)
	maps.Copy(all, process(9))
	delete(all, "9/ns/net")
	all["9/fd/5"], all["9/fd/6"] = "file", "file"
	craft(t, dir, all)
	o := Options{Proc: dir, Root: t.TempDir()}
	require.Equal(t, take(t, o), take(t, o))
}
