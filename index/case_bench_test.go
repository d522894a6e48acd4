package index_test

import (
	"io"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

// benchEvents and benchBlock make a log of some megabytes in blocks of some
// hundred kilobytes.
const benchEvents, benchBlock = 50_000, 10_000

// benchCase makes a case of one log, and returns its path and the bytes of the
// log.
func benchCase(b *testing.B, dir string, entries []entry) (path string, size int) {
	path = filepath.Join(dir, "case.db")
	w, err := index.Create(path, index.CreateOptions{Tool: "stilltrace bench", Force: true})
	require.NoError(b, err)
	defer w.Abort()
	text := addLog(b, w, "/var/log/a.log", benchBlock, entries)
	_, err = w.Commit(index.Snapshot{})
	require.NoError(b, err)
	return path, len(text)
}

// BenchmarkWrite takes entries through blocks, terms and bbolt to the synced
// file.
func BenchmarkWrite(b *testing.B) {
	dir, entries, size := b.TempDir(), sampleEntries(benchEvents, start), 0
	b.ReportAllocs()
	for b.Loop() {
		_, size = benchCase(b, dir, entries)
	}
	b.SetBytes(int64(size))
}

// BenchmarkSegment makes a segment of one block: the columns of its text, the shapes of its
// events, and its terms.
func BenchmarkSegment(b *testing.B) {
	var raw []byte
	var entries []index.Entry
	for _, e := range sampleEntries(benchBlock, start) {
		x := index.Entry{Start: len(raw), End: len(raw) + len(e.text), Time: e.at,
			Level: e.level, Action: e.action, Service: []byte(e.service), User: []byte(e.user), Signature: []byte("sig " + e.service)}
		raw = append(append(raw, e.text...), '\n')
		entries = append(entries, x)
	}
	for i := range entries {
		entries[i].Message = raw[entries[i].Start:entries[i].End]
	}
	builder, err := index.NewSegmentBuilder()
	require.NoError(b, err)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		builder.Reset(1, 0, 1)
		builder.Begin(raw)
		for i := range entries {
			builder.Add(&entries[i])
		}
		if _, err := builder.Finish(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpen opens a case, which proves its structure and its keys.
func BenchmarkOpen(b *testing.B) {
	path, _ := benchCase(b, b.TempDir(), sampleEntries(benchEvents, start))
	b.ReportAllocs()
	for b.Loop() {
		r, err := index.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	path, size := benchCase(b, b.TempDir(), sampleEntries(benchEvents, start))
	r := open(b, path)
	count := func(b *testing.B, q index.Query, scan bool) {
		events := r.Events(q)
		if scan {
			events = r.Scan(q)
		}
		n := 0
		for _, err := range events {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n == 0 {
			b.Fatal("found nothing")
		}
	}
	for _, c := range []struct {
		name string
		do   func(b *testing.B)
	}{
		{"scan of all", func(b *testing.B) { count(b, index.Query{}, true) }},
		{"all in order", func(b *testing.B) { count(b, index.Query{}, false) }},
		{"one address", func(b *testing.B) {
			count(b, index.Query{Terms: []index.Term{{Field: "ip", Op: index.Is, Value: "203.0.113.7"}}}, false)
		}},
		{"a minute", func(b *testing.B) {
			count(b, index.Query{Since: start + 1000*second, Until: start + 1060*second}, true)
		}},
		{"text of the log", func(b *testing.B) {
			if err := r.WriteSource(io.Discard, 1); err != nil {
				b.Fatal(err)
			}
		}},
		{"check", func(b *testing.B) {
			if p, err := r.Check(); err != nil || len(p.Problems) > 0 {
				b.Fatal(err, p)
			}
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				c.do(b)
			}
		})
	}
}
