package process_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
	"stilltrace/tracers/process"
)

// grown writes a case of several snapshots.
func grown(t *testing.T, snaps ...*records) *index.Reader {
	t.Helper()
	path := filepath.Join(t.TempDir(), "case.db")
	for i, c := range snaps {
		w, err := index.Create(path, index.CreateOptions{Tool: "test"})
		if i > 0 {
			w, err = index.Append(t.Context(), path, "test")
		}
		require.NoError(t, err)
		for j := range c.processes {
			require.NoError(t, w.AddProcess(&c.processes[j]))
		}
		_, err = w.Commit(c.snap)
		require.NoError(t, err)
	}
	r, err := index.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

// busy is a process with a start (ticks after boot) and some CPU time.
func busy(pid int, start, user, system uint64) index.Process {
	return with(proc(pid, 1, "x", "/opt/x", "x"), func(p *index.Process) { p.StartTime, p.UserMS, p.SystemMS = start, user, system })
}

// at is a snapshot so many seconds after boot.
func at(boot string, seconds int64) index.Snapshot {
	return index.Snapshot{Host: index.Host{BootID: boot, MachineID: "m", Uptime: float64(seconds)}, Start: index.Clocks{Boottime: seconds * 1e9}}
}

func percent(p float64, ms int64) process.Share { return process.Share{Percent: &p, MS: ms} }

func TestCPU(t *testing.T) {
	looks := &index.Coverage{FirstLook: index.Clocks{Monotonic: 5e9}, SecondLook: index.Clocks{Monotonic: 6e9}}
	for _, c := range []struct {
		name    string
		then    *index.Snapshot
		before  []index.Process
		now     index.Process
		covered bool
		want    process.CPU
	}{
		{"over its life", nil, nil, busy(5, 900_000, 30_000, 20_000), false, process.CPU{Lifetime: percent(5, 1_000_000)}},
		{"more than one core", nil, nil, busy(5, 999_000, 15_000, 5_000), false, process.CPU{Lifetime: percent(200, 10_000)}},
		{"began after the uptime was read", nil, nil, busy(5, 1_000_001, 10, 0), false, process.CPU{}},
		{"a start that no clock has", nil, nil, busy(5, 1<<63, 10, 0), false, process.CPU{}},
		{"between looks", nil, nil, with(busy(5, 900_000, 0, 0), func(p *index.Process) { p.Interval = &index.Interval{MS: 500, UserMS: 100, SystemMS: 150} }), true,
			process.CPU{Lifetime: percent(0, 1_000_000), Looks: percent(50, 500)}},
		{"idle between looks", nil, nil, busy(5, 900_000, 0, 0), true, process.CPU{Lifetime: percent(0, 1_000_000), Looks: percent(0, 1000)}},
		{"seen by one look", nil, nil, with(busy(5, 900_000, 0, 0), func(p *index.Process) { p.Look = index.LookSecond }), true, process.CPU{Lifetime: percent(0, 1_000_000)}},
		{"since the snapshot before", ptr(at("b", 9_940)), []index.Process{busy(5, 900_000, 0, 1000)}, busy(5, 900_000, 3_000, 4_000), false,
			process.CPU{Lifetime: percent(0.7, 1_000_000), Before: percent(10, 60_000)}},
		{"another process with that pid", ptr(at("b", 9_940)), []index.Process{busy(5, 900_000, 0, 1000)}, busy(5, 997_000, 3_000, 0), false,
			process.CPU{Lifetime: percent(10, 30_000), Before: percent(5, 60_000)}},
		{"missed by the snapshot before", ptr(at("b", 9_940)), nil, busy(5, 900_000, 3_000, 0), false, process.CPU{Lifetime: percent(0.3, 1_000_000)}},
		{"another boot", ptr(at("a", 9_940)), []index.Process{busy(5, 900_000, 0, 0)}, busy(5, 900_000, 3_000, 0), false, process.CPU{Lifetime: percent(0.3, 1_000_000)}},
		{"a clock that ran back", ptr(at("b", 10_940)), []index.Process{busy(5, 900_000, 0, 0)}, busy(5, 900_000, 3_000, 0), false, process.CPU{Lifetime: percent(0.3, 1_000_000)}},
		{"less CPU than before", ptr(at("b", 9_940)), []index.Process{busy(5, 900_000, 9_000, 0)}, busy(5, 900_000, 3_000, 0), false, process.CPU{Lifetime: percent(0.3, 1_000_000)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := &records{snap: at("b", 10_000), processes: []index.Process{c.now}}
			if c.covered {
				now.snap.Coverage = looks
			}
			all := []*records{now}
			if c.then != nil {
				all = []*records{{snap: *c.then, processes: c.before}, now}
			}
			a, err := process.Run(grown(t, all...), index.Query{})
			require.NoError(t, err)
			require.Equal(t, c.want, a.Processes[0].CPU)
		})
	}
}

func ptr[T any](v T) *T { return &v }

// many use much of different things.
func many() *records {
	use := func(p index.Process, change func(*index.Process)) index.Process { return with(p, change) }
	return &records{snap: at("b", 10_000), processes: []index.Process{
		use(busy(1, 1, 10, 10), func(p *index.Process) { p.Threads, p.Comm, p.User = 9, "a", "alice" }),
		use(busy(2, 1, 500, 0), func(p *index.Process) {
			p.Switches, p.Comm, p.User = &index.Switches{Voluntary: 1, Involuntary: 1}, "b", "bob"
		}),
		use(busy(3, 1, 0, 20), func(p *index.Process) { p.RSS, p.FDs, p.User = 9<<20, ptr(7), "bob" }),
		use(busy(4, 1, 0, 0), func(p *index.Process) {
			p.IO = &index.ProcessIO{ReadBytes: 5, WriteBytes: 6}
			p.Interval = &index.Interval{MS: 100, UserMS: 10}
		}),
		use(busy(5, 1, 0, 0), func(p *index.Process) {
			p.IO = &index.ProcessIO{ReadChars: 100}
			p.FDs, p.Switches = ptr(9), &index.Switches{Voluntary: 2}
		}),
	}}
}

func TestTop(t *testing.T) {
	r := many().open(t)
	for _, c := range []struct {
		by      string
		want    []int
		unknown int
	}{
		{"cpu", []int{4, 2, 1, 3, 5}, 0},
		{"rss", []int{3, 1, 2, 4, 5}, 0},
		{"io", []int{4, 5}, 3},
		{"fds", []int{5, 3}, 3},
		{"threads", []int{1, 2, 3, 4, 5}, 0},
		{"switches", []int{2, 5}, 3},
	} {
		t.Run(c.by, func(t *testing.T) {
			a, err := process.Top(r, index.Query{}, c.by)
			require.NoError(t, err)
			require.Equal(t, c.want, pids(a.Processes))
			require.Equal(t, c.by, a.Top)
			require.Equal(t, c.unknown, a.TopUnknown)
			require.Equal(t, 5, a.Summary.Processes, "the summary is over all that were asked for")
		})
	}
	require.Len(t, process.Measures(), 6)
	_, err := process.Top(r, index.Query{}, "luck")
	require.EqualError(t, err, `top "luck": one of cpu, rss, io, fds, threads, switches`)
}

func TestDivide(t *testing.T) {
	r := many().open(t)
	s, err := process.Divide(r, index.Query{}, "user")
	require.NoError(t, err)
	require.Equal(t, process.SchemaUsage, s.Schema)
	require.Len(t, s.Groups, 3)
	bob := s.Groups[0]
	require.Equal(t, "bob", bob.Name)
	require.Equal(t, process.Usage{Processes: 2, Threads: 2, UserMS: 500, SystemMS: 20, RSS: 10 << 20, FDs: 7,
		Switches: index.Switches{Voluntary: 1, Involuntary: 1}, Unknown: process.Unknown{Swap: 2, IO: 2, Switches: 1, FDs: 1}}, bob.Usage)
	require.Equal(t, 10.0, *s.Groups[2].Recent)
	require.Equal(t, 5, s.Total.Processes)
	require.Equal(t, index.ProcessIO{ReadChars: 100, ReadBytes: 5, WriteBytes: 6}, s.Total.IO)

	names := func(by string) []string {
		s, err := process.Divide(web().open(t), index.Query{}, by)
		require.NoError(t, err)
		var out []string
		for _, g := range s.Groups {
			require.Equal(t, "usage", g.Kind)
			out = append(out, g.Name)
		}
		return out
	}
	require.Equal(t, []string{"nginx", "sshd", "bash", "kworker/u9:2", "python3", "stilltrace", "sudo", "systemd", "[kthreadd]", "[kworker]"}, names("name"))
	require.Equal(t, []string{"", "shop"}, names("container"))
	require.Equal(t, []string{"nginx.service", "session", "", "docker-4e2f.scope", "init.scope", "ssh.service"}, names("service"))
	_, err = process.Divide(r, index.Query{}, "luck")
	require.EqualError(t, err, `by "luck": processes are divided by one of name, user, service, container`)
}
