package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// implantLimit is how long an implant would stay if nobody ended it.
const implantLimit = 10 * time.Minute

// implant is what the attacker leaves on the victim: this program again.
//
//	implant listen PORT      listen on every address
//	implant memory PORT      the same, from a copy in a memfd (memfd_create(2))
//	implant call HOST:PORT   connect and stay connected
//
// It says its process id when it is in place, and then closes what it speaks to.
func implant(args []string) error {
	if len(args) != 2 {
		return errors.New("implant listen|memory PORT, or call HOST:PORT")
	}
	signal.Ignore(syscall.SIGHUP) // the end of the attacker's session is not its end
	var hold io.Closer
	var err error
	switch args[0] {
	case "memory":
		return moveToMemory(args[1])
	case "listen":
		hold, err = net.Listen("tcp", ":"+args[1])
	case "call":
		hold, err = net.Dial("tcp", args[1])
	default:
		err = fmt.Errorf("unknown order %q", args[0])
	}
	if err != nil {
		return err
	}
	defer hold.Close()
	fmt.Println(os.Getpid())
	null, err := os.OpenFile("/dev/null", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	for fd := range 3 {
		if err := unix.Dup3(int(null.Fd()), fd, 0); err != nil {
			return err
		}
	}
	time.Sleep(implantLimit)
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
