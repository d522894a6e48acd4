package index

import "net/netip"

// NetSpace is one network namespace (network_namespaces(7)): its counters,
// interfaces and neighbours. Its sockets are Sockets with its inode.
type NetSpace struct {
	Inode     uint64 `json:"inode"`
	PID       int    `json:"pid"`            // the process through whose /proc/PID/net it was read; 0 for the capture's own
	Mount     string `json:"mount,omitzero"` // instead: no process lives in it, and this mount keeps it (ip-netns(8))
	Processes int    `json:"processes"`      // how many live in it
	Container string `json:"container,omitzero"`
	Sockets   int    `json:"sockets"` // rows that were kept
	// Counters are those of /proc/PID/net/snmp, netstat and sockstat that tell of trouble, as Table.Name (TcpExt.ListenOverflows, Tcp.RetransSegs, TCP.tw, UDP.mem), without those that are 0.
	Counters   map[string]uint64 `json:"counters,omitempty"`
	Interfaces []Interface       `json:"interfaces,omitempty"`
	Routes     []Route           `json:"routes,omitempty"`
	Neighbours []Neighbour       `json:"neighbours,omitempty"`
	// Handlers take packets in before the protocols do, or beside them: a sniffer has one for all of them. Those of the protocols of every host are left out.
	Handlers []PacketHandler `json:"packet_handlers,omitempty"`
}

// PacketHandler is a row of /proc/PID/net/ptype.
type PacketHandler struct {
	Protocol string `json:"protocol"`           // of Ethernet, as of a packet socket: all, 0x0800
	Iface    string `json:"interface,omitzero"` // "": of every one
	Function string `json:"function"`           // of the kernel: packet_rcv of a packet socket, with [module] behind it where it is of one
}

// Interface is a row of /proc/PID/net/dev, with the addresses of fib_trie and
// if_inet6, and what rtnetlink(7) says of it in a running kernel.
type Interface struct {
	Name      string       `json:"name"`                // "": the interface of these addresses is not known
	Addresses []netip.Addr `json:"addresses,omitempty"` // IPv6, and those of IPv4 whose network has a route through it
	Flags     uint32       `json:"flags,omitzero"`      // IFF_ of netdevice(7): 1 up, 0x100 promiscuous: it hears what is for others, whoever asked for it
	Index     int          `json:"ifindex,omitzero"`    // as packet sockets name it
	Kind      string       `json:"kind,omitzero"`       // veth, bridge, tun, wireguard, …; "" for a device
	MAC       string       `json:"mac,omitzero"`
	Master    int          `json:"master,omitzero"`      // index of the bridge or bond that it belongs to
	Listeners uint32       `json:"promiscuity,omitzero"` // how many asked for what is for others
	XDP       bool         `json:"xdp,omitzero"`         // a program of eBPF sees its packets first
	RxBytes   uint64       `json:"rx_bytes,omitzero"`
	RxPackets uint64       `json:"rx_packets,omitzero"`
	RxErrors  uint64       `json:"rx_errors,omitzero"`
	RxDrops   uint64       `json:"rx_drops,omitzero"`
	TxBytes   uint64       `json:"tx_bytes,omitzero"`
	TxPackets uint64       `json:"tx_packets,omitzero"`
	TxErrors  uint64       `json:"tx_errors,omitzero"`
	TxDrops   uint64       `json:"tx_drops,omitzero"`
}

// Route is a row of /proc/PID/net/route or ipv6_route.
type Route struct {
	To      netip.Prefix `json:"to"`
	Gateway netip.Addr   `json:"gateway"`
	Iface   string       `json:"interface"`
	Metric  uint32       `json:"metric,omitzero"`
	Flags   uint32       `json:"flags"` // RTF_ of route(8): 1 up, 2 gateway, 0x200 reject
}

// Neighbour is a row of /proc/PID/net/arp.
type Neighbour struct {
	Addr  netip.Addr `json:"addr"`
	MAC   string     `json:"mac"`
	Iface string     `json:"interface"`
	Flags uint32     `json:"flags"` // 2 complete, 4 permanent
}
