package query

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"stilltrace/index"
	"stilltrace/query/render"
	"stilltrace/tracers/event"
	"stilltrace/tracers/network"
	"stilltrace/tracers/process"
)

// target is one thing that a case can be exported to.
type target struct {
	name string
	run  func(*session) (Status, error)
}

func targets() []target {
	return []target{
		{"raw", (*session).exportRaw},
		{"jsonl", (*session).exportJSONL},
	}
}

func targetNames() string {
	var names []string
	for _, t := range targets() {
		names = append(names, t.name)
	}
	return strings.Join(names, ", ")
}

// Export writes a case for other programs.
func Export(ctx context.Context, env *Env, o *Options, args []string) (Status, error) {
	run, err := o.target()
	if err != nil {
		return Trouble, err
	}
	// The answer flags are not export's; open reads them.
	asked := *o
	asked.Format, asked.Color, asked.Limit = "jsonl", "never", unlimited
	if o.To == "raw" {
		asked.Output = "" // a directory, which exportRaw looks at itself
	}
	s, err := open(ctx, env, &asked, args)
	if err != nil {
		return StatusOf(err), err
	}
	defer s.close()
	if err := s.noWords("export"); err != nil {
		return Trouble, err
	}
	if err := s.whole(); err != nil {
		return StatusOf(err), err
	}
	s.opt = o
	return run(s)
}

func (o *Options) target() (func(*session) (Status, error), error) {
	var names []string
	for _, t := range targets() {
		if t.name == o.To {
			return t.run, nil
		}
		names = append(names, t.name)
	}
	if o.To == "" {
		return nil, errors.New("export: to what: --to takes one of " + targetNames())
	}
	return nil, fmt.Errorf("--to %q: unknown%s: one of %s", o.To, didYouMean(o.To, names), targetNames())
}

func (s *session) exportJSONL() (Status, error) {
	f, err := render.FormatNamed("jsonl")
	if err != nil {
		return Trouble, err
	}
	err = s.env.writeOutput(s.opt.Output, s.opt.Force, func(w io.Writer) error {
		_, err := f.Write(w, &render.Answer{Records: s.lines()}, render.Style{})
		return err
	})
	return StatusOf(err), err
}

// lines are all records of the snapshot, and all logs and events up to it.
func (s *session) lines() iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		for _, part := range []iter.Seq2[any, error]{s.stateLines(), s.eventLines()} {
			for v, err := range part {
				if !yield(v, err) || err != nil {
					return
				}
			}
		}
	}
}

func (s *session) stateLines() iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		ok := yield(newSnapshotLine(s.snap), nil) && yield(hostLine{"host", s.snap.ID, s.snap.Host}, nil)
		for _, src := range s.reader.Logs(s.snap.ID) {
			ok = ok && yield(sourceLine{"source", src}, nil)
		}
		if !ok {
			return
		}
		for g, err := range s.reader.Gaps(s.snap.ID) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(gapLine{"gap", s.snap.ID, *g}, nil) {
				return
			}
		}
		p, err := process.Run(s.reader, index.Query{Snapshot: s.snap.ID})
		if err != nil {
			yield(nil, err)
			return
		}
		for i := range p.Processes {
			if !yield(p.Processes[i], nil) {
				return
			}
		}
		// proto:* also brings the unix sockets.
		n, err := network.Run(s.reader, index.Query{Snapshot: s.snap.ID, Terms: []index.Term{is("proto", "*")}})
		if err != nil {
			yield(nil, err)
			return
		}
		for i := range n.Sockets {
			if !yield(n.Sockets[i], nil) {
				return
			}
		}
	}
}

func (s *session) eventLines() iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		for e, err := range event.List(s.reader, index.Query{Snapshot: s.snap.ID}) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(eventLine{"event", e}, nil) {
				return
			}
		}
	}
}
