package proc

import (
	"cmp"
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// The files tcp and tcp6 each walk the table of the connections of the whole
// machine, slowly, and write its rows as text: three milliseconds in each network
// namespace that has a single listener. The socket monitor walks it once for both
// families, in a third of the time, and says the same and the backlogs of the
// listeners. It does not say whose a connection is that is not accepted yet.
//
// It is not asked for what TCP measured (INET_DIAG_INFO: bytes, round trips): for
// that the kernel takes the lock of the socket, which its process can hold for
// ever by sending from memory that nobody brings, and nobody who waits for it
// can be killed.

const (
	// tcpDiag is TCPDIAG_GETSOCK of linux/inet_diag.h, the older question, which can be asked for both families at once.
	tcpDiag, tcpDiagRequest = 18, 60
	// tcpDiagStates are all states that the files show, as bits: from ESTABLISHED to NEW_SYN_RECV.
	tcpDiagStates = 1<<13 - 2
	// What a timer is about (idiag_timer).
	timerRetransmit, timerTimeWait = 1, 3
	synReceived                    = "SYN_RECV"
	// diagCgroup is INET_DIAG_CGROUP_ID, which kernels give unasked since 5.8.
	diagCgroup = 21
)

func tcpRequest() []byte {
	b := header(tcpDiag, tcpDiagRequest)
	b[unix.SizeofNlMsghdr] = unix.AF_UNSPEC
	binary.NativeEndian.PutUint32(b[unix.SizeofNlMsghdr+52:], tcpDiagStates)
	return b
}

// askTCP reads the sockets of TCP of the namespace of a monitor, and reports
// whether that gave all of them; else the files have to be read.
func (r *tableReader) askTCP(monitor int) bool {
	from, six := len(r.sockets), r.asked[:0]
	four := r.collect("tcp")
	var bad error
	err := r.ask(monitor, tcpRequest(), func(b []byte) {
		s, err := parseTCPDiag(b)
		switch bad = cmp.Or(bad, err); {
		case bad != nil:
		case s.Proto == "tcp":
			four.add(s)
		case len(six) <= maxSockets:
			six = append(six, s)
		}
	})
	r.asked = six
	if err = cmp.Or(err, bad); err != nil {
		r.sockets = r.sockets[:from]
		r.noMonitor(err)
		return false
	}
	four.done()
	c := r.collect("tcp6")
	for i := range six {
		c.add(six[i])
	}
	c.done()
	return true
}

// parseTCPDiag reads struct inet_diag_msg.
func parseTCPDiag(b []byte) (s index.Socket, err error) {
	if len(b) < inetAnswer {
		return s, torn("socket of %d bytes", len(b))
	}
	word := func(at int) uint64 { return uint64(binary.NativeEndian.Uint32(b[at:])) }
	address := func(at int) netip.Addr { return netip.AddrFrom4([4]byte(b[at:])) }
	switch s.Proto = "tcp"; b[0] {
	case unix.AF_INET:
	case unix.AF_INET6:
		s.Proto = "tcp6"
		address = func(at int) netip.Addr { return netip.AddrFrom16([16]byte(b[at:])).Unmap() }
	default:
		return s, torn("socket of family %d", b[0])
	}
	s.State, s.Inode = stateName(s.Proto, uint64(b[1])), word(68)
	s.Local, s.LPort = address(8), binary.BigEndian.Uint16(b[4:])
	s.Remote, s.RPort = address(24), binary.BigEndian.Uint16(b[6:])
	s.RecvQ, s.SendQ = word(56), word(60)
	if s.Timer = int(b[2]); s.Timer != 0 {
		s.TimerMS = word(52)
	}
	// The kernel writes the one or the other here, by the timer that is set.
	if s.Timer == timerRetransmit {
		s.Retransmits = uint64(b[3])
	} else {
		s.Probes = uint64(b[3])
	}
	if s.State == "LISTEN" {
		backlog := s.SendQ
		s.Backlog, s.SendQ = &backlog, 0
	}
	attributes(b[inetAnswer:], func(kind uint16, v []byte) {
		if kind == diagCgroup && len(v) >= 8 {
			s.CgroupID = binary.NativeEndian.Uint64(v)
		}
	})
	if s.Timer != timerTimeWait && s.State != synReceived {
		uid := uint32(word(64))
		s.UID = &uid
	}
	return s, nil
}
