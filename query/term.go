package query

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"stilltrace/index"
)

var fieldTerm = regexp.MustCompile(`(?s)^(-?)([a-z][a-z0-9_.]*)(:|>=|<=|>|<|~)(.*)$`)

// subject makes the terms that a bare word stands for, or says why it can be none.
type subject func(word string) ([]index.Term, error)

// parseTerms reads the words of a question. Each must name a field that the
// command knows; a word that names none is its subject.
func parseTerms(words []string, command string, fields []index.FieldSpec, bare subject) ([]index.Term, error) {
	var terms []index.Term
	for _, w := range words {
		if w == "" {
			return nil, errors.New("an empty word asks for nothing: is a variable of the shell unset?")
		}
		m := fieldTerm.FindStringSubmatch(w)
		word, not := strings.CutPrefix(w, "-")
		if word == "" {
			return nil, fmt.Errorf("%s: nothing to leave out: write -name:sshd", w)
		}
		if m == nil || isAddress(word) {
			made, err := bare(word)
			if err != nil {
				return nil, err
			}
			for i := range made {
				made[i].Not = not
			}
			if not && len(made) > 1 {
				return nil, fmt.Errorf("%s: leave out the parts one by one: %s %s", w, made[0], made[1])
			}
			terms = append(terms, made...)
			continue
		}
		t := index.Term{Not: m[1] == "-", Field: m[2], Op: index.Op(m[3]), Value: m[4]}
		if err := checkTerm(&t, command, fields); err != nil {
			return nil, err
		}
		terms = append(terms, t)
	}
	return terms, nil
}

// isAddress tells fe80::1 from a field called fe80.
func isAddress(word string) bool {
	_, ok := index.ParsePrefix(word)
	return ok
}

func checkTerm(t *index.Term, command string, fields []index.FieldSpec) error {
	i := slices.IndexFunc(fields, func(f index.FieldSpec) bool { return f.Name == t.Field })
	if i < 0 {
		var names []string
		for _, f := range fields {
			names = append(names, f.Name)
		}
		return fmt.Errorf("%s: %s knows no field %q%s: stilltrace help %s lists them", t, command, t.Field, didYouMean(t.Field, names), command)
	}
	f := fields[i]
	if len(f.Values) > 0 && t.Op == index.Is && !strings.Contains(t.Value, "*") {
		v := slices.IndexFunc(f.Values, func(v string) bool { return strings.EqualFold(v, t.Value) })
		if v < 0 {
			return fmt.Errorf("%s: %s is never %q%s: one of %s", t, t.Field, t.Value, didYouMean(t.Value, f.Values), strings.Join(f.Values, " "))
		}
		if !slices.Contains(f.Values, t.Value) {
			t.Value = f.Values[v]
		}
	}
	kind := f.Kind
	if kind == index.Exact && t.Op != index.Is && t.Op != index.Matches && len(f.Values) == 0 {
		kind = index.Number // the field of a format may hold numbers
	}
	if _, ok := t.Compile(kind); ok {
		return checkPort(t, command)
	}
	if t.Op == index.Matches {
		if kind == index.Exact || kind == index.Contains {
			_, err := regexp.Compile(t.Value)
			return fmt.Errorf("%s: %w: a backslash before ( [ { * + ? . makes them plain letters", t, err)
		}
		return fmt.Errorf("%s: %s is no text that an expression could match: write %s:%s", t, t.Field, t.Field, t.Value)
	}
	if t.Op != index.Is && kind != index.Number && kind != index.Severity {
		return fmt.Errorf("%s: %s has no order: write %s:%s", t, t.Field, t.Field, t.Value)
	}
	switch kind {
	case index.Number:
		if from, to, ok := strings.Cut(t.Value, "-"); ok && digits(from) && digits(to) {
			return fmt.Errorf("%s: it ends before it begins: write %s:%s-%s", t, t.Field, to, from)
		}
		return fmt.Errorf("%s: %q is not a whole number, nor a range such as 8000-8999", t, t.Value)
	case index.Address:
		return fmt.Errorf("%s: %q is not an address: write 203.0.113.7 or a network such as 203.0.113.0/24", t, t.Value)
	}
	return fmt.Errorf("%s: not a value that %s can have", t, t.Field)
}

func is(field, value string) index.Term { return index.Term{Field: field, Op: index.Is, Value: value} }

func bareAddress(word string) ([]index.Term, error) {
	if !isAddress(word) {
		return nil, fmt.Errorf("%s: neither an address, a network such as 203.0.113.0/24, nor a term such as service:sshd", word)
	}
	return []index.Term{is("ip", word)}, nil
}

func bareEvent(word string) ([]index.Term, error) {
	if isAddress(word) {
		return []index.Term{is("ip", word)}, nil
	}
	return []index.Term{is("raw", word)}, nil
}

// digits reports whether s is a number that a pid or a port can be.
func digits(s string) bool {
	return s != "" && len(s) <= 10 && strings.Trim(s, "0123456789") == ""
}

// didYouMean names the known word nearest to the given one, or nothing where
// none is near.
func didYouMean(word string, known []string) string {
	best, least := "", len(word)/3+2
	for _, k := range known {
		d := distance(strings.ToLower(word), strings.ToLower(k))
		if strings.HasPrefix(k, word) && len(word) > 1 {
			d = 1
		}
		if d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean %q?", best)
}

// distance is the number of letters to insert, delete or replace that makes a
// of b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			next := last
			if a[i] != b[j] {
				next = 1 + min(last, row[j], row[j+1])
			}
			last, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
