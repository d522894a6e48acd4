package logs

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

// samples is where the logs lie that the real programs wrote, a directory for
// each format.
const samples = "../../testdata/logs"

// testGolden parses each sample of a format whole and compares what became of
// every entry with the golden file beside it.
func testGolden(t *testing.T, f Format) {
	files, err := filepath.Glob(filepath.Join(samples, f.Name, "*.log"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			raw, err := os.ReadFile(name)
			require.NoError(t, err)
			got := goldenOf(raw, f)
			golden := strings.TrimSuffix(name, ".log") + ".golden"
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), got)
		})
	}
}

// goldenOf writes one line for each entry: where it starts, and what it means.
func goldenOf(raw []byte, f Format) string {
	var b strings.Builder
	line := 1
	eachEntry(raw, f.Starts, func(start, end, lines int) {
		var e Entry
		text := bytes.TrimRight(raw[start:end], "\r\n")
		fmt.Fprintf(&b, "%d ", line)
		line += lines
		if !f.Parse(text, &e) {
			fmt.Fprintf(&b, "refused\n")
			return
		}
		s := e.Stamp
		fmt.Fprintf(&b, "%04d-%02d-%02d %02d:%02d:%02d.%09d", s.Year, s.Month, s.Day, s.Hour, s.Min, s.Sec, s.Nano)
		if s.HasZone {
			fmt.Fprintf(&b, "%+d", s.Zone)
		}
		p := parsedOf(&e)
		fmt.Fprintf(&b, " %s %s[%d]", p.host, p.service, p.pid)
		for _, word := range [...]string{p.level, p.action, p.outcome} {
			if word != "" {
				b.WriteString(" " + word)
			}
		}
		for _, f := range [...]struct{ name, value string }{{"user", p.user}, {"ip", p.ip}} {
			if f.value != "" {
				fmt.Fprintf(&b, " %s=%q", f.name, f.value)
			}
		}
		if e.Count > 1 {
			fmt.Fprintf(&b, " count=%d", e.Count)
		}
		if p.fields != "" {
			fmt.Fprintf(&b, " {%s}", p.fields)
		}
		b.WriteString("\n")
	})
	return b.String()
}
