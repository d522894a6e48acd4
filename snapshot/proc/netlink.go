package proc

import (
	"bytes"
	"encoding/binary"
	"net"

	"golang.org/x/sys/unix"

	"stilltrace/index"
)

const (
	linkRequest, linkAnswer = 16, 16
	// skipStats leaves out the counters, which are read from dev (RTEXT_FILTER_SKIP_STATS).
	skipStats = 1 << 3
	// linkState are flags that say what the hardware does, and not what somebody set; /sys leaves them out too.
	linkState = unix.IFF_RUNNING | unix.IFF_LOWER_UP | unix.IFF_DORMANT
	// Attributes of an interface that the library has no name for (linux/if_link.h).
	linkPromiscuity, linkAllMulti, linkXDP, xdpAttached = 30, 61, 43, 2
	linkInfoKind                                        = 1
)

// askLinks gives the interfaces of a namespace what the kernel says of them, and
// reports whether it answered. Interfaces that came meanwhile are left out.
func (r *tableReader) askLinks(fd int, s *index.NetSpace) bool {
	if fd < 0 {
		return false
	}
	request := header(unix.RTM_GETLINK, linkRequest+8)
	attr := request[unix.SizeofNlMsghdr+linkRequest:]
	binary.NativeEndian.PutUint16(attr, 8)
	binary.NativeEndian.PutUint16(attr[2:], unix.IFLA_EXT_MASK)
	binary.NativeEndian.PutUint32(attr[4:], skipStats)
	found := map[string]index.Interface{}
	err := r.ask(fd, request, func(b []byte) {
		if one, ok := parseLink(b); ok && len(found) < maxEntries {
			found[one.Name] = one
		}
	})
	if err != nil {
		r.gap(absentGap(areaSocket, r.place+"/dev", err))
		return false
	}
	for i := range s.Interfaces {
		to := &s.Interfaces[i]
		if one, ok := found[to.Name]; ok {
			to.Index, to.Flags, to.Kind, to.MAC, to.Master, to.Listeners, to.XDP = one.Index, one.Flags, one.Kind, one.MAC, one.Master, one.Listeners, one.XDP
		}
	}
	return true
}

// parseLink reads struct ifinfomsg and its attributes (rtnetlink(7)).
func parseLink(b []byte) (one index.Interface, ok bool) {
	if len(b) < linkAnswer {
		return one, false
	}
	one.Index = int(int32(binary.NativeEndian.Uint32(b[4:])))
	one.Flags = binary.NativeEndian.Uint32(b[8:]) &^ linkState
	word := func(v []byte) uint32 {
		if len(v) < 4 {
			return 0
		}
		return binary.NativeEndian.Uint32(v)
	}
	attributes(b[linkAnswer:], func(kind uint16, v []byte) {
		switch kind {
		case unix.IFLA_IFNAME:
			name, _, _ := bytes.Cut(v, []byte{0})
			one.Name = string(name)
		case unix.IFLA_ADDRESS:
			if len(v) == 6 && !bytes.Equal(v, make([]byte, 6)) {
				one.MAC = net.HardwareAddr(v).String()
			}
		case unix.IFLA_MASTER:
			one.Master = int(int32(word(v)))
		case unix.IFLA_LINKINFO:
			attributes(v, func(kind uint16, v []byte) {
				if kind == linkInfoKind {
					name, _, _ := bytes.Cut(v, []byte{0})
					one.Kind = string(name)
				}
			})
		case linkPromiscuity:
			// The flag of the answer is only what an administrator set; a packet socket that hears everything is counted.
			if one.Listeners = word(v); one.Listeners > 0 {
				one.Flags |= unix.IFF_PROMISC
			}
		case linkAllMulti:
			if word(v) > 0 {
				one.Flags |= unix.IFF_ALLMULTI
			}
		case linkXDP:
			attributes(v, func(kind uint16, v []byte) {
				if kind == xdpAttached && len(v) > 0 {
					one.XDP = v[0] != 0
				}
			})
		}
	})
	return one, one.Name != ""
}

// parseHandler reads a row of ptype: the protocol, the interface unless it is
// every one, and the function.
//
//	ALL  eth0     packet_rcv
//	0800          ip_rcv
func parseHandler(line []byte, s *index.NetSpace) error {
	if len(line) < 6 {
		return torn("row %.40q", line)
	}
	one := index.PacketHandler{Protocol: "all"}
	kind := bytes.TrimSpace(line[:4])
	if string(kind) != "ALL" {
		n := numbers{}
		one.Protocol = etherName(n.hex(kind, 16))
		if n.err != nil {
			return n.err
		}
	}
	f := bytes.Fields(line[5:])
	if line[5] != ' ' && len(f) > 1 {
		one.Iface, f = string(f[0]), f[1:]
	}
	if one.Function = string(bytes.Join(f, []byte(" "))); one.Function == "" {
		return torn("row %.40q", line)
	}
	switch one.Function {
	case "ip_rcv", "ipv6_rcv", "arp_rcv", "llc_rcv":
		if one.Iface == "" {
			return nil
		}
	}
	s.Handlers = append(s.Handlers, one)
	return nil
}
