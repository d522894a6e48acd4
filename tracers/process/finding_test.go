package process_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
	"stilltrace/tracers/process"
)

func gap(place string) []index.Gap {
	return []index.Gap{{Area: "process", Place: place, Reason: index.ReasonPermission, PID: 5, Count: 1}}
}

// changed is an ordinary process with pid 5 that something was done to.
func changed(change func(*index.Process)) index.Process {
	return with(proc(5, 1, "cron", "/usr/sbin/cron", "cron", "-f"), change)
}

// shell is one with pid 5 whose standard input is what is given.
func shell(f index.OpenFile) index.Process {
	return with(proc(5, 4, "bash", "/usr/bin/bash", "-i"), func(p *index.Process) { p.Files = []index.OpenFile{f} })
}

func variable(name, value string) []index.Variable {
	return []index.Variable{{Name: name, Value: &value}}
}

var factorCases = []struct {
	name string
	p    index.Process
	gaps []index.Gap
	want []string // factor and points
}{
	{"nothing", changed(func(*index.Process) {}), nil, nil},

	{"bracketed argument", proc(5, 1, "x", "/opt/x", "[kworker/0:0]"), nil, []string{"kernel_name 80"}},
	{"bracketed comm", proc(5, 1, "[kthreadd]", "/opt/x", "x"), nil, []string{"kernel_name 80", "comm_exe 10"}},
	{"a kernel thread's name without brackets", proc(5, 1, "kworker/u4:1", "/opt/x", "x"), nil, []string{"kernel_name 80"}},
	{"brackets within", proc(5, 1, "sshd", "/usr/sbin/sshd", "sshd: alice [priv]"), nil, nil},
	{"parentheses", proc(5, 1, "(sd-pam)", "/usr/lib/systemd/systemd", "(sd-pam)"), nil, nil},
	{"kernel thread", with(proc(5, 2, "kworker/0:1", ""), func(p *index.Process) { p.Kernel = true }), nil, nil},
	{"kernel thread in brackets", with(proc(5, 2, "[x]", ""), func(p *index.Process) { p.Kernel = true }), nil, nil},

	{"not what its package brought", with(proc(5, 1, "named", "/usr/sbin/named", "named"), func(p *index.Process) { p.ExeFile = &index.FileIdentity{Device: "8:1", Inode: 7} }), nil, []string{"exe_differs 60"}},
	{"not what its package brought, and another file of that name", with(proc(5, 1, "named", "/usr/sbin/named", "named"), func(p *index.Process) { p.ExeFile = &index.FileIdentity{Device: "0:44", Inode: 7} }), nil, nil},
	{"not what its package brought, in a container", with(proc(5, 1, "named", "/usr/sbin/named", "named"), func(p *index.Process) {
		p.Container, p.ExeFile = "abc", &index.FileIdentity{Device: "8:1", Inode: 7}
	}), nil, nil},

	{"no arguments", proc(5, 1, "x", "/opt/x"), nil, []string{"no_arguments 50"}},
	{"wiped arguments", proc(5, 1, "x", "/opt/x", "", ""), nil, []string{"no_arguments 50"}},
	{"zombie", with(proc(5, 1, "sh", "/bin/sh"), func(p *index.Process) { p.State = "Z" }), nil, nil},
	{"nothing was readable", proc(5, 1, "sh", ""), nil, nil},
	{"memory locked", with(proc(5, 1, "sh", "/bin/sh"), func(p *index.Process) { p.Blocked = true }), nil, nil},
	{"arguments unreadable", proc(5, 1, "sh", "/bin/sh"), gap("/proc/5/cmdline"), nil},
	{"another file unreadable", proc(5, 1, "x", "/opt/x"), gap("/proc/5/fd"), []string{"no_arguments 50"}},

	{"called after a daemon", proc(5, 1, "sshd", "/opt/x", "sshd"), nil, []string{"comm_exe 50"}},
	{"called after something", proc(5, 1, "worker-7", "/opt/x", "/opt/x"), nil, []string{"comm_exe 10"}},
	{"a name longer than the kernel keeps", proc(5, 1, "systemd-journal", "/usr/lib/systemd/systemd-journald", "x"), nil, nil},
	{"a name with a version", proc(5, 1, "python3", "/usr/bin/python3.11", "python3"), nil, nil},
	{"a link", proc(5, 1, "sh", "/usr/bin/dash", "sh", "-c", "x"), nil, nil},
	{"a login shell", proc(5, 1, "sh", "/usr/bin/dash", "-sh"), nil, nil},
	{"a title", proc(5, 1, "gunicorn", "/usr/bin/python3.11", "gunicorn: master [shop]"), nil, nil},
	{"a script", with(proc(5, 1, "backup.sh", "/usr/bin/dash", "/bin/sh", "/opt/backup.sh"), func(p *index.Process) {
		p.Script = &index.Script{Path: "/opt/backup.sh"}
	}), nil, nil},

	{"memfd", with(proc(5, 1, "x", "/memfd:x", "x"), func(p *index.Process) { p.ExeGone = true }), nil, []string{"exe_memfd 60"}},
	{"deleted", with(proc(5, 1, "x", "/opt/x", "x"), func(p *index.Process) { p.ExeGone = true }), nil, []string{"exe_deleted 40"}},
	{"deleted by an upgrade", changed(func(p *index.Process) { p.ExeGone = true }), nil, []string{"exe_deleted 20"}},
	{"two at once, most points first", with(proc(5, 1, "x", "/opt/x", "[x]"), func(p *index.Process) { p.ExeGone = true }), nil,
		[]string{"kernel_name 80", "exe_deleted 40"}},

	{"in /tmp", proc(5, 1, "x", "/tmp/x", "x"), nil, []string{"exe_place 50"}},
	{"in /dev/shm", proc(5, 1, "x", "/dev/shm/a/x", "x"), nil, []string{"exe_place 50"}},
	{"in /dev", proc(5, 1, "x", "/dev/x", "x"), nil, []string{"exe_place 50"}},
	{"in a hidden directory", proc(5, 1, "x", "/var/lib/.a/b/x", "x"), nil, []string{"exe_place 40"}},
	{"a hidden file", proc(5, 1, ".x", "/opt/.x", ".x"), nil, []string{"exe_place 40"}},
	{"in a tool's hidden directory", proc(5, 1, "x", "/home/a/.local/bin/x", "x"), nil, []string{"exe_place 5"}},
	{"beside /tmp", proc(5, 1, "x", "/tmpfiles/x", "x"), nil, nil},
	{"executable too large to be hashed", proc(5, 1, "x", "/tmp/x", "x"), gap("/proc/5/exe"), []string{"exe_place 50"}},
	{"executable unreadable", proc(5, 1, "x", "", "x"), gap("/proc/5/exe"), nil},
	{"more maps than are kept", changed(func(p *index.Process) { p.Maps = []index.Mapping{{Perms: "rwxp", Size: 4096}} }), gap("/proc/5/maps"), []string{"rwx 30"}},
	{"a script in /tmp", with(proc(5, 1, "sh", "/usr/bin/dash", "sh", "/tmp/x"), func(p *index.Process) { p.Script = &index.Script{Path: "/tmp/x"} }), nil,
		[]string{"script_place 40"}},

	{"LD_PRELOAD", changed(func(p *index.Process) { p.Environ = variable("LD_PRELOAD", "/opt/lib.so") }), nil, []string{"preload 40"}},
	{"LD_PRELOAD from /dev/shm", changed(func(p *index.Process) { p.Environ = variable("LD_PRELOAD", "/usr/lib/libjemalloc.so /dev/shm/l.so") }), nil, []string{"preload 60"}},
	{"LD_PRELOAD of an allocator", changed(func(p *index.Process) { p.Environ = variable("LD_PRELOAD", "/usr/lib/libjemalloc.so.2") }), nil, []string{"preload 10"}},
	{"LD_PRELOAD without its value", changed(func(p *index.Process) { p.Environ = []index.Variable{{Name: "LD_PRELOAD"}} }), nil, []string{"preload 40"}},
	{"LD_PRELOAD of nothing", changed(func(p *index.Process) { p.Environ = variable("LD_PRELOAD", " :") }), nil, nil},

	{"rwx", changed(func(p *index.Process) { p.Maps = []index.Mapping{{Perms: "rwxp"}} }), nil, []string{"rwx 30"}},
	{"rwx of a compiler", with(proc(5, 1, "java", "/usr/lib/jvm/bin/java", "java"), func(p *index.Process) { p.Maps = []index.Mapping{{Perms: "rwxp"}} }), nil, []string{"rwx 5"}},
	{"rwx of what calls itself a compiler", with(proc(5, 1, "java", "/tmp/java", "java"), func(p *index.Process) { p.Maps = []index.Mapping{{Perms: "rwxp"}} }), nil,
		[]string{"exe_place 50", "rwx 30"}},
	{"rwx of a name that begins like a compiler's", with(proc(5, 1, "Root", "/opt/Root", "Root"), func(p *index.Process) { p.Maps = []index.Mapping{{Perms: "rwxp"}} }), nil,
		[]string{"rwx 30"}},
	{"r-x of a library", changed(func(p *index.Process) { p.Maps = []index.Mapping{{Perms: "r-xp", Path: "/usr/lib/libc.so.6"}} }), nil, nil},
	{"code in /tmp", changed(func(p *index.Process) { p.Maps = []index.Mapping{{Perms: "r-xp", Path: "/tmp/l.so"}} }), nil, []string{"code_place 50"}},
	{"code in a memfd", changed(func(p *index.Process) { p.Maps = []index.Mapping{{Perms: "r-xs", Path: "/memfd:l", Deleted: true}} }), nil, []string{"code_place 30"}},
	{"code of a deleted file", changed(func(p *index.Process) { p.Maps = []index.Mapping{{Perms: "r-xp", Path: "/opt/l.so", Deleted: true}} }), nil, []string{"code_place 30"}},
	{"code of an upgraded library", changed(func(p *index.Process) {
		p.Maps = []index.Mapping{{Perms: "r-xp", Path: "/usr/lib/libc.so.6", Deleted: true}}
	}), nil, nil},
	{"shared memory that can be executed", changed(func(p *index.Process) { p.Maps = []index.Mapping{{Perms: "rwxs", Path: "/dev/zero", Deleted: true}} }), nil, []string{"rwx 30"}},
	{"the vdso", changed(func(p *index.Process) { p.Maps = []index.Mapping{{Perms: "r-xp", Path: "[vdso]"}} }), nil, nil},
	{"data in /tmp", changed(func(p *index.Process) { p.Maps = []index.Mapping{{Perms: "rw-s", Path: "/tmp/x"}} }), nil, nil},

	{"traced", changed(func(p *index.Process) { p.Tracer = 3 }), nil, []string{"traced 50"}},
	{"traced by a debugger", changed(func(p *index.Process) { p.Tracer = 6 }), nil, []string{"traced 25"}},

	{"traced by a thread of a debugger", changed(func(p *index.Process) { p.Tracer = 66 }), nil, []string{"traced 25"}},

	{"a shell on a connection", shell(index.OpenFile{FD: 0, Type: "socket", Inode: 901}), nil, []string{"remote_shell 90"}},
	{"of a user", with(shell(index.OpenFile{FD: 2, Type: "socket", Inode: 901}), func(p *index.Process) { p.UID, p.EUID = id(33), id(33) }), nil, []string{"remote_shell 70"}},
	{"a shell on a unix socket", shell(index.OpenFile{FD: 1, Type: "socket", Inode: 77}), nil, nil},
	{"a shell with a connection elsewhere", shell(index.OpenFile{FD: 5, Type: "socket", Inode: 901}), nil, nil},
	{"no shell on a connection", changed(func(p *index.Process) { p.Files = []index.OpenFile{{FD: 0, Type: "socket", Inode: 901}} }), nil, nil},
	{"a shell at a terminal of what has a connection as its input", atTerminal(20), nil, []string{"remote_shell 90"}},
	{"of a user, too", with(atTerminal(20), func(p *index.Process) { p.UID, p.EUID = id(1000), id(1000) }), nil, []string{"remote_shell 70"}},
	{"at a terminal of what has a connection besides", atTerminal(21), nil, []string{"remote_shell 70"}},
	{"at a terminal of what was connected to", atTerminal(22), nil, []string{"remote_shell 30"}},
	{"at a terminal of what only listens", atTerminal(23), nil, nil},
	{"at a terminal of what has no other end of one", atTerminal(24), nil, nil},
	{"at a terminal of what gives out terminals", atTerminal(25), nil, nil},
	{"at a terminal of what is named like an interpreter", atTerminal(26), nil, nil},
	{"a program at a terminal of what has a connection", with(atTerminal(20), func(p *index.Process) { p.Exe, p.Cmdline = "/usr/bin/vi", []string{"bash"} }), nil, nil},
	{"a shell whose input is none", with(atTerminal(20), func(p *index.Process) { p.Files[0].Target = "/dev/null" }), nil, nil},
	{"an interactive shell that writes to a relay", piped("-i", writing(1, 5001)), nil, []string{"remote_shell 90"}},
	{"a shell that reads from a relay", piped("-l", index.OpenFile{FD: 0, Type: "pipe", Inode: 5002, Access: "r"}), nil, []string{"remote_shell 90"}},
	{"of a user, as well", with(piped("-li", writing(2, 5001)), func(p *index.Process) { p.UID, p.EUID = id(33), id(33) }), nil, []string{"remote_shell 70"}},
	{"a shell whose pair of sockets a relay holds", piped("", index.OpenFile{FD: 0, Type: "socket", Inode: 5003}), nil, []string{"remote_shell 90"}},
	{"a script that sends something through a relay", piped("--login", writing(1, 5001)), nil, []string{"remote_shell 30"}},
	{"a shell beside a relay at one pipe", piped("-i", index.OpenFile{FD: 1, Type: "pipe", Inode: 5001, Access: "r"}), nil, nil},
	{"a shell that writes to a relay without a connection", piped("-i", writing(1, 5005)), nil, nil},
	{"a shell that writes to somebody else", piped("-i", writing(1, 5006)), nil, nil},
	{"a shell that holds a relay's pipe besides", piped("-i", writing(3, 5001)), nil, nil},
	{"a shell of a server", with(proc(5, 7, "sh", "/usr/bin/dash", "sh", "-c", "id"), func(*index.Process) {}), nil, []string{"shell_parent 40"}},

	{"a shell of an application server", proc(5, 9, "sh", "/usr/bin/dash", "sh", "-c", "id"), nil, []string{"shell_parent 20"}},
	{"a shell of a program", proc(5, 4, "sh", "/usr/bin/dash", "sh", "-c", "id"), nil, nil},
	{"root's child of the message bus", proc(5, 10, "x", "/opt/x", "x"), nil, nil},
	{"root's child of what calls itself the message bus", proc(5, 11, "x", "/opt/x", "x"), nil, []string{"uid_change 50"}},
	{"root's child of a user", with(proc(5, 8, "x", "/opt/x", "x"), func(*index.Process) {}), nil, []string{"uid_change 50"}},
	{"sudo of a user", proc(5, 8, "sudo", "/usr/bin/sudo", "sudo", "id"), nil, nil},
	{"a setuid program of a package", with(proc(5, 8, "x", "/usr/bin/x", "x"), func(p *index.Process) { p.ExeFile = &index.FileIdentity{Mode: 0o4755, Links: 1} }), nil, nil},
	{"root's child of another namespace", with(proc(5, 8, "x", "/opt/x", "x"), func(p *index.Process) { p.Spaces.User = 7 }), nil, nil},
	{"changed user", changed(func(p *index.Process) { p.UID = id(1000) }), nil, []string{"uid_change 30"}},
	{"setuid program elsewhere", with(proc(5, 1, "x", "/opt/x", "x"), func(p *index.Process) { p.ExeFile = &index.FileIdentity{Mode: 0o4755, Links: 1} }), nil,
		[]string{"uid_change 30"}},

	{"orphaned of a session", changed(func(p *index.Process) { p.Cgroup = "/user.slice/user-0.slice/session-3.scope" }), nil, []string{"orphaned 10"}},
	{"orphaned of a login", changed(func(p *index.Process) { p.LoginUID = id(1000) }), nil, []string{"orphaned 10"}},
	{"a daemon of the container's", changed(func(p *index.Process) { p.LoginUID, p.Container = id(1000), "4e2f" }), nil, nil},

	{"at its limit of descriptors", changed(func(p *index.Process) {
		p.FDs, p.Limits = &manyFDs, []index.Limit{{Name: "nofile", Soft: 100, Hard: 100}}
	}), nil, []string{"fd_limit 30"}},
	{"far from its limit", changed(func(p *index.Process) {
		p.FDs, p.Limits = &manyFDs, []index.Limit{{Name: "nofile", Soft: 1000, Hard: 1000}}
	}), nil, nil},
	{"no limit", changed(func(p *index.Process) {
		p.FDs, p.Limits = &manyFDs, []index.Limit{{Name: "nofile", Soft: -1, Hard: -1}}
	}), nil, nil},
}

var manyFDs = 90

// atTerminal is a shell with pid 5 at a terminal.
func atTerminal(parent int) index.Process {
	return with(proc(5, parent, "bash", "/usr/bin/bash", "-i"), func(p *index.Process) { p.Files = []index.OpenFile{{FD: 0, Type: "device", Target: "/dev/pts/3"}} })
}

// piped is a shell with pid 5, that argument and that descriptor.
func piped(arg string, f index.OpenFile) index.Process {
	return with(proc(5, 4, "sh", "/usr/bin/dash", "sh", arg), func(p *index.Process) { p.Files = []index.OpenFile{f} })
}

func writing(fd int, inode uint64) index.OpenFile {
	return index.OpenFile{FD: fd, Type: "pipe", Inode: inode, Access: "w"}
}

// givers are the parents of atTerminal and what piped leads to, and their sockets.
func givers() ([]index.Process, []index.Socket) {
	holding := func(pid int, exe string, files ...index.OpenFile) index.Process {
		return with(proc(pid, 1, "python3", exe, "python3"), func(p *index.Process) { p.Files = files })
	}
	inet := func(fd int, inode uint64) index.OpenFile { return index.OpenFile{FD: fd, Type: "socket", Inode: inode} }
	master := index.OpenFile{FD: 4, Type: "device", Target: "/dev/ptmx"}
	inside := index.OpenFile{FD: 4, Type: "device", Target: "/dev/pts/ptmx"}
	local := netip.MustParseAddr("10.0.0.5")
	connected := index.Socket{Proto: "tcp", State: "ESTABLISHED", Local: local, LPort: 8888, Remote: netip.MustParseAddr("203.0.113.7"), RPort: 50000, Inode: 903,
		Owner: []index.Owner{{PID: 22, FD: 6}}}
	listens := listener(8888, index.Owner{PID: 22, FD: 3}, index.Owner{PID: 23, FD: 3})
	relay := func(pid int, comm, exe string, files ...index.OpenFile) index.Process {
		return with(proc(pid, 1, comm, exe, comm), func(p *index.Process) { p.Files = files })
	}
	reading := func(fd int, inode uint64) index.OpenFile {
		return index.OpenFile{FD: fd, Type: "pipe", Inode: inode, Access: "r"}
	}
	pair := []index.Socket{{Proto: "unix", Inode: 5003, Peer: 5004}, {Proto: "unix", Inode: 5004, Peer: 5003}}
	return []index.Process{
		relay(30, "nc", "/usr/bin/nc.openbsd", reading(0, 5001), inet(3, 901)),
		relay(31, "nc", "/usr/bin/busybox", writing(1, 5002), inet(3, 901)),
		relay(32, "socat", "/usr/bin/socat", inet(5, 901), inet(6, 5004)),
		relay(33, "nc", "/usr/bin/nc.openbsd", reading(0, 5005)),
		relay(34, "cat", "/usr/bin/busybox", reading(0, 5006), inet(3, 901)),
		holding(20, "/usr/bin/python3.11", inet(0, 901), inet(1, 901), master),
		holding(21, "/usr/bin/node", inet(3, 77), inside, inet(7, 901)),
		holding(22, "/usr/bin/python3.11", inet(3, 8888), master, inet(6, 903)),
		holding(23, "/usr/bin/python3.11", inet(3, 8888), master),
		holding(24, "/usr/bin/python3.11", inet(0, 901), index.OpenFile{FD: 4, Type: "device", Target: "/dev/ptp0"}),
		holding(25, "/usr/sbin/sshd", inet(3, 901), master),
		holding(26, "/usr/bin/pythonic", inet(0, 901), master),
	}, append(pair, connected, listens)
}

func TestFactors(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range factorCases {
		t.Run(c.name, func(t *testing.T) {
			user := with(proc(8, 1, "bash", "/usr/bin/bash", "-bash"), func(p *index.Process) { p.UID, p.EUID, p.User, p.Spaces.User = id(1000), id(1000), "alice", 4 })
			more, sockets := givers()
			a, err := process.Run((&records{
				processes: append([]index.Process{
					proc(1, 0, "init", "/usr/sbin/init", "init"), c.p, proc(4, 1, "x", "/opt/x", "x"),
					with(proc(6, 1, "strace", "/usr/bin/strace", "strace"), func(p *index.Process) { p.Tasks = []index.Thread{{TID: 6}, {TID: 66}} }), proc(7, 1, "nginx", "/usr/sbin/nginx", "nginx: worker process"), user,
					proc(9, 1, "java", "/usr/lib/jvm/bin/java", "java"),
					with(proc(10, 1, "dbus-daemon", "/usr/bin/dbus-daemon", "dbus-daemon"), func(p *index.Process) { p.UID, p.EUID = id(100), id(100) }),
					with(proc(11, 1, "dbus-daemon", "/opt/m", "dbus-daemon"), func(p *index.Process) { p.UID, p.EUID = id(100), id(100) }),
				}, more...),
				sockets: append([]index.Socket{
					{Proto: "tcp", State: "ESTABLISHED", Local: netip.MustParseAddr("10.0.0.5"), Remote: netip.MustParseAddr("203.0.113.7"), RPort: 4444, Inode: 901},
					{Proto: "unix", Inode: 77},
				}, sockets...),
				gaps: c.gaps,
				snap: index.Snapshot{Host: index.Host{Programs: []index.Program{
					{Path: "/usr/sbin/named", Device: "8:1", Inode: 7, Package: "bind9", MD5: "0123", Verified: index.VerifiedDiffers}, {Path: "/usr/sbin/cron", Package: "cron", MD5: "45", Verified: index.VerifiedSame},
				}}},
			}).open(t), index.Query{Terms: []index.Term{is("pid", "5")}})
			require.NoError(t, err)
			require.Len(t, a.Processes, 1)
			var got []string
			score := 0
			for _, f := range a.Processes[0].Factors {
				got = append(got, fmt.Sprint(f.Name, " ", f.Points))
				score += f.Points
				seen[f.Name] = true
				require.NotEmpty(t, f.Title)
				require.NotEmpty(t, f.Reasons)
				require.NotEmpty(t, f.Evidence)
			}
			require.Equal(t, c.want, got)
			require.Equal(t, min(score, 100), a.Processes[0].Score)
			require.Equal(t, score >= 20, len(a.Findings) == 1)
		})
	}
	for _, f := range process.Fields() {
		if f.Name == "finding" {
			for _, name := range f.Values {
				require.True(t, seen[name], "no case for %s", name)
			}
		}
	}
}

// What a terminal leads to is told with the process that holds it.
func TestRemoteTerminal(t *testing.T) {
	more, sockets := givers()
	sockets = append(sockets, index.Socket{Proto: "tcp", State: "ESTABLISHED", Local: netip.MustParseAddr("10.0.0.5"), Remote: netip.MustParseAddr("203.0.113.7"), RPort: 4444, Inode: 901})
	a, err := process.Run((&records{processes: append(more, atTerminal(21)), sockets: sockets}).open(t), index.Query{Terms: []index.Term{is("finding", "remote_shell")}})
	require.NoError(t, err)
	require.Len(t, a.Findings, 1)
	f := a.Findings[0]
	require.Equal(t, "a shell whose terminal leads to a network connection", f.Title)
	require.Equal(t, []string{"its descriptor 0 is /dev/pts/3",
		"its parent 21 (python3) holds the other end of a terminal, and as descriptor 7 a connection to 203.0.113.7 port 4444", "it is root's"}, f.Reasons)
	require.Equal(t, []string{"/proc/5/fd/0", "/proc/21/fd/4", "/proc/21/fd/7"}, f.Evidence)
	require.Equal(t, []int{5}, a.Recommendations[0].PIDs)
}

func TestFindingsOrder(t *testing.T) {
	gone := func(p *index.Process) { p.ExeGone = true }
	a, err := process.Run((&records{processes: []index.Process{
		with(proc(3, 1, "a", "/bin/a", "a"), gone), proc(4, 1, "b", "/bin/b", "[b]"), with(proc(5, 1, "c", "/bin/c", "c"), gone),
	}}).open(t), index.Query{})
	require.NoError(t, err)
	require.Len(t, a.Findings, 3)
	require.Equal(t, []int{4, 3, 5}, []int{a.Findings[0].PID, a.Findings[1].PID, a.Findings[2].PID})
	require.Equal(t, []int{3, 5}, a.Recommendations[0].PIDs, "keep what runs comes first")
	require.Equal(t, []int{4}, a.Recommendations[1].PIDs)
}

func TestFindingsOfSelected(t *testing.T) {
	r := web().open(t)
	a, err := process.Run(r, index.Query{})
	require.NoError(t, err)
	// The capture, pid 930, has a deleted executable as well.
	require.Len(t, a.Findings, 1)
	f := a.Findings[0]
	require.Equal(t, "process:950:9500", f.ID)
	require.Equal(t, 950, f.PID)
	require.Equal(t, 100, f.Severity)
	require.Equal(t, "a process named like a kernel thread", f.Title)
	require.Equal(t, []string{"its first argument is [kworker/u9:2]", "it lacks the flag PF_KTHREAD", "its executable is /tmp/.x/m",
		"its executable /tmp/.x/m is no longer there"}, f.Reasons)
	require.Equal(t, []string{"/proc/950/cmdline", "/proc/950/stat", "/proc/950/exe"}, f.Evidence)
	require.Len(t, f.Factors, 3)

	a, err = process.Run(r, index.Query{Terms: []index.Term{is("user", "root")}})
	require.NoError(t, err)
	require.Empty(t, a.Findings)
	require.Empty(t, a.Recommendations)
}

// TestFindingsOfHost: what is about no captured process belongs to the answer
// about all of them.
func TestFindingsOfHost(t *testing.T) {
	c := web()
	c.snap.Coverage = &index.Coverage{Hidden: []index.Hidden{{PID: 666, Evidence: []string{"kill(666, 0)"}}}}
	c.snap.Host.Preload = []string{"/lib/libprocesshider.so"}
	r := c.open(t)
	a, err := process.Run(r, index.Query{})
	require.NoError(t, err)
	require.Equal(t, []string{"process:950:9500", "hidden:666", "ld_so_preload"}, []string{a.Findings[0].ID, a.Findings[1].ID, a.Findings[2].ID})
	require.Equal(t, []string{"/etc/ld.so.preload"}, a.Findings[2].Evidence)
	require.Contains(t, a.Recommendations[0].Text, "from outside")
	require.Equal(t, []int{666}, a.Recommendations[0].PIDs)
	last := a.Recommendations[len(a.Recommendations)-2]
	require.Contains(t, last.Text, "which package")
	require.Empty(t, last.PIDs, "it is about the host")
	a, err = process.Run(r, index.Query{Terms: []index.Term{is("pid", "1")}})
	require.NoError(t, err)
	require.Empty(t, a.Findings)
}
