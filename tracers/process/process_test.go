package process_test

import (
	"encoding/json"
	"net/netip"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
	"stilltrace/tracers/process"
	"stilltrace/tracers/tally"
)

// records are what a test puts into a case.
type records struct {
	snap      index.Snapshot
	processes []index.Process
	sockets   []index.Socket
	gaps      []index.Gap
}

func (c *records) open(t testing.TB) *index.Reader {
	t.Helper()
	path := filepath.Join(t.TempDir(), "case.db")
	w, err := index.Create(path, index.CreateOptions{Tool: "test"})
	require.NoError(t, err)
	defer w.Abort()
	for i := range c.processes {
		require.NoError(t, w.AddProcess(&c.processes[i]))
	}
	for i := range c.sockets {
		require.NoError(t, w.AddSocket(&c.sockets[i]))
	}
	for i := range c.gaps {
		require.NoError(t, w.AddGap(&c.gaps[i]))
	}
	_, err = w.Commit(c.snap)
	require.NoError(t, err)
	r, err := index.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

func id(n uint32) *uint32 { return &n }

// proc makes a process of root with the given arguments.
func proc(pid, ppid int, comm, exe string, args ...string) index.Process {
	return index.Process{
		PID: pid, PPID: ppid, Comm: comm, Exe: exe, Cmdline: args, State: "S", UID: id(0), EUID: id(0), GID: id(0), EGID: id(0),
		User: "root", Threads: 1, RSS: 1 << 20, StartTime: uint64(pid) * 10, Spaces: index.Namespaces{Net: 4026531840},
	}
}

func with(p index.Process, change func(*index.Process)) index.Process {
	change(&p)
	return p
}

func listener(port uint16, owners ...index.Owner) index.Socket {
	return index.Socket{Proto: "tcp", State: "LISTEN", Local: netip.IPv4Unspecified(), LPort: port, Remote: netip.IPv4Unspecified(), Inode: uint64(port), Owner: owners}
}

// web is a small server: init, kernel threads, sshd with a login, nginx, one
// impostor.
func web() *records {
	six, allocator := 6, "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"
	kernel := func(p index.Process) index.Process {
		return with(p, func(p *index.Process) { p.Kernel, p.State, p.RSS = true, "I", 0 })
	}
	worker := func(pid int) index.Process {
		return with(proc(pid, 800, "nginx", "/usr/sbin/nginx", "nginx: worker process"), func(p *index.Process) {
			p.UID, p.EUID, p.User, p.Cgroup, p.RSS = id(33), id(33), "www-data", "/system.slice/nginx.service", 2<<20
		})
	}
	session := func(p *index.Process) {
		p.Cgroup, p.LoginUID, p.Session = "/user.slice/user-1000.slice/session-3.scope", id(1000), id(3)
	}
	return &records{
		snap: index.Snapshot{
			Capturer: index.Capturer{PID: 930},
			Host: index.Host{Uptime: 100, Users: []index.User{{Name: "root", UID: 0}, {Name: "toor", UID: 0}, {Name: "www-data", UID: 33}, {Name: "alice", UID: 1000}},
				Containers: []index.Container{{ID: "4e2f", Name: "shop", Image: "shop:7", Runtime: "docker"}}},
		},
		processes: []index.Process{
			with(proc(1, 0, "systemd", "/usr/lib/systemd/systemd", "/sbin/init"), func(p *index.Process) { p.Cgroup = "/init.scope" }),
			kernel(proc(2, 0, "kthreadd", "")),
			with(kernel(proc(15, 2, "kworker/0:1", "")), func(p *index.Process) { p.Spaces = index.Namespaces{} }),
			with(proc(700, 1, "sshd", "/usr/sbin/sshd", "sshd: /usr/sbin/sshd -D"), func(p *index.Process) { p.Cgroup = "/system.slice/ssh.service" }),
			with(proc(800, 1, "nginx", "/usr/sbin/nginx", "nginx: master process /usr/sbin/nginx"), func(p *index.Process) {
				p.Cgroup, p.Threads = "/system.slice/nginx.service", 4
				p.Files, p.FDs = []index.OpenFile{{FD: 5, Type: "file", Target: "/var/log/nginx/access.log"}}, &six
			}),
			with(worker(801), func(p *index.Process) {
				p.Files = []index.OpenFile{{FD: 7, Type: "file", Target: "/srv/upload.1", Deleted: true}}
			}),
			worker(802),
			with(proc(900, 700, "sshd", "/usr/sbin/sshd", "sshd: alice [priv]"), func(p *index.Process) {
				session(p)
				p.Files = []index.OpenFile{{FD: 4, Type: "socket", Target: "socket:[901]", Inode: 901}}
			}),
			with(proc(910, 900, "bash", "/usr/bin/bash", "-bash"), func(p *index.Process) {
				session(p)
				p.UID, p.EUID, p.User, p.TTY = id(1000), id(1000), "alice", "pts/0"
			}),
			with(proc(920, 910, "sudo", "/usr/bin/sudo", "sudo", "stilltrace", "snapshot"), func(p *index.Process) {
				session(p)
				p.UID, p.TTY = id(1000), "pts/0"
			}),
			with(proc(930, 920, "stilltrace", "/tmp/stilltrace", "stilltrace", "snapshot"), func(p *index.Process) {
				session(p)
				p.TTY, p.State, p.ExeGone = "pts/0", "R", true
			}),
			with(proc(950, 1, "kworker/u9:2", "/tmp/.x/m", "[kworker/u9:2]"), func(p *index.Process) {
				p.UID, p.EUID, p.User, p.ExeGone, p.State = id(33), id(33), "www-data", true, "R"
			}),
			with(proc(960, 1, "python3", "/usr/bin/python3.11", "python3", "/srv/app/run.py", "--Port=9000"), func(p *index.Process) {
				p.UID, p.EUID, p.User = id(1001), id(1001), ""
				p.Cgroup, p.Container = "/system.slice/docker-4e2f.scope", "4e2f"
				p.Spaces.Net = 4026532500
				p.Maps = []index.Mapping{{Path: "/usr/lib/libx.so.1", Perms: "r-xp"}}
				p.Environ = []index.Variable{{Name: "HOME"}, {Name: "LD_PRELOAD", Value: &allocator}}
			}),
		},
		sockets: []index.Socket{
			listener(22, index.Owner{PID: 700, FD: 3, Comm: "sshd"}, index.Owner{PID: 1, FD: 40, Comm: "systemd"}),
			listener(80, index.Owner{PID: 800, FD: 6, Comm: "nginx"}, index.Owner{PID: 801, FD: 6, Comm: "nginx"}, index.Owner{PID: 802, FD: 6, Comm: "nginx"}),
			{Proto: "tcp", State: "ESTABLISHED", LPort: 22, RPort: 51000, Local: netip.MustParseAddr("10.0.0.5"), Remote: netip.MustParseAddr("203.0.113.7"),
				Inode: 901, Owner: []index.Owner{{PID: 900, FD: 4, Comm: "sshd"}, {PID: 900, FD: 5, Comm: "sshd"}, {PID: 4000, FD: 1, Comm: "gone"}}},
			{Proto: "unix", State: "CONNECTED", Inode: 77, Path: "/run/agent.sock", Owner: []index.Owner{{PID: 900, FD: 9, Comm: "sshd"}}},
		},
	}
}

func pids(rows []process.Row) []int {
	out := []int{}
	for i := range rows {
		out = append(out, rows[i].PID)
	}
	return out
}

func TestRun(t *testing.T) {
	a, err := process.Run(web().open(t), index.Query{Snapshot: 1})
	require.NoError(t, err)
	require.Equal(t, process.Schema, a.Schema)
	require.Equal(t, 1, a.Snapshot)
	require.True(t, a.Captured)
	require.Equal(t, []int{1, 2, 15, 700, 800, 801, 802, 900, 910, 920, 930, 950, 960}, pids(a.Processes))
	row := func(pid int) process.Row {
		return a.Processes[slices.Index(pids(a.Processes), pid)]
	}
	require.Equal(t, []int{700, 800, 950, 960}, row(1).Children)
	require.Equal(t, []int{801, 802}, row(800).Children)
	require.Equal(t, []int{}, row(801).Children)
	require.Equal(t, "nginx.service", row(801).Service)
	require.Equal(t, "session", row(910).Service)
	require.Equal(t, "alice", row(920).RealUser)
	require.Equal(t, "root", row(920).User)
	require.Equal(t, "alice", row(930).LoginUser)
	require.Equal(t, "root", row(1).RealUser)
	require.Empty(t, row(1).LoginUser)
	require.Empty(t, row(960).RealUser)
	require.True(t, row(930).Self)
	require.False(t, row(920).Self)
	require.Equal(t, "/proc/930", (&a.Processes[10]).Evidence())

	require.Equal(t, process.Summary{
		Usage: process.Usage{Processes: 13, KernelThreads: 2, Threads: 16, RSS: 13 << 20, FDs: 6,
			Unknown: process.Unknown{Swap: 11, IO: 13, Switches: 13, FDs: 12}},
		States: counted("S", 9, "I", 2, "R", 2),
		Users:  counted("root", 8, "www-data", 3, "1001", 1, "alice", 1),
	}, a.Summary)
}

func is(field, value string) index.Term { return index.Term{Field: field, Op: index.Is, Value: value} }

func not(t index.Term) index.Term { t.Not = true; return t }

func TestTerms(t *testing.T) {
	r := web().open(t)
	for _, c := range []struct {
		name  string
		terms []index.Term
		want  []int
	}{
		{"pid", []index.Term{is("pid", "801")}, []int{801}},
		{"pid range", []index.Term{{Field: "pid", Op: index.AtLeast, Value: "802"}, {Field: "pid", Op: index.Below, Value: "920"}}, []int{802, 900, 910}},
		{"ppid", []index.Term{is("ppid", "800")}, []int{801, 802}},
		{"ppid 0", []index.Term{is("ppid", "0")}, []int{1, 2}},
		{"comm", []index.Term{is("comm", "nginx")}, []int{800, 801, 802}},
		{"comm is whole", []index.Term{is("comm", "ngin")}, []int{}},
		{"comm pattern", []index.Term{is("comm", "kworker/*")}, []int{15, 950}},
		{"name by exe", []index.Term{is("name", "python3.11")}, []int{960}},
		{"name by first argument", []index.Term{is("name", "init")}, []int{1}},
		{"name by comm", []index.Term{is("name", "systemd")}, []int{1}},
		{"name without the title", []index.Term{is("name", "sshd:")}, []int{700, 900}},
		{"exe pattern", []index.Term{is("exe", "/tmp/*")}, []int{930, 950}},
		{"exe negated keeps those without", []index.Term{not(is("exe", "/*"))}, []int{2, 15}},
		{"cmdline over two arguments, any case", []index.Term{is("cmdline", "RUN.py --port")}, []int{960}},
		{"cmdline with a star", []index.Term{is("cmdline", "run*9000")}, []int{960}},
		{"cmdline with stars at its ends", []index.Term{is("cmdline", "*worker p*")}, []int{801, 802}},
		{"cmdline with a star, negated", []index.Term{is("user", "www-data"), not(is("cmdline", "nginx*Worker"))}, []int{950}},
		{"any cmdline", []index.Term{is("cmdline", "*"), is("ppid", "0")}, []int{1}},
		{"cmdline negated", []index.Term{is("user", "www-data"), not(is("cmdline", "worker process"))}, []int{950}},
		{"user", []index.Term{is("user", "alice")}, []int{910}},
		{"user by the number that stands for a name", []index.Term{is("user", "1001")}, []int{960}},
		{"user that has a name by its number", []index.Term{is("user", "1000")}, []int{}},
		{"user by a number, negated", []index.Term{not(is("user", "1001")), is("name", "python3")}, []int{}},
		{"no user name", []index.Term{not(is("user", "*"))}, []int{960}},
		{"uid is real", []index.Term{is("uid", "1000")}, []int{910, 920}},
		{"euid is effective", []index.Term{is("euid", "1000")}, []int{910}},
		{"uid range", []index.Term{{Field: "uid", Op: index.Above, Value: "999"}}, []int{910, 920, 960}},
		{"state", []index.Term{is("state", "R")}, []int{930, 950}},
		{"state by its word", []index.Term{is("state", "idle")}, []int{2, 15}},
		{"login", []index.Term{is("login", "alice"), is("user", "root")}, []int{900, 920, 930}},
		{"age", []index.Term{{Field: "age", Op: index.AtMost, Value: "5"}}, []int{950, 960}},
		{"container", []index.Term{is("container", "4e*")}, []int{960}},
		{"service", []index.Term{is("service", "nginx.service")}, []int{800, 801, 802}},
		{"session", []index.Term{is("service", "session"), not(is("state", "R"))}, []int{900, 910, 920}},
		{"cgroup", []index.Term{is("cgroup", "*/session-3.scope")}, []int{900, 910, 920, 930}},
		{"tty", []index.Term{is("tty", "pts/*")}, []int{910, 920, 930}},
		{"port", []index.Term{is("port", "22")}, []int{1, 700, 900}},
		{"port range", []index.Term{{Field: "port", Op: index.Above, Value: "22"}}, []int{800, 801, 802}},
		{"no port 0 of unix sockets", []index.Term{is("port", "0")}, []int{}},
		{"port negated", []index.Term{not(is("port", "80")), is("name", "nginx")}, []int{}},
		{"name by expression", []index.Term{{Field: "name", Op: index.Matches, Value: `^(nginx|python)\d?$`}}, []int{800, 801, 802, 960}},
		{"service without its kind", []index.Term{is("service", "nginx")}, []int{800, 801, 802}},
		{"ancestor", []index.Term{is("ancestor", "900")}, []int{910, 920, 930}},
		{"ancestor negated", []index.Term{not(is("ancestor", "1"))}, []int{1, 2, 15}},
		{"file", []index.Term{is("file", "/var/log/*")}, []int{800}},
		{"executable as a file", []index.Term{is("file", "/usr/bin/bash")}, []int{910}},
		{"deleted file", []index.Term{is("deleted_file", "true")}, []int{801}},
		{"socket as a file", []index.Term{is("file", "socket:[901]")}, []int{900}},
		{"unix socket as a file", []index.Term{is("file", "/run/*.sock")}, []int{900}},
		{"map", []index.Term{{Field: "map", Op: index.Matches, Value: "/libx"}}, []int{960}},
		{"env", []index.Term{is("env", "LD_PRELOAD")}, []int{960}},
		{"ip", []index.Term{is("ip", "203.0.113.0/24")}, []int{900}},
		{"container by name", []index.Term{is("container", "shop")}, []int{960}},
		{"threads", []index.Term{{Field: "threads", Op: index.Above, Value: "1"}}, []int{800}},
		{"fds", []index.Term{is("fds", "1-10")}, []int{800}},
		{"rss", []index.Term{{Field: "rss", Op: index.Above, Value: "1048576"}}, []int{801, 802}},
		{"finding", []index.Term{is("finding", "kernel_name")}, []int{950}},
		{"score", []index.Term{{Field: "score", Op: index.AtLeast, Value: "90"}}, []int{950}},
		{"kernel_thread", []index.Term{is("kernel_thread", "true")}, []int{2, 15}},
		{"kernel_thread false", []index.Term{is("kernel_thread", "false"), is("comm", "kworker*")}, []int{950}},
		{"deleted", []index.Term{is("deleted", "true")}, []int{930, 950}},
		{"loginuid", []index.Term{is("loginuid", "1000")}, []int{900, 910, 920, 930}},
		{"loginuid negated", []index.Term{not(is("loginuid", "1000")), is("name", "sshd")}, []int{700}},
		{"netns", []index.Term{is("netns", "4026532500")}, []int{960}},
		{"unknown netns", []index.Term{{Field: "netns", Op: index.Below, Value: "4026532500"}, is("ppid", "2")}, []int{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := process.Run(r, index.Query{Snapshot: 1, Terms: c.terms})
			require.NoError(t, err)
			require.Equal(t, c.want, pids(a.Processes))
			require.Equal(t, len(c.want), a.Summary.Processes)
		})
	}
}

func TestEveryFieldHasWords(t *testing.T) {
	var got []string
	for _, f := range process.Fields() {
		require.NotEmpty(t, f.Doc, f.Name)
		got = append(got, f.Name)
	}
	require.Equal(t, []string{"pid", "ppid", "ancestor", "comm", "name", "exe", "sha256", "cmdline", "cwd", "user", "uid", "euid", "login", "loginuid", "state",
		"service", "container", "cgroup", "tty", "file", "deleted_file", "map", "env", "port", "ip", "threads", "fds", "age", "rss", "score", "finding", "kernel_thread",
		"deleted", "netns"}, got)
}

func TestBadTerms(t *testing.T) {
	r := web().open(t)
	for _, c := range []struct {
		term index.Term
		want string
	}{
		{is("colour", "x"), `term colour:x: process has no field "colour"`},
		{is("pid", "x"), `term pid:x: not a value or a comparison that pid can have`},
		{index.Term{Field: "comm", Op: index.Above, Value: "x"}, `term comm>x: not a value or a comparison that comm can have`},
	} {
		_, err := process.Run(r, index.Query{Terms: []index.Term{c.term}})
		require.EqualError(t, err, c.want)
		_, err = process.Tree(r, index.Query{Terms: []index.Term{c.term}})
		require.EqualError(t, err, c.want)
	}
	_, err := process.Run(r, index.Query{Snapshot: 2})
	require.ErrorContains(t, err, "case.db@2: no such snapshot: the case holds 1")
	_, err = process.One(r, 2, 1)
	require.ErrorContains(t, err, "case.db@2: no such snapshot: the case holds 1")
}

func TestEmpty(t *testing.T) {
	c := records{snap: index.Snapshot{Options: index.Options{NoProc: true}}}
	r := c.open(t)
	for _, run := range []func(*index.Reader, index.Query) (*process.Answer, error){process.Run, process.Tree} {
		a, err := run(r, index.Query{})
		require.NoError(t, err)
		b, err := json.Marshal(a)
		require.NoError(t, err)
		require.JSONEq(t, `{"schema":"stilltrace.process/1","snapshot":1,"captured":false,"processes":[],
			"summary":{"processes":0,"kernel_threads":0,"threads":0,"utime_ms":0,"stime_ms":0,"rss_bytes":0,"vsize_bytes":0,"swap_bytes":0,
				"io":{"rchar":0,"wchar":0,"syscr":0,"syscw":0,"read_bytes":0,"write_bytes":0,"cancelled_write_bytes":0},
				"ctxt":{"voluntary":0,"involuntary":0},"fds":0,"unknown":{"swap":0,"io":0,"ctxt":0,"fds":0},"recent_cpu_percent":null,
				"states":[],"users":[]},
			"findings":[],"recommendations":[],"gaps":[],"coverage":null}`, string(b))
	}
	w, err := process.One(r, 0, 1)
	require.NoError(t, err)
	require.Nil(t, w)
}

func TestJSON(t *testing.T) {
	a, err := process.Run(web().open(t), index.Query{Terms: []index.Term{is("pid", "2")}})
	require.NoError(t, err)
	b, err := json.Marshal(a.Processes[0])
	require.NoError(t, err)
	var row map[string]any
	require.NoError(t, json.Unmarshal(b, &row))
	for _, name := range []string{"kind", "pid", "ppid", "comm", "state", "uid", "gid", "cmdline", "exe", "exe_deleted", "cwd", "root",
		"starttime", "started", "threads", "fds", "utime_ms", "stime_ms", "vsize_bytes", "rss_bytes", "io", "ctxt", "cgroup", "container",
		"namespaces", "loginuid", "session", "tty", "children", "kernel_thread"} {
		require.Contains(t, row, name)
	}
	require.Equal(t, "process", row["kind"])
	require.Equal(t, []any{}, row["cmdline"])
	require.Equal(t, []any{15.0}, row["children"])
	require.Nil(t, row["started"])
}

func TestSameAnswer(t *testing.T) {
	answer := func(c *records) string {
		a, err := process.Tree(c.open(t), index.Query{})
		require.NoError(t, err)
		b, err := json.Marshal(a)
		require.NoError(t, err)
		return string(b)
	}
	first, turned := web(), web()
	slices.Reverse(turned.processes)
	require.Equal(t, answer(first), answer(first))
	require.Equal(t, answer(first), answer(turned))
}

func TestGaps(t *testing.T) {
	c := web()
	c.gaps = []index.Gap{
		{Area: "process", Place: "/proc/700/fd", Reason: index.ReasonPermission, PID: 700, Count: 1},
		{Area: "process", Place: "/proc/800/fd", Reason: index.ReasonPermission, PID: 800, Count: 2},
		{Area: "process", Place: "/proc/5000", Reason: index.ReasonVanished, PID: 5000, Count: 1},
		{Area: "log", Place: "/var/log/x", Reason: index.ReasonIO, Count: 1},
	}
	r := c.open(t)
	a, err := process.Run(r, index.Query{})
	require.NoError(t, err)
	require.Equal(t, counted("permission", 3, "vanished", 1), a.Gaps)
	w, err := process.One(r, 1, 800)
	require.NoError(t, err)
	require.Equal(t, c.gaps[1:2], w.Gaps)
}

// counted is a list of names and how often each occurs.
func counted(pairs ...any) []tally.Count {
	var out []tally.Count
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, tally.Count{Name: pairs[i].(string), Count: pairs[i+1].(int)})
	}
	return out
}
