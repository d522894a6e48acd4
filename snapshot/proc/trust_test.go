package proc

import (
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

func TestKernelTrust(t *testing.T) {
	root := t.TempDir()
	craft(t, root, map[string]any{
		"etc/passwd":                              passwd,
		"proc/stat":                               "btime 1\n",
		"proc/keys":                               "1 a\n2 b\n",
		"proc/sys/fs/binfmt_misc/register":        "",
		"proc/sys/fs/binfmt_misc/status":          "enabled\n",
		"proc/sys/fs/binfmt_misc/evil":            "enabled\ninterpreter /tmp/.x/run me\nflags: OC\noffset 0\nmagic 7f454c46\n",
		"sys/kernel/security/lockdown":            "none [integrity] confidentiality\n",
		"sys/kernel/security/lsm":                 "lockdown,capability,yama,apparmor",
		"sys/kernel/debug/kprobes/list":           "ffffffff8 k  __x64_sys_getdents64+0x0    [FTRACE]\n",
		"sys/fs/bpf/a/b/prog":                     "",
		"sys/fs/bpf/c/d/e/f/g/h/i/j/k/l/too_deep": "",
	})
	o := Options{Proc: root + "/proc", Root: root}
	gap := func(index.Gap) {}
	h := ReadHost(o, gap)
	ReadFiles(o, &h, gap)
	require.Equal(t, &index.KernelTrust{
		Modules: []string{"lockdown", "capability", "yama", "apparmor"}, Lockdown: "integrity", Kprobes: []string{"ffffffff8 k  __x64_sys_getdents64+0x0    [FTRACE]"}, Pinned: []string{"/sys/fs/bpf/a/b/prog"}, Keys: 2,
		Formats: []index.BinaryFormat{{Name: "evil", Enabled: true, Interpreter: "/tmp/.x/run me", Flags: "OC"}},
	}, h.Trust)
	require.Nil(t, h.Clock, "the clock of a copy is nobody's")
}

func TestLiveClock(t *testing.T) {
	h := ReadHost(live(), func(index.Gap) {})
	require.NotNil(t, h.Clock)
	require.GreaterOrEqual(t, h.Clock.MaxErrorUS, int64(0))
}
