package errs

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
	"stilltrace/tracers/casetest"
	"stilltrace/tracers/tally"
)

func at(t testing.TB, clock string) index.Time { return casetest.At(t, "2026-03-01T"+clock+"Z") }

// bad is a host in trouble of several kinds, among what is no trouble.
func bad(t testing.TB) *index.Reader {
	sql := func(clock, table string, level index.Level) casetest.Event {
		return casetest.Event{Time: at(t, clock), Service: "postgresql", Level: level, Action: index.ActionQueryError,
			Message: `relation "` + table + `" does not exist`, Sign: `relation "<*>" does not exist`}
	}
	again := casetest.Event{Time: at(t, "01:00:09"), Service: "sshd", Level: index.LevelErr, Action: index.ActionOther,
		Message: "message repeated 7 times: [ error: PAM: internal ]", Sign: "error: PAM: internal", Count: 7}
	exception := func(class, message string) casetest.Event {
		return casetest.Event{Service: "django", Action: index.ActionException, Raw: "Traceback:\n  \xff\n" + message, Message: message, Sign: "boom",
			Fields: []index.Field{{Name: "exception", Value: class}}}
	}
	return casetest.Open(t, []casetest.Source{
		{Path: "/var/log/postgresql.log", Events: []casetest.Event{
			sql("01:00:01", "a", index.LevelErr), sql("01:00:03", "b", index.LevelCrit), sql("01:00:02", "c", index.LevelUnknown),
		}},
		{Path: "/var/log/copy.log", Events: []casetest.Event{sql("01:00:00", "d", index.LevelErr)}},
		{Path: "/var/log/auth.log", Events: []casetest.Event{
			again,
			{Time: at(t, "01:00:10"), Service: "sshd", Action: index.ActionLoginFailed, Outcome: index.OutcomeFailure, Message: "Failed password", IP: "203.0.113.7"},
		}},
		{Path: "/var/log/django.log", Events: []casetest.Event{
			exception("KeyError", "boom 1"), exception("ValueError", "boom "+strings.Repeat("x", maxExample)), exception("KeyError", "boom 3"),
		}},
		{Path: "/var/log/access.log", Events: []casetest.Event{
			{Time: at(t, "01:00:05"), Service: "nginx", Action: index.ActionHTTPRequest, IP: "203.0.113.7", Message: "GET / 502", Sign: "GET / <*>",
				Fields: []index.Field{{Name: "status", Value: "502"}}},
			{Time: at(t, "01:00:06"), Service: "nginx", Action: index.ActionHTTPRequest, IP: "203.0.113.7", Message: "GET / 404", Sign: "GET / <*>",
				Fields: []index.Field{{Name: "status", Value: "404"}}},
		}},
	})
}

func run(t testing.TB, r *index.Reader, q index.Query) *Answer {
	t.Helper()
	a, err := Run(r, q)
	require.NoError(t, err)
	return a
}

func TestRun(t *testing.T) {
	a := run(t, bad(t), casetest.Query(t))
	require.Equal(t, "stilltrace.error/1", a.Schema)
	require.Equal(t, Totals{Errors: 5, Count: 15, Events: 9, First: at(t, "01:00:00"), Last: at(t, "01:00:09")}, a.Totals)
	require.Equal(t, More{}, a.More)
	require.Equal(t, []tally.Row{
		{Value: "other", Count: 7, Events: 1, First: at(t, "01:00:09"), Last: at(t, "01:00:09")},
		{Value: "database", Count: 4, Events: 4, First: at(t, "01:00:00"), Last: at(t, "01:00:03")},
		{Value: "application", Count: 3, Events: 3},
		{Value: "http", Count: 1, Events: 1, First: at(t, "01:00:05"), Last: at(t, "01:00:05")},
	}, a.Categories)

	got, err := json.Marshal(a.Rows[:3])
	require.NoError(t, err)
	require.JSONEq(t, `[
		{"kind": "error", "signature": "error: PAM: internal", "category": "other", "type": "other", "severity": "err",
			"count": 7, "events": 1, "first": "2026-03-01T01:00:09Z", "last": "2026-03-01T01:00:09Z",
			"services": ["sshd"], "distinct_services": 1, "sources": ["/var/log/auth.log"], "distinct_sources": 1,
			"hint": "", "example": "message repeated 7 times: [ error: PAM: internal ]", "evidence": ["/var/log/auth.log:1"]},
		{"kind": "error", "signature": "relation \"<*>\" does not exist", "category": "database", "type": "query_error", "severity": "crit",
			"count": 4, "events": 4, "first": "2026-03-01T01:00:00Z", "last": "2026-03-01T01:00:03Z",
			"services": ["postgresql"], "distinct_services": 1, "sources": ["/var/log/postgresql.log", "/var/log/copy.log"], "distinct_sources": 2,
			"hint": "the database refused a statement", "example": "relation \"d\" does not exist",
			"evidence": ["/var/log/copy.log:1", "/var/log/postgresql.log:2"]},
		{"kind": "error", "signature": "boom", "category": "application", "type": "KeyError", "severity": "",
			"count": 2, "events": 2, "first": null, "last": null,
			"services": ["django"], "distinct_services": 1, "sources": ["/var/log/django.log"], "distinct_sources": 1,
			"hint": "a program did not handle an error of its own", "example": "boom 1",
			"evidence": ["/var/log/django.log:1", "/var/log/django.log:7"]}]`, string(got))

	require.Equal(t, "ValueError", a.Rows[3].Type, "the same signature is another error where its type is another")
	require.Len(t, a.Rows[3].Example, maxExample)
	require.Equal(t, "502", a.Rows[4].Type)
}

func TestTerms(t *testing.T) {
	r := bad(t)
	for _, c := range []struct {
		name  string
		terms []string
		want  []string // types
	}{
		{"a category", []string{"category:database"}, []string{"query_error"}},
		{"a pattern of categories", []string{"category:*a*e"}, []string{"query_error"}},
		{"not a category", []string{"-category:application", "-category:other"}, []string{"query_error", "502"}},
		{"a type", []string{"type:KeyError"}, []string{"KeyError"}},
		{"types by a pattern", []string{"type:*Error"}, []string{"KeyError", "ValueError"}},
		{"a category and a field of the event", []string{"category:database", "level>=crit"}, []string{"query_error"}},
		{"a field of the event", []string{"ip:203.0.113.7"}, []string{"502"}},
		{"nothing", []string{"category:dns"}, []string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			types := []string{}
			for _, row := range run(t, r, casetest.Query(t, c.terms...)).Rows {
				types = append(types, row.Type)
			}
			require.Equal(t, c.want, types)
		})
	}
	for _, c := range []struct{ term, want string }{
		{"category>=disk", "term category>=disk: category has no order: category:VALUE"},
		{"nosuch:field", "nosuch"},
		{"ip:nonsense", "ip:nonsense"},
	} {
		_, err := Run(r, casetest.Query(t, c.term))
		require.ErrorContains(t, err, c.want)
	}
}

func TestFields(t *testing.T) {
	r := casetest.Open(t, []casetest.Source{{Path: "audit.log", Events: []casetest.Event{
		{Message: "x", Fields: []index.Field{{Name: "type", Value: "SYSCALL"}, {Name: "exe", Value: "/bin/sh"}}}}}})
	names := map[string]int{}
	for _, f := range Fields(r) {
		names[f.Name]++
	}
	require.Equal(t, 1, names["category"])
	require.Equal(t, 1, names["type"], "the tracer's own field stands before a format's of the same name")
	require.Equal(t, 1, names["exe"])
}

func TestRowsAreBounded(t *testing.T) {
	tr := newTracer(&wanted{})
	for i := range maxErrors + 5 {
		tr.event(&index.Event{Level: index.LevelErr, Sign: fmt.Sprint(i), Count: 2})
	}
	tr.event(&index.Event{Level: index.LevelErr, Sign: "0"})
	a := tr.answer()
	require.Len(t, a.Rows, maxErrors)
	require.Equal(t, More{Count: 10, Events: 5}, a.More)
	require.EqualValues(t, 2*(maxErrors+5)+1, a.Totals.Count)
	require.EqualValues(t, 3, a.Rows[0].Count, "what has a row is counted to the end")

	tr = newTracer(&wanted{})
	long := strings.Repeat("x", maxText/4)
	for i := range 6 {
		tr.event(&index.Event{Level: index.LevelErr, Sign: fmt.Sprint(i) + long})
	}
	require.Equal(t, 3, tr.answer().Totals.Errors)
}

// questions are asked with and without the index, twice, and in another zone.
var questions = [][]string{
	nil, {"category:database"}, {"category:http"}, {"-category:http"}, {"type:502"}, {"ip:203.0.1.0/24"}, {"service:postgresql", "level>=err"},
	{"message:does not exist"}, {"category:dns"},
}

func answers(t testing.TB, brute bool) string {
	t.Helper()
	return casetest.Answers(t, questions, brute, func(r *index.Reader, q index.Query) []any {
		return []any{run(t, r, q)}
	})
}

func TestRunIsBrute(t *testing.T) { require.Equal(t, answers(t, true), answers(t, false)) }

func TestSameInAnyZone(t *testing.T) {
	casetest.SameInAnyZone(t, answers(t, false), `"category":"database","type":"query_error"`)
}

func BenchmarkRun(b *testing.B) {
	r := casetest.Open(b, casetest.Many(50_000))
	b.ReportAllocs()
	for b.Loop() {
		if a, err := Run(r, index.Query{Snapshot: 1}); err != nil || len(a.Rows) == 0 {
			b.Fatal(err)
		}
	}
}
