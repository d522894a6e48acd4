package proc

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

const id64 = "4f1d0f0e2f1d0f0e2f1d0f0e2f1d0f0e2f1d0f0e2f1d0f0e2f1d0f0e2f1d0f0e"

func TestContainerID(t *testing.T) {
	other := strings.Repeat("b", 64)
	for path, want := range map[string]string{
		"":                                     "",
		"/":                                    "",
		"/system.slice/ssh.service":            "",
		"/docker/" + id64:                      id64,
		"/docker/" + id64 + "/init.scope":      id64,
		"/docker/" + other + "/docker/" + id64: id64,
		"/system.slice/docker-" + id64 + ".scope":                                           id64,
		"/machine.slice/libpod-" + id64 + ".scope/container":                                id64,
		"/machine.slice/libpod-conmon-" + id64 + ".scope":                                   "",
		"/kubepods.slice/kubepods-burstable.slice/cri-containerd-" + id64 + ".scope":        id64,
		"/kubepods/besteffort/pod11111111-2222-3333-4444-555555555555/" + id64:              id64,
		"/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:" + id64:       id64,
		"/ecs/0123456789abcdef0123456789abcdef/" + id64:                                     id64,
		"/ecs/0123456789abcdef0123456789abcdef/0123456789abcdef0123456789abcdef-1234567890": "0123456789abcdef0123456789abcdef-1234567890",
		"/lxc/web/system.slice/ssh.service":                                                 "web",
		"/lxc.payload.web/system.slice":                                                     "web",
		"/lxc.payload/web":                                                                  "web",
		"/user.slice/" + id64[:63]:                                                          "",
		"/user.slice/" + strings.ToUpper(id64):                                              "",
	} {
		require.Equal(t, want, containerID(path), path)
	}
}

func TestCgroupOf(t *testing.T) {
	for _, c := range []struct{ name, text, path, container, bad string }{
		{"unified", "0::/init.scope\n", "/init.scope", "", ""},
		{"hybrid: the container is in a v1 hierarchy alone", "9:cpu:/docker/" + id64 + "\n8:pids:/b\n0::/init.scope\n", "/init.scope", id64, ""},
		{"v1 with systemd's own", "9:cpu:/a\n1:name=systemd:/system.slice/ssh.service\n0::/\n", "/system.slice/ssh.service", "", ""},
		{"v1 alone", "9:cpu:/a\n8:pids:/b\n", "/a", "", ""},
		{"a colon in the path", "0::/a:b\n", "/a:b", "", ""},
		{"nothing", "", "", "", ""},
		{"torn", "0::/a\n::\n", "/a", "", "not of the known shape"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path, container, err := cgroupOf([]byte(c.text))
			require.Equal(t, c.path, path)
			require.Equal(t, c.container, container)
			if c.bad == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, c.bad)
			}
		})
	}
}

func TestTTYName(t *testing.T) {
	for tty, want := range map[uint32]string{
		0: "", 34816: "pts/0", 34819: "pts/3", 136<<8 | 0xff | 1<<20: "pts/511", 137 << 8: "pts/256", 4<<8 | 1: "tty1", 4<<8 | 64: "ttyS0",
		5<<8 | 1: "console", 204<<8 | 64: "ttyAMA0", 229 << 8: "hvc0", 188<<8 | 2: "188:2", 1<<32 - 1: "4095:1048575",
	} {
		require.Equal(t, want, ttyName(tty), tty)
	}
}

func TestLinkType(t *testing.T) {
	for text, want := range map[string]index.OpenFile{
		"socket:[12]":            {Type: "socket", Inode: 12},
		"socket:[12":             {Type: "other"},
		"socket:[-1]":            {Type: "other"},
		"pipe:[7]":               {Type: "pipe", Inode: 7},
		"anon_inode:[eventpoll]": {Type: "anon"},
		"anon_inode:inotify":     {Type: "anon"},
		"/memfd:x (deleted)":     {Type: "memfd"},
		"/dev/pts/0":             {Type: "device"},
		"/dev/shm/a":             {Type: "file"},
		"/devices":               {Type: "file"},
		"/":                      {Type: "file"},
		"net:[4026531833]":       {Type: "other"},
		"":                       {Type: "other"},
	} {
		kind, inode := linkType([]byte(text))
		require.Equal(t, want, index.OpenFile{Type: kind, Inode: inode}, text)
	}
}

func TestPermissions(t *testing.T) {
	for is, want := range map[uint64]string{0: "---p", 1: "r--p", 5: "r-xp", 7: "rwxp", 11: "rw-s", 15: "rwxs", 4: "--xp", 1 << 20: "---p"} {
		require.Equal(t, want, permissions(is), is)
	}
}

func TestSplitArgs(t *testing.T) {
	for text, want := range map[string][]string{
		"":             {},
		"a":            {"a"},
		"a\x00":        {"a"},
		"a\x00b":       {"a", "b"},
		"a\x00b\x00":   {"a", "b"},
		"a\x00\x00":    {"a", ""},
		"\x00":         {""},
		"\x00a\x00":    {"", "a"},
		"sshd: x [p] ": {"sshd: x [p] "},
	} {
		require.Equal(t, want, splitArgs([]byte(text)), "%q", text)
	}
}

func TestNumber(t *testing.T) {
	for text, want := range map[string]int{"0": 0, "1": 1, "4194304": 4194304, "": -1, "01": -1, "+1": -1, "-1": -1, "1x": -1, "99999999999": -1, "self": -1} {
		n, ok := number(text)
		require.Equal(t, want >= 0, ok, text)
		if ok {
			require.Equal(t, want, n)
		}
	}
}

func TestStateNames(t *testing.T) {
	require.Equal(t, "NEW_SYN_RECV", stateName("tcp", 12))
	require.Equal(t, "CLOSE", stateName("tcp6", 7))
	require.Equal(t, "UNCONN", stateName("udp6", 7))
	require.Equal(t, "00", stateName("tcp", 0))
	require.Equal(t, "0D", stateName("tcp", 13))
	require.Equal(t, "FREE", unixState(0, 0))
	require.Equal(t, "DISCONNECTING", unixState(4, 0))
	require.Equal(t, "5", unixState(5, 0))
	require.Equal(t, "3", unixType(3))
}

func TestExplain(t *testing.T) {
	for _, c := range []struct {
		err    error
		reason index.Reason
		detail string
	}{
		{syscall.EACCES, index.ReasonPermission, "permission denied"},
		{syscall.EPERM, index.ReasonPermission, "operation not permitted"},
		{syscall.ENOENT, index.ReasonVanished, "no such file or directory"},
		{fmt.Errorf("x: %w", syscall.ESRCH), index.ReasonVanished, "no such process"},
		{&fs.PathError{Op: "open", Path: "/real/path", Err: syscall.EIO}, index.ReasonIO, "input/output error"},
		{&fs.PathError{Op: "open", Path: "/real/path", Err: errors.New("path escapes from parent")}, index.ReasonUnsupported, "path escapes from parent"},
		{errTooLarge, index.ReasonTooLarge, errTooLarge.Error()},
		{errors.New(strings.Repeat("x", 1000)), index.ReasonTorn, strings.Repeat("x", maxDetail)},
	} {
		reason, detail := explain(c.err)
		require.Equal(t, c.reason, reason, "%v", c.err)
		require.Equal(t, c.detail, detail)
	}
}

// What a live process lacks is told apart: it ended, it closed a descriptor, or the kernel has no such file.
func TestSettle(t *testing.T) {
	for _, c := range []struct {
		name  string
		ended bool
		want  []index.Gap
	}{
		{"ended", true, []index.Gap{
			{Area: "process", Place: "/proc/8/exe", Reason: index.ReasonPermission, Detail: "permission denied", PID: 8, Count: 1},
			{Area: "process", Place: "/proc/8", Reason: index.ReasonVanished, Detail: "it ended while it was being read", PID: 8, Count: 3},
		}},
		{"alive", false, []index.Gap{
			{Area: "process", Place: "/proc/8/exe", Reason: index.ReasonPermission, Detail: "permission denied", PID: 8, Count: 1},
			{Area: "process", Place: "/proc/8/fd", Reason: index.ReasonVanished, Detail: "no such file or directory", PID: 8, Count: 2},
			{Area: "process", Place: "/proc/PID/loginuid", Reason: index.ReasonAbsent, Detail: "this kernel has no such file", Count: 1},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []index.Gap
			r := &reader{Options: Options{Live: true}, gap: func(g index.Gap) { got = append(got, g) }, missing: map[string]int{}, present: map[string]bool{}}
			v := visit{reader: r, pid: 8, ended: c.ended}
			v.fail("exe", syscall.EACCES)
			v.fail("loginuid", syscall.ENOENT)
			v.failed("fd", syscall.ENOENT, 2)
			v.settle()
			r.done()
			require.Equal(t, c.want, got)
		})
	}
}

func TestHiddenProcessesAreNoted(t *testing.T) {
	mounts := []index.Mount{{Type: "proc", Point: "/proc", Super: "rw,hidepid=invisible"}, {Type: "proc", Point: "/other", Super: "rw,hidepid=2"}}
	var got []index.Gap
	r := &reader{Options: live(), gap: func(g index.Gap) { got = append(got, g) }}
	r.noteHidden(mounts, 0)
	require.Empty(t, got, "root sees all")
	r.noteHidden(mounts, 1000)
	require.Len(t, got, 1)
	require.Equal(t, index.ReasonPermission, got[0].Reason)
	require.Contains(t, got[0].Detail, "hidepid=invisible")
}
