package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// busyWord makes this program start a part of the busy server, in the network
// namespace that it was started in.
const busyWord = "busy"

// server is a busy server whose processes live in several network namespaces,
// this one among them. They end when end is called, or with this program.
func (b *bench) server(ctx context.Context, processes, sockets, spaces int) (end func(), err error) {
	var ends []func()
	end = func() {
		for _, one := range ends {
			one()
		}
		ends = nil
	}
	for i := range spaces {
		part, of := processes*(i+1)/spaces-processes*i/spaces, sockets*(i+1)/spaces-sockets*i/spaces
		start := busy
		if i > 0 {
			start = b.busyApart
		}
		one, err := start(ctx, part, of)
		ends = append(ends, one)
		if err != nil {
			return end, err
		}
	}
	return end, nil
}

// busyApart is busy in a network namespace of its own.
func (b *bench) busyApart(ctx context.Context, processes, sockets int) (end func(), err error) {
	cmd := exec.CommandContext(ctx, b.self, busyWord, strconv.Itoa(processes), strconv.Itoa(sockets))
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return func() {}, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return func() {}, err
	}
	if err := cmd.Start(); err != nil {
		return func() {}, err
	}
	end = func() {
		_ = in.Close()
		_ = cmd.Wait()
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		return end, fmt.Errorf("a network namespace of its own: %w", err)
	}
	return end, nil
}

// beBusy holds its part of the server until nobody holds its standard input.
func beBusy(args []string) int {
	err := raiseLoopback()
	var n [2]int
	for i := range n {
		if err == nil {
			n[i], err = strconv.Atoi(args[i])
		}
	}
	if err == nil {
		var end func()
		end, err = busy(context.Background(), n[0], n[1])
		defer end()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

// raiseLoopback makes 127.0.0.1 usable, which it is not in a new namespace.
func raiseLoopback() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err == nil {
		err = unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, lo)
	}
	if err != nil {
		return err
	}
	lo.SetUint16(lo.Uint16() | unix.IFF_UP)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo)
}

// busy starts processes that do nothing but hold files and sockets: listeners
// and connections of TCP on loopback, sockets of UDP and of UNIX. They end when
// end is called, with ctx, or by themselves.
func busy(ctx context.Context, processes, sockets int) (end func(), err error) {
	ctx, stop := context.WithCancel(ctx)
	var all []*exec.Cmd
	end = func() {
		stop()
		for _, c := range all {
			_ = c.Wait()
		}
		all = nil
	}
	self, err := os.Executable()
	if err != nil {
		return end, err
	}
	for i := range processes {
		var files []*os.File
		for range busyFiles {
			f, err := os.Open(self)
			if err != nil {
				return end, err
			}
			files = append(files, f)
		}
		share := sockets*(i+1)/processes - sockets*i/processes
		held, err := hold(share, i)
		if err != nil {
			return end, err
		}
		files = append(files, held...)
		c := exec.CommandContext(ctx, "sleep", "3600")
		c.ExtraFiles = files
		err = c.Start()
		for _, f := range files {
			_ = f.Close()
		}
		if err != nil {
			return end, err
		}
		all = append(all, c)
	}
	return end, nil
}

// hold opens n sockets; which ones goes by the number of their process.
func hold(n, process int) ([]*os.File, error) {
	var files []*os.File
	keep := func(c interface{ File() (*os.File, error) }) error {
		f, err := c.File()
		files = append(files, f)
		return err
	}
	for len(files) < n {
		if process%4 == 0 || n-len(files) < 3 {
			c, err := net.ListenPacket("udp4", "127.0.0.1:0")
			if err != nil {
				return files, err
			}
			if err := keep(c.(*net.UDPConn)); err != nil {
				return files, err
			}
			_ = c.Close()
			continue
		}
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return files, err
		}
		there, err := net.Dial("tcp4", l.Addr().String())
		if err != nil {
			return files, err
		}
		here, err := l.Accept()
		if err != nil {
			return files, err
		}
		for _, c := range []interface{ File() (*os.File, error) }{l.(*net.TCPListener), there.(*net.TCPConn), here.(*net.TCPConn)} {
			if err := keep(c); err != nil {
				return files, err
			}
		}
		_, _, _ = l.Close(), there.Close(), here.Close()
	}
	return files, nil
}
