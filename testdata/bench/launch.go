package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// launchWord makes this program the parent of one measured command. Linux
// counts the memory of the parent, up to the exec, to the child's peak; so the
// parent is a small one, and not the process that holds a corpus's truth.
const launchWord = "launch"

// reportFD is where the launcher writes what it measured.
const reportFD = 3

// sample is one run of one command.
type sample struct {
	CPU  time.Duration `json:"cpu"`  // user and system, of all processes of the command
	Wall time.Duration `json:"wall"` // from exec to exit
	Peak int64         `json:"peak"` // bytes of memory, of the largest process
	Read int64         `json:"read"` // how often the file system had to read from the disk
	Exit int           `json:"exit"`
}

// launch runs the command of its arguments and reports. Its own exit status is
// about itself alone.
func launch(args []string) int {
	runtime.LockOSThread() // the command ends with this thread
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	start := time.Now()
	err := cmd.Run()
	wall := time.Since(start)
	if cmd.ProcessState == nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	text, err := json.Marshal(sample{
		CPU: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), Wall: wall,
		Peak: usage.Maxrss << 10, Read: usage.Inblock, Exit: cmd.ProcessState.ExitCode(),
	})
	if err == nil {
		_, err = os.NewFile(reportFD, "report").Write(text)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// measured is a command, and what its runs were.
type measured struct {
	name    string
	argv    []string
	nothing bool     // exit status 1 is an answer, too: nothing found
	cold    []string // files that are taken out of the page cache before each run
	samples []sample
}

// once runs a command. What it prints goes to a file, since some programs stop
// early where they see that nobody will read them.
func (b *bench) once(ctx context.Context, m *measured) (s sample, err error) {
	for _, path := range m.cold {
		if err := evict(path); err != nil {
			return s, err
		}
	}
	out, err := os.Create(filepath.Join(b.tmp, "stdout"))
	if err != nil {
		return s, err
	}
	defer out.Close()
	report, w, err := os.Pipe()
	if err != nil {
		return s, err
	}
	defer report.Close()
	var talk bytes.Buffer
	cmd := exec.CommandContext(ctx, b.self, append([]string{launchWord}, m.argv...)...)
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = out, &talk, []*os.File{w}
	// lnav writes its settings into HOME. The locale is the one that every Debian has, whatever the shell of this bench was given.
	cmd.Env = append(os.Environ(), "HOME="+b.tmp, "LC_ALL=C.UTF-8")
	// A group of its own, so that a pipe of commands ends as a whole.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	err = cmd.Run()
	w.Close()
	if err == nil {
		err = json.NewDecoder(report).Decode(&s)
	}
	if err == nil && s.Exit != 0 && !(m.nothing && s.Exit == 1) {
		err = fmt.Errorf("exit status %d", s.Exit)
	}
	switch {
	case ctx.Err() != nil:
		return s, ctx.Err()
	case err != nil:
		return s, fmt.Errorf("%s: %w\n%s", strings.Join(m.argv, " "), err, talk.Bytes())
	case len(m.cold) > 0 && s.Read == 0:
		b.page.note("%s: a cold run read nothing from a disk: the figure is a warm one", m.name)
	}
	return s, nil
}

// interleave runs the commands in turn, runs times after once that is not
// counted, so that what else the machine does hits them alike.
func (b *bench) interleave(ctx context.Context, runs int, all ...*measured) error {
	for i := range runs + 1 {
		for _, m := range all {
			s, err := b.once(ctx, m)
			if err != nil {
				return err
			}
			if i > 0 {
				m.samples = append(m.samples, s)
			}
		}
	}
	return nil
}

// repeat is interleave for commands of milliseconds: each run that counts
// follows at once one of the same command that does not. On a virtual machine
// memory that lay idle for a second can be ten times as dear to touch, so that
// a command would be measured by how long its peer ran before it.
func (b *bench) repeat(ctx context.Context, runs int, all ...*measured) error {
	for range runs {
		for _, m := range all {
			if _, err := b.once(ctx, m); err != nil {
				return err
			}
			if err := b.single(ctx, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// single runs each command once: for what is the same each time, or takes long.
func (b *bench) single(ctx context.Context, all ...*measured) error {
	for _, m := range all {
		s, err := b.once(ctx, m)
		if err != nil {
			return err
		}
		m.samples = append(m.samples, s)
	}
	return nil
}
