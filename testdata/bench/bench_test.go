package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMain is the launcher and the host, too, as the program itself is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case launchWord:
			os.Exit(launch(os.Args[2:]))
		case hostWord:
			os.Exit(host(os.Args[2:]))
		}
	}
	os.Exit(m.Run())
}

func trial(t *testing.T) *bench {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	return &bench{tmp: t.TempDir(), self: self, corpora: map[string]*corpus{}, missing: map[string]bool{}}
}

func TestOnceMeasuresTheCommandAndNotItself(t *testing.T) {
	b := trial(t)
	// 64 MiB more in this process must not show in the command's peak.
	ballast := make([]byte, 64<<20)
	for i := range ballast {
		ballast[i] = 1
	}
	s, err := b.once(context.Background(), &measured{argv: []string{"sleep", "0.05"}})
	require.NoError(t, err)
	require.GreaterOrEqual(t, s.Wall, 50*time.Millisecond)
	require.Less(t, s.CPU, s.Wall)
	require.Positive(t, s.Peak)
	require.Less(t, s.Peak, int64(len(ballast)))
	require.Equal(t, byte(1), ballast[0])

	// A pipe's programs count, and what it prints is there whole.
	s, err = b.once(context.Background(), &measured{argv: []string{"sh", "-c", "head -c 30000000 /dev/zero | od -v | tail -n 1"}})
	require.NoError(t, err)
	require.Greater(t, s.CPU, 10*time.Millisecond)
	out, err := os.ReadFile(filepath.Join(b.tmp, "stdout"))
	require.NoError(t, err)
	require.Equal(t, "162341600\n", string(out))
}

func TestOnceTellsWhatFailed(t *testing.T) {
	b := trial(t)
	_, err := b.once(context.Background(), &measured{argv: []string{"sh", "-c", "echo not so >&2; exit 2"}, nothing: true})
	require.ErrorContains(t, err, "exit status 2")
	require.ErrorContains(t, err, "not so")
	_, err = b.once(context.Background(), &measured{argv: []string{"false"}})
	require.ErrorContains(t, err, "exit status 1")
	_, err = b.once(context.Background(), &measured{argv: []string{"false"}, nothing: true})
	require.NoError(t, err)
	_, err = b.once(context.Background(), &measured{argv: []string{"/no/such/program"}})
	require.ErrorContains(t, err, "/no/such/program")
	ctx, stop := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer stop()
	_, err = b.once(ctx, &measured{argv: []string{"sh", "-c", "sleep 60 | sleep 60"}})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestInterleave(t *testing.T) {
	b := trial(t)
	log := filepath.Join(b.tmp, "log")
	one := &measured{argv: []string{"sh", "-c", `printf a >>"$1"`, "sh", log}}
	two := &measured{argv: []string{"sh", "-c", `printf b >>"$1"`, "sh", log}}
	require.NoError(t, b.interleave(context.Background(), 2, one, two))
	text, err := os.ReadFile(log)
	require.NoError(t, err)
	require.Equal(t, "ababab", string(text))
	require.Len(t, one.samples, 2, "the first is not counted")
	require.Len(t, two.samples, 2)
}

func TestRepeat(t *testing.T) {
	b := trial(t)
	log := filepath.Join(b.tmp, "log")
	one := &measured{argv: []string{"sh", "-c", `printf a >>"$1"`, "sh", log}}
	two := &measured{argv: []string{"sh", "-c", `printf b >>"$1"`, "sh", log}}
	require.NoError(t, b.repeat(context.Background(), 2, one, two))
	text, err := os.ReadFile(log)
	require.NoError(t, err)
	require.Equal(t, "aabbaabb", string(text))
	require.Len(t, one.samples, 2, "of each two the second")
	require.Len(t, two.samples, 2)
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []int64
		want   int64
	}{{nil, 0}, {[]int64{7}, 7}, {[]int64{9, 1}, 5}, {[]int64{9, 1, 2}, 2}, {[]int64{4, 1, 100, 2}, 3}} {
		require.Equal(t, c.want, median(c.values), "%v", c.values)
	}
	values := []int64{3, 1, 2}
	median(values)
	require.Equal(t, []int64{3, 1, 2}, values, "stays as it was")
}

func TestVerdict(t *testing.T) {
	g := goal{must: 0.6, aim: 0.25}
	for _, c := range []struct {
		value float64
		want  string
	}{
		{0.1, "aim"}, {0.25, "aim"}, {0.26, "must"}, {0.6, "must"}, {0.75, "missed by 25.0 %"}, {1.8, "missed: 3.0 times what it must be"},
	} {
		require.Equal(t, c.want, g.verdict(c.value), "%v", c.value)
	}
	require.Empty(t, goal{}.verdict(3))
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{1440: "1440", 12.34: "12.3", 1.5: "1.50", 0.1: "0.10", 0.0112: "0.011", 0.003: "0.003"} {
		require.Equal(t, want, short(v))
	}
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 102150238: "102,150,238"} {
		require.Equal(t, want, grouped(n))
	}
	for ns, want := range map[float64]string{3.2: "3.20 ns", 45000: "45.0 µs", 2e6: "2.00 ms", 1.5e9: "1.50 s"} {
		require.Equal(t, want, perOp(ns))
	}
	require.Equal(t, "23.5 GiB", gibibytes("24641536 kB"))
}

func TestParseSteps(t *testing.T) {
	const out = `goos: linux
pkg: stilltrace/index/text
cpu: AMD EPYC
BenchmarkEncode-2   	     194	   6073245 ns/op	 146.81 MB/s	   70537 B/op	       2 allocs/op
PASS
pkg: stilltrace/tracers/ip
BenchmarkRun/one_address-2 	 100	 7040000 ns/op
BenchmarkRun/in-order	 3	 12.5 ns/op	 9 other/op
BenchmarkBroken-2
ok  	stilltrace/tracers/ip	3.2s
`
	require.Equal(t, []step{
		{"index/text", "Encode", 6073245, "146.81", "70537", "2"},
		{"tracers/ip", "Run/one_address", 7040000, "", "", ""},
		{"tracers/ip", "Run/in-order", 12.5, "", "", ""},
	}, parseSteps(out))
}

func TestPage(t *testing.T) {
	b := trial(t)
	b.page.machine = []string{"processor: one"}
	b.page.options = options{size: "1GB", small: "100MB", large: "0", seed: 1, runs: 3}
	b.ratio(figure{what: "ingest", against: "gzip", measure: "CPU", goal: goal{2, 1}}, 3, 2)
	b.ratio(figure{what: "ingest", against: "what is not here", measure: "CPU"}, 3, 0)
	b.page.section("One", "Words.", table{head: []string{"a", "b"}, rows: [][]string{{"x | y", "1"}}})
	b.page.note("said once")
	b.page.note("said once")
	text := b.page.String()
	require.Contains(t, text, "`go run ./testdata/bench -large 0 -runs 3`")
	require.Contains(t, text, "| ingest | gzip | CPU | 1.50 | 2.00 | 1.00 | must |\n")
	require.NotContains(t, text, "what is not here")
	require.Contains(t, text, "## One\n\nWords.\n\n| a | b |\n|---|---:|\n| x \\| y | 1 |\n")
	require.Equal(t, 1, strings.Count(text, "said once"))
}

func TestParse(t *testing.T) {
	o, err := parse(nil)
	require.NoError(t, err)
	require.Equal(t, options{size: "1GB", small: "100MB", large: "5GB", seed: 1, runs: 5, out: "docs/benchmarks.md"}, o)
	require.Empty(t, o.arguments())
	o, err = parse([]string{"-only", "ingest"})
	require.NoError(t, err)
	require.Empty(t, o.out, "a part alone is printed")
	o, err = parse([]string{"-only", "ingest", "-o", "x.md"})
	require.NoError(t, err)
	require.Equal(t, "x.md", o.out)
	for _, args := range [][]string{{"-only", "nothing"}, {"-runs", "0"}, {"word"}} {
		_, err := parse(args)
		require.Error(t, err, "%v", args)
	}
}

func TestDay(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("a host of its own needs root")
	}
	b := trial(t)
	// A still of 10 bytes, and 2 more for each that follows.
	b.program = filepath.Join(b.tmp, "still")
	require.NoError(t, os.WriteFile(b.program, []byte("#!/bin/sh\n"+
		`if [ "$5" = --append ]; then printf +1 >>"$4"; else printf 0123456789 >"$4"; fi`+"\n"), 0o755))
	d, err := b.day(context.Background(), 4)
	require.NoError(t, err)
	require.Equal(t, int64(10), d.One)
	require.Equal(t, int64(16), d.Many)
	require.Positive(t, d.Wall)
	require.GreaterOrEqual(t, d.Processes, quietProcesses+wakingProcesses+startingProcesses)
	require.Less(t, d.Processes, quietProcesses+2*(wakingProcesses+startingProcesses), "nobody else's processes are in it")
}
