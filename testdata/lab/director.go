package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/rpc"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	stepLimit  = 40 * time.Second // one daemon's start, one act
	resultsDir = "/proc/self/fd/5"
	pollEvery  = 20 * time.Millisecond // between two looks at a thing that is awaited
)

// lab is the director's view: the victim, the outside hosts, and the truth.
type lab struct {
	victim *rpc.Client
	root   string // the victim's file system
	pidns  string // the victim's pid namespace
	memory string // the directory of our control groups with a memory controller
	*journal
}

// failure is how an act ends the incident: direct recovers it. An incident of
// which a part did not happen proves nothing, so there is no going on.
type failure struct{ error }

// must ends the incident on an error; doing says what was being done.
func must(err error, doing string, args ...any) {
	if err != nil {
		panic(failure{fmt.Errorf("%s: %w", fmt.Sprintf(doing, args...), err)})
	}
}

// direct is the first process of the lab's namespaces. It builds the hosts, lets
// the incident happen and writes down the truth. Its open files are as in
// cage.command; the results are written through the fifth, since a directory
// of another mount namespace cannot be mounted here.
func direct(args []string) (err error) {
	if len(args) != 2 {
		return errors.New("direct is for the lab itself")
	}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case failure:
			err = r
		default:
			panic(r)
		}
	}()
	must(unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""), "private mounts")
	must(tmpfs("/run", "mode=755"), "mounts")
	l := &lab{memory: args[1], journal: &journal{file: resultsDir + "/truth.json", truth: truth{
		Host: hostName, Address4: victim4, Address6: victim6, Kernel: kernel(), Programs: versions(),
	}}}
	l.startVictim(args[0])
	l.makeNetwork()
	l.play()
	return nil
}

// startVictim starts the victim's first process in namespaces of its own.
func (l *lab) startVictim(groups string) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	must(err, "socket to the victim")
	ours, theirs := os.NewFile(uintptr(pair[0]), "victim"), os.NewFile(uintptr(pair[1]), "director")
	group := filepath.Join(groups, "victim")
	// The group is entered before the cgroup namespace is made, whose root it becomes.
	cmd := exec.Command("sh", "-c", `echo $$ >"$0/cgroup.procs" && exec unshare --cgroup --pid --fork --kill-child --mount --net --uts --ipc "$@"`,
		group, "/proc/self/fd/4", "init", group)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{theirs, os.NewFile(3, "lab"), os.NewFile(4, "stilltrace")}
	must(cmd.Start(), "start the victim")
	theirs.Close()
	conn, err := net.FileConn(ours)
	must(err, "socket to the victim")
	l.victim = rpc.NewClient(conn)
	host := ""
	await("the victim's first process", func() bool {
		host = l.childOf(cmd.Process.Pid)
		return host != ""
	})
	l.root = "/proc/" + host + "/root"
	l.pidns, err = os.Readlink("/proc/" + host + "/ns/pid")
	must(err, "the victim's pid namespace")
	must(os.WriteFile(filepath.Join(groups, "stage", "cgroup.procs"), []byte(strconv.Itoa(cmd.Process.Pid)), 0), "control group")
	// The first call is answered when the host is made.
	must(l.victim.Call("Victim.Run", Job{Args: []string{"true"}, Output: "/dev/null"}, new(Result)), "make the victim")
}

// childOf returns the only child of a process of ours, as /proc numbers it:
// /proc is still the machine's, and that is how the kernel's log numbers too.
func (l *lab) childOf(pid int) string {
	all, err := filepath.Glob("/proc/[0-9]*/status")
	must(err, "list processes")
	self := ""
	for _, f := range all {
		if s := readStatus(f); len(s.pids) == 2 && s.pids[1] == strconv.Itoa(pid) && s.space == ownSpace() {
			self = s.pids[0]
		}
	}
	for _, f := range all {
		if s := readStatus(f); self != "" && s.parent == self && len(s.pids) == 3 {
			return s.pids[0]
		}
	}
	return ""
}

// status is the part of /proc/PID/status that tells one namespace's number from another's.
type status struct {
	parent string
	pids   []string // from the outermost namespace to the innermost
	space  string   // the pid namespace
}

func readStatus(file string) (s status) {
	b, err := os.ReadFile(file)
	if err != nil {
		return s
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		switch {
		case len(f) > 1 && f[0] == "PPid:":
			s.parent = f[1]
		case len(f) > 1 && f[0] == "NSpid:":
			s.pids = f[1:]
		}
	}
	s.space, _ = os.Readlink(filepath.Join(filepath.Dir(file), "ns", "pid"))
	return s
}

func ownSpace() string {
	s, err := os.Readlink("/proc/self/ns/pid")
	must(err, "own pid namespace")
	return s
}

// hostPID is the number that the kernel's log has for a process of the victim.
func (l *lab) hostPID(pid int) int {
	all, err := filepath.Glob("/proc/[0-9]*/status")
	must(err, "list processes")
	for _, f := range all {
		if s := readStatus(f); s.space == l.pidns && len(s.pids) > 0 && s.pids[len(s.pids)-1] == strconv.Itoa(pid) {
			n, err := strconv.Atoi(s.pids[0])
			must(err, "%s", f)
			return n
		}
	}
	must(errors.New("it is not there"), "process %d of the victim", pid)
	return 0
}

// path is a path of the victim as the director reaches it.
func (l *lab) path(p string) string { return filepath.Join(l.root, p) }

func (l *lab) exists(p string) bool {
	_, err := os.Stat(l.path(p))
	return err == nil
}

// write puts text into a file of the victim.
func (l *lab) write(p string, mode os.FileMode, text string) {
	must(os.MkdirAll(filepath.Dir(l.path(p)), 0o755), "write %s", p)
	must(os.WriteFile(l.path(p), []byte(text), mode), "write %s", p)
	must(os.Chmod(l.path(p), mode), "write %s", p)
}

// read returns a file of the victim; "" if it is not there.
func (l *lab) read(p string) string {
	b, err := os.ReadFile(l.path(p))
	if errors.Is(err, os.ErrNotExist) {
		return ""
	}
	must(err, "read %s", p)
	return string(b)
}

// grep counts the lines of a file of the victim that hold the text.
func (l *lab) grep(p, text string) (n int) {
	for line := range strings.Lines(l.read(p)) {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

// start starts a daemon of the victim and returns its process id.
func (l *lab) start(j Job) (pid int) {
	must(l.victim.Call("Victim.Start", j, &pid), "start %s", j.Name)
	return pid
}

// order is one command on the victim.
type order struct {
	l *lab
	Job
	out string
}

// command prepares a command on the victim.
func (l *lab) command(args ...string) *order {
	return &order{l: l, Job: Job{Name: filepath.Base(args[0]), Args: args}}
}

// try runs it to its end.
func (o *order) try() error {
	f, err := os.CreateTemp(o.l.path(labDir), "out")
	if err != nil {
		return err
	}
	f.Close()
	defer os.Remove(f.Name())
	o.Output = filepath.Join(labDir, filepath.Base(f.Name()))
	var r Result
	err = o.l.victim.Call("Victim.Run", o.Job, &r)
	b, _ := os.ReadFile(f.Name())
	if o.out = string(b); err == nil && r.Status != 0 {
		err = fmt.Errorf("exit status %d: %s", r.Status, o.out)
	}
	return err
}

// run runs it to its end, which must be good, and returns what it said.
func (o *order) run() string {
	must(o.try(), "%s", strings.Join(o.Args, " "))
	return o.out
}

// kill sends a signal to a process of the victim.
func (l *lab) kill(pid int, s syscall.Signal) {
	must(unix.Kill(l.stagePID(pid), s), "signal %v to process %d", s, pid)
}

// stagePID is the director's own number for a process of the victim.
func (l *lab) stagePID(pid int) int {
	s := readStatus(fmt.Sprintf("/proc/%d/status", l.hostPID(pid)))
	n, err := strconv.Atoi(s.pids[len(s.pids)-2])
	must(err, "process %d of the victim", pid)
	return n
}

// await returns once met reports true; the incident fails if it takes too long.
func await(what string, met func() bool) {
	end := time.Now().Add(stepLimit)
	for !met() {
		if time.Now().After(end) {
			must(errors.New("not within "+stepLimit.String()), "waiting for %s", what)
		}
		time.Sleep(pollEvery)
	}
}

// together runs acts side by side and ends with the first failure of any.
func together(acts ...func()) {
	var wg sync.WaitGroup
	failed := make(chan failure, len(acts))
	for _, a := range acts {
		wg.Go(func() {
			defer func() {
				switch r := recover().(type) {
				case nil:
				case failure:
					failed <- r
				default:
					panic(r)
				}
			}()
			a()
		})
	}
	wg.Wait()
	select {
	case f := <-failed:
		panic(f)
	default:
	}
}

// note writes down acts.
func (l *lab) note(acts ...act) { must(l.add(acts...), "truth.json") }

// execute runs a command on the director's side to its end, at most stepLimit.
func execute(cmd *exec.Cmd) (string, error) {
	var out bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &out
	}
	cmd.Stderr = &out
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), stepLimit)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })()
	err := cmd.Wait()
	if ctx.Err() != nil {
		err = fmt.Errorf("not done after %v", stepLimit)
	}
	return out.String(), err
}

// kernel is what uname(2) says of release and machine.
func kernel() string {
	var u unix.Utsname
	must(unix.Uname(&u), "uname")
	return unix.ByteSliceToString(u.Release[:]) + " " + unix.ByteSliceToString(u.Machine[:])
}

// versions asks dpkg for the versions of our programs.
func versions() map[string]string {
	all := map[string]string{}
	for _, p := range packages {
		out, err := exec.Command("dpkg-query", "-W", "-f", "${Version}", p.name).Output()
		if err == nil {
			all[p.name] = string(out)
		}
	}
	return all
}
