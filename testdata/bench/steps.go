package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// steps runs the benchmarks of the project's packages.
func (b *bench) steps(ctx context.Context) error {
	out, err := b.goCommand(ctx, "test", "-run", "^$", "-bench", ".", "-benchmem", "./...").CombinedOutput()
	if err != nil {
		return fmt.Errorf("go test -bench: %w\n%s", err, out)
	}
	t := table{head: []string{"package", "step", "time", "MB/s", "bytes allocated", "allocations"}}
	for _, s := range parseSteps(string(out)) {
		t.add(s.pkg, s.name, perOp(s.nanoseconds), s.speed, s.bytes, s.allocations)
	}
	b.page.section("Steps", "`go test -run '^$' -bench . -benchmem ./...`, each once; time and allocations are of one operation.", t)
	return nil
}

// step is one line of `go test -bench`. What a benchmark does not tell is empty.
type step struct {
	pkg, name                 string
	nanoseconds               float64
	speed, bytes, allocations string
}

// parseSteps reads what `go test -bench` prints of several packages.
func parseSteps(text string) []step {
	var all []step
	pkg := ""
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) == 2 && f[0] == "pkg:" {
			pkg = strings.TrimPrefix(f[1], "stilltrace/")
		}
		if len(f) < 4 || !strings.HasPrefix(f[0], "Benchmark") {
			continue
		}
		s := step{pkg: pkg, name: strings.TrimPrefix(withoutCores(f[0]), "Benchmark")}
		for i := 2; i+1 < len(f); i += 2 {
			switch f[i+1] {
			case "ns/op":
				s.nanoseconds, _ = strconv.ParseFloat(f[i], 64)
			case "MB/s":
				s.speed = f[i]
			case "B/op":
				s.bytes = f[i]
			case "allocs/op":
				s.allocations = f[i]
			}
		}
		if s.nanoseconds > 0 {
			all = append(all, s)
		}
	}
	return all
}

// withoutCores cuts the number of cores from the name of a benchmark.
func withoutCores(name string) string {
	i := strings.LastIndexByte(name, '-')
	if i < 0 {
		return name
	}
	if _, err := strconv.Atoi(name[i+1:]); err != nil {
		return name
	}
	return name[:i]
}

// perOp writes a time with the unit that suits it.
func perOp(ns float64) string {
	switch {
	case ns >= 1e9:
		return short(ns/1e9) + " s"
	case ns >= 1e6:
		return short(ns/1e6) + " ms"
	case ns >= 1e3:
		return short(ns/1e3) + " µs"
	}
	return short(ns) + " ns"
}
