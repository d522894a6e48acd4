package logs

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

// splitAs makes a segment of the text as a log of a format.
func splitAs(t *testing.T, s *splitter, id uint32, f Format, text []byte) *index.Segment {
	t.Helper()
	before, after := make(chan index.Time, 1), make(chan index.Time, 1)
	before <- 0
	seg, err := s.split(&job{chunk: chunk{raw: text, firstLine: 1}, from: &reading{id: id, format: f, service: []byte(f.Name)}, before: before, after: after,
		dater: dater{zone: time.UTC, base: 2026}})
	require.NoError(t, err)
	return seg
}

// caseOf returns the bytes of a case of the text as several logs, one for each
// format, with plans or with every line parsed, and how many variants the last
// segment has.
func caseOf(t *testing.T, formats []Format, text []byte, all bool) (file []byte, variants int) {
	t.Helper()
	w, err := index.Create(filepath.Join(t.TempDir(), "case.db"), index.CreateOptions{Force: true})
	require.NoError(t, err)
	defer w.Abort()
	b, err := w.NewSegmentBuilder()
	require.NoError(t, err)
	s := splitter{builder: b, captured: index.Time(1795392000e9), parseAll: all}
	for _, f := range formats {
		id := w.BeginSource()
		seg := splitAs(t, &s, id, f, text)
		require.NoError(t, w.AddSegment(seg))
		require.NoError(t, w.EndSource(index.Source{ID: id, Path: "/" + f.Name, Bytes: seg.Bytes(), Events: seg.Events()}))
	}
	_, err = w.Commit(index.Snapshot{})
	require.NoError(t, err)
	file, err = os.ReadFile(w.Path())
	require.NoError(t, err)
	for i := range s.plans {
		variants += len(s.plans[i].variants)
	}
	return file, variants
}

// A template that a segment has once is planned if an earlier one had it twice,
// which changes nothing of the case, whatever the formats of the two logs are.
func TestPlansRecur(t *testing.T) {
	var often, once, rules []byte
	for i := range 50 {
		once = fmt.Appendf(nil, "2026-11-23 02:31:39,%03d WARNING [shop.auth:812] login failed for user 'lamp%d@example.org'\n", i, 100+i)
		often = append(often, once...)
	}
	for i := range 200 {
		rules = fmt.Appendf(rules, "2026-11-23 02:42:53.%03d UTC [%d] eve@shop FATAL:  password authentication failed for user \"eve\"\n"+
			"2026-11-23 02:42:53.%[1]03d UTC [%[2]d] eve@shop DETAIL:  Connection matched pg_hba.conf line 88: \"host all all 192.0.2.%[3]d/32 md5\" (client 192.0.2.%[4]d)\n", i, 8662+i, i%3, i%7)
	}
	cases := []struct {
		name    string
		formats []Format
		text    []byte
		plans   int
	}{
		{"met once in all", []Format{python}, once, 0},
		{"met once in each", []Format{python, python, python}, once, 0},
		{"met again in each", []Format{python, python}, often, 1},
		{"in logs of other formats", []Format{python, plain, python, syslog, python}, often, 1},
		{"rules that name addresses", []Format{postgres, postgres}, rules, 3},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			planned, plans := caseOf(t, c.formats, c.text, false)
			parsed, none := caseOf(t, c.formats, c.text, true)
			require.Equal(t, c.plans, plans)
			require.Zero(t, none)
			require.True(t, bytes.Equal(parsed, planned))
		})
	}
	t.Run("no plan waits for a second line", func(t *testing.T) {
		b, err := index.NewSegmentBuilder()
		require.NoError(t, err)
		s := splitter{builder: b}
		for _, text := range [][]byte{once, often, once} {
			splitAs(t, &s, 1, python, text)
		}
		require.Len(t, s.plans[0].variants, 1)
		require.Equal(t, 1, s.plans[0].tries)
	})
}

// Templates without end are not all remembered.
func TestPlansRecurBounded(t *testing.T) {
	b, err := index.NewSegmentBuilder()
	require.NoError(t, err)
	s := splitter{builder: b}
	var text []byte
	for i := range maxRecurring + 100 {
		name := []byte{byte('a' + i%26), byte('a' + i/26%26), byte('a' + i/676%26), 'z'}
		for range 2 {
			text = fmt.Appendf(text, "2026-11-23 02:31:39,123 WARNING [shop.auth:812] of %s there is no more\n", name)
		}
	}
	splitAs(t, &s, 1, python, text)
	require.Len(t, s.recurring, 100, "as many as came after the memory was full")
}
