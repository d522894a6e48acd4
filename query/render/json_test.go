package render

import (
	"encoding/json"
	"stilltrace/index/printable"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestJSONIsSafeAndExact(t *testing.T) {
	got := write(t, "jsonl", hostile(), Style{})
	lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
	require.Len(t, lines, 8)
	n := 0
	for r, err := range hostile().Main.Rows {
		require.NoError(t, err)
		require.Equal(t, printable.String(lines[n]), lines[n], "nothing that a terminal acts on")
		var back record
		require.NoError(t, json.Unmarshal([]byte(lines[n]), &back))
		require.Equal(t, strings.ToValidUTF8(r.Record.(record).Command, "\ufffd"), back.Command)
		n++
	}
}

func TestJSONEscapes(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"html stays readable", `<a href="x">&`, `"<a href=\"x\">&"`},
		{"line separator", "\u2028\u2029", `"\u2028\u2029"`},
		{"not utf-8", "a\xffb", `"a\ufffdb"`},
		{"del and c1", "\x7f\u0085\u009b", `"\u007f\u0085\u009b"`},
		{"bidi", "\u202e\u2066", `"\u202e\u2066"`},
		{"tag beyond the first plane", "\U000e0041", `"\udb40\udc41"`},
		{"letters stay", "é日本😀", `"é日本😀"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := encode(tt.in, "", "")
			require.NoError(t, err)
			require.Equal(t, tt.want+"\n", string(b))
			var back string
			require.NoError(t, json.Unmarshal(b, &back))
			require.Equal(t, strings.ToValidUTF8(tt.in, "\ufffd"), back)
		})
	}
}

func TestJSONStream(t *testing.T) {
	a := hostile()
	a.Stream, a.Schema = "processes", "test/1"
	var got struct {
		Schema    string   `json:"schema"`
		Processes []record `json:"processes"`
	}
	require.NoError(t, json.Unmarshal([]byte(write(t, "json", a, Style{})), &got))
	require.Equal(t, "test/1", got.Schema)
	require.Len(t, got.Processes, 8)

	empty := answer()
	empty.Stream, empty.Schema = "processes", "test/1"
	require.Equal(t, "{\n  \"schema\": \"test/1\",\n  \"processes\": [\n  ]\n}\n", write(t, "json", empty, Style{}))
}
