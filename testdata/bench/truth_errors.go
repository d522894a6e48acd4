package main

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// question is how a kind of error of the generator is found again: among the
// rows of `error`, by a pattern over type, signature and example, or as events.
type question struct {
	row   string
	event string // a term of `event`
}

// questionOf returns how to ask for a kind in a file. Two kinds are no errors
// by their level, a log of JSON is asked for its text; the rest is `error`'s.
func questionOf(file, kind string) question {
	switch file {
	case "django.log":
		return question{row: `^` + regexp.QuoteMeta(kind) + `\n`}
	case "app.jsonl":
		if kind == "request failed 500" {
			return question{event: `raw:"level":"error","logger":"http"`}
		}
		return question{event: `raw:"msg":"` + kind + `"`}
	}
	if program, ok := strings.CutPrefix(kind, "segfault "); ok {
		return question{row: `(?m)^` + regexp.QuoteMeta(program) + `\[\d+\]: segfault at`}
	}
	if program, ok := strings.CutPrefix(kind, "oom kill "); ok {
		return question{row: `Killed process \d+ \(` + regexp.QuoteMeta(program) + `\)`}
	}
	switch kind {
	case "possible security attack":
		return question{event: "message:SECURITY ATTACK"}
	case "dovecot auth failed":
		return question{event: "message:(auth failed"}
	case "open failed: no such file":
		return question{row: `open\(\) .* failed \(2: No such file`}
	case "connect refused":
		return question{row: `connect\(\) failed \(111: Connection refused`}
	case "upstream closed":
		return question{row: `upstream prematurely closed connection`}
	case "ssl handshake":
		return question{row: `SSL_do_handshake\(\) failed`}
	case "body too large":
		return question{row: `client intended to send too large body`}
	case "column does not exist":
		return question{row: `column \S+ does not exist`}
	case "fork failed":
		return question{row: `Can't save in background: fork:`}
	case "apparmor denied":
		return question{row: `apparmor="DENIED"`}
	case "haproxy server down":
		return question{row: `Server \S+ is DOWN`}
	}
	return question{row: regexp.QuoteMeta(kind)}
}

// errorRow is a row of `error`.
type errorRow struct {
	Type      string `json:"type"`
	Signature string `json:"signature"`
	Example   string `json:"example"`
	Events    int    `json:"events"`
}

func (b *bench) trueErrors(ctx context.Context, c *corpus) (t tally, err error) {
	for _, path := range c.files {
		file := filepath.Base(path)
		kinds := c.truth.Files[file].Errors
		if len(kinds) == 0 {
			continue
		}
		rows, err := ask[errorRow](b, ctx, "error", c.db, "source:*/"+file)
		if err != nil {
			return t, err
		}
		for _, kind := range slices.Sorted(maps.Keys(kinds)) {
			got, err := b.errorsOf(ctx, c, file, questionOf(file, kind), rows)
			if err != nil {
				return t, err
			}
			b.count(&t, fmt.Sprintf("errors of %s: %s", file, kind), kinds[kind], got)
		}
	}
	return t, nil
}

func (b *bench) errorsOf(ctx context.Context, c *corpus, file string, q question, rows []errorRow) (int, error) {
	if q.event != "" {
		got, err := b.by(ctx, c, "source", "source:*/"+file, q.event)
		return got[file], err
	}
	return countRows(rows, regexp.MustCompile(q.row)), nil
}

// countRows adds up the events of the rows that match.
func countRows(rows []errorRow, pattern *regexp.Regexp) int {
	n := 0
	for _, r := range rows {
		if pattern.MatchString(r.Type + "\n" + r.Signature + "\n" + r.Example) {
			n += r.Events
		}
	}
	return n
}
