package index_test

import (
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

func TestConditionText(t *testing.T) {
	cases := []struct {
		name    string
		kind    index.FieldKind
		pattern string
		value   string
		want    bool
	}{
		{"equal", index.Exact, "root", "root", true},
		{"case matters", index.Exact, "Root", "root", false},
		{"part is not enough", index.Exact, "roo", "root", false},
		{"star at the end", index.Exact, "ro*", "root", true},
		{"star at the start", index.Exact, "*/auth.log", "/var/log/auth.log", true},
		{"stars around", index.Exact, "*og/a*", "/var/log/auth.log", true},
		{"star alone", index.Exact, "*", "", true},
		{"parts do not overlap", index.Exact, "ab*ba", "aba", false},
		{"middle in order", index.Exact, "a*b*c", "a-c-b-c", true},
		{"middle out of order", index.Exact, "a*b*c", "a-c-b", false},
		{"contains, any case", index.Contains, "FAILED pass", "Failed password", true},
		{"contains not", index.Contains, "accepted", "Failed password", false},
		{"number", index.Number, "12", "012", true},
		{"text is no number", index.Number, "12", "12a", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, not := range []bool{false, true} {
				cond, ok := index.Term{Field: "f", Op: index.Is, Value: c.pattern, Not: not}.Compile(c.kind)
				require.True(t, ok)
				require.Equal(t, c.want != not, cond.Text(c.value))
				require.Equal(t, not, cond.Text(), "a record without the value")
			}
		})
	}
}

func TestConditionNumbersLevelsAddresses(t *testing.T) {
	number := func(op index.Op, v string, n int64) bool {
		c, ok := index.Term{Op: op, Value: v}.Compile(index.Number)
		require.True(t, ok)
		return c.Int(n)
	}
	require.True(t, number(index.AtLeast, "400", 400))
	require.False(t, number(index.Above, "400", 400))
	require.True(t, number(index.Below, "400", -1))
	require.True(t, number(index.AtMost, "400", 400))

	level := func(op index.Op, v string, l index.Level) bool {
		c, ok := index.Term{Op: op, Value: v}.Compile(index.Severity)
		require.True(t, ok)
		return c.Level(l)
	}
	require.True(t, level(index.AtLeast, "err", index.LevelCrit), "worse is more")
	require.False(t, level(index.AtLeast, "err", index.LevelWarning))
	require.False(t, level(index.AtMost, "debug", index.LevelUnknown), "unknown is no level")

	address := func(v, a string) bool {
		c, ok := index.Term{Op: index.Is, Value: v}.Compile(index.Address)
		require.True(t, ok)
		return c.Addr(netip.MustParseAddr(a))
	}
	require.True(t, address("203.0.113.0/24", "203.0.113.255"))
	require.True(t, address("203.0.113.9/24", "203.0.113.1"), "host bits do not matter")
	require.True(t, address("::ffff:203.0.113.7", "203.0.113.7"))
	require.False(t, address("0.0.0.0/0", "2001:db8::1"))

	for name, bad := range map[string]struct {
		t    index.Term
		kind index.FieldKind
	}{
		"text as number":       {index.Term{Op: index.Is, Value: "x"}, index.Number},
		"text as address":      {index.Term{Op: index.Is, Value: "203.0.113"}, index.Address},
		"unknown level":        {index.Term{Op: index.Is, Value: "bad"}, index.Severity},
		"more than a text":     {index.Term{Op: index.Above, Value: "x"}, index.Exact},
		"more than an address": {index.Term{Op: index.Above, Value: "::1"}, index.Address},
		"bad expression":       {index.Term{Op: index.Matches, Value: "a("}, index.Exact},
		"expression of number": {index.Term{Op: index.Matches, Value: "1"}, index.Number},
		"range backwards":      {index.Term{Op: index.Is, Value: "9-8"}, index.Number},
		"range without an end": {index.Term{Op: index.Is, Value: "9-"}, index.Number},
		"more than a range":    {index.Term{Op: index.Above, Value: "8-9"}, index.Number},
	} {
		_, ok := bad.t.Compile(bad.kind)
		require.False(t, ok, name)
	}
}

func TestRanges(t *testing.T) {
	for _, c := range []struct {
		value   string
		in, out []int64
	}{
		{"8000-8002", []int64{8000, 8001, 8002}, []int64{7999, 8003}},
		{"7-7", []int64{7}, []int64{6, 8}},
		{"-5", []int64{-5}, []int64{5}},
		{"-5-3", []int64{-5, 0, 3}, []int64{-6, 4}},
		{"-5--3", []int64{-5, -3}, []int64{-2, -6}},
	} {
		cond, ok := index.Term{Op: index.Is, Value: c.value}.Compile(index.Number)
		require.True(t, ok, c.value)
		for _, n := range c.in {
			require.True(t, cond.Int(n), "%s %d", c.value, n)
			require.True(t, cond.Text(strconv.FormatInt(n, 10)), "%s %d", c.value, n)
		}
		require.False(t, cond.Int(c.out...), c.value)
	}
}

func TestExpressions(t *testing.T) {
	for _, kind := range []index.FieldKind{index.Exact, index.Contains} {
		cond, ok := index.Term{Op: index.Matches, Value: "^php-fpm[0-9.]*$"}.Compile(kind)
		require.True(t, ok)
		require.True(t, cond.Text("php-fpm8.2"))
		require.False(t, cond.Text("PHP-fpm", "xphp-fpm"))
		require.False(t, cond.Optional(""), "a record without the value")
		cond, ok = index.Term{Op: index.Matches, Value: "a", Not: true}.Compile(kind)
		require.True(t, ok)
		require.True(t, cond.Text("b"))
		require.True(t, cond.Optional(""))
		require.False(t, cond.Text("ba"))
	}
}

// The words of the vocabularies are a contract: they stand in every answer.
func TestVocabularies(t *testing.T) {
	require.Equal(t, "other login login_failed login_invalid_user logout session_opened session_closed sudo sudo_denied su su_failed account_changed "+
		"ip_found ip_banned ip_unbanned http_request connection_opened connection_closed connection_refused connection_timeout connection_reset "+
		"service_started service_stopped service_failed oom_kill memory_error segfault disk_full io_error fs_error too_many_files deadlock query_error "+
		"db_connection permission_denied firewall_block scheduled_job package_changed config_changed exception cert_error dns_error time_change",
		strings.Join(index.ActionNames(), " "))
	for i, n := range index.ActionNames() {
		a, ok := index.ParseAction(n)
		require.True(t, ok)
		require.Equal(t, index.Action(i), a)
		require.Equal(t, n, a.String())
	}
	require.Equal(t, []string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}, index.LevelNames())
	require.Equal(t, []string{"exact", "no_zone", "no_year", "inherited", "capture"}, index.ClockNames())
	require.Equal(t, []string{"success", "failure"}, index.OutcomeNames())
	require.Equal(t, "action(200) level(200) clock(200) outcome(200)",
		strings.Join([]string{index.Action(200).String(), index.Level(200).String(), index.Clock(200).String(), index.Outcome(200).String()}, " "))
}
