package query

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// excludes reports whether an argument is a term with a minus before it:
// -service:sshd, -:22, -203.0.113.7. Flags of one letter never have a field's
// length.
func excludes(a string) bool {
	a, minus := strings.CutPrefix(a, "-")
	if !minus {
		return false
	}
	name := strings.TrimLeft(a, "abcdefghijklmnopqrstuvwxyz0123456789_.")
	switch n := len(a) - len(name); {
	case n == 0:
		return len(a) > 1 && a[0] == ':' && digits(a[1:2])
	case n > 1 && a[0] >= 'a' && a[0] <= 'z' && name != "" && strings.IndexByte(":<>~", name[0]) >= 0:
		return true
	}
	return isAddress(a)
}

// isCase reports whether an argument names a case: web01.db, web01.db@2.
func isCase(a string) bool {
	if path, number, at := cutLast(a, "@"); at && number != "" && strings.Trim(number, "0123456789") == "" {
		a = path
	}
	return strings.HasSuffix(a, ".db")
}

// Arguments moves the terms that begin with a minus behind "--", where flags
// end: to the flag parser -service:sshd would be a flag.
func Arguments(args []string) []string {
	var flags, rest []string
	for i, a := range args {
		if a == "--" {
			rest = append(rest, args[i+1:]...)
			break
		}
		if excludes(a) {
			rest = append(rest, a)
		} else {
			flags = append(flags, a)
		}
	}
	if rest == nil {
		return flags
	}
	return append(append(flags, "--"), rest...)
}

// caseArg is one case on the command line: a file, and which of its snapshots.
type caseArg struct {
	path     string
	snapshot int // counted from 1; 0 is the last
}

// split divides the arguments into the case and the words that ask for something.
func split(args []string) (caseArg, []string, error) {
	var cases []caseArg
	var words []string
	for _, a := range args {
		if !isCase(a) {
			words = append(words, a)
			continue
		}
		path, number, at := cutLast(a, "@")
		c := caseArg{path: a}
		if at && strings.HasSuffix(path, ".db") {
			n, err := strconv.Atoi(number)
			if err != nil || n < 1 {
				return c, nil, fmt.Errorf("%s: snapshots are counted from 1: %s@1", a, path)
			}
			c = caseArg{path, n}
		}
		cases = append(cases, c)
	}
	switch {
	case len(cases) == 0 && len(words) > 0:
		return caseArg{}, nil, fmt.Errorf("%s: no case is named: its name ends in .db, or in .db@2 for its second snapshot", words[0])
	case len(cases) == 0:
		return caseArg{}, nil, errors.New("no case is named: stilltrace snapshot -o CASE.db makes one")
	case len(cases) > 1:
		return caseArg{}, nil, fmt.Errorf("%s: a second case: one at a time", cases[1].path)
	}
	return cases[0], slices.Clip(words), nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
