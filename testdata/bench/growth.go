package main

import (
	"context"
	"fmt"
)

// growth holds three sizes of corpus beside each other: CPU, memory and bytes
// per byte of log must not grow.
func (b *bench) growth(ctx context.Context) error {
	if b.large == "" || b.large == "0" {
		b.page.note("the largest corpus was left out (-large 0)")
		return nil
	}
	var all []*corpus
	var runs []*measured
	for _, size := range []string{b.small, b.size, b.large} {
		c, err := b.corpus(ctx, size)
		if err != nil {
			return err
		}
		all, runs = append(all, c), append(runs, b.ingestion(c))
	}
	if err := b.interleave(ctx, b.runs, runs...); err != nil {
		return err
	}
	t := table{head: []string{"logs", "bytes", "runs", "CPU s/GB", "wall s/GB", "peak MiB", "bytes of the case", "of the logs"}}
	perGB, part := make([]float64, len(all)), make([]float64, len(all))
	for i, c := range all {
		n, err := sizeOf(c.db)
		if err != nil {
			return err
		}
		m := runs[i]
		perGB[i], part[i] = m.cpu().Seconds()/c.gigabytes(), float64(n)/float64(c.truth.Bytes)
		t.add(c.size, grouped(c.truth.Bytes), fmt.Sprint(len(m.samples)), fmt.Sprintf("%.2f", perGB[i]), fmt.Sprintf("%.2f", m.wall().Seconds()/c.gigabytes()),
			mebibytes(m.peak()), grouped(n), fmt.Sprintf("%.2f %%", 100*part[i]))
	}
	b.ingestMemory(all[2], runs[2])
	b.ratio(figure{what: "CPU per GB of ingest, " + b.large, against: "itself at " + b.small, measure: "CPU", goal: goal{1.15, 1.05}}, perGB[2], perGB[0])
	b.ratio(figure{what: "the case's part of the logs, " + b.large, against: "itself at " + b.size, measure: "bytes", goal: goal{1.02, 1.0}}, part[2], part[1])
	b.ratio(figure{what: "peak memory of ingest, " + b.large, against: "itself at " + b.size, measure: "memory"}, float64(runs[2].peak()), float64(runs[1].peak()))
	b.page.section("Growth", "", t)
	return b.trueGrowth(ctx, all[0], all[2])
}

// trueGrowth proves the cases of the other sizes, too: their bytes and logins.
func (b *bench) trueGrowth(ctx context.Context, all ...*corpus) error {
	for _, c := range all {
		wrong := len(b.untrue)
		if _, err := b.trueBytes(ctx, c); err != nil {
			return err
		}
		if _, err := b.trueLogins(ctx, c); err != nil {
			return err
		}
		if len(b.untrue) == wrong {
			b.page.note("the case of %s gives every file back byte for byte, and every address its logins", c.size)
		}
	}
	return nil
}
