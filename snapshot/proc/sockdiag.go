package proc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// The socket monitor of the kernel (sock_diag(7)) knows two things that no file
// of /proc tells: how many connections a listener lets wait, and which UNIX
// socket is the other end of which.
const (
	sockDiagByFamily = 20
	anyState         = 0xffffffff
	// Attributes of a UNIX socket and how they are asked for (linux/unix_diag.h).
	unixPeer, unixQueue         = 2, 4
	showUnixPeer, showUnixQueue = 4, 16

	inetAnswer, unixRequest, unixAnswer = 72, 24, 16
)

// unixFacts are what is known of a UNIX socket by its inode.
type unixFacts struct {
	backlog *uint64
	queue   uint64
	peer    uint64
}

// askers are sockets to the kernel that were made in one network namespace; -1
// where there is none.
type askers struct {
	monitor int // of its sockets
	links   int // of its interfaces (rtnetlink(7))
	rules   int // of its packet filter (nfnetlink), if that was to be asked
}

var noAskers = askers{-1, -1, -1}

func (a askers) close() {
	for _, fd := range [...]int{a.monitor, a.links, a.rules} {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
}

// openAskers asks for those of a namespace. pid is a process of it, 0 for the
// reader's own. That there is no monitor is a gap unless the kernel was built so.
func (r *tableReader) openAskers(pid int) askers {
	if !r.options.Live {
		return noAskers
	}
	a, err := askersOf(pid, r.filters)
	if err != nil {
		r.noMonitor(err)
	}
	return a
}

func (r *tableReader) noMonitor(err error) {
	if errors.Is(err, unix.ENOENT) {
		return
	}
	g := absentGap(areaSocket, r.place, err)
	g.Detail = "backlogs of listeners and ends of UNIX sockets: " + g.Detail
	r.gap(g)
}

// askUnix gives the UNIX sockets of a namespace what its monitor says of them.
func (r *tableReader) askUnix(monitor int, sockets []index.Socket) {
	facts := map[uint64]unixFacts{}
	if err := r.ask(monitor, unixRequestOf(), func(b []byte) { readUnixDiag(b, facts) }); err != nil {
		r.noMonitor(err)
	}
	for i := range sockets {
		s := &sockets[i]
		f, ok := facts[s.Inode]
		if !ok || s.Proto != "unix" || s.Inode == 0 {
			continue
		}
		if s.Peer = f.peer; s.State == "LISTEN" {
			s.Backlog, s.RecvQ = f.backlog, f.queue
		}
	}
}

// askersOf opens the sockets to the kernel of a namespace. A socket stays in
// the namespace where it was made, so that only a thread has to go there; it
// ends with its goroutine, since it is never unlocked. It must not be the first
// thread of the process: that one does not end, and /proc/self is its.
func askersOf(pid int, rules bool) (askers, error) {
	if pid == 0 {
		return openAskers(rules)
	}
	type result struct {
		askers
		err error
	}
	var visit func(done chan<- result)
	visit = func(done chan<- result) {
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			other := make(chan result, 1)
			go visit(other)
			done <- <-other
			runtime.UnlockOSThread()
			return
		}
		ns, err := again(func() (int, error) {
			return unix.Open(fmt.Sprintf("/proc/%d/ns/net", pid), unix.O_RDONLY|unix.O_CLOEXEC, 0)
		})
		if err == nil {
			err = unix.Setns(ns, unix.CLONE_NEWNET)
			_ = unix.Close(ns)
		}
		if err != nil {
			done <- result{noAskers, err}
			return
		}
		a, err := openAskers(rules)
		done <- result{a, err}
	}
	done := make(chan result, 1)
	go visit(done)
	r := <-done
	return r.askers, r.err
}

// openAskers opens those of the namespace of the thread. The error is about the
// monitor; every kernel tells its interfaces.
func openAskers(rules bool) (askers, error) {
	a := noAskers
	var err error
	if rules {
		if a.rules, err = netlinkSocket(unix.NETLINK_NETFILTER); err != nil {
			return a, err
		}
	}
	if a.links, err = netlinkSocket(unix.NETLINK_ROUTE); err != nil {
		return a, err
	}
	a.monitor, err = netlinkSocket(unix.NETLINK_SOCK_DIAG)
	return a, err
}

func netlinkSocket(protocol int) (int, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		return -1, err
	}
	// The kernel answers at once; nobody waits for one that does not.
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 2}); err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// header is the request behind which the rest of it stands: a dump.
func header(kind uint16, size int) []byte {
	b := make([]byte, unix.SizeofNlMsghdr+size)
	binary.NativeEndian.PutUint32(b, uint32(len(b)))
	binary.NativeEndian.PutUint16(b[4:], kind)
	binary.NativeEndian.PutUint16(b[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	return b
}

func unixRequestOf() []byte {
	b := header(sockDiagByFamily, unixRequest)
	b[unix.SizeofNlMsghdr] = unix.AF_UNIX
	binary.NativeEndian.PutUint32(b[unix.SizeofNlMsghdr+4:], anyState)
	binary.NativeEndian.PutUint32(b[unix.SizeofNlMsghdr+12:], showUnixPeer|showUnixQueue)
	return b
}

// ask sends a request and hands on the payload of each message of the answer.
func (r *tableReader) ask(fd int, request []byte, each func(payload []byte)) error {
	if r.answer == nil {
		r.answer = make([]byte, 64<<10)
	}
	if err := unix.Sendto(fd, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	for range maxSockets {
		n, err := again(func() (int, error) {
			n, _, err := unix.Recvfrom(fd, r.answer, 0)
			return n, err
		})
		if err != nil {
			return err
		}
		done, err := messages(r.answer[:n], each)
		if done || err != nil {
			return err
		}
	}
	return errTooLarge
}

// messages walks the messages of one datagram, and reports whether the last of
// the answer was among them (netlink(7)).
func messages(b []byte, each func(payload []byte)) (done bool, err error) {
	for len(b) >= unix.SizeofNlMsghdr {
		size := int(binary.NativeEndian.Uint32(b))
		if size < unix.SizeofNlMsghdr || size > len(b) {
			return true, torn("message of %d bytes in %d", size, len(b))
		}
		payload := b[unix.SizeofNlMsghdr:size]
		switch binary.NativeEndian.Uint16(b[4:]) {
		case unix.NLMSG_DONE:
			return true, nil
		case unix.NLMSG_ERROR:
			if len(payload) < 4 {
				return true, torn("error of %d bytes", len(payload))
			}
			if code := int32(binary.NativeEndian.Uint32(payload)); code != 0 {
				return true, unix.Errno(-code)
			}
			return true, nil
		case unix.NLMSG_NOOP, unix.NLMSG_OVERRUN:
		default:
			each(payload)
		}
		b = b[min((size+3)&^3, len(b)):]
	}
	return false, nil
}

// readUnixDiag reads struct unix_diag_msg and its attributes (rtnetlink(7)).
func readUnixDiag(b []byte, facts map[uint64]unixFacts) {
	if len(b) < unixAnswer {
		return
	}
	inode := uint64(binary.NativeEndian.Uint32(b[4:]))
	var f unixFacts
	attributes(b[unixAnswer:], func(kind uint16, v []byte) {
		switch {
		case kind == unixPeer && len(v) >= 4:
			f.peer = uint64(binary.NativeEndian.Uint32(v))
		case kind == unixQueue && len(v) >= 8:
			backlog := uint64(binary.NativeEndian.Uint32(v[4:]))
			f.queue, f.backlog = uint64(binary.NativeEndian.Uint32(v)), &backlog
		}
	})
	facts[inode] = f
}

// attributes walks the attributes behind the fixed part of a message
// (rtnetlink(7)), as far as they are whole.
func attributes(b []byte, each func(kind uint16, value []byte)) {
	const flags = unix.NLA_F_NESTED | unix.NLA_F_NET_BYTEORDER
	for len(b) >= 4 {
		size := int(binary.NativeEndian.Uint16(b))
		if size < 4 || size > len(b) {
			return
		}
		each(binary.NativeEndian.Uint16(b[2:])&^flags, b[4:size])
		b = b[min((size+3)&^3, len(b)):]
	}
}
