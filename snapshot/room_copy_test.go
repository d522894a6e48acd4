package snapshot_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"
)

// The machine on which the room was recorded is nobody's business: what names
// it is replaced by what Debian 12 says of itself.
const (
	kernelRelease = "6.1.0-40-amd64"
	kernelVersion = "Linux version 6.1.0-40-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP PREEMPT_DYNAMIC Debian 6.1.153-1 (2025-09-20)\n"
	kernelCmdline = "BOOT_IMAGE=/boot/vmlinuz-6.1.0-40-amd64 root=/dev/vda1 ro quiet\n"
	bootID        = "5f0c2f5e-6d0b-4b3c-9a53-0d7a3f1c9e21\n"
	machineID     = "0e4c6a5d1f7b4d0c8a92b6e37f15c840\n"
)

var (
	processFiles = []string{"stat", "status", "comm", "cmdline", "io", "limits", "cgroup", "loginuid", "sessionid", "mountinfo"}
	processLinks = []string{"exe", "cwd", "root", "fd", "ns"}
	hostFiles    = []string{"stat", "meminfo", "loadavg", "uptime"}
	netTables    = []string{"tcp", "tcp6", "udp", "udp6", "unix"}
	// keptMounts are the mount points that any host has.
	keptMounts  = regexp.MustCompile(` (/|/proc|/sys|/dev|/dev/pts|/dev/shm|/etc|/run|/var/log|/srv) [a-z]`)
	diskOptions = regexp.MustCompile(`- ext4 \S+ \S+\n`)
)

// copyHost copies the room's host into dir: /proc, some of /etc, and /var/log.
// The test and its clients stay out, with their ends of the connections.
func (r *room) copyHost(dir string) {
	kept := map[string]bool{} // inodes of the sockets of the processes that are copied
	all, err := filepath.Glob("/proc/[0-9]*")
	require.NoError(r.t, err)
	for _, p := range all {
		if !r.isOurs(p) {
			r.copyProcess(p, filepath.Join(dir, p), kept)
		}
	}
	for _, p := range r.kernelThreads("/srv/proc") {
		to := filepath.Join(dir, "proc", filepath.Base(p))
		r.copyProcess(p, to, kept)
		require.NoError(r.t, os.RemoveAll(filepath.Join(to, "ns")))
		r.copyLinks("/proc/1/ns", filepath.Join(to, "ns"), kept)
		r.put(dir, "proc/"+filepath.Base(p)+"/mountinfo", mountinfo(r.read("/proc/1/mountinfo")))
	}
	for _, f := range hostFiles {
		r.put(dir, "proc/"+f, r.read("/proc", f))
	}
	for _, f := range netTables {
		table := r.table(f, kept)
		r.put(dir, "proc/net/"+f, table)
		r.put(dir, "proc/1/net/"+f, table) // /proc/net is a link to one process's view, which the copy does without
	}
	r.put(dir, "proc/version", kernelVersion)
	r.put(dir, "proc/cmdline", kernelCmdline)
	r.put(dir, "proc/sys/kernel/hostname", "web01\n")
	r.put(dir, "proc/sys/kernel/osrelease", kernelRelease+"\n")
	r.put(dir, "proc/sys/kernel/random/boot_id", bootID)
	r.copyEtc(dir)
	r.copyLogs(dir)
}

// isOurs reports whether a process is the test, one of its clients, or what
// started it.
func (r *room) isOurs(p string) bool {
	comm := strings.TrimSpace(r.read(p, "comm"))
	return comm == "room.test" || comm == "ssh" || comm == "" || strings.HasPrefix(r.read(p, "cmdline"), "/bin/sh\x00/srv/start")
}

func (r *room) put(dir, name, text string) {
	r.t.Helper()
	r.write(0o644, text, dir, name)
}

func (r *room) copyProcess(from, to string, kept map[string]bool) {
	me := os.Getpid()
	for _, f := range processFiles {
		b, err := os.ReadFile(filepath.Join(from, f))
		require.NoError(r.t, err)
		text := string(b)
		switch f {
		case "mountinfo":
			text = mountinfo(text)
		case "cgroup":
			text = text[strings.Index(text, "0::"):]
		case "stat": // a daemon's parent is pid 1, not the test
			text = regexp.MustCompile(fmt.Sprintf(`(\) [A-Z]) %d `, me)).ReplaceAllString(text, "$1 1 ")
		case "status":
			text = strings.Replace(text, fmt.Sprintf("PPid:\t%d\n", me), "PPid:\t1\n", 1)
		}
		r.put(to, f, text)
	}
	for _, l := range processLinks {
		r.copyLinks(filepath.Join(from, l), filepath.Join(to, l), kept)
	}
}

// copyLinks copies one link, or a directory of them, and notes the sockets.
func (r *room) copyLinks(from, to string, kept map[string]bool) {
	if names, err := os.ReadDir(from); err == nil && (filepath.Base(from) == "fd" || filepath.Base(from) == "ns") {
		for _, n := range names {
			r.copyLinks(filepath.Join(from, n.Name()), filepath.Join(to, n.Name()), kept)
		}
		return
	}
	target, err := os.Readlink(from)
	if err != nil {
		return // a kernel thread has no exe
	}
	require.NoError(r.t, os.MkdirAll(filepath.Dir(to), 0o755))
	require.NoError(r.t, os.Symlink(target, to))
	if s, ok := strings.CutPrefix(target, "socket:["); ok {
		kept[strings.TrimSuffix(s, "]")] = true
	}
}

// mountinfo keeps the lines of the mounts that any host has, the disk's own
// options left out.
func mountinfo(text string) string {
	var kept strings.Builder
	for line := range strings.Lines(text) {
		if keptMounts.MatchString(line) {
			kept.WriteString(diskOptions.ReplaceAllString(line, "- ext4 /dev/vda1 rw,errors=remount-ro\n"))
		}
	}
	return kept.String()
}

// table returns /proc/net/name without the rows of the processes that stay out:
// those with another owner, and those without one that are no server's.
func (r *room) table(name string, kept map[string]bool) string {
	inode := map[string]int{"unix": 6}[name]
	if inode == 0 {
		inode = 9
	}
	var out strings.Builder
	for i, line := range slices.Collect(strings.Lines(r.read("/proc/self/net", name))) {
		f := strings.Fields(line)
		if i == 0 || kept[f[inode]] || f[inode] == "0" && name != "unix" && r.isServer(f[1]) {
			out.WriteString(line)
		}
	}
	return out.String()
}

func (r *room) isServer(local string) bool {
	_, hex, _ := strings.Cut(local, ":")
	port, err := strconv.ParseUint(hex, 16, 16)
	require.NoError(r.t, err)
	for _, p := range r.ports {
		if p == int(port) {
			return true
		}
	}
	return false
}

func (r *room) copyEtc(dir string) {
	for _, f := range []string{"passwd", "group", "os-release"} {
		r.put(dir, "etc/"+f, r.read("/etc", f))
	}
	r.put(dir, "etc/hostname", "web01\n")
	r.put(dir, "etc/machine-id", machineID)
	r.put(dir, "etc/timezone", r.at.zone+"\n")
	zone := "usr/share/zoneinfo/" + r.at.zone
	r.put(dir, zone, r.read("/"+zone))
	require.NoError(r.t, os.Symlink("/"+zone, filepath.Join(dir, "etc/localtime")))
	var services strings.Builder
	for line := range strings.Lines(r.read("/etc/services")) {
		if f := strings.Fields(line); len(f) > 1 && slices.Contains([]string{"ssh", "domain", "http", "https", "ntp", "smtp", "syslog", "mysql", "postgresql", "redis"}, f[0]) {
			services.WriteString(line)
		}
	}
	r.put(dir, "etc/services", services.String())
}

// copyLogs copies the logs with their modes and times.
func (r *room) copyLogs(dir string) {
	to := r.mkdir(dir, "var/log")
	r.run(exec.Command("cp", "-a", "-T", r.log, to))
	require.NoError(r.t, os.Rename(filepath.Join(to, "syslog.log"), filepath.Join(to, "syslog")))
	r.run(exec.Command("chmod", "-R", "u=rwX,go=rX", to))
	r.run(exec.Command("chown", "-R", "root:root", to))
}
