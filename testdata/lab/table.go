package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf8"
)

// How wide the columns of text may be, so that a line has at most 100 characters.
const (
	questionWidth = 19
	subjectWidth  = 23
	valueWidth    = 10
	thingsShown   = 8 // of what is missing or wrong in one row
)

// A verdict is what a row comes to.
type verdict string

const (
	verdictHit   verdict = "hit"
	verdictMiss  verdict = "MISS"
	verdictFalse verdict = "FALSE ALARM"
	verdictLater verdict = "not yet"
	verdictWorks verdict = "WORKS NOW" // and stands in the list notYet still
)

// A row is one question about one subject.
type row struct {
	question, subject string
	truth, answer     bag
}

// name is how the list notYet calls the row. Nothing is in it that another run
// would number otherwise.
func (r row) name() string { return r.question + ": " + r.subject }

// score compares thing by thing: what both sides have is a hit, what only the
// truth has a miss, what only the answer has a false alarm.
func (r row) score() (hits, misses, alarms int) {
	for thing, n := range r.truth {
		hits += min(n, r.answer[thing])
	}
	return hits, r.truth.total() - hits, r.answer.total() - hits
}

// later is by how much an answer is known to be wrong, and why. It may get no
// worse, and when it gets better the list must say so.
type later struct {
	misses, alarms int
	reason         string
}

// A sheet is all rows, and what is known not to work.
type sheet struct {
	rows   []row
	notYet map[string]later // by the name of a row
	broken []string         // questions that could not be asked
}

func (s *sheet) row(question, subject string, truth, answer bag) {
	s.rows = append(s.rows, row{question, subject, truth, answer})
}

func (s *sheet) verdict(r row) verdict {
	known, listed := s.notYet[r.name()]
	_, misses, alarms := r.score()
	switch {
	case misses+alarms == 0 && listed:
		return verdictWorks
	case misses+alarms == 0:
		return verdictHit
	case listed && misses == known.misses && alarms == known.alarms:
		return verdictLater
	case misses > 0:
		return verdictMiss
	default:
		return verdictFalse
	}
}

// print writes the table, then what it had no room for, then the totals.
func (s *sheet) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "QUESTION\tSUBJECT\tTRUTH\tANSWER\tHITS\tMISS\tFALSE\tVERDICT")
	for _, r := range s.rows {
		hits, misses, alarms := r.score()
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%4d\t%4s\t%5s\t%s\n", shorten(r.question, questionWidth), shorten(r.subject, subjectWidth),
			r.truth.short(valueWidth), r.answer.short(valueWidth), hits, unlessZero(misses), unlessZero(alarms), s.verdict(r))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	s.printDifferences(w)
	s.printTotals(w)
	return nil
}

// printDifferences names what is missing and what is wrong in each row that is no full hit.
func (s *sheet) printDifferences(w io.Writer) {
	for _, r := range s.rows {
		v := s.verdict(r)
		if v == verdictHit || v == verdictWorks {
			continue
		}
		fmt.Fprintf(w, "\n%s: %s\n", v, r.name())
		if known, listed := s.notYet[r.name()]; listed {
			fmt.Fprintf(w, "  %s\n", known.reason)
		}
		printThings(w, "missing", r.truth.without(r.answer))
		printThings(w, "false", r.answer.without(r.truth))
	}
}

func printThings(w io.Writer, word string, things bag) {
	for i, thing := range things.list() {
		if i == thingsShown {
			fmt.Fprintf(w, "  %-8s and %d more\n", word, len(things)-i)
			return
		}
		fmt.Fprintf(w, "  %-8s %s\n", word, thing)
	}
}

func (s *sheet) printTotals(w io.Writer) {
	count := map[verdict]int{}
	var hits, misses, alarms int
	for _, r := range s.rows {
		h, m, a := r.score()
		hits, misses, alarms = hits+h, misses+m, alarms+a
		count[s.verdict(r)]++
	}
	var parts []string
	for _, v := range []verdict{verdictHit, verdictMiss, verdictFalse, verdictLater, verdictWorks} {
		if n := count[v]; n > 0 || v == verdictHit {
			parts = append(parts, fmt.Sprintf("%d %s", n, v))
		}
	}
	fmt.Fprintf(w, "\n%d rows: %s\n%d hits, %d misses, %d false alarms\n", len(s.rows), strings.Join(parts, ", "), hits, misses, alarms)
	for _, b := range s.broken {
		fmt.Fprintln(w, "could not be asked:", b)
	}
}

// A bag is what one side of a comparison holds: each thing, and how often. Of
// what is only counted the one thing has no name.
type bag map[string]int

// times is a bag of what is only counted.
func times(n int) bag { return bag{"": n} }

// things is a bag of each thing once, or as often as it is given.
func things(all ...string) bag {
	b := bag{}
	for _, thing := range all {
		b[thing]++
	}
	return b
}

func (b bag) total() (n int) {
	for _, k := range b {
		n += k
	}
	return n
}

// without is what is left of b when all that the other bag has is taken out.
func (b bag) without(other bag) bag {
	rest := bag{}
	for thing, n := range b {
		if n > other[thing] {
			rest[thing] = n - other[thing]
		}
	}
	return rest
}

// within is what of b the other bag has too.
func (b bag) within(other bag) bag { return b.without(b.without(other)) }

// list is the things in order, each with its number where that is not one.
func (b bag) list() (all []string) {
	for _, thing := range sortedKeys(b) {
		switch n := b[thing]; {
		case thing == "":
			all = append(all, fmt.Sprint(n))
		case n == 1:
			all = append(all, thing)
		case n > 1:
			all = append(all, fmt.Sprintf("%s ×%d", thing, n))
		}
	}
	return all
}

// short is the list if it has room, else how many there are.
func (b bag) short(width int) string {
	all := b.list()
	if len(all) == 0 {
		return "none"
	}
	if text := strings.Join(all, ", "); utf8.RuneCountInString(text) <= width {
		return text
	}
	return fmt.Sprint(b.total())
}

// shorten cuts the middle out of a long text: paths differ at their ends.
func shorten(text string, width int) string {
	r := []rune(text)
	if len(r) <= width {
		return text
	}
	head := (width - 1) / 2
	return string(r[:head]) + "…" + string(r[len(r)-(width-1-head):])
}

func unlessZero(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
