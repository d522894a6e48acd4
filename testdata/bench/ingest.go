package main

import (
	"context"
	"fmt"
)

// ingest measures how logs are read in, beside zstd and lnav over the same
// bytes.
func (b *bench) ingest(ctx context.Context) error {
	c, err := b.corpus(ctx, b.size)
	if err != nil {
		return err
	}
	own := b.ingestion(c)
	zstd, err := b.zstdFast(c)
	if err != nil {
		return err
	}
	all := []*measured{own}
	if b.has("zstd") {
		all = append(all, zstd)
	}
	lnav := &measured{
		name: "`lnav -n -c ';select count(*) from all_logs'`, which keeps nothing",
		argv: append([]string{"lnav", "-n", "-c", ";select count(*) from all_logs"}, c.files...),
	}
	if b.has("lnav") {
		all = append(all, lnav)
	}
	if err := b.interleave(ctx, b.runs, all...); err != nil {
		return err
	}
	b.lnavPeak = lnav.peak()
	b.ratio(figure{what: "ingest of " + b.size, against: "zstd -3 -T1 of the same bytes", measure: "CPU", goal: goal{3.0, 1.55}}, float64(own.cpu()), float64(zstd.cpu()))
	b.ratio(figure{what: "ingest of " + b.size, against: "lnav, which keeps nothing", measure: "CPU", goal: goal{1.2, 0.63}}, float64(own.cpu()), float64(lnav.cpu()))
	b.ratio(figure{what: "ingest of " + b.size, against: "lnav", measure: "wall", goal: goal{1.0, 0.45}}, float64(own.wall()), float64(lnav.wall()))
	b.ingestMemory(c, own)
	t := times(all...)
	t.head = append(t.head, "CPU s/GB")
	for i, m := range all {
		t.rows[i] = append(t.rows[i], fmt.Sprintf("%.2f", m.cpu().Seconds()/c.gigabytes()))
	}
	b.page.section("Logs read in", fmt.Sprintf("%s, %s lines in %d files; from the files to the closed and synced case, all indexes in it.",
		grouped(c.truth.Bytes)+" bytes", grouped(c.truth.Lines), len(c.files)), t)
	return nil
}

func (b *bench) zstdFast(c *corpus) (*measured, error) {
	path, err := b.joined(c)
	return &measured{name: "`zstd -3 -T1` of all in one file", argv: []string{"zstd", "-q", "-3", "-T1", "-c", path}}, err
}

// ingestMemory is held against lnav's memory at -size, whatever the corpus: it
// must not grow.
func (b *bench) ingestMemory(c *corpus, own *measured) {
	b.ratio(figure{what: "peak memory of ingest, " + c.size, against: "lnav's at " + b.size, measure: "memory", goal: goal{0.6, 0.25}},
		float64(own.peak()), float64(b.lnavPeak))
}
