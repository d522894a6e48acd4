package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// cage is what holds the lab apart from the machine. Processes, mounts, network
// and names live in namespaces that end with their first process. Control groups
// do not end by themselves: a process of its own session waits for the end of
// this one, whatever ends it, and removes them.
type cage struct {
	groups string // the lab's directory in the cgroup2 hierarchy
	memory string // the same in the hierarchy of the memory controller, which may be another one
	ward   *exec.Cmd
	hold   *os.File // its end tells the ward that we have ended
}

// newCage makes the control groups and their ward.
func newCage() (*cage, error) {
	unified, memory, err := hierarchies()
	if err != nil {
		return nil, err
	}
	name := "stilltrace-lab-" + strconv.Itoa(os.Getpid())
	c := &cage{groups: filepath.Join(unified, name), memory: filepath.Join(memory, name)}
	for _, dir := range []string{c.groups, c.memory, filepath.Join(c.groups, "stage"), filepath.Join(c.groups, "victim")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("control group: %w", err)
		}
	}
	if unified == memory { // otherwise the controller needs no leave
		for _, dir := range []string{unified, c.groups} {
			if err := os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), []byte("+memory"), 0); err != nil {
				return nil, fmt.Errorf("memory controller: %w", err)
			}
		}
	}
	return c, c.setWard()
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

// setWard starts the ward: it reads until our end of the pipe is closed, then
// removes the groups as soon as they are empty, for at most ten seconds.
func (c *cage) setWard() error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	c.hold = w
	c.ward = exec.Command("sh", "-c", `trap '' INT TERM HUP; read x; i=0
while [ $i -lt 100 ]; do
  for d in "$@"; do find "$d" -depth -type d -exec rmdir {} + ; done 2>/dev/null
  for d in "$@"; do [ -d "$d" ] && break; done || exit 0
  sleep 0.1; i=$((i+1))
done`, "ward", c.groups, c.memory)
	c.ward.Stdin = r
	c.ward.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return c.ward.Start()
}

// close has the ward do its work and waits for it.
func (c *cage) close() {
	c.hold.Close()
	_ = c.ward.Wait()
}

// command is the director in its namespaces, with this program, stilltrace and
// the directory for the results as open files 3, 4 and 5: they are reached that
// way wherever they lie.
func (c *cage) command(bin, out string) (*exec.Cmd, error) {
	runtime.LockOSThread() // Pdeathsig is tied to the thread that starts the child
	cmd := exec.Command("/proc/self/exe", "direct", c.groups, c.memory)
	for _, p := range []string{"/proc/self/exe", bin, out} {
		f, err := os.Open(p)
		if err != nil {
			return nil, err
		}
		cmd.ExtraFiles = append(cmd.ExtraFiles, f)
	}
	stage, err := os.Open(filepath.Join(c.groups, "stage"))
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
