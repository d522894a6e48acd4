package query

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"

	"stilltrace/index"
	"stilltrace/index/printable"
	"stilltrace/query/render"
)

// SchemaCheck names the shape of what check prints as JSON.
const SchemaCheck = "stilltrace.check/1"

// verdict is what check found.
type verdict struct {
	Schema string `json:"schema"`
	Kind   string `json:"kind"` // always proof
	Case   string `json:"case"`
	Whole  bool   `json:"whole"`
	*index.Proof
}

// collectInTime makes the collector hold what a check takes at once: 64 MiB for
// a case of 1 GB of logs. The summaries that are counted again grow with the
// case, and a limit that is too low would have it collect without end. A setting
// of the environment stands.
func collectInTime(path string) {
	st, err := os.Stat(path)
	if err != nil || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetMemoryLimit(48<<20 + st.Size()/4)
}

// Check proves that the case is as it was written.
func Check(ctx context.Context, env *Env, o *Options, args []string) (Status, error) {
	s, err := open(ctx, env, o, args)
	if err != nil {
		return StatusOf(err), err
	}
	defer s.close()
	if err := s.noWords("check"); err != nil {
		return Trouble, err
	}
	collectInTime(s.path)
	p, err := s.reader.Check()
	if err != nil {
		return StatusOf(err), err
	}
	v := verdict{SchemaCheck, "proof", s.path, len(p.Problems) == 0, p}
	title := s.path + " is whole"
	if !v.Whole {
		title = s.path + " is NOT whole"
	}
	a := &render.Answer{Value: v, Main: problems(v), Records: func(yield func(any, error) bool) { yield(v, nil) }}
	a.Sections = []render.Table{facts(title,
		fact{"digest", p.Digest},
		fact{"values", fmt.Sprintf("%s with their checksums, %s", printable.Grouped(p.Values), printable.Size(p.Bytes))},
		fact{"records", printable.Grouped(p.Records) + " processes, sockets and gaps decoded"},
		fact{"logs", printable.Grouped(int64(p.Sources)) + " with their SHA-256"},
		fact{"events", printable.Grouped(p.Events) + " decoded, and the terms that lead to them"},
	)}
	if !v.Whole {
		damage := problems(v)
		damage.Title = "What is wrong"
		a.Sections = append(a.Sections, damage)
	}
	if status, err := s.print(a); err != nil {
		return status, err
	}
	if !v.Whole {
		return NotWhole, nil
	}
	return Found, nil
}

// problems lists what is wrong; csv prints a line for a whole case, too,
// so that nobody takes silence for a proof.
func problems(v verdict) render.Table {
	list := v.Problems
	if v.Whole {
		list = []string{""}
	}
	rows := make([]render.Row, len(list))
	for i, p := range list {
		rows[i] = render.Row{
			Cells: []render.Cell{render.TextCell(v.Case), render.TextCell(fmt.Sprint(v.Whole)), render.TextCell(p)},
		}
	}
	columns := []render.Column{{Name: "case", From: render.Never}, {Name: "whole", From: render.Never}, {Name: "problem", Shrink: 1, Fold: true}}
	return render.Table{Columns: columns, Rows: render.Rows(rows)}
}
