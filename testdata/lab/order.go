package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

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
