package index

import "net/netip"

// Socket is one row of /proc/net/{tcp,tcp6,udp,udp6,unix} with every process
// that holds it open. IPv4-mapped addresses are unmapped.
type Socket struct {
	Proto  string     `json:"proto"` // tcp, tcp6, udp, udp6, unix
	Local  netip.Addr `json:"laddr"`
	LPort  uint16     `json:"lport"`
	Remote netip.Addr `json:"raddr"`
	RPort  uint16     `json:"rport"`
	State  string     `json:"state"` // the kernel's name: LISTEN, ESTABLISHED, TIME_WAIT, …; UNCONN for an unconnected udp socket
	UID    *uint32    `json:"uid"`   // nil for unix, whose table names none
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
}

// Owner is one process that holds a socket, and through which descriptor.
type Owner struct {
	PID  int    `json:"pid"`
	FD   int    `json:"fd"`
	Comm string `json:"comm"`
}
