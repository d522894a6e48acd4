package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// compareTo asks the stilltrace bin about what a run left in dir, and prints
// what it answered beside what was true. It fails if an answer is not as the
// list notYet in questions.go has it.
func compareTo(w io.Writer, dir, bin, tmp string) error {
	t, err := readTruth(dir)
	if err != nil {
		return err
	}
	c := &comparison{truth: t, asker: newAsker(bin, dir), tmp: tmp, sheet: &sheet{notYet: notYet}}
	for _, q := range questions {
		c.ask(q.about, q.ask)
	}
	if err := c.print(w); err != nil {
		return err
	}
	return c.failed()
}

// A comparison holds both sides, and the rows that came of them.
type comparison struct {
	truth
	*asker
	*sheet
	tmp string // for what stilltrace exports
}

// ask asks one group of questions. If it cannot be asked to its end, the others
// still are.
func (c *comparison) ask(about string, questions func(*comparison)) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case failure:
			c.broken = append(c.broken, fmt.Sprintf("%s: %v", about, r))
		default:
			panic(r)
		}
	}()
	questions(c)
}

// failed is an error that names what is not as it should be, nil if all is.
func (s *sheet) failed() error {
	why := append([]string(nil), s.broken...)
	seen := map[string]bool{}
	for _, r := range s.rows {
		name := r.name()
		if seen[name] {
			why = append(why, name+": two rows have this name")
		}
		seen[name] = true
		switch v := s.verdict(r); v {
		case verdictMiss, verdictFalse:
			why = append(why, name+": "+string(v))
		case verdictWorks:
			why = append(why, name+": works now: take it off the list notYet")
		}
	}
	for _, name := range sortedKeys(s.notYet) {
		if !seen[name] {
			why = append(why, name+": in the list notYet, but no row has this name")
		}
	}
	if len(why) == 0 {
		return nil
	}
	return errors.New("compare: " + strings.Join(why, "\n  "))
}
