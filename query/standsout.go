package query

import (
	"fmt"
	"strings"

	"stilltrace/index/printable"
	"stilltrace/query/render"
	"stilltrace/tracers/process"
)

// fewFindings is how many findings a table of processes is followed by.
const fewFindings = 10

func (s *session) standsOut(list []process.Finding) render.Table {
	few := fewFindings
	if s.limit() == 0 {
		few = 0
	}
	return some(findings(), "What stands out", alike(list), few)
}

// alikes are findings that say the same of processes of one name: the workers
// of one program are one line.
type alikes struct {
	process.Finding
	more int // processes beside the first
}

func alike(list []process.Finding) []alikes {
	var out []alikes
	at := map[string]int{}
	for i := range list {
		f := &list[i]
		key := f.Comm + "\x00" + why(f.Factors)
		if n, known := at[key]; known && f.PID != 0 {
			out[n].more++
			continue
		}
		at[key] = len(out)
		out = append(out, alikes{*f, 0})
	}
	return out
}

func findings() view[alikes] {
	type row = alikes
	return view[row]{"finding", "findings", []column[row]{
		{render.Column{Name: "score", Kind: render.Number}, func(f row) render.Cell { return render.NumberCell(f.Severity) }},
		{render.Column{Name: "pid", Kind: render.Number}, func(f row) render.Cell {
			switch {
			case f.PID == 0:
				return render.Cell{}
			case f.more > 0:
				return render.TextCell(fmt.Sprintf("%d +%s", f.PID, printable.Grouped(int64(f.more))))
			}
			return render.NumberCell(f.PID)
		}},
		{render.Column{Name: "name", Shrink: 1}, func(f row) render.Cell { return render.TextCell(f.Comm) }},
		{render.Column{Name: "why", Shrink: 2, Fold: true}, func(f row) render.Cell { return render.TextCell(why(f.Factors)) }},
		{render.Column{Name: "evidence", Shrink: 3, From: 130}, func(f row) render.Cell { return render.TextCell(strings.Join(f.Evidence, " ")) }},
	}}
}

// why spells out the factors: what each adds, and its reasons.
func why(factors []process.Factor) string {
	var parts []string
	for _, f := range factors {
		parts = append(parts, fmt.Sprintf("+%d %s: %s", f.Points, f.Title, strings.Join(f.Reasons, ", ")))
	}
	return strings.Join(parts, "; ")
}

// factors shows all that stands out about one process, also what weighs little.
func factors() view[process.Factor] {
	type row = process.Factor
	return view[row]{"factor", "factors", []column[row]{
		{render.Column{Name: "points", Kind: render.Number}, func(f row) render.Cell { return render.NumberCell(f.Points) }},
		{render.Column{Name: "finding"}, func(f row) render.Cell { return render.TextCell(f.Name) }},
		{render.Column{Name: "why", Shrink: 1, Fold: true}, func(f row) render.Cell {
			return render.TextCell(f.Title + ": " + strings.Join(f.Reasons, ", "))
		}},
		{render.Column{Name: "evidence", Shrink: 2, From: 130}, func(f row) render.Cell { return render.TextCell(strings.Join(f.Evidence, " ")) }},
	}}
}

// whatToDo shows the recommendations, a line each, with the case and the
// process in the place of their names where there is but one.
func (s *session) whatToDo(list []process.Recommendation) render.Table {
	v := view[process.Recommendation]{"recommendation", "recommendations", []column[process.Recommendation]{
		{render.Column{Name: "what", Shrink: 1, Fold: true}, func(r process.Recommendation) render.Cell { return render.TextCell(s.advice(&r)) }},
	}}
	t := v.list("What to do", list)
	t.Plain = true
	return t
}

func (s *session) advice(r *process.Recommendation) string {
	text := strings.ReplaceAll(r.Text, "CASE", s.path)
	if len(r.PIDs) == 0 {
		return text
	}
	if len(r.PIDs) == 1 {
		return strings.ReplaceAll(text, "PID", fmt.Sprint(r.PIDs[0]))
	}
	few := first(r.PIDs, fewFindings)
	text += " (PID: " + joinInts(few)
	if len(few) < len(r.PIDs) {
		text += " …"
	}
	return text + ")"
}
