package proc

import (
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

// Mounts, ids and clocks of namespaces that somebody made are read once each,
// however many processes live there.
func TestLiveSpaces(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root makes namespaces")
	}
	apart := startRole(t, "nothing", &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: 100_000, Size: 65_536}, {ContainerID: 70_000, HostID: 7, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: 200_000, Size: 1}},
	})
	own, err := os.Executable()
	require.NoError(t, err)
	later := exec.Command("unshare", "--time", "--boottime", "86400", "--monotonic", "-7", own)
	later.Env = append(os.Environ(), roleVariable+"=nothing")
	startRoleOf(t, later)

	s := take(t, live())
	p, me := s.processes[apart.Process.Pid], s.processes[os.Getpid()]
	require.NotNil(t, p)
	mounts := s.host.MountSpace(p.Spaces.Mnt)
	require.NotNil(t, mounts)
	require.Equal(t, p.PID, mounts.PID)
	require.True(t, slices.ContainsFunc(mounts.Mounts, func(m index.Mount) bool { return m.Point == "/" }))
	require.Nil(t, s.host.MountSpace(me.Spaces.Mnt), "those stand in Mounts")
	require.Equal(t, &index.UserSpace{
		Inode: p.Spaces.User, PID: p.PID,
		Users:  []index.IDRange{{Inside: 0, Outside: 100_000, Count: 65_536}, {Inside: 70_000, Outside: 7, Count: 1}},
		Groups: []index.IDRange{{Inside: 0, Outside: 200_000, Count: 1}},
	}, s.host.UserSpace(p.Spaces.User))

	shifted := 0
	for _, one := range s.processes {
		if space := s.host.TimeSpace(one.Spaces.Time); space != nil && (one.PID == later.Process.Pid || one.PPID == later.Process.Pid) {
			require.Equal(t, &index.TimeSpace{Inode: one.Spaces.Time, PID: one.PID, MonotonicNS: -7e9, BoottimeNS: 86400e9}, space)
			shifted++
		}
	}
	require.Equal(t, 1, shifted)
	require.Nil(t, s.host.TimeSpace(me.Spaces.Time), "clocks that do not differ say nothing")
}

func TestSpacesOfACopy(t *testing.T) {
	dir := t.TempDir()
	craft(t, dir, process(1))
	for pid, change := range map[string]map[string]any{
		"20": {"mountinfo": "1 0 0:1 / / rw - ext4 /dev/a rw\nbad\n2 1 0:2 / /proc/9\\0409 rw - tmpfs x rw\n", "uid_map": "0 1000 1\n", "gid_map": "0 1000 1\n", "timens_offsets": "monotonic 1 5\nboottime -2 0\n"},
		"21": {"mountinfo": "other", "uid_map": "0 1 2 3\n"},
		"22": {"uid_map": "0 0 4294967295\n", "gid_map": "0 0 4294967295\n", "timens_offsets": "monotonic 99999999999999 0\n", "mountinfo": fifo{}},
	} {
		all := map[string]any{}
		for name, entry := range process(1) {
			all[pid+name[1:]] = entry
		}
		for kind := range map[string]bool{"mnt": true, "user": true, "time": true} {
			inode := map[string]string{"20": "7", "21": "7", "22": "8"}[pid]
			all[pid+"/ns/"+kind] = link(kind + ":[" + inode + "]")
		}
		all[pid+"/stat"] = statLine(demandInt(t, pid), "web", "S", 0, 1)
		for name, entry := range change {
			all[pid+"/"+name] = entry
		}
		craft(t, dir, all)
	}
	s := take(t, Options{Proc: dir, Root: t.TempDir()})
	require.Equal(t, []index.MountSpace{{Inode: 7, PID: 20, Mounts: []index.Mount{
		{ID: 1, Device: "0:1", Root: "/", Point: "/", Type: "ext4", Source: "/dev/a", Options: "rw", Super: "rw"},
		{ID: 2, Parent: 1, Device: "0:2", Root: "/", Point: "/proc/9 9", Type: "tmpfs", Source: "x", Options: "rw", Super: "rw"},
	}}}, s.host.MountSpaces)
	require.Equal(t, []index.UserSpace{{Inode: 7, PID: 20, Users: []index.IDRange{{Outside: 1000, Count: 1}}, Groups: []index.IDRange{{Outside: 1000, Count: 1}}}}, s.host.UserSpaces)
	require.Equal(t, []index.TimeSpace{{Inode: 7, PID: 20, MonotonicNS: 1e9 + 5, BoottimeNS: -2e9}}, s.host.TimeSpaces)
	got := map[string]index.Reason{}
	for _, g := range s.gaps {
		if g.Area == areaHost && (g.Place == "/proc/20/mountinfo:2" || len(g.Place) > 12 && g.Place[:12] == "/proc/PID/ns") {
			got[g.Place] = g.Reason
		}
	}
	require.Equal(t, map[string]index.Reason{
		"/proc/20/mountinfo:2": index.ReasonTorn, "/proc/PID/ns/mnt:[8]": index.ReasonUnsupported, "/proc/PID/ns/time:[8]": index.ReasonTorn,
	}, got)
}

func demandInt(t *testing.T, s string) int {
	t.Helper()
	n, ok := number(s)
	require.True(t, ok)
	return n
}

func FuzzIDs(f *testing.F) {
	f.Add([]byte("         0     100000      65536\n"))
	f.Add([]byte("monotonic      172800         0\nboottime      -604800         5\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if ids, err := parseIDs(data); err == nil {
			require.LessOrEqual(t, len(ids), maxIDRanges)
		}
		monotonic, boottime, err := parseTimeOffsets(data)
		if err != nil {
			require.Zero(t, monotonic)
			require.Zero(t, boottime)
		}
	})
}
