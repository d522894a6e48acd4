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
	// Chains are those of nftables (nft(8)), by family, table and name, iptables-nft's among them; LegacyTables are those of iptables-legacy, whose rules are not read.
	Chains       []FilterChain `json:"filter_chains,omitempty"`
	Sets         []FilterSet   `json:"filter_sets,omitempty"`   // of nftables: what is banned, among others
	LegacyTables []string      `json:"legacy_tables,omitempty"` // ip filter, ip6 nat, …
	Flows        []Flow        `json:"flows,omitempty"`         // connections that the kernel tracks, in its order
}

// Whose names the namespace by what lives in it: the container, which is nil
// where it is not known, the mount that keeps it, or "host"; "" where it is that
// of some process.
func (n *NetSpace) Whose(container *Container) string {
	switch {
	case n.Container != "" && container != nil && container.Name != "":
		return container.Name
	case n.Container != "":
		return n.Container[:min(len(n.Container), ShortID)]
	case n.Mount != "":
		return n.Mount
	case n.PID == 0:
		return "host"
	}
	return ""
}

// FilterChain is a chain of rules of nftables.
type FilterChain struct {
	Family   string `json:"family"` // inet, ip, ip6, arp, bridge, netdev
	Table    string `json:"table"`
	Name     string `json:"name"`
	Type     string `json:"type,omitzero"`     // filter, nat, route; "" for a chain that others jump to
	Hook     string `json:"hook,omitzero"`     // input, forward, output, …; "" for none
	Priority int32  `json:"priority,omitzero"` // of those at one hook the lowest comes first
	Policy   string `json:"policy,omitzero"`   // accept, drop: what becomes of what no rule decides
	Rules    int    `json:"rules"`
	Digest   string `json:"digest,omitzero"` // SHA-256 over the expressions of its rules, in their order, without what they count
	// Text is the rules in the words of nft(8), without what they count. What there are no words for stands in brackets, and options that do not
	// change what a rule applies to may be left out; Digest covers all. It has fewer than Rules where a Gap says so.
	Text []string `json:"text,omitempty"`
}

// FilterSet is a set or a map of nftables that rules ask, in the words of nft(8):
// one with a name, or one that is too large to stand in its rule.
type FilterSet struct {
	Family   string   `json:"family"`
	Table    string   `json:"table"`
	Name     string   `json:"name"`
	Key      string   `json:"key,omitzero"`       // ipv4_addr, inet_service, several joined by " . "; "" for one that is not known: its elements are hex
	Map      bool     `json:"map,omitzero"`       // elements are KEY : VALUE
	Count    int      `json:"count"`              // elements
	Elements []string `json:"elements,omitempty"` // by their keys, at most 10,000, without the times at which they end; a Gap counts those that are left out
}

// Flow is a row of /proc/PID/net/nf_conntrack: a connection as it was begun, and
// as its answers come. Where these are not the same turned round, addresses or
// ports were translated: the answers come from and go to the true ends.
type Flow struct {
	Proto     string     `json:"proto"`
	State     string     `json:"state,omitzero"` // of TCP and the like
	Source    netip.Addr `json:"src"`
	SPort     uint16     `json:"sport,omitzero"`
	Dest      netip.Addr `json:"dst"`
	DPort     uint16     `json:"dport,omitzero"`
	From      netip.Addr `json:"reply_src"`
	FromPort  uint16     `json:"reply_sport,omitzero"`
	To        netip.Addr `json:"reply_dst"`
	ToPort    uint16     `json:"reply_dport,omitzero"`
	Bytes     uint64     `json:"bytes,omitzero"` // where the kernel counts them (net.netfilter.nf_conntrack_acct)
	Replied   uint64     `json:"reply_bytes,omitzero"`
	Unreplied bool       `json:"unreplied,omitzero"`
	Timeout   uint32     `json:"timeout_s,omitzero"` // until it is forgotten
}

// Translated reports whether the flow goes elsewhere than whoever began it said.
func (f *Flow) Translated() bool {
	return f.Source != f.To || f.Dest != f.From || f.SPort != f.ToPort || f.DPort != f.FromPort
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
