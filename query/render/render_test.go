package render

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
	"stilltrace/index/printable"
)

var columns = []Column{
	{Name: "pid", Kind: Number},
	{Name: "started", Kind: Time},
	{Name: "user", Shrink: 1},
	{Name: "rss", Kind: Bytes},
	{Name: "hits", Kind: Count},
	{Name: "command", Shrink: 2},
}

type record struct {
	PID     int    `json:"pid"`
	Command string `json:"command"`
}

func row(pid int, user string, rss, hits int64, command string) Row {
	at := index.TimeOf(time.Date(2026, 11, 23, 4, 5, 6, 789, time.UTC))
	return Row{
		Cells:  []Cell{NumberCell(pid), TimeCell(at), TextCell(user), NumberCell(rss), NumberCell(hits), TextCell(command)},
		Record: record{pid, command},
	}
}

func answer(rows ...Row) *Answer {
	return &Answer{Main: Table{
		Columns: columns, Rows: Rows(rows), One: "process", Many: "processes",
		Total: func() int64 { return int64(len(rows)) },
	}}
}

// hostile holds what log lines and command lines of an attacker hold.
func hostile() *Answer {
	return answer(
		row(1, "root", 12345678, 1234567, "/sbin/init splash"),
		row(22, "w\x1b[2Jwww", 1, 0, "ESC \x1b]0;title\x07 and\r\nnewline\tand tab"),
		row(333, "\u202egnp.exe", 0, 7, "bidi \u2066 zero\u200bwidth \u2028 bom\ufeff"),
		row(4444, "李小龙", 1<<40, 12, "日本語のコマンド --名前=値 日本語のコマンド --名前=値 日本語のコマンド"),
		row(55555, "e\u0301ve", 2048, 1, "combining a"+strings.Repeat("\u0301", 500)+" after"),
		row(666666, "\xff\xfe", 1023*1024+1023, 99, "lone \x9b31m bytes \xc3("),
		row(7777777, "", 5, 5, "big "+strings.Repeat("A日\x1b", 1<<18)+" end"),
		row(8, "=cmd()", 5, -5, "  leading,  double and trailing blanks  "),
	)
}

func write(t *testing.T, name string, a *Answer, s Style) string {
	t.Helper()
	f, err := FormatNamed(name)
	require.NoError(t, err)
	var b bytes.Buffer
	_, err = f.Write(&b, a, s)
	require.NoError(t, err)
	return b.String()
}

// golden compares got with testdata/name. STILLTRACE_UPDATE=1 rewrites it, to
// be read by eye before it is kept.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("STILLTRACE_UPDATE") != "" {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func TestTableGolden(t *testing.T) {
	for _, width := range []int{80, 120} {
		golden(t, fmt.Sprintf("hostile.%d.txt", width), write(t, "table", hostile(), Style{Width: width}))
	}
}

func TestTableFitsEveryWidth(t *testing.T) {
	for columns := 72; columns <= 200; columns += 4 {
		got := write(t, "table", hostile(), Style{Width: columns})
		for line := range strings.Lines(got) {
			line = strings.TrimSuffix(line, "\n")
			require.LessOrEqual(t, width(line), columns, "at width %d: %q", columns, line)
			require.Equal(t, printable.String(line), line)
			require.Equal(t, strings.TrimRight(line, " "), line, "no blanks at the end")
		}
	}
}

func TestTableIgnoresTheLocale(t *testing.T) {
	want := write(t, "table", hostile(), Style{Width: 90})
	t.Setenv("LC_ALL", "ja_JP.UTF-8")
	t.Setenv("LANG", "zh_CN.UTF-8")
	t.Setenv("RUNEWIDTH_EASTASIAN", "1")
	t.Setenv("TZ", "Asia/Tokyo")
	require.Equal(t, want, write(t, "table", hostile(), Style{Width: 90}))
}

func TestTableZoneInTheHeader(t *testing.T) {
	got := write(t, "table", answer(row(1, "root", 1, 1, "x")), Style{Width: 100, Zone: time.FixedZone("Asia/Tokyo", 9*3600)})
	require.Contains(t, got, "STARTED (Asia/Tokyo)")
	require.Contains(t, got, "2026-11-23 13:05:06")
}

func TestTableSaysHowManyThereAre(t *testing.T) {
	a := answer(row(1, "root", 1, 1, "init"), row(2, "root", 1, 1, "x"))
	require.True(t, strings.HasSuffix(write(t, "table", a, Style{Width: 80}), "\n\n2 processes\n"))
	a.Main.Total = func() int64 { return 1234 }
	require.Contains(t, write(t, "table", a, Style{Width: 80}), "\n2 of 1,234 processes; --limit 0 shows all\n")
	require.Contains(t, write(t, "table", answer(row(1, "root", 1, 1, "init")), Style{Width: 80}), "\n1 process\n")
	require.Empty(t, write(t, "table", answer(), Style{Width: 80}), "no rows, nothing on stdout")
}

func TestTableLeavesOutWhatHasNoRoom(t *testing.T) {
	a := &Answer{Main: Table{
		Columns: []Column{{Name: "a"}, {Name: "b", From: 100}, {Name: "c", From: Never}},
		Rows:    Rows([]Row{{Cells: []Cell{TextCell("1"), TextCell("2"), TextCell("3")}}}),
	}}
	require.Equal(t, "A\n1\n", write(t, "table", a, Style{Width: 99}))
	require.Equal(t, "A  B\n1  2\n", write(t, "table", a, Style{Width: 100}))
	require.Equal(t, "a,b,c\n1,2,3\n", write(t, "csv", a, Style{Width: 80}))
}

func TestTablePages(t *testing.T) {
	const n = 2*pageRows + 1
	a := answer()
	a.Main.Rows = func(yield func(Row, error) bool) {
		for i := range n {
			if !yield(row(i, "root", 1, 1, "x"), nil) {
				return
			}
		}
	}
	got := write(t, "table", a, Style{Width: 80})
	require.Equal(t, 1, strings.Count(got, "COMMAND"), "one header")
	require.Equal(t, n, strings.Count(got, "root"))
}

// The lines that are set by blanks stand as those that tablewriter draws.
func TestTableSetsLinesAsTheyAreDrawn(t *testing.T) {
	for width := 72; width <= 240; width += 24 {
		table := hostile().Main
		var page [][]string
		widths := make([]int, len(table.Columns))
		for r, err := range table.Rows {
			require.NoError(t, err)
			cells := make([]string, len(r.Cells))
			for i, c := range r.Cells {
				cells[i] = clean(c.person(table.Columns[i].Kind, time.UTC))
			}
			measure(cells, widths)
			page = append(page, cells)
		}
		fit(table.Columns, widths, make([]int, len(widths)), width)
		var lines [][]string
		for _, cells := range page {
			lines = append(lines, table.lines(cells, widths)...)
		}
		var drawn, set bytes.Buffer
		require.NoError(t, table.draw(&drawn, nil, lines, widths))
		for _, cells := range lines {
			table.set(&set, cells, widths)
		}
		require.Equal(t, drawn.String(), set.String())
		for _, colour := range []bool{false, true} {
			style := Style{Width: width, Color: colour}
			want := write(t, "table", hostile(), style)
			style.Screen = true
			require.Equal(t, want, write(t, "table", hostile(), style), "header and all, on a screen and into a pipe")
		}
	}
}

// BenchmarkTable writes a table of a thousand rows.
func BenchmarkTable(b *testing.B) {
	var rows []Row
	for i := range 1000 {
		rows = append(rows, row(i, "www-data", 12345678, 1234567, fmt.Sprintf("/usr/sbin/nginx -g daemon off; worker %d of 1000", i)))
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := writeTable(io.Discard, answer(rows...), Style{Width: 10_000}); err != nil {
			b.Fatal(err)
		}
	}
}

func TestTableColour(t *testing.T) {
	a := &Answer{Main: Table{
		Columns: []Column{{Name: "level", Kind: Severity}, {Name: "message"}},
		Rows:    Rows([]Row{{Cells: []Cell{TextCell("err"), TextCell("err")}}}),
	}}
	require.Equal(t, "LEVEL  MESSAGE\nerr    err\n", write(t, "table", a, Style{Width: 80}))
	got := write(t, "table", a, Style{Width: 80, Color: true})
	require.Contains(t, got, "\x1b[1mLEVEL  MESSAGE\x1b[22m\n")
	require.Contains(t, got, "\x1b[31merr\x1b[0m    err\n")
	for _, f := range []string{"json", "jsonl", "csv"} {
		a.Value = map[string]string{"level": "err"}
		require.NotContains(t, write(t, f, a, Style{Color: true}), "\x1b")
	}
}

func TestTableSectionsFoldAndNotes(t *testing.T) {
	pairs := func(title string, rows ...Row) Table {
		return Table{Title: title, Plain: true, Columns: []Column{{Name: "name"}, {Name: "value", Shrink: 1, Fold: true}}, Rows: Rows(rows)}
	}
	a := &Answer{
		Sections: []Table{
			pairs("Process 812", Row{Cells: []Cell{TextCell("command"), TextCell(strings.Repeat("0123456789", 12))}}),
			pairs("Nothing here"),
			pairs("Files", Row{Cells: []Cell{TextCell("open"), NumberCell(3)}}),
		},
		Notes: []string{"two of them could not be read\n"},
	}
	require.Equal(t, strings.Join([]string{
		"Process 812",
		"command  0123456789012345678901234567890",
		"         1234567890123456789012345678901",
		"         2345678901234567890123456789012",
		"         345678901234567890123456789",
		"",
		"Files",
		"open  3",
		"",
		`two of them could not be read\n`,
		"",
	}, "\n"), write(t, "table", a, Style{Width: 40}))
}

func TestShorten(t *testing.T) {
	tests := []struct {
		name, in string
		width    int
		want     string
	}{
		{"fits", "abc", 3, "abc"},
		{"middle", "/usr/lib/postgresql/bin/postgres", 11, "/usr/…tgres"},
		{"even", "abcdefgh", 4, "ab…h"},
		{"one", "abcdefgh", 1, "…"},
		{"none", "abc", 0, ""},
		{"wide letters never halved", "日本語日本語", 6, "日…語"},
		{"marks stay on their letter", "e\u0301e\u0301e\u0301e\u0301", 3, "e\u0301…e\u0301"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, shorten(tt.in, tt.width)) })
	}
}

func TestCSVIsWholeAndSafe(t *testing.T) {
	got := write(t, "csv", hostile(), Style{Width: 20})
	require.Equal(t, printable.String(strings.ReplaceAll(got, "\n", "")), strings.ReplaceAll(got, "\n", ""))
	rows, err := csv.NewReader(strings.NewReader(got)).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"pid", "started", "user", "rss", "hits", "command"}, rows[0])
	require.Equal(t, []string{"1", "2026-11-23T04:05:06.000000789Z", "root", "12345678", "1234567", "/sbin/init splash"}, rows[1])
	require.Greater(t, len(rows[7][5]), 1<<20, "nothing is shortened")
	require.Equal(t, "'=cmd()", rows[8][2])
	require.Equal(t, "-5", rows[8][4], "a number is no formula")
}

func TestGuard(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "plain": "plain", "a=b": "a=b",
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@x": "'@x",
		"\tx": `'\tx`, "\rx": `'\x0dx`, "\nx": `'\nx`, "＝1": "'＝1",
	} {
		require.Equal(t, want, guard(in))
	}
}

func TestAnErrorWhileReadingEndsEveryFormat(t *testing.T) {
	broken := errors.New("block 7: checksum")
	for _, f := range Formats() {
		if f.Name == "dot" {
			continue // it reads no rows
		}
		a := answer()
		a.Stream = "processes"
		a.Main.Rows = iter.Seq2[Row, error](func(yield func(Row, error) bool) {
			_ = yield(row(1, "root", 1, 1, "init"), nil) && yield(Row{}, broken)
		})
		_, err := f.Write(&bytes.Buffer{}, a, Style{Width: 80})
		require.ErrorIs(t, err, broken, f.Name)
	}
}

func TestAFullDiskEndsEveryFormat(t *testing.T) {
	for _, f := range Formats() {
		a := hostile()
		a.Value = map[string]int{"a": 1}
		a.Graph = &Graph{}
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		require.NoError(t, err)
		_, err = f.Write(full, a, Style{Width: 80})
		require.Error(t, err, f.Name)
		require.NoError(t, full.Close())
	}
}

func TestUnknownFormatNamesAll(t *testing.T) {
	_, err := FormatNamed("yaml")
	require.EqualError(t, err, `format "yaml": unknown: take one of table, json, jsonl, csv, dot`)
}

func TestDOT(t *testing.T) {
	a := &Answer{Graph: &Graph{
		Nodes: []GraphNode{{Label: []string{"nginx", `a "b" c\d`}}, {Label: []string{"203.0.113.7", "x\x1b[2J\ny"}, Round: true}, {Label: []string{"alone"}}},
		Edges: []GraphEdge{{From: 1, To: 0, Label: []string{"http"}}},
	}}
	require.Equal(t, `digraph stilltrace {
  rankdir=LR;
  node [shape=box];
  n0 [label="nginx\na \"b\" c\\d"];
  n1 [label="203.0.113.7\nx\\x1b[2J\\ny", shape=ellipse];
  n1 -> n0 [label="http"];
}
`, write(t, "dot", a, Style{}))
	f, err := FormatNamed("dot")
	require.NoError(t, err)
	_, err = f.Write(&bytes.Buffer{}, answer(), Style{})
	require.ErrorContains(t, err, "this answer is no graph")
}

func FuzzWriters(f *testing.F) {
	f.Add("a\x1b[2J", "=x\u202e", uint8(80))
	f.Add("\xff\xc3(", "日本語\u0301", uint8(3))
	f.Fuzz(func(t *testing.T, user, command string, width uint8) {
		for _, format := range Formats() {
			var b bytes.Buffer
			a := answer(row(1, user, 1, 1, command))
			a.Stream = "processes"
			a.Graph = &Graph{Nodes: []GraphNode{{Label: []string{user, command}}, {Round: true}}, Edges: []GraphEdge{{From: 0, To: 1, Label: []string{command}}}}
			_, err := format.Write(&b, a, Style{Width: int(width)})
			require.NoError(t, err)
			require.True(t, utf8.Valid(b.Bytes()))
			text := strings.ReplaceAll(b.String(), "\n", "")
			require.Equal(t, printable.String(text), text)
		}
	})
}
