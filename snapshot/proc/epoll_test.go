package proc

import (
	"net"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"stilltrace/index"
)

const (
	// uffdAPI and uffdRegister are UFFDIO_API and UFFDIO_REGISTER of linux/userfaultfd.h.
	uffdAPI, uffdRegister = 0xc018aa3f, 0xc020aa00
	uffdMissing           = 1
)

// missingPage is the address of a page that nobody brings: whoever touches it
// waits, until this process ends after 20 seconds, so that a reader who waits all
// the same is let go.
func missingPage() uintptr {
	fd, _, errno := unix.Syscall(unix.SYS_USERFAULTFD, unix.O_CLOEXEC, 0, 0)
	if errno != 0 {
		demand(0, errno)
	}
	api := [3]uint64{0xaa}
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, uffdAPI, uintptr(unsafe.Pointer(&api))); errno != 0 {
		demand(0, errno)
	}
	page := demand(unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON))
	at := uintptr(unsafe.Pointer(unsafe.SliceData(page)))
	area := [4]uint64{uint64(at), uint64(len(page)), uffdMissing}
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, uffdRegister, uintptr(unsafe.Pointer(&area))); errno != 0 {
		demand(0, errno)
	}
	time.AfterFunc(20*time.Second, func() { os.Exit(0) })
	return at
}

// holdEpoll lets the kernel write an event to a page that nobody brings: it
// waits with the lock of the epoll instance held.
func holdEpoll() {
	at := missingPage()
	pipe := make([]int, 2)
	demand(0, unix.Pipe2(pipe, unix.O_CLOEXEC))
	demand(unix.Write(pipe[1], []byte("x")))
	epoll := demand(unix.EpollCreate1(unix.EPOLL_CLOEXEC))
	demand(0, unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, pipe[0], &unix.EpollEvent{Events: unix.EPOLLIN}))
	go func() {
		runtime.LockOSThread()
		_, _, _ = unix.Syscall6(unix.SYS_EPOLL_WAIT, uintptr(epoll), at, 1, ^uintptr(0), 0, 0)
	}()
	time.Sleep(100 * time.Millisecond)
}

// holdSocket sends from a page that nobody brings: the kernel waits with the
// lock of the socket held.
func holdSocket() {
	at := missingPage()
	listener := demand(net.Listen("tcp4", "127.0.0.1:0"))
	conn := demand(net.Dial("tcp4", listener.Addr().String()))
	file := demand(conn.(*net.TCPConn).File())
	go func() {
		runtime.LockOSThread()
		_, _, _ = unix.Syscall6(unix.SYS_SENDTO, file.Fd(), at, 100, 0, 0, 0)
	}()
	time.Sleep(100 * time.Millisecond)
}

// A process can keep the lock of its connections likewise: what needs it is not
// asked of the monitor.
func TestConnectionThatIsHeld(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root holds the kernel up by userfaultfd(2)")
	}
	cmd := startRole(t, "held", nil)
	began := time.Now()
	s := take(t, live())
	require.Less(t, time.Since(began), 10*time.Second)
	require.True(t, slices.ContainsFunc(s.sockets, func(k index.Socket) bool {
		return k.Proto == "tcp" && k.State == "ESTABLISHED" && len(k.Owner) > 0 && k.Owner[0].PID == cmd.Process.Pid
	}))
}

// A process can keep the lock of its epoll instances for as long as it wants,
// and who waits for it in fdinfo cannot even be killed: nobody asks there.
func TestEpollInstanceThatIsHeld(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root holds the kernel up by userfaultfd(2)")
	}
	cmd := startRole(t, "epoll", nil)
	began := time.Now()
	s := take(t, live())
	require.Less(t, time.Since(began), 10*time.Second)
	p := s.processes[cmd.Process.Pid]
	require.NotNil(t, p)
	seen := 0
	for _, f := range p.Files {
		if f.Target == "anon_inode:[eventpoll]" {
			seen++
			require.Equal(t, "rw", f.Access)
		}
	}
	require.Positive(t, seen)
}
