package main

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/rpc"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	hostName = "web01"
	hostZone = "Europe/Berlin" // not UTC: stamps without a zone have to be understood
	labDir   = "/run/lab"      // in the victim: programs, and what daemons say on their way
	stillBin = labDir + "/stilltrace"
	selfBin  = labDir + "/lab"
)

// groupsVariable names the victim's control groups to its first process.
const groupsVariable = "LAB_GROUPS"

// initVictim is the victim's first process. It makes the host's file system out
// of the machine's and becomes the program that lies there. Then it is the
// service manager: it starts what the director asks for over the socket in open
// file 3 and waits for whatever dies.
func initVictim(args []string) error {
	unix.Umask(0o022)
	if len(args) == 1 {
		if err := makeHost(); err != nil {
			return err
		}
		if err := unix.CloseRange(4, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC); err != nil {
			return fmt.Errorf("inherited files: %w", err)
		}
		return syscall.Exec(selfBin, []string{"lab", "init"}, []string{groupsVariable + "=" + args[0]})
	}
	// What the lab itself was started with must not reach the victim's programs.
	if err := unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return fmt.Errorf("inherited files: %w", err)
	}
	groups, err := os.OpenRoot(os.Getenv(groupsVariable))
	if err != nil {
		return err
	}
	v := &Victim{groups: groups, ended: map[int]chan syscall.WaitStatus{}}
	if err := v.leaveRootGroup(); err != nil {
		return err
	}
	go v.reap()
	conn, err := net.FileConn(os.NewFile(3, "director"))
	if err != nil {
		return err
	}
	server := rpc.NewServer()
	if err := server.Register(v); err != nil {
		return err
	}
	server.ServeConn(conn)
	return nil
}

// leaveRootGroup moves this process out of the way: a cgroup2 group that holds
// processes gives its children no controllers.
func (v *Victim) leaveRootGroup() error {
	if err := v.groups.Mkdir("init.scope", 0o755); err != nil {
		return err
	}
	return v.groups.WriteFile("init.scope/cgroup.procs", []byte("1"), 0o644)
}

// makeHost lays private file systems over all that the incident writes to and
// takes away what does not belong to a host of this kind.
func makeHost() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	if err := unix.Sethostname([]byte(hostName)); err != nil {
		return err
	}
	for _, step := range []func() error{unmount, makeEtc, makeDev, makeRest, copyPrograms} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func tmpfs(dir, options string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, options); err != nil {
		return fmt.Errorf("mount on %s: %w", dir, err)
	}
	return nil
}

// makeEtc gives the victim a copy of /etc, so that it has accounts and settings
// of its own.
func makeEtc() error {
	if err := tmpfs("/mnt", "mode=755"); err != nil {
		return err
	}
	if out, err := exec.Command("cp", "-a", "/etc/.", "/mnt").CombinedOutput(); err != nil {
		return fmt.Errorf("copy /etc: %w: %s", err, out)
	}
	if err := unix.Mount("/mnt", "/etc", "", unix.MS_MOVE, ""); err != nil {
		return fmt.Errorf("mount on /etc: %w", err)
	}
	for _, glob := range []string{"/etc/crontab", "/etc/cron.d/*", "/etc/logrotate.d/*", "/etc/fail2ban/jail.d/*", "/etc/sudoers.d/*", "/etc/resolv.conf", "/etc/localtime", "/etc/hosts"} {
		found, err := filepath.Glob(glob)
		if err != nil {
			return err
		}
		for _, f := range found {
			if err := os.Remove(f); err != nil {
				return err
			}
		}
	}
	if err := os.Symlink("/usr/share/zoneinfo/"+hostZone, "/etc/localtime"); err != nil {
		return err
	}
	return errors.Join(
		dropAccounts("/etc/passwd", "/etc/shadow"),
		dropAccounts("/etc/group", "/etc/gshadow"),
		os.WriteFile("/etc/hostname", []byte(hostName+"\n"), 0o644),
		os.WriteFile("/etc/hosts", []byte("127.0.0.1 localhost\n::1 localhost\n"+victim4+" "+hostName+"\n"+admin4+" "+adminName+"\n"), 0o644),
		os.WriteFile("/etc/machine-id", []byte("57111ace57111ace57111ace57111ace\n"), 0o444),
	)
}

// dropAccounts leaves only the system's own users or groups, which Debian numbers
// below 1000, and nobody: the people of the machine have none on this host. The
// number is the third field of passwd(5) and of group(5).
func dropAccounts(names, secrets string) error {
	b, err := os.ReadFile(names)
	if err != nil {
		return err
	}
	var kept strings.Builder
	system := map[string]bool{}
	for line := range strings.Lines(string(b)) {
		f := strings.Split(line, ":")
		if id, err := strconv.Atoi(f[min(2, len(f)-1)]); err == nil && (id < 1000 || id == 65534) {
			kept.WriteString(line)
			system[f[0]] = true
		}
	}
	if err := os.WriteFile(names, []byte(kept.String()), 0o644); err != nil {
		return err
	}
	if b, err = os.ReadFile(secrets); err != nil {
		return err
	}
	kept.Reset()
	for line := range strings.Lines(string(b)) {
		if name, _, _ := strings.Cut(line, ":"); system[name] {
			kept.WriteString(line)
		}
	}
	return os.WriteFile(secrets, []byte(kept.String()), 0o640)
}

// makeDev gives the victim a /dev of its own: the machine's is shared, and
// rsyslog's socket lies there.
func makeDev() error {
	if err := tmpfs("/mnt", "mode=755"); err != nil {
		return err
	}
	old := unix.Umask(0)
	defer unix.Umask(old)
	for name, minor := range map[string]uint32{"null": 3, "zero": 5, "full": 7, "random": 8, "urandom": 9} {
		if err := unix.Mknod("/mnt/"+name, unix.S_IFCHR|0o666, int(unix.Mkdev(1, minor))); err != nil {
			return fmt.Errorf("/dev/%s: %w", name, err)
		}
	}
	if err := unix.Mknod("/mnt/tty", unix.S_IFCHR|0o666, int(unix.Mkdev(5, 0))); err != nil {
		return err
	}
	for _, l := range [][2]string{{"/proc/self/fd", "fd"}, {"pts/ptmx", "ptmx"}} {
		if err := os.Symlink(l[0], "/mnt/"+l[1]); err != nil {
			return err
		}
	}
	for unix.Unmount("/dev", unix.MNT_DETACH) == nil { // the machine's, and what it stands on
	}
	if err := unix.Mount("/mnt", "/dev", "", unix.MS_MOVE, ""); err != nil {
		return fmt.Errorf("mount on /dev: %w", err)
	}
	if err := unix.Mount("", "/dev", "", unix.MS_REMOUNT|unix.MS_NOSUID, "mode=755"); err != nil { // tmpfs above forbids devices
		return fmt.Errorf("devices in /dev: %w", err)
	}
	if err := os.Mkdir("/dev/pts", 0o755); err != nil {
		return err
	}
	if err := unix.Mount("devpts", "/dev/pts", "devpts", unix.MS_NOSUID|unix.MS_NOEXEC, "newinstance,ptmxmode=0666,gid=5,mode=620"); err != nil {
		return fmt.Errorf("mount on /dev/pts: %w", err)
	}
	return tmpfs("/dev/shm", "mode=1777")
}

// makeRest makes the places that programs write to, and a /proc of this host's
// own processes.
func makeRest() error {
	for _, m := range [][2]string{
		{"/run", "mode=755"}, {"/tmp", "mode=1777"}, {"/srv", "mode=755"}, {"/home", "mode=755"}, {"/root", "mode=700"},
		{"/var/log", "mode=755"}, {"/var/spool", "mode=755"}, {"/srv/backup", "size=256k,mode=777"}, // the last one will fill up
	} {
		if err := tmpfs(m[0], m[1]); err != nil {
			return err
		}
	}
	// Where the attacker will keep a program with the setuid bit.
	if err := tmpfs("/opt", "mode=755"); err != nil {
		return err
	}
	if err := unix.Mount("", "/opt", "", unix.MS_REMOUNT|unix.MS_NODEV, "mode=755"); err != nil {
		return fmt.Errorf("setuid programs in /opt: %w", err)
	}
	for _, dir := range []string{labDir, "/run/sshd", "/run/sudo", "/run/lock"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	for _, f := range []string{"/var/log/wtmp", "/var/log/btmp", "/var/log/lastlog", "/run/utmp"} {
		if err := os.WriteFile(f, nil, 0o660); err != nil {
			return err
		}
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount on /proc: %w", err)
	}
	// How the kernel was started, and who built it where, is the machine's own business.
	for name, text := range map[string]string{
		"cmdline": "BOOT_IMAGE=/vmlinuz ro quiet\n",
		"version": "Linux version " + strings.Fields(kernel())[0] + "\n",
	} {
		if err := os.WriteFile("/srv/"+name, []byte(text), 0o444); err != nil {
			return err
		}
		if err := unix.Mount("/srv/"+name, "/proc/"+name, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("mount on /proc/%s: %w", name, err)
		}
	}
	return nil
}

// copyPrograms brings this program and stilltrace, open files 4 and 5, into the
// victim.
func copyPrograms() error {
	for fd, name := range map[int]string{4: selfBin, 5: stillBin} {
		b, err := os.ReadFile(fmt.Sprintf("/proc/self/fd/%d", fd))
		if err != nil {
			return err
		}
		if err := os.WriteFile(name, b, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// unmount takes away what the machine has mounted beside the programs
// themselves: none of it belongs to this host.
func unmount() error {
	b, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	var points []string
	for line := range strings.Lines(string(b)) {
		points = append(points, strings.Fields(line)[4])
	}
	slices.Reverse(points) // the last mount on a place is on top
	for _, p := range points {
		if p == "/" || p == "/proc" || p == "/var" || within(p, "/dev", "/sys", "/usr", "/bin", "/sbin", "/lib", "/lib64") {
			continue
		}
		_ = unix.Unmount(p, unix.MNT_DETACH) // what lay below a mount that is gone is gone
	}
	return nil
}

// within reports whether a path is one of the directories or in one of them.
func within(path string, dirs ...string) bool {
	for _, d := range dirs {
		if path == d || strings.HasPrefix(path, d+"/") {
			return true
		}
	}
	return false
}
