package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCovers(t *testing.T) {
	at := time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)
	acts := []act{{At: at, Until: at.Add(5 * time.Second)}, {At: at.Add(time.Minute), Until: at.Add(time.Minute)}}
	for offset, want := range map[time.Duration]bool{
		-slack - time.Millisecond: false, -slack: true, 0: true, 5*time.Second + slack: true, 5*time.Second + slack + time.Millisecond: false, time.Minute + slack: true,
	} {
		require.Equal(t, want, covers(acts, at.Add(offset)), offset)
	}
}

func TestSubjects(t *testing.T) {
	acts := []act{{Actor: "slow", From: "203.0.113.99"}, {Actor: "slow", From: "203.0.113.99"}}
	for _, from := range sweepers() {
		acts = append(acts, act{Actor: "sweep", From: from})
	}
	all := subjects(acts)
	require.Len(t, all, 2)
	require.Equal(t, "203.0.113.99", all[0].name)
	require.Len(t, all[0].acts, 2)
	require.Equal(t, "sweep, 24 addresses", all[1].name)
	require.Len(t, all[1].acts, 24)
}

func TestExplained(t *testing.T) {
	acts := []act{{What: actOOMKill, HostPID: 812, Detail: map[string]string{"name": "report.py"}}}
	killed := errorRow{Type: "oom_kill", Services: []string{"kernel"}, Example: "Memory cgroup out of memory: Killed process 812 (report.py) total-vm:1kB"}
	require.True(t, explained(acts, killed))
	require.False(t, explained(nil, killed), "nobody did it")
	killed.Example = strings.Replace(killed.Example, "812", "813", 1)
	require.False(t, explained(acts, killed), "it is another process")
}

func TestInTime(t *testing.T) {
	at := time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)
	later := at.Add(time.Hour)
	acts := []act{{At: at, Until: at, From: "203.0.113.66", Count: 2}, {At: later, Until: later, From: "203.0.113.99", Count: 1}}
	c := &comparison{sheet: &sheet{}}
	c.inTime("times", "s", acts, addressOf, []eventRow{
		{Time: &at, IP: "203.0.113.66", Count: 2}, {Time: &at, IP: "203.0.113.99", Count: 1}, {IP: "203.0.113.66", Count: 1},
	}, addressIn)
	require.Equal(t, bag{"in time": 3}, c.rows[0].truth)
	require.Equal(t, bag{"in time": 2, "2026-11-23T05:00:00Z 203.0.113.99": 1, "without a time: 203.0.113.66": 1}, c.rows[0].answer)
}

func TestSurvivors(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 11, 23, 5, minute, 0, 0, time.UTC) }
	started := []act{{At: at(1), Until: at(2), PID: 114}, {At: at(9), Until: at(9), PID: 413}, {At: at(4), Until: at(5), PID: 200}}
	again := survivors([]act{{At: at(7), Until: at(8), PID: 406, Count: 1}}, started)
	require.Len(t, again, 1)
	require.Equal(t, 200, again[0].PID, "the last one that was started before it")
	require.Equal(t, at(7), again[0].At)
}

func TestPlain(t *testing.T) {
	for written, want := range map[string]string{
		"/usr/bin/sh -c 'id -un; exec /bin/sh'": "/bin/sh -c id -un; exec /bin/sh",
		"/bin/sh -c id -un; exec /bin/sh":       "/bin/sh -c id -un; exec /bin/sh",
		"/usr/bin/cat /etc/shadow":              "/bin/cat /etc/shadow",
	} {
		require.Equal(t, want, plain(written))
	}
}

func TestGeneration(t *testing.T) {
	for path, want := range map[string]string{
		"/var/log/auth.log": "/var/log/auth.log", "/var/log/auth.log.1": "/var/log/auth.log", "/var/log/auth.log.12.gz": "/var/log/auth.log",
		"/var/log/postgresql/postgresql-15-main.log": "/var/log/postgresql/postgresql-15-main.log",
	} {
		require.Equal(t, want, generation.ReplaceAllString(path, ""))
	}
}
