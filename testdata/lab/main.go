// Command lab plays a small incident on real daemons and compares what
// stilltrace answers about it with what truly happened.
//
//	go run ./testdata/lab [-o DIR]       play, then compare (needs root)
//	go run ./testdata/lab check DIR      compare again what an earlier run left in DIR
//
// The victim and the outside hosts are namespaces of their own (see stage.go);
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
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// runLimit ends a run that hangs; one that does not takes about two minutes.
const runLimit = 5 * time.Minute

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
	if err := missing(); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "lab")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if out == "" {
		out = filepath.Join(tmp, "out")
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	bin, err := build(tmp)
	if err != nil {
		return err
	}
	if err := incident(bin, out); err != nil {
		return err
	}
	return compare(out)
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
func incident(bin, out string) error {
	cage, err := newCage()
	if err != nil {
		return unfit{err}
	}
	defer cage.close()
	cmd, err := cage.command(bin, out)
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
	case <-time.After(runLimit):
		why = fmt.Errorf("not done after %v", runLimit)
	}
	_ = cmd.Process.Kill()
	<-ended
	return why
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
