package proc

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

// waitVariable makes the test binary a process that does nothing until its
// standard input ends, which it does at the latest with the test.
const waitVariable = "STILLTRACE_PROC_TEST_WAIT"

// roleVariable says what else such a process does before it waits.
const roleVariable = "STILLTRACE_PROC_TEST_ROLE"

// play makes this process what a test wants to see, says so by a line on
// standard output, and returns.
func play(role string) {
	roles[role]()
	fmt.Println("ready")
}

// roles are the things that a process can be.
var roles = map[string]func(){
	"wait":    func() {},
	"sockets": openSockets,
	"procfs":  mountProcfs,
	"blocked": blockItself,
	"churn":   churn,
	"epoll":   holdEpoll,
	"held":    holdSocket,
	"two":     beTwo,
	"filter":  filterPackets,
	"host":    beHost,
	"nothing": func() {},
	"sniff":   sniff,
}

func demand[T any](v T, err error) T {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	return v
}

// startRole starts this test binary in a role and waits until it has it.
func startRole(t *testing.T, role string, attr *syscall.SysProcAttr) *exec.Cmd {
	t.Helper()
	cmd := &exec.Cmd{Path: "/proc/self/exe", Args: []string{"role-" + role}, SysProcAttr: attr, Env: append(os.Environ(), roleVariable+"="+role)}
	startRoleOf(t, cmd)
	return cmd
}

// startReady starts cmd, whose path is this test binary or a copy of it, and
// waits until it runs: os/exec returns earlier, when the new program has neither
// its arguments nor all of its files yet.
func startReady(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, roleVariable+"=wait")
	startRoleOf(t, cmd)
}

func startRoleOf(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	startWaiter(t, cmd)
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "ready\n", line)
}

func TestMain(m *testing.M) {
	if os.Getenv(waitVariable) != "" {
		if kind := os.Getenv(roleVariable); kind != "" {
			play(kind)
		}
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// startWaiter starts cmd, whose path is this test binary or a copy of it, and
// ends it with the test.
func startWaiter(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, waitVariable+"=1")
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
}

// comeAndGo starts programs that end at once, so many at a time, until the test
// ends.
func comeAndGo(t *testing.T, atOnce int) {
	t.Helper()
	var group sync.WaitGroup
	stop := make(chan bool)
	for range atOnce {
		group.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					_ = exec.Command("/bin/true").Run()
				}
			}
		})
	}
	t.Cleanup(func() {
		close(stop)
		group.Wait()
	})
}

func live() Options { return Options{Proc: "/proc", Root: "/", Live: true, Self: os.Getpid()} }

// still is one whole reading.
type still struct {
	host      index.Host
	processes map[int]*index.Process
	order     []int
	first     []int // that the first look saw, in order
	sockets   []index.Socket
	gaps      []index.Gap

	coverage   *index.Coverage
	spaces     []index.NetSpace
	containers []index.Container
}

// kept is a copy of a process, which lives no longer than it is emitted.
func kept(p *index.Process) *index.Process {
	c := *p
	c.Files, c.Maps = slices.Clone(p.Files), slices.Clone(p.Maps)
	c.Switches, c.Security, c.Memory, c.Signals = copyOf(p.Switches), copyOf(p.Security), copyOf(p.Memory), copyOf(p.Signals)
	return &c
}

func copyOf[T any](p *T) *T {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}

func take(t *testing.T, o Options) *still {
	t.Helper()
	s := &still{processes: map[int]*index.Process{}}
	gap := func(g index.Gap) { s.gaps = append(s.gaps, g) }
	table, err := FirstLook(o, gap)
	require.NoError(t, err)
	defer table.Close()
	tables, err := table.ReadSockets(t.Context())
	require.NoError(t, err)
	for _, g := range tables.Gaps {
		gap(g)
	}
	s.host = ReadHost(o, gap)
	owners, coverage, err := table.Processes(context.Background(), &s.host, func(p *index.Process) error {
		if p.Look != index.LookFirst || s.processes[p.PID] == nil {
			s.processes[p.PID] = kept(p)
		}
		s.order = append(s.order, p.PID)
		if p.Look != index.LookSecond {
			s.first = append(s.first, p.PID)
		}
		return nil
	})
	require.NoError(t, err)
	table.Join(tables, owners)
	table.DescribeSpaces(&s.host)
	s.host.Programs = table.Programs()
	s.coverage, s.sockets, s.spaces, s.containers = coverage, tables.Sockets, tables.Spaces, table.Containers()
	for _, g := range s.gaps {
		require.NotEmpty(t, g.Area)
		require.NotEmpty(t, g.Place)
		require.NotEmpty(t, g.Reason)
		require.GreaterOrEqual(t, g.Count, 1)
	}
	return s
}

// readProcesses reads the process table, both looks of it.
func readProcesses(ctx context.Context, o Options, host *index.Host, emit func(*index.Process) error, gap func(index.Gap)) (Owners, error) {
	table, err := FirstLook(o, gap)
	if err != nil {
		return nil, err
	}
	defer table.Close()
	owners, _, err := table.Processes(ctx, host, emit)
	return owners, err
}

// readSockets reads the socket tables and joins them with owners.
func readSockets(ctx context.Context, o Options, owners Owners, gap func(index.Gap)) ([]index.Socket, error) {
	table, err := FirstLook(o, gap)
	if err != nil {
		return nil, err
	}
	defer table.Close()
	tables, err := table.ReadSockets(ctx)
	for _, g := range tables.Gaps {
		gap(g)
	}
	table.Join(tables, owners)
	return tables.Sockets, err
}

// at returns the gaps of one place.
func (s *still) at(place string) []index.Gap {
	var all []index.Gap
	for _, g := range s.gaps {
		if g.Place == place {
			all = append(all, g)
		}
	}
	return all
}

// gapsOf returns the gaps about one process.
func (s *still) gapsOf(pid int) []index.Gap {
	var all []index.Gap
	for _, g := range s.gaps {
		if g.PID == pid {
			all = append(all, g)
		}
	}
	return all
}

// file is how craft makes one entry of a tree: text, or another kind.
type (
	link string
	fifo struct{}
	hole int64 // a file of so many bytes, none of them written
)

// craft writes a tree below dir.
func craft(t testing.TB, dir string, entries map[string]any) {
	t.Helper()
	for name, entry := range entries {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		switch e := entry.(type) {
		case string:
			require.NoError(t, os.WriteFile(path, []byte(e), 0o644))
		case link:
			require.NoError(t, os.Symlink(string(e), path))
		case fifo:
			require.NoError(t, exec.Command("mkfifo", path).Run())
		case hole:
			require.NoError(t, os.WriteFile(path, nil, 0o644))
			require.NoError(t, os.Truncate(path, int64(e)))
		default:
			t.Fatalf("%s: %T", name, entry)
		}
	}
}

// statLine is stat as the kernel writes it.
func statLine(pid int, comm, state string, flags uint32, start uint64) string {
	return fmt.Sprintf("%d (%s) %s 1 %d %d 34816 -1 %d 100 0 0 0 12 34 0 0 20 0 3 0 %d 3133440 381 18446744073709551615 "+
		"1 2 3 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 4 5 6 7 8 9 10 0\n", pid, comm, state, pid, pid, flags, start)
}

const statusText = `Name:	web
Umask:	0022
State:	S (sleeping)
Tgid:	812
Pid:	812
PPid:	1
TracerPid:	77
Uid:	1000	1001	1002	1003
Gid:	100	101	102	103
Groups:	4 24 27 
NSpid:	812	7
VmRSS:	    1696 kB
VmSwap:	       8 kB
CapPrm:	00000000000000ff
CapEff:	000001ffffffffff
CapBnd:	0000000000000001
NoNewPrivs:	1
Seccomp:	2
voluntary_ctxt_switches:	10
nonvoluntary_ctxt_switches:	11
`

const limitsText = `Limit                     Soft Limit           Hard Limit           Units     
Max open files            1024                 524288               files     
Max core file size        0                    unlimited            bytes     
Max nice priority         0                    0                    
Max of tomorrow           18446744073709551614 7                    bytes     
`

const mapsText = `55d0c0a00000-55d0c0a2c000 r--p 00000000 fe:01 1234      /usr/bin/web
55d0c0a2c000-55d0c0a2e000 r-xp 00002000 fe:01 1234      /usr/bin/web
7f0000000000-7f0000001000 rwxp 00000000 00:00 0 
7f0000001000-7f0000003000 r-xp 00000000 fe:01 99        /usr/lib/a b.so (deleted)
7f0000003000-7f0000004000 r-xp 00002000 fe:01 99        /usr/lib/a b.so (deleted)
7f0000004000-7f0000005000 rw-s 00000000 00:01 7         /memfd:x\012y (deleted)
7f0000005000-7f0000006000 r--s 00000000 fe:01 8         /tmp/.x/data
7f0000006000-7f0000007000 rw-p 00000000 fe:01 8         /usr/lib/plain.so
7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0         [stack]
7ffc00100000-7ffc00102000 r-xp 00000000 00:00 0         [vdso]
`

const ioText = "rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\nwrite_bytes: 6\ncancelled_write_bytes: 7\n"

// process returns the files of one whole process.
func process(pid int) map[string]any {
	at := func(name string) string { return fmt.Sprintf("%d/%s", pid, name) }
	all := map[string]any{
		at("stat"):      statLine(pid, "web", "S", 0x400100, 4242),
		at("status"):    statusText,
		at("cmdline"):   "/usr/bin/web\x00--port\x0080\x00",
		at("exe"):       link("/usr/bin/web"),
		at("cwd"):       link("/srv"),
		at("root"):      link("/"),
		at("io"):        ioText,
		at("limits"):    limitsText,
		at("cgroup"):    "0::/system.slice/web.service\n",
		at("loginuid"):  "1000",
		at("sessionid"): "4294967295",
		at("fd/0"):      link("/dev/null"),
		at("fd/3"):      link("socket:[501]"),
		at("fd/10"):     link("/var/log/web.log (deleted)"),
		at("environ"):   "PATH=/bin\x00DB_PASSWORD=secret\x00no variable\x00LD_PRELOAD=/tmp/x.so\x00https_proxy=http://me:secret@proxy:3128\x00",
		at("maps"):      mapsText,
		at("fdinfo/10"): "pos:\t4096\nflags:\t02102001\nmnt_id:\t26\nino:\t77\n",
		at("schedstat"): "15000000 20500000 3\n",
		at("wchan"):     "do_epoll_wait",
		at("oom_score"): "666\n", at("oom_score_adj"): "-17\n",
		at(fmt.Sprintf("task/%d/stat", pid)):   statLine(pid, "web", "S", 0x400100, 4242),
		at(fmt.Sprintf("task/%d/stat", pid+1)): statLine(pid+1, "pool (1)", "R", 0x400140, 4243),
	}
	for i, ns := range []string{"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"} {
		all[at("ns/"+ns)] = link(fmt.Sprintf("%s:[%d]", ns, 4026531830+i))
	}
	return all
}

// endpoint writes an address as the tables do, on a host like this one.
func endpoint(addr string, port uint16) string {
	raw := netip.MustParseAddr(addr).AsSlice()
	for i := 0; i < len(raw); i += 4 {
		binary.BigEndian.PutUint32(raw[i:], binary.NativeEndian.Uint32(raw[i:]))
	}
	return fmt.Sprintf("%s:%04X", upper(hex.EncodeToString(raw)), port)
}

func upper(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'a' && c <= 'f' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}
