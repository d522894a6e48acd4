package query

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"stilltrace/query/render"
	"stilltrace/tracers/network"
	"stilltrace/tracers/process"
)

// Options are the flags of the offline commands. Each command declares those
// that it has.
type Options struct {
	Since, Until string
	Zone         string
	Limit        int
	Sort         string
	Format       string
	Output       string
	Force        bool
	Color        string
	Tree         bool
	Top          string
	Divide       string // --by of process
	Graph        bool
	By           []string
	To           string
}

// screenful is how many rows a table shows unless told otherwise: what fits a
// terminal of usual height twice over is still read, more is scrolled past.
const screenful = 40

// unlimited as a limit stands for: whatever the format has.
const unlimited = -1

// AnswerFlags declares how an answer is written.
func (o *Options) AnswerFlags(f *pflag.FlagSet) {
	f.StringVar(&o.Format, "format", "", "how to write it: "+formatNames()+" (default by the ending of -o, else table)")
	o.OutputFlags(f)
	f.StringVar(&o.Zone, "tz", "UTC", "`ZONE` of the times shown and typed: UTC, Europe/Berlin, or host for the host's own; json and jsonl stay UTC")
	f.StringVar(&o.Color, "color", "auto", "colour: `WHEN` is auto, always or never")
}

// OutputFlags declares where an answer goes.
func (o *Options) OutputFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.Output, "output", "o", "", "write to `FILE`, whole or not at all")
	f.BoolVar(&o.Force, "force", false, "replace what exists")
}

// RowFlags declares which rows of an answer are wanted.
func (o *Options) RowFlags(f *pflag.FlagSet) {
	f.IntVar(&o.Limit, "limit", unlimited, fmt.Sprintf("at most `N` rows, 0 for all (a table on a screen has %d)", screenful))
	f.StringVar(&o.Sort, "sort", "", "order by a `COLUMN`; -COLUMN for the largest first")
}

// TimeFlags declares between which times events are wanted.
func (o *Options) TimeFlags(f *pflag.FlagSet) {
	f.StringVar(&o.Since, "since", "", "only events at or after `TIME`: 2026-11-23T04:05:06Z, \"2026-11-23 04:05\", 2026-11-23, 04:05 on the day of the snapshot, or 90m, 2h, 3d before it")
	f.StringVar(&o.Until, "until", "", "only events before `TIME`")
}

// limit is the most rows that are to be printed, 0 for all.
func (o *Options) limit(f render.Format, screen bool) int {
	switch {
	case o.Limit >= 0:
		return o.Limit
	case f.Program || !screen:
		return 0
	}
	return screenful
}

// formatName is the format that is asked for: by name, by the ending of the
// file that is to be written, or the first of all.
func (o *Options) formatName() string {
	if o.Format != "" {
		return o.Format
	}
	for _, f := range render.Formats() {
		if strings.HasSuffix(o.Output, "."+f.Name) {
			return f.Name
		}
	}
	return render.Formats()[0].Name
}

// check refuses flags that cannot be meant, before anything is read.
func (o *Options) check() (render.Format, error) {
	f, err := render.FormatNamed(o.formatName())
	if err != nil {
		return f, fmt.Errorf("--%w", err)
	}
	switch {
	case o.Color != "auto" && o.Color != "always" && o.Color != "never":
		return f, fmt.Errorf("--color %q: unknown: take one of auto, always, never", o.Color)
	case o.Limit < unlimited:
		return f, fmt.Errorf("--limit %d: less than nothing: 0 shows all", o.Limit)
	}
	return f, nil
}

// QueryFlags declares the flags that every question has.
func (o *Options) QueryFlags(f *pflag.FlagSet) {
	o.TimeFlags(f)
	o.RowFlags(f)
	o.AnswerFlags(f)
}

// InfoFlags declares the flags of info.
func (o *Options) InfoFlags(f *pflag.FlagSet) {
	o.RowFlags(f)
	o.AnswerFlags(f)
}

// ProcessFlags declares the flags of process.
func (o *Options) ProcessFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.Tree, "tree", false, "as a tree, with the parents of what is found")
	f.StringVar(&o.Top, "top", "", "those that use most `OF`: "+strings.Join(process.Measures(), ", "))
	f.StringVar(&o.Divide, "by", "", "what they use together, by `WHAT`: "+strings.Join(process.Groupings(), ", "))
	o.QueryFlags(f)
}

// NetworkFlags declares the flags of network.
func (o *Options) NetworkFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.Graph, "graph", false, "who talks to whom; with --format dot for Graphviz")
	f.StringSliceVar(&o.By, "by", nil, "count by `FIELD,...`: "+strings.Join(network.Groupings(), ", "))
	o.QueryFlags(f)
}

// EventFlags declares the flags of event.
func (o *Options) EventFlags(f *pflag.FlagSet) {
	f.StringSliceVar(&o.By, "by", nil, "count by `FIELD,...`: service, action, level, user, ip, source, host, outcome, clock, signature, or what only some logs have, such as status")
	o.QueryFlags(f)
}

// ExportFlags declares the flags of export.
func (o *Options) ExportFlags(f *pflag.FlagSet) {
	f.StringVar(&o.To, "to", "", "`WHAT` to write: "+targetNames())
	o.OutputFlags(f)
}
