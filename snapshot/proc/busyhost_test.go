package proc

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// hostVariable says what a busy host consists of: processes, sockets, and the
// directory for its files.
const hostVariable = "STILLTRACE_PROC_TEST_HOST"

// startHost starts processes that hold files and sockets, and ends them with the
// test. It returns the one that started them, which may live in namespaces of its
// own.
func startHost(t *testing.T, processes, sockets int, attr *syscall.SysProcAttr) *exec.Cmd {
	t.Helper()
	cmd := &exec.Cmd{Path: "/proc/self/exe", Args: []string{"role-host"}, SysProcAttr: attr, Env: append(os.Environ(), roleVariable+"=host", fmt.Sprintf("%s=%d %d %s", hostVariable, processes, sockets, t.TempDir()))}
	startRoleOf(t, cmd)
	return cmd
}

// beHost starts the processes. They end with the thread that started them, and
// that with this process.
func beHost() {
	runtime.LockOSThread()
	var processes, sockets int
	var dir string
	demand(fmt.Sscan(os.Getenv(hostVariable), &processes, &sockets, &dir))
	raiseLoopback()
	for i := range processes {
		cmd := exec.Command("sleep", "3600")
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		f := demand(os.CreateTemp(dir, "open"))
		demand(f.WriteString("some text"))
		cmd.ExtraFiles = append(holdSockets(sockets*(i+1)/processes-sockets*i/processes, i), f)
		demand(0, cmd.Start())
		for _, f := range cmd.ExtraFiles {
			_ = f.Close()
		}
	}
}

// raiseLoopback makes 127.0.0.1 usable, which it is not in a new namespace.
func raiseLoopback() {
	fd := demand(unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0))
	defer unix.Close(fd)
	lo := demand(unix.NewIfreq("lo"))
	demand(0, unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, lo))
	lo.SetUint16(lo.Uint16() | unix.IFF_UP)
	demand(0, unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo))
}

// holdSockets opens n sockets; which ones goes by the number of their process.
func holdSockets(n, process int) (files []*os.File) {
	type held interface {
		File() (*os.File, error)
		Close() error
	}
	keep := func(all ...any) {
		for _, one := range all {
			files = append(files, demand(one.(held).File()))
		}
		for _, one := range all {
			_ = one.(held).Close()
		}
	}
	for len(files) < n {
		switch {
		case n-len(files) < 3 || process%8 == 0:
			keep(demand(net.ListenPacket("udp4", "127.0.0.1:0")))
			continue
		case process%8 == 1:
			l := demand(net.Listen("unix", fmt.Sprintf("@stilltrace-%d-%d-%d", os.Getpid(), process, len(files))))
			there := demand(net.Dial("unix", l.Addr().String()))
			keep(l, there, demand(l.Accept()))
			continue
		}
		l := demand(net.Listen("tcp4", "127.0.0.1:0"))
		there := demand(net.Dial("tcp4", l.Addr().String()))
		here := demand(l.Accept())
		if process%2 == 0 {
			demand(there.Write(make([]byte, process%4096+1))) // which waits to be read
		}
		keep(l, there, here)
	}
	return files
}

// insideOf is the command that runs another one in the network namespace of cmd.
func insideOf(cmd *exec.Cmd) []string {
	return []string{"nsenter", "-t", fmt.Sprint(cmd.Process.Pid), "-n"}
}

func TestBusyHostIsBusy(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root makes namespaces")
	}
	apart := startHost(t, 3, 12, &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET})
	s := take(t, live())
	children, sockets := 0, 0
	for _, p := range s.processes {
		children += bool1(p.PPID == apart.Process.Pid)
	}
	for _, k := range s.sockets {
		sockets += bool1(k.NetNS == s.processes[apart.Process.Pid].Spaces.Net && len(k.Owner) > 0)
	}
	require.Equal(t, 3, children)
	require.GreaterOrEqual(t, sockets, 12)
}
