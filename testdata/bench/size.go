package main

import (
	"context"
	"fmt"
	"path/filepath"
)

// sizes compares the case with what the usual tools make of the same logs.
// Sizes are the same each time, so each runs once; zstd -19 takes hours of 5 GB
// and half an hour of 1 GB, and is compared over the small corpus.
func (b *bench) sizes(ctx context.Context) error {
	c, err := b.caseOf(ctx, b.size)
	if err != nil {
		return err
	}
	small, err := b.caseOf(ctx, b.small)
	if err != nil {
		return err
	}
	t := table{head: []string{"", "bytes", "of the logs", "CPU s", "wall s", "peak MiB"}}
	add := func(name string, c *corpus, bytes int64, m *measured) {
		row := []string{name, grouped(bytes), fmt.Sprintf("%.2f %%", 100*float64(bytes)/float64(c.truth.Bytes)), "", "", ""}
		if m != nil {
			copy(row[3:], []string{seconds(m.cpu()), seconds(m.wall()), mebibytes(m.peak())})
		}
		t.rows = append(t.rows, row)
	}
	for _, of := range []struct {
		c     *corpus
		name  string
		level string
		goal  goal
	}{
		{c, "gzip", "-9", goal{0.60, 0.46}},
		{small, "zstd", "-19", goal{1.0, 0.75}},
	} {
		own, err := sizeOf(of.c.db)
		if err != nil {
			return err
		}
		add("the case of "+of.c.size+", all indexes in it", of.c, own, nil)
		if !b.has(of.name) {
			continue
		}
		m, packed, err := b.pack(ctx, of.c, of.name, of.level)
		if err != nil {
			return err
		}
		add(m.name, of.c, packed, m)
		b.ratio(figure{what: "the whole case, " + of.c.size, against: of.name + " " + of.level + " of the logs", measure: "bytes", goal: of.goal}, float64(own), float64(packed))
	}
	b.page.section("Size", "Each compressor ran once: the bytes are the same each time.", t)
	return nil
}

// pack compresses all logs of the corpus as one file.
func (b *bench) pack(ctx context.Context, c *corpus, program, level string) (*measured, int64, error) {
	path, err := b.joined(c)
	if err != nil {
		return nil, 0, err
	}
	args := []string{program, level, "-c", path}
	if program == "zstd" {
		args = []string{program, "-q", level, "-T0", "-c", path}
	}
	m := &measured{name: fmt.Sprintf("`%s %s` of %s", program, level, c.size), argv: args}
	if err := b.single(ctx, m); err != nil {
		return nil, 0, err
	}
	n, err := sizeOf(filepath.Join(b.tmp, "stdout"))
	return m, n, err
}
