package snapshot_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// frozenQuestions are asked of each kept case, CASE standing for it: every
// tracer, over the whole of it and over parts, and of an earlier snapshot.
var frozenQuestions = []string{
	"info CASE",
	"info CASE@1",
	"check CASE",
	"ip CASE --limit 12",
	"ip CASE@1 --limit 3",
	"ip CASE 203.0.113.9",
	"network CASE",
	"process CASE --tree",
	"process CASE@1 550",
	"event CASE --by service,action",
	"event CASE --by signature --limit 20",
	"event CASE ip:203.0.113.200",
	"event CASE --since 2026-11-23T03:11:00 --until 2026-11-23T03:13:00 --limit 12",
	"event CASE user:alice --format csv",
	"event CASE source:/var/log/samples/postgres-debian.log level:err --format jsonl",
	"error CASE --limit 12",
	"error CASE@1 database --format jsonl",
}

// TestFrozenCases asks the cases that earlier versions wrote and that this one
// has promised to read. What they answer is kept beside them; STILLTRACE_UPDATE=1
// rewrites it, to be read by eye: only how an answer is shown may change.
func TestFrozenCases(t *testing.T) {
	cases, err := filepath.Glob("../testdata/cases/*.db")
	require.NoError(t, err)
	require.NotEmpty(t, cases)
	stilltrace := built(t)
	for _, frozen := range cases {
		t.Run(filepath.Base(frozen), func(t *testing.T) {
			dir, name := t.TempDir(), filepath.Base(frozen)
			b, err := os.ReadFile(frozen)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
			got := answers(t, stilltrace, dir, name)
			golden := strings.TrimSuffix(frozen, ".db") + ".txt"
			if os.Getenv("STILLTRACE_UPDATE") != "" {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), got)

			// It can be written anew, and grow.
			require.NoError(t, os.Mkdir(filepath.Join(dir, "new"), 0o700))
			ask(t, stilltrace, dir, "compact "+name+" -o new/"+name)
			require.Equal(t, answers(t, stilltrace, dir, name), answers(t, stilltrace, filepath.Join(dir, "new"), name))
			out, err := appendTo(t.Context(), stilltrace, filepath.Join(dir, name), 5).CombinedOutput()
			require.NoError(t, err, string(out))
			require.Contains(t, ask(t, stilltrace, dir, "check "+name), "is whole")
		})
	}
}

func answers(t *testing.T, stilltrace, dir, name string) string {
	t.Helper()
	var all strings.Builder
	for _, question := range frozenQuestions {
		question = strings.ReplaceAll(question, "CASE", name)
		fmt.Fprintf(&all, "$ stilltrace %s\n%s\n", question, ask(t, stilltrace, dir, question))
	}
	return all.String()
}

// ask returns what a command says that has an answer.
func ask(t *testing.T, stilltrace, dir, line string) string {
	t.Helper()
	cmd := exec.Command(stilltrace, strings.Fields(line)...)
	var stderr bytes.Buffer
	cmd.Dir, cmd.Stderr, cmd.Env = dir, &stderr, append(os.Environ(), "COLUMNS=120")
	out, err := cmd.Output()
	require.NoError(t, err, "%s: %s", line, stderr.String())
	return string(out)
}
