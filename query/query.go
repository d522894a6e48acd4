// Package query is what an analyst types: the offline commands, and how they
// are asked. A command opens a case, hands the question to a tracer and the
// answer to render; it concludes nothing itself.
package query

import (
	"context"
	"errors"
	"fmt"
	"io"

	"stilltrace/index"
	"stilltrace/index/printable"
)

// Status is how a command ended, as the exit status says it: grep's, and one more.
type Status int

// The statuses.
const (
	Found    Status = 0
	Nothing  Status = 1 // there is no such record
	Trouble  Status = 2 // usage, input or output, refused
	NotWhole Status = 3 // the case is damaged
)

// StatusOf is the Status that an error ends with.
func StatusOf(err error) Status {
	switch {
	case err == nil:
		return Found
	case errors.Is(err, index.ErrDamaged):
		return NotWhole
	}
	return Trouble
}

// Env is the world around a command.
type Env struct {
	Stdout, Stderr io.Writer
	Width          int  // of a table on Stdout
	Screen         bool // a person looks at Stdout: a table stops at a screenful
	Terminal       bool // Stdout is one that shows colours
}

// say tells the person something that is not the answer.
func (e *Env) say(format string, args ...any) {
	fmt.Fprintln(e.Stderr, "stilltrace: "+printable.String(fmt.Sprintf(format, args...)))
}

// Command is one offline command. Args are its cases and terms.
type Command func(ctx context.Context, env *Env, o *Options, args []string) (Status, error)
