package render

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/fatih/color"
	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"stilltrace/index/printable"
)

// pageRows is how many rows are measured and held at once: tablewriter keeps
// every row that it is given, and a case may have millions.
const pageRows = 1000

func writeTable(w io.Writer, a *Answer, s Style) (int64, error) {
	tables := a.Sections
	if tables == nil {
		tables = []Table{a.Main}
	}
	var all int64
	for _, t := range tables {
		t = t.shown(s.Width)
		lead := ""
		if all > 0 {
			lead = "\n"
		}
		n, err := t.write(w, lead, s)
		if err != nil {
			return all, err
		}
		all += n
	}
	if all == 0 || len(a.Notes) == 0 {
		return all, nil
	}
	var b strings.Builder
	b.WriteByte('\n')
	for _, n := range a.Notes {
		for _, line := range fold(clean(n), max(s.Width, leastWidth)) {
			b.WriteString(line)
			b.WriteByte('\n')
		}
	}
	_, err := io.WriteString(w, b.String())
	return all, err
}

// shown is t without the columns for which a terminal of that width has no room.
func (t Table) shown(width int) Table {
	var keep []int
	var columns []Column
	for i, c := range t.Columns {
		if c.From <= width {
			keep = append(keep, i)
			columns = append(columns, c)
		}
	}
	rows := t.Rows
	t.Columns = columns
	t.Rows = func(yield func(Row, error) bool) {
		cells := make([]Cell, len(keep))
		for r, err := range rows {
			if err == nil {
				for i, k := range keep {
					cells[i] = r.Cells[k]
				}
				r.Cells = cells
			}
			if !yield(r, err) {
				return
			}
		}
	}
	return t
}

// write prints one table, page by page, then how many rows there are. A table
// without rows prints nothing. The lead stands before its first line.
func (t *Table) write(w io.Writer, lead string, s Style) (int64, error) {
	var shown int64
	var widths, columns []int // columns are the places of those that find room: the first page decides
	page := make([][]string, 0, min(pageRows, 64))
	flush := func() error {
		if len(page) == 0 {
			return nil
		}
		if shown == 0 {
			columns = t.room(page, s.Width)
			t.Columns, widths = only(t.Columns, columns), make([]int, len(columns))
			for i := range page {
				page[i] = only(page[i], columns)
			}
			if t.Title != "" {
				lead += bold(clean(t.Title), s) + "\n"
			}
			if _, err := io.WriteString(w, lead); err != nil {
				return err
			}
		}
		err := t.page(w, page, widths, shown == 0 && !t.Plain, s)
		shown += int64(len(page))
		page = page[:0]
		return err
	}
	for r, err := range t.Rows {
		if err != nil {
			return shown, err
		}
		if shown > 0 {
			r.Cells = only(r.Cells, columns)
		}
		cells := make([]string, len(t.Columns))
		for i, c := range r.Cells {
			cells[i] = clean(c.person(t.Columns[i].Kind, s.zone()))
		}
		if page = append(page, cells); len(page) == pageRows {
			if err := flush(); err != nil {
				return shown, err
			}
		}
	}
	if err := flush(); err != nil {
		return shown, err
	}
	if shown == 0 || t.Total == nil {
		return shown, nil
	}
	_, err := fmt.Fprintf(w, "\n%s\n", t.footer(shown))
	return shown, err
}

func (t *Table) footer(shown int64) string {
	total := t.Total()
	if total <= shown {
		return printable.Counted(shown, t.One, t.Many)
	}
	return fmt.Sprintf("%s of %s; --limit 0 shows all", printable.Grouped(shown), printable.Counted(total, t.One, t.Many))
}

func (t *Table) header(s Style) []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = strings.ToUpper(c.Name)
		if c.Kind == Time {
			names[i] += " (" + s.zone().String() + ")"
		}
	}
	return names
}

// page prints some rows. widths are those of the pages before, which this page
// may widen: columns keep their place as long as they can.
func (t *Table) page(w io.Writer, page [][]string, widths []int, first bool, s Style) error {
	header := t.header(s)
	least := make([]int, len(widths))
	if !t.Plain {
		measure(header, widths)
		measure(header, least)
	}
	for _, cells := range page {
		measure(cells, widths)
	}
	fit(t.Columns, widths, least, s.Width)

	var lines [][]string
	for _, cells := range page {
		lines = append(lines, t.lines(cells, widths)...)
	}
	if !first {
		header = nil
	}
	var buf bytes.Buffer
	if s.Screen {
		drawn := min(len(lines), drawnLines)
		if err := t.draw(&buf, header, lines[:drawn], widths); err != nil {
			return fmt.Errorf("table: %w", err)
		}
		lines = lines[drawn:]
	} else if header != nil {
		t.set(&buf, header, widths)
	}
	if err := t.finish(w, buf.Bytes(), widths, header != nil, s); err != nil {
		return err
	}
	for _, cells := range lines {
		buf.Reset()
		t.set(&buf, cells, widths)
		if err := t.finish(w, buf.Bytes(), widths, false, s); err != nil {
			return err
		}
	}
	return nil
}

// drawnLines is how many lines of a page tablewriter draws: those of a screen of
// the usual height. Those behind stand in the same places, and so do all that go
// into a pipe or a file, where they are set by blanks alone; a hundred thousand
// took seconds otherwise.
const drawnLines = 24

// lines makes the terminal lines of one row: one, or more where a cell folds.
func (t *Table) lines(cells []string, widths []int) [][]string {
	fits := true
	for i, c := range cells {
		fits = fits && width(c) <= widths[i]
	}
	if fits {
		return [][]string{cells}
	}
	lines := [][]string{make([]string, len(cells))}
	for i, c := range cells {
		if !t.Columns[i].Fold || width(c) <= widths[i] {
			lines[0][i] = shorten(c, widths[i])
			continue
		}
		for n, part := range fold(c, widths[i]) {
			if n == len(lines) {
				lines = append(lines, make([]string, len(cells)))
			}
			lines[n][i] = part
		}
	}
	return lines
}

func measure(cells []string, widths []int) {
	for i, c := range cells {
		widths[i] = max(widths[i], width(c))
	}
}

// draw draws lines with tablewriter's blueprint, without borders and without
// opinions: widths, case, blanks and line breaks are ours. The width of East
// Asian letters is fixed, because tablewriter would else ask the locale and the
// same case would not give the same bytes everywhere.
func (t *Table) draw(w io.Writer, header []string, lines [][]string, widths []int) error {
	twwidth.SetEastAsian(false)
	b := renderer.NewBlueprint(tw.Rendition{
		Borders:  tw.BorderNone,
		Settings: tw.Settings{Lines: tw.LinesNone, Separators: tw.SeparatorsNone},
	})
	if err := b.Start(w); err != nil {
		return err
	}
	line := tw.Formatting{Row: tw.RowContext{Widths: tw.NewMapper[int, int](), Current: map[int]tw.CellContext{}}}
	for i := range widths {
		line.Row.Widths.Set(i, widths[i]+gap)
	}
	of := func(position tw.Position, cells []string) tw.Formatting {
		line.Row.Position = position
		for i, c := range cells {
			cell := tw.CellContext{Data: c, Align: tw.AlignLeft, Padding: tw.Padding{Right: strings.Repeat(" ", gap), Overwrite: true}}
			if t.Columns[i].Kind.right() {
				cell.Align = tw.AlignRight
			}
			line.Row.Current[i] = cell
		}
		return line
	}
	if header != nil {
		b.Header([][]string{header}, of(tw.Header, header))
	}
	for _, cells := range lines {
		b.Row(cells, of(tw.Row, cells))
	}
	return b.Close()
}

// set writes a line as draw draws it.
func (t *Table) set(out *bytes.Buffer, cells []string, widths []int) {
	for i, c := range cells {
		blanks := widths[i] - width(c)
		if t.Columns[i].Kind.right() {
			pad(out, blanks)
			out.WriteString(c)
			pad(out, gap)
		} else {
			out.WriteString(c)
			pad(out, blanks+gap)
		}
	}
	out.WriteByte('\n')
}

func pad(out *bytes.Buffer, n int) {
	const blanks = "                                                                "
	for ; n > len(blanks); n -= len(blanks) {
		out.WriteString(blanks)
	}
	out.WriteString(blanks[:max(n, 0)])
}

// finish writes the lines of b without the blanks at their ends, and coloured
// if the style says so. Colour comes last: tablewriter, which sees escape
// sequences in a cell, adds more of them.
func (t *Table) finish(w io.Writer, b []byte, widths []int, header bool, s Style) error {
	for len(b) > 0 {
		end := bytes.IndexByte(b, '\n')
		line := bytes.TrimRight(b[:end], " ")
		b = b[end+1:]
		if s.Color && header {
			line = []byte(bold(string(line), s))
		} else if s.Color {
			line = []byte(t.shade(string(line), widths, s))
		}
		header = false
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return nil
}

// shade colours the severities of one line: red for what is lost, yellow for
// what may be.
func (t *Table) shade(line string, widths []int, s Style) string {
	at := 0
	for i, c := range t.Columns {
		if c.Kind == Severity {
			start, _ := cut(line, at)
			n, _ := cut(line[start:], widths[i])
			cell := strings.TrimRight(line[start:start+n], " ")
			line = line[:start] + paint(cell, s, severityColor(cell)) + line[start+len(cell):]
			// One column of severities is all that a line can hold: the next one would no longer be where it was.
			return line
		}
		at += widths[i] + gap
	}
	return line
}

func severityColor(text string) color.Attribute {
	switch text {
	case "emerg", "alert", "crit", "err", "high", "attacker":
		return color.FgRed
	case "warning", "medium", "suspicious":
		return color.FgYellow
	}
	return color.Reset
}

func bold(text string, s Style) string { return paint(text, s, color.Bold) }

func paint(text string, s Style, a color.Attribute) string {
	if !s.Color || text == "" || a == color.Reset {
		return text
	}
	c := color.New(a)
	c.EnableColor() // Style has decided; the package would ask the environment
	return c.Sprint(text)
}
