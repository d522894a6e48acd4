package query

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestArguments(t *testing.T) {
	tests := []struct {
		name     string
		in, want []string
	}{
		{"nothing to move", []string{"event", "a.db", "--limit", "3"}, []string{"event", "a.db", "--limit", "3"}},
		{"excluded term", []string{"event", "a.db", "-service:sshd", "--limit", "3"}, []string{"event", "a.db", "--limit", "3", "--", "-service:sshd"}},
		{"comparison", []string{"event", "-pid>=3", "a.db"}, []string{"event", "a.db", "--", "-pid>=3"}},
		{"own end of flags", []string{"event", "-ip:::1", "--", "-x:y", "--z"}, []string{"event", "--", "-ip:::1", "-x:y", "--z"}},
		{"excluded address", []string{"ip", "-203.0.113.0/24", "-2001:db8::1", "-:22", "a.db"}, []string{"ip", "a.db", "--", "-203.0.113.0/24", "-2001:db8::1", "-:22"}},
		{"a time is none", []string{"event", "--since", "-2h", "--sort", "-time"}, []string{"event", "--since", "-2h", "--sort", "-time"}},
		{"a short flag is none", []string{"event", "-o", "x"}, []string{"event", "-o", "x"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, Arguments(tt.in)) })
	}
}

func TestSplit(t *testing.T) {
	c, words, err := split([]string{"sshd", "dir/web01.db@2", "user:root@x"})
	require.NoError(t, err)
	require.Equal(t, caseArg{"dir/web01.db", 2}, c)
	require.Equal(t, []string{"sshd", "user:root@x"}, words)
	c, _, err = split([]string{"web01.db"})
	require.NoError(t, err)
	require.Equal(t, caseArg{"web01.db", 0}, c)

	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, "no case is named: stilltrace snapshot -o CASE.db makes one"},
		{[]string{"web01"}, "web01: no case is named: its name ends in .db, or in .db@2 for its second snapshot"},
		{[]string{"a.db", "b.db"}, "b.db: a second case: one at a time"},
		{[]string{"a.db@0"}, "a.db@0: snapshots are counted from 1: a.db@1"},
	} {
		_, _, err := split(tt.args)
		require.EqualError(t, err, tt.want)
	}
}
