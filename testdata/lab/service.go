package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Victim is the service manager, as net/rpc wants it: the director calls its
// exported methods.
type Victim struct {
	groups *os.Root // the victim's control groups
	mu     sync.Mutex
	ended  map[int]chan syscall.WaitStatus
}

// Job is one program to be started on the victim.
type Job struct {
	Name    string   // of the daemon; its words go to labDir/NAME.talk unless Output names another file
	Args    []string // the first one is a path or is looked for as the shell does
	Dir     string
	Unit    string   // the control group under system.slice; "" is the manager's own
	Env     []string // beside those that every job has
	Alone   bool     // in a network namespace of its own, as PrivateNetwork=yes has it (systemd.exec(5))
	Input   string   // the text on its standard input
	Output  string   // file for stdout and stderr, appended to
	Restart bool     // start it again when it dies
}

// Start starts a job and answers its process id.
func (v *Victim) Start(j Job, pid *int) error {
	id, ended, err := v.fork(j)
	if err != nil {
		return fmt.Errorf("%s: %w", j.Name, err)
	}
	*pid = id
	if j.Restart {
		go v.keepAlive(j, ended)
	}
	return nil
}

// keepAlive starts a job again whenever it dies, a second later, as a unit with
// Restart=always has it (systemd.service(5)).
func (v *Victim) keepAlive(j Job, ended chan syscall.WaitStatus) {
	for {
		<-ended
		time.Sleep(time.Second)
		var err error
		if _, ended, err = v.fork(j); err != nil {
			return
		}
	}
}

// Result is how a job ended.
type Result struct {
	Status int // 128 and the signal, as the shell has it, for a killed one
}

// Run runs a job to its end, at most stepLimit.
func (v *Victim) Run(j Job, r *Result) error {
	pid, ended, err := v.fork(j)
	if err != nil {
		return fmt.Errorf("%s: %w", j.Name, err)
	}
	select {
	case ws := <-ended:
		r.Status = ws.ExitStatus()
		if ws.Signaled() {
			r.Status = 128 + int(ws.Signal())
		}
		return nil
	case <-time.After(stepLimit):
		_ = unix.Kill(pid, unix.SIGKILL)
		return fmt.Errorf("%s: not done after %v", j.Name, stepLimit)
	}
}

// fork starts the job's process. The lock is held until its end is awaited, so
// that the reaper cannot see it die before.
func (v *Victim) fork(j Job) (int, chan syscall.WaitStatus, error) {
	attr := &syscall.ProcAttr{Dir: j.Dir, Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=/root"}}
	if attr.Dir == "" {
		attr.Dir = "/"
	}
	attr.Env = append(attr.Env, j.Env...)
	attr.Sys = &syscall.SysProcAttr{Setsid: true}
	if j.Alone {
		attr.Sys.Cloneflags = syscall.CLONE_NEWNET
	}
	if j.Unit != "" {
		dir, err := v.group(j.Unit)
		if err != nil {
			return 0, nil, err
		}
		defer dir.Close()
		attr.Sys.UseCgroupFD, attr.Sys.CgroupFD = true, int(dir.Fd())
	}
	in, out, err := j.streams()
	if err != nil {
		return 0, nil, err
	}
	defer in.Close()
	defer out.Close()
	attr.Files = []uintptr{in.Fd(), out.Fd(), out.Fd()}
	path, err := lookPath(j.Args[0])
	if err != nil {
		return 0, nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	pid, err := syscall.ForkExec(path, j.Args, attr)
	if err != nil {
		return 0, nil, err
	}
	ended := make(chan syscall.WaitStatus, 1)
	v.ended[pid] = ended
	return pid, ended, nil
}

// group opens the control group of a unit, made when it is first asked for.
func (v *Victim) group(unit string) (*os.File, error) {
	dir := filepath.Join("system.slice", unit+".service")
	if err := v.groups.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	return v.groups.Open(dir)
}

// streams opens what the job reads and where it writes.
func (j Job) streams() (in, out *os.File, err error) {
	if in, err = j.input(); err != nil {
		return nil, nil, err
	}
	if j.Output == "" {
		j.Output = filepath.Join(labDir, j.Name+".talk")
	}
	out, err = os.OpenFile(j.Output, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		in.Close()
		return nil, nil, err
	}
	return in, out, nil
}

// input is a file that no longer has a name, or the null device.
func (j Job) input() (*os.File, error) {
	if j.Input == "" {
		return os.Open("/dev/null")
	}
	f, err := os.CreateTemp(labDir, "stdin")
	if err != nil {
		return nil, err
	}
	_ = os.Remove(f.Name())
	if _, err = f.WriteString(j.Input); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// reap waits for every child and orphan, as the first process of a host must.
func (v *Victim) reap() {
	for {
		var ws syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &ws, 0, nil)
		switch {
		case errors.Is(err, syscall.ECHILD):
			time.Sleep(10 * time.Millisecond)
			continue
		case err != nil:
			continue
		}
		v.mu.Lock()
		ended, ours := v.ended[pid]
		delete(v.ended, pid)
		v.mu.Unlock()
		if ours {
			ended <- ws
		}
	}
}

// lookPath finds a program where a host's root has it.
func lookPath(name string) (string, error) {
	if filepath.IsAbs(name) {
		return name, nil
	}
	for _, dir := range []string{"/usr/sbin", "/usr/bin", "/sbin", "/bin"} {
		if p := filepath.Join(dir, name); unix.Access(p, unix.X_OK) == nil {
			return p, nil
		}
	}
	return "", fmt.Errorf("%s is not installed", name)
}
