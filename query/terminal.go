package query

import (
	"os"
	"strconv"

	"golang.org/x/term"
)

// widest bounds what $COLUMNS may say, and is the width of a table that no
// screen limits: its columns are as wide as what stands in them.
const widest = 10_000

// NewEnv is the Env of a program with the given outputs.
func NewEnv(stdout, stderr *os.File) *Env {
	terminal := term.IsTerminal(int(stdout.Fd()))
	width, screen := columns(stdout, terminal)
	return &Env{
		Stdout: stdout, Stderr: stderr, Width: width, Screen: screen,
		Terminal: terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb", // no-color.org
	}
}

// columns is how wide the screen is that shows f, and whether there is one:
// what goes into a pipe or a file is read by grep, which must find all of it.
func columns(f *os.File, terminal bool) (width int, screen bool) {
	if terminal {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w, true
		}
	}
	if w, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && w > 0 && w <= widest {
		return w, true
	}
	return widest, terminal
}
