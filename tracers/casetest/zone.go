package casetest

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

// Answers asks a case of many events each question, with the index or without,
// and returns what run answers as one text of JSON lines.
func Answers(t testing.TB, questions [][]string, brute bool, run func(*index.Reader, index.Query) []any) string {
	t.Helper()
	r := Open(t, Many(1500))
	var out strings.Builder
	for _, terms := range questions {
		q := Query(t, terms...)
		q.Brute = brute
		for _, answer := range run(r, q) {
			j, err := json.Marshal(answer)
			require.NoError(t, err)
			fmt.Fprintf(&out, "%s\n", j)
		}
	}
	return out.String()
}

// child marks the process of a test that prints its answers for its parent.
const child = "STILLTRACE_TEST_PRINT_ANSWERS"

// SameInAnyZone runs the test that calls it again under other time zones, and
// requires the same answers there. The text holds must be part of them, so
// that empty answers do not pass for equal ones.
func SameInAnyZone(t *testing.T, answers, holds string) {
	t.Helper()
	if os.Getenv(child) != "" {
		fmt.Print("BEGIN\n", answers, "END\n")
		return
	}
	require.Contains(t, answers, holds)
	for _, zone := range []string{"UTC", "Asia/Tokyo", "America/St_Johns"} {
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), child+"=1", "TZ="+zone)
		out, err := cmd.Output()
		require.NoError(t, err)
		_, body, found := strings.Cut(string(out), "BEGIN\n")
		require.True(t, found)
		body, _, found = strings.Cut(body, "END\n")
		require.True(t, found)
		require.Equal(t, answers, body, zone)
	}
}
