package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// A ward cleans up behind the lab. Processes, mounts, network and names live in
// namespaces that end with their first process; control groups and temporary
// files do not end by themselves. So a process of its own session waits for the
// end of this one, whatever ends it, and removes them.
type ward struct {
	tmp    string // for files that nobody needs afterwards
	groups string // the lab's directory in the cgroup2 hierarchy
	memory string // the same in the hierarchy of the memory controller, which may be another one
	cmd    *exec.Cmd
	hold   *os.File // its end tells the ward that we have ended
}

// newWard sets the ward, which waits before there is anything to remove. It
// tries for at most ten seconds, because groups empty themselves in their time.
func newWard() (*ward, error) {
	name := "stilltrace-lab-" + strconv.Itoa(os.Getpid())
	w := &ward{tmp: filepath.Join(os.TempDir(), name)}
	if unified, memory, err := hierarchies(); err == nil { // who only compares needs none
		w.groups, w.memory = filepath.Join(unified, name), filepath.Join(memory, name)
	}
	r, hold, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	w.hold = hold
	w.cmd = exec.Command("sh", "-c", `trap '' INT TERM HUP; read x; i=0
while [ $i -lt 100 ]; do
  rm -rf "$1"
  for d in "$2" "$3"; do find "$d" -depth -type d -exec rmdir {} + ; done 2>/dev/null
  for d in "$@"; do [ -d "$d" ] && break; done || exit 0
  sleep 0.1; i=$((i+1))
done`, "ward", w.tmp, w.groups, w.memory)
	w.cmd.Stdin = r
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := w.cmd.Start(); err != nil {
		return nil, err
	}
	if err := os.Mkdir(w.tmp, 0o700); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

// close has the ward do its work and waits for it.
func (w *ward) close() {
	w.hold.Close()
	_ = w.cmd.Wait()
}

// makeGroups makes the control groups.
func (w *ward) makeGroups() (groups, memory string, err error) {
	if w.groups == "" {
		return "", "", errors.New("control groups: no cgroup2 file system is mounted")
	}
	for _, dir := range []string{w.groups, w.memory, filepath.Join(w.groups, "stage"), filepath.Join(w.groups, "victim")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", "", fmt.Errorf("control group: %w", err)
		}
	}
	if w.groups == w.memory { // otherwise the controller needs no leave
		for _, dir := range []string{filepath.Dir(w.groups), w.groups} {
			if err := os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), []byte("+memory"), 0); err != nil {
				return "", "", fmt.Errorf("memory controller: %w", err)
			}
		}
	}
	return w.groups, w.memory, nil
}

// hierarchies returns where the cgroup2 hierarchy and the one of the memory
// controller are mounted: the same, or two where version 1 still has the
// controller (Documentation/admin-guide/cgroup-v2.rst).
func hierarchies() (unified, memory string, err error) {
	b, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", "", err
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		i := 6 // the optional fields end with a hyphen, proc_pid_mountinfo(5)
		for i < len(f) && f[i] != "-" {
			i++
		}
		if i+3 >= len(f) {
			continue
		}
		switch kind, options := f[i+1], f[i+3]; {
		case kind == "cgroup2":
			unified = f[4]
		case kind == "cgroup" && strings.Contains(","+options+",", ",memory,"):
			memory = f[4]
		}
	}
	if unified == "" {
		return "", "", fmt.Errorf("no cgroup2 file system is mounted")
	}
	if memory == "" {
		memory = unified
	}
	return unified, memory, nil
}

// director is the command that plays, in namespaces of its own, with this
// program, stilltrace and the directory for the results as open files 3, 4 and
// 5: they are reached that way wherever they lie.
func director(groups, memory, bin, out string) (*exec.Cmd, error) {
	runtime.LockOSThread() // Pdeathsig is tied to the thread that starts the child
	cmd := exec.Command("/proc/self/exe", "direct", groups, memory)
	for _, p := range []string{"/proc/self/exe", bin, out} {
		f, err := os.Open(p)
		if err != nil {
			return nil, err
		}
		cmd.ExtraFiles = append(cmd.ExtraFiles, f)
	}
	stage, err := os.Open(filepath.Join(groups, "stage"))
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
		Pdeathsig:   syscall.SIGKILL,
		UseCgroupFD: true,
		CgroupFD:    int(stage.Fd()),
	}
	return cmd, nil
}
