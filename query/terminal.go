package query

import (
	"os"
	"strconv"

	"golang.org/x/term"
)

const (
	// usualWidth is the width of a table where nothing tells another one.
	usualWidth = 120
	// widest bounds what $COLUMNS may say.
	widest = 10_000
)

// NewEnv is the Env of a program with the given outputs.
func NewEnv(stdout, stderr *os.File) *Env {
	terminal := term.IsTerminal(int(stdout.Fd()))
	return &Env{
		Stdout: stdout, Stderr: stderr, Width: columns(stdout, terminal),
		Terminal: terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb", // no-color.org
	}
}

func columns(f *os.File, terminal bool) int {
	if terminal {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w
		}
	}
	if w, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && w > 0 && w <= widest {
		return w
	}
	return usualWidth
}
