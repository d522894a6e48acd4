package query

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"stilltrace/query/render"
)

// column is one column of a view: how it looks, and where its cells come from.
type column[T any] struct {
	render.Column
	cell func(T) render.Cell
}

// textColumn is a column that shows a text of each row.
func textColumn[T any](c render.Column, text func(row *T) string) column[T] {
	return column[T]{c, func(row T) render.Cell { return render.TextCell(text(&row)) }}
}

// view is how rows of one kind are shown.
type view[T any] struct {
	one, many string
	columns   []column[T]
}

// order sorts rows as --sort asks: by a column, or -column for the largest
// first. Equal rows keep their order.
func (v view[T]) order(rows []T, by string) error {
	compare, err := v.comparer(by)
	if err != nil || compare == nil {
		return err
	}
	slices.SortStableFunc(rows, compare)
	return nil
}

func (v view[T]) comparer(by string) (func(a, b T) int, error) {
	if by == "" {
		return nil, nil
	}
	name, falling := strings.CutPrefix(by, "-")
	var names []string
	for i, c := range v.columns {
		if c.Name != name {
			names = append(names, c.Name)
			continue
		}
		// Whoever sorts by a column wants to see it, however narrow the terminal.
		v.columns[i].From = 0
		return func(a, b T) int {
			if falling {
				a, b = b, a
			}
			return c.cell(a).Compare(c.cell(b))
		}, nil
	}
	return nil, fmt.Errorf("--sort %s: no such column%s: one of %s", by, didYouMean(name, names), strings.Join(names, " "))
}

// first returns the rows that a limit leaves, 0 being none.
func first[T any](rows []T, limit int) []T {
	if limit > 0 && len(rows) > limit {
		return rows[:limit]
	}
	return rows
}

// table shows rows, of which there are total in all.
func (v view[T]) table(rows []T, total int) render.Table {
	t := v.empty()
	t.Rows = v.each(rows)
	t.Total = func() int64 { return int64(total) }
	for i := range t.Columns {
		if !t.Columns[i].Sparse {
			continue
		}
		nothing := render.Cell{}
		if t.Columns[i].Kind == render.Count {
			nothing = render.NumberCell(0)
		}
		some := func(r T) bool { c := v.columns[i].cell(r); return !c.Empty() && c != nothing }
		if !slices.ContainsFunc(rows, some) {
			t.Columns[i].From = render.Never
		}
	}
	return t
}

// each yields the rows, whose cells lie in the same memory.
func (v view[T]) each(rows []T) iter.Seq2[render.Row, error] {
	return func(yield func(render.Row, error) bool) {
		cells := make([]render.Cell, len(v.columns))
		for _, r := range rows {
			for i, c := range v.columns {
				cells[i] = c.cell(r)
			}
			if !yield(render.Row{Cells: cells, Record: r}, nil) {
				return
			}
		}
	}
}

// list shows all rows under a title, without a word on how many there are.
func (v view[T]) list(title string, rows []T) render.Table {
	t := v.table(rows, len(rows))
	t.Title, t.Total = title, nil
	return t
}

func (v view[T]) empty() render.Table {
	t := render.Table{One: v.one, Many: v.many}
	for _, c := range v.columns {
		t.Columns = append(t.Columns, c.Column)
	}
	return t
}

func (v view[T]) row(r T) render.Row {
	cells := make([]render.Cell, len(v.columns))
	for i, c := range v.columns {
		cells[i] = c.cell(r)
	}
	return render.Row{Cells: cells, Record: r}
}

// fact is one named value about a subject.
type fact struct {
	name  string
	value string
}

// facts shows what is known about one subject, a line each. Empty values are
// left out.
func facts(title string, list ...fact) render.Table {
	var rows []render.Row
	for _, f := range list {
		if f.value != "" {
			rows = append(rows, render.Row{Cells: []render.Cell{render.TextCell(f.name), render.TextCell(f.value)}})
		}
	}
	return render.Table{
		Title: title, Plain: true, Rows: render.Rows(rows),
		Columns: []render.Column{{Name: "name"}, {Name: "value", Shrink: 1, Fold: true}},
	}
}
