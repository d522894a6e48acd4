package proc

import (
	"bytes"
	"fmt"
	"strconv"

	"stilltrace/index"
)

// parsePacket reads one row of the table packet (packet(7)):
//
//	ffff888003a4d000 3      3    0003   2     1 0      0      12345
//
// kernel address, references, type, protocol, interface, running, bytes that
// wait, uid, inode.
func parsePacket(line []byte) (index.Socket, error) {
	s := index.Socket{Proto: "packet", State: "UNCONN"}
	f := bytes.Fields(line)
	if len(f) < 9 {
		return s, torn("%d fields of 9", len(f))
	}
	n := numbers{}
	n.hex(f[0], 64)
	n.decimal(f[1], 32)
	kind := n.decimal(f[2], 16)
	protocol := n.hex(f[3], 16)
	s.Iface = int(n.decimal(f[4], 31))
	n.decimal(f[5], 8)
	s.RecvQ = n.decimal(f[6], 64)
	uid := uint32(n.decimal(f[7], 32))
	s.Inode = n.decimal(f[8], 64)
	s.UID = &uid
	s.Type = packetType(kind)
	s.Protocol = etherName(protocol)
	return s, n.err
}

// packetType is the name of a socket type (socket(2)), else its number.
func packetType(kind uint64) string {
	switch kind {
	case 2:
		return "dgram"
	case 3:
		return "raw"
	}
	return strconv.FormatUint(kind, 10)
}

// etherName is the protocol that a packet socket hears (include/uapi/linux/if_ether.h).
func etherName(n uint64) string {
	switch n {
	case 0:
		return "none"
	case 0x0003:
		return "all"
	case 0x0800:
		return "ip"
	case 0x0806:
		return "arp"
	case 0x86dd:
		return "ipv6"
	case 0x888e:
		return "eapol"
	case 0x88cc:
		return "lldp"
	}
	return fmt.Sprintf("0x%04x", n)
}

// netlinkFamilies are the names of include/uapi/linux/netlink.h, as ss(8)
// writes them, from 0.
var netlinkFamilies = []string{
	"rtnl", "unused", "usersock", "fw", "tcpdiag", "nflog", "xfrm", "selinux", "iscsi", "audit", "fiblookup", "connector", "nft",
	"ip6fw", "dec-rt", "uevent", "genl", "17", "scsi-trans", "ecryptfs", "rdma", "crypto", "smc",
}

// parseNetlink reads one row of the table netlink (netlink(7)):
//
//	ffff888003a4d000 0   812        00000440 0        0        0     2        0        12345
//
// kernel address, family, port id, groups, bytes that wait to be received and
// to be sent, dump, references, drops, inode.
func parseNetlink(line []byte) (index.Socket, error) {
	s := index.Socket{Proto: "netlink", State: "UNCONN"}
	f := bytes.Fields(line)
	if len(f) < 10 {
		return s, torn("%d fields of 10", len(f))
	}
	n := numbers{}
	n.hex(f[0], 64)
	family := n.decimal(f[1], 16)
	port, err := strconv.ParseInt(string(f[2]), 10, 64) // the kernel writes it with a sign
	if err != nil || port < -1<<31 || port >= 1<<32 {
		return s, torn("port id %.40q", f[2])
	}
	s.PortID = uint32(port)
	s.Groups = uint32(n.hex(f[3], 32))
	s.RecvQ = n.decimal(f[4], 64)
	s.SendQ = n.decimal(f[5], 64)
	s.Drops = n.decimal(f[8], 64)
	s.Inode = n.decimal(f[9], 64)
	s.Protocol = strconv.FormatUint(family, 10)
	if family < uint64(len(netlinkFamilies)) {
		s.Protocol = netlinkFamilies[family]
	}
	return s, n.err
}
