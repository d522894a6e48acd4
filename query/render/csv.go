package render

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"stilltrace/index/printable"
)

func writeCSV(w io.Writer, a *Answer, s Style) (n int64, err error) {
	t := &a.Main
	out := csv.NewWriter(w)
	cells := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		cells[i] = c.Name
	}
	if err := out.Write(cells); err != nil {
		return 0, fmt.Errorf("csv: %w", err)
	}
	for r, err := range t.Rows {
		if err != nil {
			return n, err
		}
		for i, c := range r.Cells {
			cells[i] = c.program(t.Columns[i].Kind, s.zone())
			if !c.known {
				cells[i] = guard(cells[i])
			}
		}
		if err := out.Write(cells); err != nil {
			return n, fmt.Errorf("csv: %w", err)
		}
		n++
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return n, fmt.Errorf("csv: %w", err)
	}
	return n, nil
}

// guard makes a text safe for a terminal, and keeps a spreadsheet from taking
// it for a formula (OWASP, "CSV Injection"): the first character decides, also
// where it is escaped here, because what reads the file may undo that.
func guard(s string) string {
	if s == "" {
		return s
	}
	safe := printable.String(s)
	if strings.ContainsRune("=+-@\t\r\n", rune(s[0])) || strings.HasPrefix(s, "＝") || strings.HasPrefix(s, "＋") ||
		strings.HasPrefix(s, "－") || strings.HasPrefix(s, "＠") {
		return "'" + safe
	}
	return safe
}
