package proc

import (
	"crypto/md5"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

const dpkgStatus = `Package: bash
Status: install ok installed
Priority: required
Architecture: amd64
Version: 5.2.15-2+b7
Description: shell
 Package: evil
 Version: 9

Package: old
Status: deinstall ok config-files
Architecture: all
Version: 1
`

func sumOf(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

func TestPackagesOfPrograms(t *testing.T) {
	root := t.TempDir()
	craft(t, root, map[string]any{
		"etc/passwd":                  passwd,
		"var/lib/dpkg/status":         dpkgStatus,
		"var/lib/dpkg/diversions":     "/usr/bin/perf\n/usr/bin/perf.old\nlinux-perf\n",
		"var/lib/dpkg/info/bash.list": "/.\n/bin\n/bin/bash\n", "var/lib/dpkg/info/bash.md5sums": sumOf("the shell") + "  bin/bash\n",
		"var/lib/dpkg/info/web:amd64.list": "/usr/sbin/web\n/usr/sbin/none\n", "var/lib/dpkg/info/web:amd64.md5sums": sumOf("web") + "  usr/sbin/web\nshort\n",
		"var/lib/dpkg/info/linux-perf.list": "/usr/bin/perf\n", "var/lib/dpkg/info/linux-perf.md5sums": sumOf("perf") + "  usr/bin/perf\n",
		"var/lib/dpkg/info/tools.list": "/usr/bin/perf\n", "var/lib/dpkg/info/tools.md5sums": sumOf("old perf") + "  usr/bin/perf\n",
		"var/lib/dpkg/info/fifo.list": fifo{},
		"bin":                         link("usr/bin"),
		"usr/sbin/web":                "web",
		"usr/sbin/none":               "x",
		"usr/bin/perf":                "perf",
		"usr/bin/perf.old":            "old perf",
		"usr/local/bin/own":           "x",
	})
	time.Sleep(20 * time.Millisecond) // the clock of inodes ticks in jiffies
	craft(t, root, map[string]any{"usr/bin/bash": "not the shell", "usr/sbin/web": "web", "usr/bin/perf": "perf", "usr/bin/perf.old": "old perf"})
	now := time.Now()
	for _, name := range []string{"usr/bin/bash", "usr/sbin/web", "usr/bin/perf", "usr/bin/perf.old"} {
		require.NoError(t, os.Chtimes(filepath.Join(root, name), now.Add(-time.Hour*10000), now.Add(-time.Hour*10000)))
	}
	var gaps []index.Gap
	h := index.Host{}
	for _, path := range []string{"/home/x/own", "/usr/bin/bash", "/usr/bin/perf", "/usr/bin/perf.old", "/usr/local/bin/own", "/usr/sbin/none", "/usr/sbin/web"} {
		h.Programs = append(h.Programs, index.Program{Path: path})
	}
	h.Programs[6].Runs = &index.FileIdentity{Device: "9:9", Inode: 1}
	h.Programs = append(h.Programs, index.Program{Path: "/usr/sbin/web2", Runs: h.Programs[6].Runs, Elsewhere: true})
	ReadFiles(Options{Root: root}, &h, func(g index.Gap) { gaps = append(gaps, g) })
	require.Equal(t, []index.Package{
		{Name: "bash", Version: "5.2.15-2+b7", Arch: "amd64"}, {Name: "old", Version: "1", Arch: "all", State: "deinstall ok config-files"},
	}, h.Packages)
	for i := range h.Programs {
		h.Programs[i].Runs = nil
	}
	require.Equal(t, []index.Program{
		{Path: "/home/x/own"},
		{Path: "/usr/bin/bash", Package: "bash", MD5: sumOf("the shell"), Verified: index.VerifiedDiffers},
		{Path: "/usr/bin/perf", Package: "linux-perf", MD5: sumOf("perf"), Verified: index.VerifiedSame},
		{Path: "/usr/bin/perf.old", Package: "tools", MD5: sumOf("old perf"), Verified: index.VerifiedSame},
		{Path: "/usr/local/bin/own"},
		{Path: "/usr/sbin/none", Package: "web:amd64"},
		{Path: "/usr/sbin/web", Package: "web:amd64", MD5: sumOf("web")},
	}, h.Programs)
	require.Len(t, gaps, 1)
	require.Equal(t, "/var/lib/dpkg/info/fifo.list", gaps[0].Place)
}

// The programs of this host belong to the packages that dpkg-query names, and
// are what these brought.
func TestLivePackages(t *testing.T) {
	list, err := exec.Command("dpkg-query", "-W", "-f", "${Package} ${Version} ${Architecture}\n").Output()
	if err != nil {
		t.Skip("no dpkg here")
	}
	// Among mounts of its own, as a service of systemd: the program is the host's all the same.
	sleep := exec.Command("sleep", "600")
	if os.Geteuid() == 0 {
		sleep.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	}
	require.NoError(t, sleep.Start())
	t.Cleanup(func() { _ = sleep.Process.Kill(); _ = sleep.Wait() })
	s := take(t, live())
	ReadFiles(live(), &s.host, func(index.Gap) {})
	var got []string
	for _, p := range s.host.Packages {
		got = append(got, p.Name+" "+p.Version+" "+p.Arch)
	}
	require.ElementsMatch(t, strings.Split(strings.TrimSpace(string(list)), "\n"), got)
	p := s.host.ProgramOf(s.processes[sleep.Process.Pid])
	require.NotNil(t, p)
	require.Equal(t, "coreutils", p.Package)
	require.Len(t, p.MD5, 32)
	require.Contains(t, []index.Verified{index.VerifiedSame, index.VerifiedUntouched}, p.Verified)
}

func FuzzPackages(f *testing.F) {
	f.Add([]byte(dpkgStatus))
	f.Add([]byte("7210080490f9fd139c1b44fa0f730988  bin/bash"))
	f.Add([]byte("/a\n/b\nc\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, _ := parsePackages(data)
		for _, one := range all {
			require.NotEmpty(t, one.Name)
		}
		if sum := md5Of(data, "bin/bash"); sum != "" {
			require.Len(t, sum, 32)
		}
		require.LessOrEqual(t, len(parseDiversions(data)), maxKeyFiles)
	})
}
