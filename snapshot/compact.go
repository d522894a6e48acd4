package snapshot

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"stilltrace/index"
	"stilltrace/index/printable"
	"stilltrace/snapshot/logs"
)

// CompactOptions say how a case is written anew.
type CompactOptions struct {
	Case     string // to be read; it stays as it is
	Output   string // the new one
	Force    bool   // replace a case of that name
	Reparse  bool   // parse the logs again
	Tool     string // name and version of the program
	Progress *Progress
}

// Compacted is what came of it.
type Compacted struct {
	Case, Output string
	Before, Now  int64 // bytes
	Snapshots    int
	Digest       string
	Reparsed     bool
	Took         time.Duration
}

// Compact writes a case anew: without free pages, everything in order. Its
// answers stay the same to the byte, and so does its digest; but with Reparse
// its events are what today's parsers make of the logs.
func Compact(ctx context.Context, o CompactOptions) (*Compacted, error) {
	began := time.Now()
	defer o.Progress.end()
	r, err := index.Open(o.Case)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	r.Bind(ctx)
	if old, err := os.Stat(o.Case); err == nil {
		if st, err := os.Stat(o.Output); err == nil && os.SameFile(old, st) {
			return nil, fmt.Errorf("%s: is the case itself, which stays as it is: choose another name", o.Output)
		}
	}
	o.Progress.stage("writing", o.Output)
	m, err := o.write(ctx, r)
	if err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("compact: %w: nothing was written to %s", ErrInterrupted, o.Output)
		}
		return nil, err
	}
	out := &Compacted{Case: o.Case, Output: o.Output, Snapshots: r.SnapshotCount(), Digest: m.Digest, Reparsed: o.Reparse, Took: time.Since(began)}
	for path, size := range map[string]*int64{o.Case: &out.Before, o.Output: &out.Now} {
		st, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		*size = st.Size()
	}
	return out, nil
}

func (o *CompactOptions) write(ctx context.Context, r *index.Reader) (index.Manifest, error) {
	if !o.Reparse {
		return index.Compact(ctx, r, o.Output, o.Force)
	}
	w, err := index.Rewrite(ctx, r, o.Output, index.CreateOptions{Force: o.Force, Tool: o.Tool})
	if err != nil {
		return index.Manifest{}, err
	}
	defer w.Abort()
	if err := logs.Reparse(ctx, r, w, o.Progress.logs); err != nil {
		return index.Manifest{}, err
	}
	return w.Finish()
}

// Write prints what came of it.
func (c *Compacted) Write(w io.Writer) error {
	var b strings.Builder
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(tw, "%s\t%s\n", name, printable.String(fmt.Sprintf(format, args...)))
	}
	row("Case", "%s, %s, of %s in %s, in %.1f s", c.Output, printable.Size(c.Now), printable.Size(c.Before), c.Case, c.Took.Seconds())
	row("Snapshots", "%s", printable.Grouped(int64(c.Snapshots)))
	what := "the same as before"
	if c.Reparsed {
		what = "logs parsed again"
	}
	row("Digest", "%s (%s)", c.Digest, what)
	row("Next", "stilltrace check %s", c.Output)
	if err := tw.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(w, b.String())
	return err
}
