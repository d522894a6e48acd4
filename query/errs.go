package query

import (
	"context"
	"slices"
	"strings"

	"stilltrace/index"
	"stilltrace/index/printable"
	"stilltrace/query/render"
	"stilltrace/tracers/errs"
)

// Error shows what went wrong, each kind of trouble once.
func Error(ctx context.Context, env *Env, o *Options, args []string) (Status, error) {
	s, err := ask(ctx, env, o, args, "error", errs.Fields, bareError)
	if err != nil {
		return StatusOf(err), err
	}
	defer s.close()
	a, err := errs.Run(s.reader, s.query)
	if err != nil {
		return StatusOf(err), err
	}
	v := troubles()
	if err := v.order(a.Rows, o.Sort); err != nil {
		return Trouble, err
	}
	total := len(a.Rows)
	a.Rows = first(a.Rows, s.limit())
	answer := &render.Answer{Main: v.table(a.Rows, total), Value: a}
	if total > 0 {
		answer.Notes = hints(a.Rows)
	}
	if a.More.Events > 0 {
		answer.Notes = append(answer.Notes, printable.Counted(a.More.Events, "event is", "events are")+" of errors beyond those that were followed")
	}
	return s.print(answer)
}

func bareError(word string) ([]index.Term, error) {
	if isAddress(word) {
		return []index.Term{is("ip", word)}, nil
	}
	if slices.Contains(errs.Categories(), word) {
		return []index.Term{is("category", word)}, nil
	}
	return []index.Term{is("raw", word)}, nil
}

// hints says once what each type of error in the table usually means.
func hints(rows []*errs.Row) (notes []string) {
	seen := map[string]bool{}
	for _, r := range rows {
		if r.Hint != "" && !seen[r.Hint] {
			seen[r.Hint] = true
			notes = append(notes, r.Type+": "+r.Hint)
		}
	}
	return notes
}

func troubles() view[*errs.Row] {
	type row = *errs.Row
	text := func(c render.Column, f func(r row) string) column[row] {
		return column[row]{c, func(r row) render.Cell { return render.TextCell(f(r)) }}
	}
	return view[row]{"error", "errors", []column[row]{
		{render.Column{Name: "count", Kind: render.Count}, func(r row) render.Cell { return render.NumberCell(r.Count) }},
		text(render.Column{Name: "severity", Kind: render.Severity, From: 140}, func(r row) string { return r.Severity.String() }),
		text(render.Column{Name: "category"}, func(r row) string { return string(r.Category) }),
		text(render.Column{Name: "type", Shrink: 2, From: 100}, func(r row) string { return r.Type }),
		text(render.Column{Name: "service", Shrink: 1, From: 120}, func(r row) string { return strings.Join(r.Services, " ") }),
		{render.Column{Name: "first", Kind: render.Time, From: 140}, func(r row) render.Cell { return render.TimeCell(r.First) }},
		{render.Column{Name: "last", Kind: render.Time, From: 130}, func(r row) render.Cell { return render.TimeCell(r.Last) }},
		text(render.Column{Name: "signature", Shrink: 2}, func(r row) string { return r.Signature }),
		{render.Column{Name: "events", Kind: render.Count, From: render.Never}, func(r row) render.Cell { return render.NumberCell(r.Events) }},
		text(render.Column{Name: "hint", From: render.Never}, func(r row) string { return r.Hint }),
		text(render.Column{Name: "example", From: render.Never}, func(r row) string { return r.Example }),
		text(render.Column{Name: "sources", From: render.Never}, func(r row) string { return strings.Join(r.Sources, " ") }),
		text(render.Column{Name: "evidence", From: render.Never}, func(r row) string { return strings.Join(r.Evidence, " ") }),
	}}
}
