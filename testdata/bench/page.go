package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// page is what the run has seen, until it is written.
type page struct {
	machine  []string
	options  options
	floor    int64 // bytes of peak memory that a process has which does nothing, see launch
	figures  []figure
	sections []section
	notes    []string
}

type section struct {
	title, intro string
	table        table
}

// table is a table of Markdown. The first column is text, all others stand to
// the right.
type table struct {
	head []string
	rows [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (p *page) section(title, intro string, t table) {
	p.sections = append(p.sections, section{title, intro, t})
}

// note adds a sentence to the end of the page, once.
func (p *page) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	for _, n := range p.notes {
		if n == text {
			return
		}
	}
	p.notes = append(p.notes, text)
}

// ratio adds a figure, unless its peer was not measured.
func (b *bench) ratio(f figure, own, peer float64) {
	if own == 0 || peer == 0 {
		return
	}
	f.value = own / peer
	b.page.figures = append(b.page.figures, f)
	b.say("%s / %s (%s): %s %s", f.what, f.against, f.measure, short(f.value), f.goal.verdict(f.value))
}

// String is the page as Markdown.
func (p *page) String() string {
	var w strings.Builder
	w.WriteString("# Benchmarks\n\n")
	w.WriteString("Written by `" + strings.TrimSpace("go run ./testdata/bench "+p.options.arguments()) + "` on " + time.Now().UTC().Format("2006-01-02 15:04") +
		" UTC; the same command makes it anew.\nEach command ran in turn with its peers, as a whole process from exec to exit, after one run that is not counted; " +
		"what is shown are medians.\nQuestions and captures take milliseconds, and there each counted run follows at once one of the same command that is not.\nThe locale of all is C.UTF-8.\nCPU is user and system time of all processes, peak memory that of the largest one")
	if p.floor > 0 {
		fmt.Fprintf(&w, " (a process that does nothing shows %s MiB here)", mebibytes(p.floor))
	}
	w.WriteString(".\nMB and GB are powers of ten, MiB of two. Machines differ: the ratios are what counts.\n\n")
	for _, line := range p.machine {
		w.WriteString("- " + line + "\n")
	}
	if len(p.figures) > 0 {
		p.writeFigures(&w)
	}
	for _, s := range p.sections {
		w.WriteString("\n## " + s.title + "\n\n")
		if s.intro != "" {
			w.WriteString(s.intro + "\n\n")
		}
		s.table.write(&w)
	}
	if len(p.notes) > 0 {
		w.WriteString("\n## Notes\n\n")
		for _, n := range p.notes {
			w.WriteString("- " + n + ".\n")
		}
	}
	return w.String()
}

func (p *page) writeFigures(w *strings.Builder) {
	t := table{head: []string{"what", "against", "of", "measured", "must", "aim", ""}}
	for _, f := range p.figures {
		must, aim := "", ""
		if f.goal != (goal{}) {
			must, aim = amount(f.goal.must, f.unit), amount(f.goal.aim, f.unit)
		}
		t.add(f.what, f.against, f.measure, amount(f.value, f.unit), must, aim, f.goal.verdict(f.value))
	}
	w.WriteString("\n## Figures\n\nA figure is a ratio of medians, less is better. *must* is what it has to be, *aim* what it should be over a corpus of 1 GB.\n\n")
	t.write(w)
}

func amount(v float64, unit string) string {
	if unit == "" {
		return short(v)
	}
	return short(v) + " " + unit
}

func (t *table) write(w *strings.Builder) {
	row := func(cells []string) {
		for _, c := range cells {
			w.WriteString("| " + strings.ReplaceAll(c, "|", `\|`) + " ")
		}
		w.WriteString("|\n")
	}
	row(t.head)
	w.WriteString("|---" + strings.Repeat("|---:", len(t.head)-1) + "|\n")
	for _, r := range t.rows {
		row(r)
	}
}

// arguments are the options that are not the usual ones.
func (o options) arguments() string {
	usual := options{size: "1GB", small: "100MB", large: "5GB", seed: 1, runs: 5}
	var all []string
	add := func(name, value, usual string) {
		if value != usual {
			all = append(all, "-"+name+" "+value)
		}
	}
	add("size", o.size, usual.size)
	add("small", o.small, usual.small)
	add("large", o.large, usual.large)
	add("seed", strconv.FormatUint(o.seed, 10), strconv.FormatUint(usual.seed, 10))
	add("runs", strconv.Itoa(o.runs), strconv.Itoa(usual.runs))
	add("only", o.only, usual.only)
	return strings.Join(all, " ")
}

// times is a table of commands.
func times(all ...*measured) table {
	t := table{head: []string{"command", "runs", "CPU s", "wall s", "peak MiB"}}
	for _, m := range all {
		t.rows = append(t.rows, timeRow(m))
	}
	return t
}

func timeRow(m *measured) []string {
	return []string{m.name, strconv.Itoa(len(m.samples)), seconds(m.cpu()), seconds(m.wall()), mebibytes(m.peak())}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

func mebibytes(n int64) string { return short(float64(n) / (1 << 20)) }

// gibibytes reads a size of /proc/meminfo.
func gibibytes(text string) string {
	n, err := strconv.ParseFloat(strings.TrimSuffix(text, " kB"), 64)
	if err != nil {
		return text
	}
	return short(n/(1<<20)) + " GiB"
}

// fraction is a ratio of times, empty where the other one was not measured.
func fraction(own, peer time.Duration) string {
	if peer == 0 {
		return ""
	}
	return short(float64(own) / float64(peer))
}

// grouped writes a number with commas between thousands.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
