package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// moduleRoot is where the go.mod is that the working directory belongs to.
func moduleRoot() (string, error) {
	text, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env: %w", err)
	}
	mod := strings.TrimSpace(string(text))
	if filepath.Base(mod) != "go.mod" {
		return "", errors.New("run the bench from within the project")
	}
	return filepath.Dir(mod), nil
}

// goRun runs the go command in the module.
func (b *bench) goRun(ctx context.Context, args ...string) error {
	out, err := b.goCommand(ctx, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("go %s: %w\n%s", args[0], err, out)
	}
	return nil
}

func (b *bench) goCommand(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = b.root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // as README builds it
	return cmd
}

// tell runs stilltrace and returns what it printed. Finding nothing is an
// answer.
func (b *bench) tell(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, b.program, args...)
	var out, talk bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &talk
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 {
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("stilltrace %s: %w\n%s", strings.Join(args, " "), err, talk.Bytes())
	}
	return out.Bytes(), nil
}

// ask asks the case and reads the rows of the answer.
func ask[T any](b *bench, ctx context.Context, command, db string, args ...string) ([]T, error) {
	args = append([]string{command, db, "--format", "jsonl"}, args...)
	text, err := b.tell(ctx, args...)
	if err != nil {
		return nil, err
	}
	var rows []T
	for lines := bufio.NewReader(bytes.NewReader(text)); ; {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return rows, nil
		}
		var row T
		if err := json.Unmarshal(line, &row); err != nil {
			return nil, fmt.Errorf("stilltrace %s: %w", strings.Join(args, " "), err)
		}
		rows = append(rows, row)
	}
}

// has tells whether a program is installed. Of one that is not, the page says
// which Debian package has it.
func (b *bench) has(program string) bool {
	if b.missing[program] {
		return false
	}
	if _, err := exec.LookPath(program); err == nil {
		return true
	}
	b.missing[program] = true
	b.page.note("%s is not installed and left out: apt-get install %s", program, debianPackage(program))
	b.say("%s is not installed: its rows are left out", program)
	return false
}

func debianPackage(program string) string {
	switch program {
	case "rg":
		return "ripgrep"
	case "ps":
		return "procps"
	case "ss":
		return "iproute2"
	case "awk":
		return "mawk"
	case "sort", "uniq":
		return "coreutils"
	}
	return program
}

// sizeOf is the length of a file.
func sizeOf(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
