// Package render writes answers down: as a table for a person, as JSON, JSON
// lines or CSV for a program. It knows nothing of what an answer means. It is
// the only importer of tablewriter.
//
// Every text of an answer may come from an attacker: the writers escape what a
// terminal, a JSON reader or a spreadsheet would act on.
package render

import (
	"fmt"
	"io"
	"iter"
	"math"
	"strings"
	"time"

	"stilltrace/index"
)

// Answer is what a command has to say, in every shape that a format may want.
type Answer struct {
	// Main is the answer as rows: what csv prints, and table where there are no Sections.
	Main Table
	// Sections are what a person sees instead of Main: one subject, whole.
	Sections []Table
	// Notes are lines after the tables: what was not seen, what to type next.
	Notes []string
	// Graph is what dot prints; nil where the answer is none.
	Graph *Graph
	// Value is what json prints.
	Value any
	// Records are what jsonl prints, one a line. Nil: the Record of each row of Main.
	Records iter.Seq2[any, error]
	// Stream names the member under which json prints the Records, one after the other: answers that may be larger than the
	// memory. The Value has an empty list under that name; where there is no Value, Schema names the shape of what is printed.
	Stream, Schema string
}

// Table is rows under named columns.
type Table struct {
	Title   string
	Columns []Column
	Rows    iter.Seq2[Row, error]
	// Total tells how many rows there are in all, asked once Rows are
	// through. Nil: the table says nothing of its number of rows.
	Total func() int64
	// One and Many name a row and several: connection, connections.
	One, Many string
	// Plain leaves the header out: a name and a value on each row.
	Plain bool
}

// Row is one row: a cell a column, which is valid until the next row, and the
// same as a value for JSON lines.
type Row struct {
	Cells  []Cell
	Record any
}

// Column is one column of a Table.
type Column struct {
	Name string // in lower case: csv prints it, table in capitals, --sort takes it
	Kind Kind
	// Shrink says who gives way where the terminal is narrow: the columns
	// with the highest number first, those with 0 never.
	Shrink int
	// Fold continues a long text on the next lines instead of shortening it.
	Fold bool
	// From is the width of the terminal from which a table shows the column;
	// csv always does.
	From int
	// Sparse says that a table is better off without the column where no row has anything in it, or counts anything. Whoever makes the Table sees to it.
	Sparse bool
}

// Never is a From that no terminal has: the column is for programs.
const Never = math.MaxInt

// Kind says how the cells of a column are written and aligned.
type Kind uint8

// The kinds of column.
const (
	Text     Kind = iota
	Number        // an identifier or a port: digits as they are
	Count         // how many: a table groups the digits, 1,234
	Bytes         // a size: a table writes 1.2 MiB, csv the number
	Time          // a table writes seconds, csv all digits
	Severity      // a level or a verdict, which colour may mark
	Percent       // tenths of a percent: both write 12.3
	Span          // milliseconds: a table writes 1.25 s or 2d03h, csv the number
)

func (k Kind) right() bool {
	return k == Number || k == Count || k == Bytes || k == Percent || k == Span
}

// Cell is one value. The zero Cell is empty: unknown, or not there.
type Cell struct {
	text   string
	number int64
	known  bool // number is set
}

// Empty reports whether there is nothing in the cell.
func (c Cell) Empty() bool { return !c.known && c.text == "" }

// TextCell returns a cell of text, which may be any bytes.
func TextCell(s string) Cell { return Cell{text: s} }

// NumberCell returns a cell that holds a number. What no int64 can hold, which
// only a forged case has, is shown as the largest one.
func NumberCell[N ~int | ~int64 | ~uint16 | ~uint32 | ~uint64](n N) Cell {
	v := int64(n)
	if n > 0 && v < 0 {
		v = math.MaxInt64
	}
	return Cell{number: v, known: true}
}

// PercentCell returns a cell that holds a percentage, for a column of that
// kind; nil gives the empty cell.
func PercentCell(p *float64) Cell {
	if p == nil {
		return Cell{}
	}
	return Cell{number: int64(math.Round(*p * 10)), known: true}
}

// TimeCell returns a cell that holds a moment; the unknown moment gives the
// empty cell.
func TimeCell(t index.Time) Cell { return Cell{number: int64(t), known: t != 0} }

// Compare orders two cells of one column: empty ones first, numbers and times
// by value, texts by their bytes.
func (c Cell) Compare(d Cell) int {
	switch {
	case c.known != d.known:
		if d.known {
			return -1
		}
		return 1
	case c.known:
		switch {
		case c.number < d.number:
			return -1
		case c.number > d.number:
			return 1
		}
		return 0
	}
	return strings.Compare(c.text, d.text)
}

// Style is how answers are to look.
type Style struct {
	Width  int            // of a table, in terminal cells
	Screen bool           // a person looks at it: tablewriter draws what a screen shows
	Color  bool           // bold headers, coloured severities; tables only
	Zone   *time.Location // in which tables and csv write times; nil is UTC
}

func (s Style) zone() *time.Location {
	if s.Zone == nil {
		return time.UTC
	}
	return s.Zone
}

// Format is one way to write an answer.
type Format struct {
	Name string
	Doc  string
	// Program says that programs read it: it prints all rows unless told otherwise, and no colour.
	Program bool
	// Records says that it prints the Record of each row and looks at no cell.
	Records bool
	Write   func(io.Writer, *Answer, Style) (rows int64, err error)
}

// Formats lists the formats, the default first. Write returns how many rows or
// records it wrote.
func Formats() []Format {
	return []Format{
		{"table", "for a person: fits the terminal", false, false, writeTable},
		{"json", "one JSON value", true, true, writeJSON},
		{"jsonl", "one JSON object a line", true, true, writeJSONL},
		{"csv", "RFC 4180, safe to open in a spreadsheet", true, false, writeCSV},
		{"dot", "a graph, for Graphviz", true, false, writeDOT},
	}
}

// FormatNamed returns the format of that name.
func FormatNamed(name string) (Format, error) {
	var names []string
	for _, f := range Formats() {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return Format{}, fmt.Errorf("format %q: unknown: take one of %s", name, strings.Join(names, ", "))
}

// Rows yields rows that are all there already.
func Rows(rows []Row) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}
