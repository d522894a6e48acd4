package event

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
	"stilltrace/tracers/casetest"
	"stilltrace/tracers/tally"
)

func TestCount(t *testing.T) {
	r := small(t)
	a, err := Count(r, casetest.Query(t), nil)
	require.NoError(t, err)
	at := func(s string) index.Time { return casetest.At(t, "2026-03-01T10:00:0"+s+"Z") }

	require.Equal(t, "stilltrace.event/1", a.Schema)
	require.Equal(t, Totals{Events: 5, Count: 9, First: at("1.25"), Last: at("5")}, a.Totals)
	want := []Counts{
		{By: "service", Distinct: 3, None: 1, Rows: []tally.Row{
			{Value: "sshd", Count: 6, Events: 2, First: at("2"), Last: at("4")},
			{Value: "app", Count: 1, Events: 1, First: at("1.25"), Last: at("1.25")},
			{Value: "kernel", Count: 1, Events: 1, First: at("3"), Last: at("3")}}},
		{By: "action", Distinct: 4, Rows: []tally.Row{
			{Value: "login_failed", Count: 6, Events: 2, First: at("2"), Last: at("4")},
			{Value: "exception", Count: 1, Events: 1, First: at("1.25"), Last: at("1.25")},
			{Value: "firewall_block", Count: 1, Events: 1, First: at("3"), Last: at("3")},
			{Value: "other", Count: 1, Events: 1, First: at("5"), Last: at("5")}}},
		{By: "level", Distinct: 2, None: 3, Rows: []tally.Row{
			{Value: "info", Count: 5, Events: 1, First: at("2"), Last: at("2")},
			{Value: "err", Count: 1, Events: 1, First: at("1.25"), Last: at("1.25")}}},
		{By: "user", Distinct: 2, None: 3, Rows: []tally.Row{
			{Value: "root", Count: 5, Events: 1, First: at("2"), Last: at("2")},
			{Value: "a b", Count: 1, Events: 1, First: at("4"), Last: at("4")}}},
		{By: "ip", Distinct: 2, None: 2, Rows: []tally.Row{
			{Value: "203.0.113.7", Count: 6, Events: 2, First: at("2"), Last: at("3")},
			{Value: "2001:db8::1", Count: 1, Events: 1, First: at("4"), Last: at("4")}}},
	}
	require.Equal(t, want, a.Counts)

	a, err = Count(r, casetest.Query(t), []string{"ips"})
	require.NoError(t, err)
	require.Equal(t, 3, a.Counts[0].Distinct, "the address that is only mentioned, too")
}

func TestCountByChoice(t *testing.T) {
	r := small(t)
	a, err := Count(r, casetest.Query(t, "service:sshd"), []string{"user", "level"})
	require.NoError(t, err)
	require.Len(t, a.Counts, 2)
	require.Equal(t, "user", a.Counts[0].By)
	require.Equal(t, "level", a.Counts[1].By)
	require.EqualValues(t, 6, a.Totals.Count)

	_, err = Count(r, casetest.Query(t), []string{"colour"})
	require.ErrorContains(t, err, `count by "colour": no such grouping: one of service, action, level, user, ip, ips, source`)
	_, err = Count(r, casetest.Query(t, "nosuch:field"), nil)
	require.ErrorContains(t, err, "nosuch")
}

func TestCountOfNothing(t *testing.T) {
	a, err := Count(small(t), casetest.Query(t, "user:nobody"), []string{"ip"})
	require.NoError(t, err)
	got, err := json.Marshal(a)
	require.NoError(t, err)
	require.JSONEq(t, `{"schema": "stilltrace.event/1", "totals": {"events": 0, "count": 0, "first": null, "last": null},
		"counts": [{"by": "ip", "distinct": 0, "rows": [], "none": 0, "more": 0}]}`, string(got))
}

// questions are asked with and without the index, twice, and in another zone.
var questions = [][]string{
	nil, {"service:sshd"}, {"user:userc"}, {"ip:203.0.1.0/24"}, {"ip:203.0.0.9"}, {"-service:nginx", "level>=err"}, {"status:502"},
	{"action:login*"}, {"message:does not exist"}, {"status>=500"}, {"user:nobody"},
}

func answers(t testing.TB, brute bool) string {
	t.Helper()
	return casetest.Answers(t, questions, brute, func(r *index.Reader, q index.Query) []any {
		a, err := Count(r, q, nil)
		require.NoError(t, err)
		all := []any{a}
		for _, row := range list(t, r, q) {
			all = append(all, row)
		}
		return all
	})
}

func TestRunIsBrute(t *testing.T) { require.Equal(t, answers(t, true), answers(t, false)) }

func TestSameInAnyZone(t *testing.T) { casetest.SameInAnyZone(t, answers(t, false), `"clock":"exact"`) }

func BenchmarkCount(b *testing.B) {
	r := casetest.Open(b, casetest.Many(50_000))
	b.ReportAllocs()
	for b.Loop() {
		a, err := Count(r, index.Query{Snapshot: 1}, nil)
		if err != nil || a.Totals.Events != 50_000 {
			b.Fatal(err, a.Totals)
		}
	}
}

func BenchmarkList(b *testing.B) {
	r := casetest.Open(b, casetest.Many(50_000))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for _, err := range List(r, index.Query{Snapshot: 1}) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != 50_000 {
			b.Fatal(n)
		}
	}
}
