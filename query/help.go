package query

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"stilltrace/index"
	"stilltrace/query/render"
	"stilltrace/tracers/errs"
	"stilltrace/tracers/ip"
)

// TermHelp lists the fields that terms of a command may name, a line or two
// each; "" for a command without terms. Those that only some cases have are
// not among them.
func TermHelp(command string) string {
	// A reader of no case knows what every event has.
	none := new(index.Reader)
	fields := map[string]func(*index.Reader) []index.FieldSpec{
		"ip": ip.Fields, "network": networkFields, "process": processFields, "event": (*index.Reader).EventFields, "error": errs.Fields,
	}[command]
	if fields == nil {
		return ""
	}
	var b strings.Builder
	for _, f := range fields(none) {
		name := f.Name
		for _, line := range wrap(f.Doc, helpWidth-17) {
			fmt.Fprintf(&b, "  %-14s %s\n", name, line)
			name = ""
		}
		if len(f.Values) == 0 {
			continue
		}
		for _, line := range wrap(strings.Join(f.Values, " "), helpWidth-19) {
			fmt.Fprintf(&b, "  %14s   %s\n", "", line)
		}
	}
	switch command {
	case "ip", "event", "error":
		b.WriteString("  and the fields of each log's own format: status, path, method, jail, port, ...\n")
	}
	return b.String()
}

// FlagHelp lists flags in the order in which they were declared.
func FlagHelp(flags *pflag.FlagSet) string {
	const column = 26
	var b strings.Builder
	flags.SortFlags = false
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		what, usage := pflag.UnquoteUsage(f)
		name := "      --" + f.Name
		if f.Shorthand != "" {
			name = "  -" + f.Shorthand + ", --" + f.Name
		}
		if f.Value.Type() != "bool" {
			name += " " + strings.ToUpper(what)
		}
		for i, line := range wrap(usage, helpWidth-column) {
			if i > 0 {
				name = ""
			}
			fmt.Fprintf(&b, "%-*s %s\n", column-1, name, line)
		}
	})
	return b.String()
}

// MeantFlag says which flag somebody meant who typed one that is not there; ""
// where that is not known.
func MeantFlag(flags *pflag.FlagSet, err error) string {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) || unknown.GetSpecifiedShortnames() != "" {
		return ""
	}
	name := unknown.GetSpecifiedName()
	if _, err := render.FormatNamed(name); err == nil && flags.Lookup("format") != nil {
		return fmt.Sprintf(", did you mean --format %s?", name)
	}
	var names []string
	flags.VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	return didYouMean("--"+name, names)
}

// helpWidth is the width of the help, which every terminal has.
const helpWidth = 80

func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimLeft(line+" "+word, " ")
	}
	return append(lines, line)
}

func formatNames() string {
	var names []string
	for _, f := range render.Formats() {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}
