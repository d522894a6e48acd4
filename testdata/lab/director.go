package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/rpc"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	stepLimit  = 90 * time.Second // one daemon's start, one act
	resultsDir = "/proc/self/fd/5"
	pollEvery  = 20 * time.Millisecond // between two looks at a thing that is awaited
)

// lab is the director's view: the victim, the outside hosts, and the truth.
type lab struct {
	victim *rpc.Client
	root   string     // the victim's file system
	pidns  string     // the victim's pid namespace
	memory string     // the directory of our control groups with a memory controller
	alone  []int      // processes of the victim that have a network namespace of their own
	held   []net.Conn // connections that stay open until the end
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
// director; the results are written through the fifth, since a directory
// of another mount namespace cannot be mounted here.
func direct(args []string) (err error) {
	if len(args) != 2 {
		return errors.New("direct is for the lab itself")
	}
	unix.Umask(0o022)
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
	// Through pipes, so that the victim has no file of the machine's open.
	cmd.Stdout, cmd.Stderr = struct{ io.Writer }{os.Stderr}, struct{ io.Writer }{os.Stderr}
	cmd.Dir = "/"
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
