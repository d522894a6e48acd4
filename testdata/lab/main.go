// Command lab plays a small incident on real daemons and compares what
// stilltrace answers about it with what truly happened.
//
//	go run ./testdata/lab [-o DIR]       play, then compare (needs root)
//	go run ./testdata/lab check DIR      compare again what an earlier run left in DIR
//
// The victim and the outside hosts are namespaces of their own (see cage.go);
// nothing leaves them and nothing stays when the run ends, however it ends. DIR
// receives before.db, during.db, after.db, the victim's logs and truth.json,
// which the script writes as it acts. The exit status is 0 if every answer is
// true, or false where the list notYet says so; 1 if one is not; 2 if this
// machine lacks something to play on.
package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// runLimit ends a run that hangs; one that does not takes about a minute.
const runLimit = 8 * time.Minute

func main() {
	if err := command(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		if errors.As(err, &unfit{}) {
			os.Exit(2)
		}
		os.Exit(1)
	}
}

// unfit is why the incident cannot be played on this machine at all.
type unfit struct{ error }

func command(args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "direct":
			return direct(args[1:])
		case "init":
			return initVictim(args[1:])
		case "implant":
			return implant(args[1:])
		case "check":
			if len(args) != 2 {
				return errors.New("usage: lab check DIR")
			}
			return compare(args[1])
		}
	}
	flags := flag.NewFlagSet("lab", flag.ContinueOnError)
	out := flags.String("o", "", "keep the cases, the logs and truth.json in this directory")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unknown argument %q: usage: lab [-o DIR] | lab check DIR", flags.Arg(0))
	}
	return play(*out)
}

// play runs the incident and compares; without a directory to keep it leaves nothing.
func play(out string) error {
	os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin") // where an administrator's programs are
	if err := missing(); err != nil {
		return err
	}
	// The kernel's log is one for all: two incidents would each see the other's. The name ends with this process.
	lock, err := net.Listen("unix", "@stilltrace-lab")
	if err != nil {
		return unfit{fmt.Errorf("another lab is being played on this machine: %w", err)}
	}
	defer lock.Close()
	w, err := newWard()
	if err != nil {
		return err
	}
	defer w.close()
	if out == "" {
		out = filepath.Join(w.tmp, "out")
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	bin, err := build(w.tmp)
	if err != nil {
		return err
	}
	if err := incident(w, bin, out); err != nil {
		return err
	}
	return compareTo(os.Stdout, out, bin, w.tmp)
}

// compare asks stilltrace about what an earlier run left in dir, and prints
// what it answered beside what was true.
func compare(dir string) error {
	w, err := newWard()
	if err != nil {
		return err
	}
	defer w.close()
	bin, err := build(w.tmp)
	if err != nil {
		return err
	}
	return compareTo(os.Stdout, dir, bin, w.tmp)
}

// build builds stilltrace from the sources that the lab stands in.
func build(dir string) (string, error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "stilltrace")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", bin, ".")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOTMPDIR="+dir)
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build stilltrace: %w\n%s", err, text)
	}
	return bin, nil
}

// moduleRoot is where the go.mod is that the working directory belongs to.
func moduleRoot() (string, error) {
	text, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env: %w", err)
	}
	mod := strings.TrimSpace(string(text))
	if filepath.Base(mod) != "go.mod" {
		return "", errors.New("run the lab from within the project")
	}
	return filepath.Dir(mod), nil
}

// incident runs the director in namespaces of its own. It is killed when this
// process ends or is told to end, and with it all that it started.
func incident(w *ward, bin, out string) error {
	groups, memory, err := w.makeGroups()
	if err != nil {
		return unfit{err}
	}
	cmd, err := director(groups, memory, bin, out)
	if err != nil {
		return err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(stop)
	if err := cmd.Start(); err != nil {
		return unfit{fmt.Errorf("start in new namespaces: %w", err)}
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var why error
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("the incident could not be played to its end: %w", err)
		}
		return nil
	case s := <-stop:
		why = fmt.Errorf("stopped by %v", s)
	case <-goneWithoutUs():
		why = errors.New("`go run` was killed")
	case <-time.After(runLimit):
		why = fmt.Errorf("not done after %v", runLimit)
	}
	_ = cmd.Process.Kill()
	<-ended
	return why
}

// goneWithoutUs tells when `go run`, if it was that which started this program,
// is no more: it passes signals on, but of its own death it can tell nobody.
func goneWithoutUs() <-chan struct{} {
	gone := make(chan struct{})
	parent := os.Getppid()
	comm, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", parent))
	if err != nil || strings.TrimSpace(string(comm)) != "go" {
		return gone
	}
	go func() {
		for os.Getppid() == parent {
			time.Sleep(200 * time.Millisecond)
		}
		close(gone)
	}()
	return gone
}

// missing names the Debian packages whose programs are not there.
func missing() error {
	if os.Geteuid() != 0 {
		return unfit{errors.New("the lab makes namespaces and starts daemons: run it as root")}
	}
	var want []string
	for _, p := range packages {
		if _, err := exec.LookPath(p.program); err != nil {
			if _, err := os.Stat(p.program); err != nil {
				want = append(want, p.name)
			}
		}
	}
	if len(want) > 0 {
		return unfit{fmt.Errorf("programs are missing: apt-get install %s", strings.Join(want, " "))}
	}
	return nil
}
