package index

import "net/netip"

// Socket is one row of a table of /proc/PID/net (proc_pid_net(5)), of one PID
// in each network namespace, with every process that holds it open. A socket
// of a protocol 6 that speaks IPv4 has IPv4 addresses.
type Socket struct {
	Proto  string     `json:"proto"` // tcp, tcp6, udp, udp6, udplite, udplite6, raw, raw6, icmp, icmp6, unix, packet, netlink
	Local  netip.Addr `json:"laddr"`
	LPort  uint16     `json:"lport"`
	Remote netip.Addr `json:"raddr"`
	RPort  uint16     `json:"rport"`
	State  string     `json:"state"` // the kernel's name: LISTEN, ESTABLISHED, TIME_WAIT, …; UNCONN for an unconnected udp socket
	UID    *uint32    `json:"uid"`   // nil for unix, whose table names none, and for TCP in TIME_WAIT and SYN_RECV
	Inode  uint64     `json:"inode"` // 0: TIME_WAIT or not yet accepted; such rows have no owner
	NetNS  uint64     `json:"netns"` // inode of the network namespace; 0 where unknown

	RecvQ       uint64 `json:"recv_q"` // bytes; for a listener, connections that wait for accept(2)
	SendQ       uint64 `json:"send_q"`
	Timer       int    `json:"timer,omitzero"` // proc_pid_net_tcp(5): 0 none, 1 retransmit, 2 keepalive, 3 TIME_WAIT, 4 zero window probe
	Retransmits uint64 `json:"retransmits,omitzero"`
	Drops       uint64 `json:"drops,omitzero"` // udp

	Type  string  `json:"type,omitzero"` // unix: stream, dgram, seqpacket
	Path  string  `json:"path,omitzero"` // unix: the file, or @name for an abstract one
	Owner []Owner `json:"owners,omitempty"`

	// Backlog is how many connections a listener lets wait for accept(2) (net.core.somaxconn and listen(2)), from sock_diag(7); nil where it is none, or unknown.
	Backlog *uint64 `json:"backlog,omitzero"`
	TimerMS uint64  `json:"timer_ms,omitzero"` // until Timer fires
	Probes  uint64  `json:"probes,omitzero"`   // window or keepalive probes that nobody answered
	// Orphan: no process holds it although it has an inode, and every list of descriptors of the machine could be read: closed by its process and not yet by the kernel, the kernel's own, or hidden.
	Orphan    bool   `json:"orphan,omitzero"`
	Container string `json:"container,omitzero"` // of its owners, else of its namespace; "" for none
	Peer      uint64 `json:"peer,omitzero"`      // unix: inode of the other end, from sock_diag(7); 0 where unknown

	// CgroupID is the control group of version 2 in which the socket was made, as the kernel numbers it (INET_DIAG_CGROUP_ID), of TCP that is not in TIME_WAIT; 0 where unknown. Cgroup is its path, where a process of the snapshot lives in it.
	CgroupID uint64 `json:"cgroup_id,omitzero"`
	Cgroup   string `json:"cgroup,omitzero"`

	// Protocol is the IP protocol of raw (icmp, 89), the Ethernet protocol of packet (all, 0x0800), the family of netlink (route, audit, …).
	Protocol string `json:"protocol,omitzero"`
	Iface    int    `json:"ifindex,omitzero"` // packet: index of the interface that it listens on; 0 is every one
	PortID   uint32 `json:"portid,omitzero"`  // netlink(7): mostly the pid of whoever made it
	Groups   uint32 `json:"groups,omitzero"`  // netlink: multicast groups that it hears, as a mask
}

// Owner is one process that holds a socket, and through which descriptor.
type Owner struct {
	PID  int    `json:"pid"`
	FD   int    `json:"fd"`
	Comm string `json:"comm"`
}
