package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// hostWord makes this program the first process of a small host of its own.
	hostWord = "host"
	// manyStills is a day of one still per minute.
	manyStills = 1440
	// The calm host: most processes sleep, some wake up five times a second and look at a file, and two start a process each second.
	quietProcesses, wakingProcesses, startingProcesses = 266, 30, 2
	hostSockets                                        = 100
	// settle is how long the host's processes have to start.
	settle = 2 * time.Second
)

// day is what a day of stills came to.
type day struct {
	Processes int           `json:"processes"`
	Stills    int           `json:"stills"`
	One       int64         `json:"one"`  // bytes of the case with one still
	Many      int64         `json:"many"` // with all of them
	Wall      time.Duration `json:"wall"` // of all that were added
	CPU       time.Duration `json:"cpu"`  // likewise
}

// stills puts a day of a calm host into one case.
func (b *bench) stills(ctx context.Context) error {
	help, err := b.tell(ctx, "snapshot", "--help")
	if err != nil {
		return err
	}
	switch {
	case !strings.Contains(string(help), "--append"):
		b.page.note("%s stills in one case were left out: this stilltrace has no `snapshot --append`", grouped(manyStills))
		return nil
	case os.Geteuid() != 0:
		b.page.note("%s stills in one case were left out: a host of its own needs root", grouped(manyStills))
		return nil
	}
	d, err := b.day(ctx, manyStills)
	if err != nil {
		return err
	}
	b.ratio(figure{what: fmt.Sprintf("%s stills of a calm host of %d processes in one case", grouped(int64(d.Stills)), d.Processes), against: "one still", measure: "bytes", goal: goal{60, 15}},
		float64(d.Many), float64(d.One))
	t := table{head: []string{"stills", "bytes of the case", "CPU s a still", "wall s a still"}}
	t.add("1", grouped(d.One), "", "")
	added := time.Duration(d.Stills - 1)
	t.add(grouped(int64(d.Stills)), grouped(d.Many), seconds(d.CPU/added), seconds(d.Wall/added))
	b.page.section("A day of stills", fmt.Sprintf("A host of %d processes in namespaces of its own, with %d sockets: most sleep, %d wake up five times a second and look at a file, %d start a process each second. "+
		"The stills follow one another at once, each by `snapshot --no-logs --append`.", d.Processes, hostSockets, wakingProcesses, startingProcesses), t)
	return nil
}

// day runs the host in new namespaces; all of its processes end with its first.
func (b *bench) day(ctx context.Context, n int) (d day, err error) {
	cmd := exec.CommandContext(ctx, b.self, hostWord, b.program, filepath.Join(b.tmp, "day.db"), strconv.Itoa(n))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL,
		Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC}
	runtime.LockOSThread() // the host ends with this thread
	defer runtime.UnlockOSThread()
	text, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return d, fmt.Errorf("a host of its own: %w\n%s", err, exit.Stderr)
	}
	if err != nil {
		return d, fmt.Errorf("a host of its own: %w", err)
	}
	return d, json.Unmarshal(text, &d)
}

// host is the first process of the calm host. It takes the stills and prints
// what came of it.
func host(args []string) int {
	d, err := liveADay(args)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(d)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func liveADay(args []string) (d day, err error) {
	if len(args) != 3 || os.Getpid() != 1 {
		return d, errors.New("the host is started by the bench alone")
	}
	program, db := args[0], args[1]
	if d.Stills, err = strconv.Atoi(args[2]); err != nil {
		return d, err
	}
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return d, fmt.Errorf("mount: %w", err)
	}
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return d, fmt.Errorf("mount /proc: %w", err)
	}
	if err := populate(); err != nil {
		return d, err
	}
	d.Processes = processes()
	still := func(more ...string) (*os.ProcessState, error) {
		cmd := exec.Command(program, append([]string{"snapshot", "--no-logs", "-o", db}, more...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("snapshot %s: %w\n%s", strings.Join(more, " "), err, out)
		}
		return cmd.ProcessState, nil
	}
	if _, err := still(); err != nil {
		return d, err
	}
	if d.One, err = sizeOf(db); err != nil {
		return d, err
	}
	start := time.Now()
	for range d.Stills - 1 {
		s, err := still("--append")
		if err != nil {
			return d, err
		}
		d.CPU += s.UserTime() + s.SystemTime()
	}
	d.Wall = time.Since(start)
	d.Many, err = sizeOf(db)
	return d, err
}

// populate starts the processes of the host and opens its sockets.
func populate() error {
	for i := range quietProcesses + wakingProcesses + startingProcesses {
		cmd := exec.Command("sleep", "infinity")
		switch {
		case i < startingProcesses:
			cmd = exec.Command("sh", "-c", "while :; do sleep 1; done")
		case i < startingProcesses+wakingProcesses:
			cmd = exec.Command("tail", "---disable-inotify", "-s", "0.2", "-f", "/etc/hostname")
		}
		if err := cmd.Start(); err != nil {
			return err
		}
	}
	for range hostSockets {
		// It stays open: the host ends with this process.
		if _, err := net.Listen("tcp4", "0.0.0.0:0"); err != nil {
			return err
		}
	}
	time.Sleep(settle)
	return nil
}
