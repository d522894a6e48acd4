package proc

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"stilltrace/index"
)

func TestPrivilegedFiles(t *testing.T) {
	root := t.TempDir()
	craft(t, root, map[string]any{
		"etc/passwd": passwd, "bin": link("usr/bin"), "usr/bin/plain": "x", "usr/bin/su": "suid", "usr/bin/wall": "sgid", "usr/bin/pipe": fifo{},
		"usr/lib/x86_64-linux-gnu/b/deep": "suid", "usr/lib/a/b/deeper": "x", "usr/lib/a/own": "suid", "usr/bin/ping": "caps", "opt/link": link("/usr/bin/su"), "opt/huge": hole(1 << 30),
	})
	for name, mode := range map[string]os.FileMode{"usr/bin/su": os.ModeSetuid | 0o755, "usr/bin/wall": os.ModeSetgid | 0o755, "usr/lib/x86_64-linux-gnu/b/deep": os.ModeSetuid | 0o700, "usr/lib/a/own": os.ModeSetuid | 0o711,
		"usr/lib/a/b/deeper": os.ModeSetuid | 0o755, "opt/huge": os.ModeSetuid | 0o755, "usr/bin/ping": 0o755} {
		require.NoError(t, os.Chmod(filepath.Join(root, name), mode))
	}
	caps, err := hex.DecodeString("0100000200200000000000000000000000000000")
	require.NoError(t, err)
	if os.Geteuid() == 0 {
		require.NoError(t, unix.Setxattr(filepath.Join(root, "usr/bin/ping"), "security.capability", caps, 0))
	}
	h := index.Host{}
	var gaps []index.Gap
	ReadFiles(Options{Root: root}, &h, func(g index.Gap) { gaps = append(gaps, g) })
	var got []string
	for _, one := range h.Privileged {
		require.Equal(t, "file", one.Type)
		got = append(got, fmt.Sprintf("%s %04o %s %t", one.Path, one.File.Mode, one.File.Caps, one.SHA256 != ""))
	}
	want := []string{"/usr/bin/su 4755  true", "/usr/bin/wall 2755  true", "/usr/lib/x86_64-linux-gnu/b/deep 4700  true", "/usr/lib/a/own 4711  true", "/opt/huge 4755  false"}
	if os.Geteuid() == 0 {
		want = append([]string{"/usr/bin/ping 0755 " + hex.EncodeToString(caps) + " true"}, want...)
	}
	require.Equal(t, want, got)
	require.Empty(t, gaps)
}

func TestPrivilegedFilesBeyondTheLimit(t *testing.T) {
	root, tree := t.TempDir(), map[string]any{}
	for i := range maxPrivileged + 3 {
		tree[fmt.Sprintf("opt/s%04d", i)] = ""
	}
	craft(t, root, tree)
	for name := range tree {
		require.NoError(t, os.Chmod(filepath.Join(root, name), os.ModeSetuid|0o755))
	}
	h := index.Host{}
	var gaps []index.Gap
	ReadFiles(Options{Root: root, NoHash: true}, &h, func(g index.Gap) { gaps = append(gaps, g) })
	require.Len(t, h.Privileged, maxPrivileged)
	require.Equal(t, []index.Gap{{Area: areaHost, Place: "/opt/s1000", Reason: index.ReasonTooLarge, Detail: "further programs with rights of their own", Count: 3}}, gaps)
}

func TestTemporaryFiles(t *testing.T) {
	root, outside := t.TempDir(), t.TempDir()
	craft(t, outside, map[string]any{"secret": "x"})
	craft(t, root, map[string]any{
		"tmp/.x/m": "miner", "tmp/a": link(outside + "/secret"), "tmp/pipe": fifo{}, "tmp/.x/y/z/deep": "x", "var/tmp/big": hole(1 << 40), "dev/shm": link(outside),
		"run/a/b": "x", "run/lock": link("/tmp"),
	})
	for i := range maxFoundIn + 7 {
		craft(t, root, map[string]any{fmt.Sprintf("var/tmp/n%05d", i): ""})
	}
	h := index.Host{}
	var gaps []index.Gap
	ReadFiles(Options{Root: root}, &h, func(g index.Gap) { gaps = append(gaps, g) })
	var got []string
	for _, one := range h.Temporary {
		if !strings.HasPrefix(one.Path, "/var/tmp/n") {
			got = append(got, strings.TrimSpace(one.Path+" "+one.Type+" "+one.Target+" "+one.SHA256[:min(len(one.SHA256), 6)]))
		}
	}
	require.Equal(t, []string{
		"/tmp/.x directory", "/tmp/a link " + outside + "/secret", "/tmp/pipe fifo", "/tmp/.x/m file  " + shaOf("miner")[:6], "/tmp/.x/y directory", "/tmp/.x/y/z directory",
		"/var/tmp/big file", "/run/a directory", "/run/lock link /tmp",
	}, got)
	require.Len(t, h.Temporary, len(got)+maxFoundIn-1)
	require.Equal(t, []index.Gap{{Area: areaHost, Place: "/var/tmp", Reason: index.ReasonTooLarge, Detail: "larger than the limit: 8 entries not looked at, the first of them /var/tmp/n00999", Count: 1}}, gaps)
}

// However many directories find no room, each top directory has one gap.
func TestTemporaryFilesWithoutRoom(t *testing.T) {
	root, tree := t.TempDir(), map[string]any{}
	for d := range 40 {
		for i := range 50 {
			tree[fmt.Sprintf("tmp/d%02d/f%02d", d, i)] = ""
			tree[fmt.Sprintf("var/tmp/d%02d/e%02d/f", d, i)] = ""
		}
	}
	for i := range maxFoundIn {
		tree[fmt.Sprintf("dev/shm/f%04d", i)] = ""
		tree[fmt.Sprintf("run/f%04d", i)] = ""
	}
	tree["run/g/x"] = ""
	craft(t, root, tree)
	h := index.Host{}
	var gaps []index.Gap
	ReadFiles(Options{Root: root}, &h, func(g index.Gap) { gaps = append(gaps, g) })
	under := map[string]int{}
	for _, one := range h.Temporary {
		under[one.Path[:5]]++
	}
	require.Equal(t, map[string]int{"/tmp/": maxFoundIn, "/var/": maxFoundIn, "/dev/": maxFoundIn, "/run/": maxFoundIn}, under)
	tooLarge := func(place, what string) index.Gap {
		return index.Gap{Area: areaHost, Place: place, Reason: index.ReasonTooLarge, Detail: "larger than the limit: " + what, Count: 1}
	}
	require.Equal(t, []index.Gap{
		tooLarge("/tmp", "20 directories not looked into, 40 entries not looked at, the first of them /tmp/d19/f10"),
		tooLarge("/var/tmp", "1,020 directories not looked into, the first of them /var/tmp/d19/e10"),
		tooLarge("/run", "1 entry not looked at, the first of them /run/g"),
	}, gaps)
}

// A full directory of programs does not make those after it disappear without a word.
func TestPrivilegedFilesWithoutRoom(t *testing.T) {
	root := t.TempDir()
	craft(t, root, map[string]any{"opt/a/b/su": "suid", "opt/c/x": ""})
	h := hostReader{Options: Options{Root: root}}
	var gaps []index.Gap
	h.gap = func(g index.Gap) { gaps = append(gaps, g) }
	tree, err := openTree(root, "/")
	require.NoError(t, err)
	defer tree.close()
	h.root = tree
	s := h.newSweep()
	var seen []string
	for _, top := range []string{"opt/a", "opt/c", "opt/none", "opt"} {
		s.walk(top, 2, 2, func(f *folder, e entry) { seen = append(seen, f.at+"/"+e.Name()) })
	}
	require.Equal(t, []string{"/opt/a/b", "/opt/a/b/su"}, seen)
	var told []string
	for _, g := range gaps {
		told = append(told, g.Place+" "+g.Detail)
	}
	require.Equal(t, []string{
		"/opt/c larger than the limit: 1 entry not looked at, the first of them /opt/c/x",
		"/opt larger than the limit: 2 directories not looked into, the first of them /opt/a",
	}, told)
}

// A flag that not even root gets past is told of every file that was read.
func TestLiveLockedFiles(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root sets such flags")
	}
	root := t.TempDir()
	craft(t, root, map[string]any{"etc/passwd": passwd, "etc/profile": "x", "etc/cron.d/evil": "* * * * * root /tmp/x\n", "etc/systemd/system/a.service": "[Service]\n"})
	const immutable, appendOnly = 0x10, 0x20 // FS_IMMUTABLE_FL and FS_APPEND_FL of linux/fs.h
	for name, flag := range map[string]int{"etc/passwd": immutable, "etc/cron.d/evil": immutable, "etc/profile": appendOnly} {
		f, err := os.Open(filepath.Join(root, name))
		require.NoError(t, err)
		before, err := unix.IoctlGetInt(int(f.Fd()), unix.FS_IOC_GETFLAGS)
		require.NoError(t, err)
		t.Cleanup(func() {
			_ = unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, before)
			_ = f.Close()
		})
		require.NoError(t, unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, before|flag))
	}
	h := index.Host{}
	ReadFiles(Options{Root: root}, &h, func(g index.Gap) { t.Errorf("%v", g) })
	require.Equal(t, []index.LockedFile{{Path: "/etc/cron.d/evil", Immutable: true}, {Path: "/etc/passwd", Immutable: true}, {Path: "/etc/profile", AppendOnly: true}}, h.Locked)
}

func TestSSHD(t *testing.T) {
	h, gaps := files(t, map[string]any{
		"etc/passwd": passwd,
		"etc/ssh/sshd_config": "# PermitRootLogin no\nInclude /etc/ssh/sshd_config.d/*.conf\nPort 22\nPort=2222\nPermitRootLogin no\nInclude loop\nInclude /etc/*/x\n" +
			"Match User ann,bob Address 10.0.0.0/8\n\tPasswordAuthentication yes\n  Include more\n",
		"etc/ssh/sshd_config.d/10-a.conf": "permitrootlogin yes\nMatch all\nX11Forwarding yes\n",
		"etc/ssh/sshd_config.d/20-b.conf": "PermitRootLogin prohibit-password\nForceCommand \"/bin/x y\" z\n",
		"etc/ssh/sshd_config.d/30-c.conf": fifo{},
		"etc/ssh/sshd_config.d/other":     "PermitRootLogin never\n",
		"etc/ssh/loop":                    "Include loop\nUsePAM yes\n",
		"etc/ssh/more":                    "PasswordAuthentication no\nAllowTcpForwarding no",
	})
	at := func(key, value, path string, line int) index.SSHDOption {
		return index.SSHDOption{Key: key, Value: value, Path: "/etc/ssh/" + path, Line: line}
	}
	require.Equal(t, &index.SSHD{
		Options: []index.SSHDOption{
			at("permitrootlogin", "yes", "sshd_config.d/10-a.conf", 1), at("forcecommand", `"/bin/x y" z`, "sshd_config.d/20-b.conf", 2), at("port", "22", "sshd_config", 3),
			at("port", "2222", "sshd_config", 4), at("usepam", "yes", "loop", 2),
		},
		Matches: []index.SSHDMatch{
			{Criteria: "all", Path: "/etc/ssh/sshd_config.d/10-a.conf", Line: 2, Options: []index.SSHDOption{at("x11forwarding", "yes", "sshd_config.d/10-a.conf", 3)}},
			{Criteria: "User ann,bob Address 10.0.0.0/8", Path: "/etc/ssh/sshd_config", Line: 8, Options: []index.SSHDOption{
				at("passwordauthentication", "yes", "sshd_config", 9), at("allowtcpforwarding", "no", "more", 2),
			}},
		},
	}, h.SSHD)
	var places []string
	for _, g := range gaps {
		if g.Detail == "an Include of sshd_config that is not followed" || strings.HasPrefix(g.Place, "/etc/ssh/sshd_config.d/30") {
			places = append(places, g.Place)
		}
	}
	require.Contains(t, places, "/etc/ssh/loop")
	require.Contains(t, places, "/etc/*/x")
	require.Contains(t, places, "/etc/ssh/sshd_config.d/30-c.conf")
}

func FuzzSSHD(f *testing.F) {
	f.Add("Match User x")
	f.Add(" port=\t22 \n")
	f.Fuzz(func(t *testing.T, line string) {
		key, value := parseSSHD(line)
		require.Equal(t, strings.ToLower(key), key)
		require.LessOrEqual(t, len(value), len(line))
	})
}

func shaOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
