package process_test

import (
	"stilltrace/index"
	"stilltrace/tracers/process"
	"testing"
)

func BenchmarkRun(b *testing.B) {
	var c records
	seed := web()
	c.snap = seed.snap
	for i := range 10_000 {
		p := seed.processes[i%len(seed.processes)]
		p.PPID, p.PID = (i+1)/2, i+1
		c.processes = append(c.processes, p)
		c.sockets = append(c.sockets, listener(uint16(i), index.Owner{PID: i + 1, FD: 3, Comm: p.Comm}))
	}
	r := c.open(b)
	for _, bench := range []struct {
		name string
		run  func() error
	}{
		{"all", func() error { _, err := process.Run(r, index.Query{}); return err }},
		{"by name", func() error {
			_, err := process.Run(r, index.Query{Terms: []index.Term{is("name", "nginx")}})
			return err
		}},
		{"tree", func() error { _, err := process.Tree(r, index.Query{}); return err }},
		{"top", func() error { _, err := process.Top(r, index.Query{}, "rss"); return err }},
		{"by service", func() error { _, err := process.Divide(r, index.Query{}, "service"); return err }},
		{"one", func() error { _, err := process.One(r, 0, 5000); return err }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := bench.run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
