package process_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
	"stilltrace/tracers/process"
)

func TestFindings(t *testing.T) {
	gap := func(place string) []index.Gap {
		return []index.Gap{{Area: "process", Place: place, Reason: index.ReasonPermission, PID: 5, Count: 1}}
	}
	for _, c := range []struct {
		name string
		p    index.Process
		gaps []index.Gap
		want []string // rule and severity
	}{
		{"nothing", proc(5, 1, "cron", "/usr/sbin/cron", "cron", "-f"), nil, nil},
		{"deleted", with(proc(5, 1, "cron", "/usr/sbin/cron", "cron"), func(p *index.Process) { p.ExeGone = true }), nil, []string{"exe_deleted:5:50"}},
		{"memfd", with(proc(5, 1, "x", "/memfd:x", "x"), func(p *index.Process) { p.ExeGone = true }), nil, []string{"exe_memfd:5:50"}},
		{"bracketed argument", proc(5, 1, "x", "/tmp/x", "[kworker/0:0]"), nil, []string{"kernel_name:5:50"}},
		{"bracketed comm", proc(5, 1, "[kthreadd]", "/tmp/x", "x"), nil, []string{"kernel_name:5:50"}},
		{"two at once, most severe first", with(proc(5, 1, "x", "/tmp/x", "[x]"), func(p *index.Process) { p.ExeGone = true }), nil,
			[]string{"kernel_name:5:50", "exe_deleted:5:50"}},
		{"brackets within", proc(5, 1, "sshd", "/usr/sbin/sshd", "sshd: alice [priv]"), nil, nil},
		{"parentheses", proc(5, 1, "(sd-pam)", "/usr/lib/systemd/systemd", "(sd-pam)"), nil, nil},
		{"kernel thread", with(proc(5, 2, "kworker/0:1", ""), func(p *index.Process) { p.Kernel = true }), nil, nil},
		{"kernel thread in brackets", with(proc(5, 2, "[x]", ""), func(p *index.Process) { p.Kernel = true }), nil, nil},
		{"no arguments", proc(5, 1, "kworker/0:1", "/tmp/x"), nil, []string{"no_arguments:5:50"}},
		{"wiped arguments", proc(5, 1, "kworker/0:1", "/tmp/x", "", ""), nil, []string{"no_arguments:5:50"}},
		{"zombie", with(proc(5, 1, "sh", "/bin/sh"), func(p *index.Process) { p.State = "Z" }), nil, nil},
		{"nothing was readable", proc(5, 1, "sh", ""), nil, nil},
		{"arguments unreadable", proc(5, 1, "sh", "/bin/sh"), gap("/proc/5/cmdline"), nil},
		{"another file unreadable", proc(5, 1, "sh", "/bin/sh"), gap("/proc/5/fd"), []string{"no_arguments:5:50"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := process.Run((&records{processes: []index.Process{c.p}, gaps: c.gaps}).open(t), index.Query{})
			require.NoError(t, err)
			var got []string
			for _, f := range a.Findings {
				got = append(got, f.ID)
				require.Equal(t, "finding", f.Kind)
				require.Equal(t, 5, f.PID)
				require.NotEmpty(t, f.Title)
				require.NotEmpty(t, f.Reasons)
				require.NotEmpty(t, f.Evidence)
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestFindingsOrder(t *testing.T) {
	gone := func(p *index.Process) { p.ExeGone = true }
	a, err := process.Run((&records{processes: []index.Process{
		with(proc(3, 1, "a", "/bin/a", "a"), gone), proc(4, 1, "b", "/bin/b", "[b]"), with(proc(5, 1, "c", "/bin/c", "c"), gone),
	}}).open(t), index.Query{})
	require.NoError(t, err)
	require.Len(t, a.Findings, 3)
	require.Equal(t, []int{4, 3, 5}, []int{a.Findings[0].PID, a.Findings[1].PID, a.Findings[2].PID})
}

func TestFindingsOfSelected(t *testing.T) {
	r := web().open(t)
	a, err := process.Run(r, index.Query{})
	require.NoError(t, err)
	// The capture, pid 930, has a deleted executable as well.
	require.Equal(t, []process.Finding{
		{Kind: "finding", ID: "kernel_name:950:9500", PID: 950, Severity: 80, Title: "a process named like a kernel thread",
			Reasons: []string{"its first argument is [kworker/u9:2]", "it lacks the flag PF_KTHREAD"}, Evidence: []string{"/proc/950/cmdline", "/proc/950/stat"}},
		{Kind: "finding", ID: "exe_deleted:950:9500", PID: 950, Severity: 40, Title: "an executable that was deleted or replaced",
			Reasons: []string{"its executable /tmp/.x/m is no longer there"}, Evidence: []string{"/proc/950/exe"}},
	}, a.Findings)

	a, err = process.Run(r, index.Query{Terms: []index.Term{is("user", "root")}})
	require.NoError(t, err)
	require.Empty(t, a.Findings)
}
