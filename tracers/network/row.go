package network

import (
	"fmt"
	"net/netip"

	"stilltrace/index"
	"stilltrace/tracers/address"
)

// Row is one socket and what follows from the others about it.
type Row struct {
	Kind string `json:"kind"` // always socket
	index.Socket
	PIDs      []int         `json:"pids"`      // of all owners, ascending, each once
	Processes []string      `json:"processes"` // their names (comm), in the order of PIDs, each once
	Ownership Ownership     `json:"ownership"`
	User      string        `json:"user"`              // name of UID in the host's passwd, else ""
	Service   string        `json:"service"`           // of the listening side's port by the host's services(5), else the comm of who listens there; "" where neither is known
	Program   string        `json:"program,omitzero"`  // comm of who listens on that side, where it is on this host
	Class     address.Class `json:"class"`             // of the remote address
	Provider  string        `json:"provider,omitzero"` // whose network a public remote address belongs to: aws, azure, …
	Own       bool          `json:"own,omitzero"`      // the remote address is one of this host's own
	RDNS      string        `json:"rdns"`              // name of the remote address, as /etc/hosts, a container or the name service had it at the capture
	RDNSFrom  string        `json:"rdns_from,omitzero"`
	Direction Direction     `json:"direction"`
	Exposure  Exposure      `json:"exposure,omitzero"` // of a listener

	ContainerName string `json:"container_name,omitzero"`
	// PeerPIDs and PeerProcesses are the owners of the other end, where that is a socket of this host too.
	PeerPIDs      []int    `json:"peer_pids,omitempty"`
	PeerProcesses []string `json:"peer_processes,omitempty"`
}

// Evidence is the place of the record: the table of /proc/net that held it, and
// its inode or, where it has none, its addresses.
func (r *Row) Evidence() string {
	if r.Inode != 0 {
		return fmt.Sprintf("/proc/net/%s inode %d", r.Proto, r.Inode)
	}
	return fmt.Sprintf("/proc/net/%s %s %s", r.Proto, netip.AddrPortFrom(r.Local, r.LPort), netip.AddrPortFrom(r.Remote, r.RPort))
}

// Ownership says what is known of the processes that hold a socket.
type Ownership string

// The ownerships. A socket without owners is not said to have none: the list
// of a process may have been closed to the capture, the process may have ended
// between two looks, or the kernel itself holds the socket.
const (
	OwnerKnown   Ownership = "known"
	OwnerNone    Ownership = "none"    // inode 0: no process can hold it (TIME_WAIT, or not accepted yet)
	OwnerUnknown Ownership = "unknown" // it has an inode, and no process was seen to hold it
)

// Direction says which side began.
type Direction string

// The directions.
const (
	Listen   Direction = "listen"   // a tcp listener, or a udp socket without a peer
	Inbound  Direction = "inbound"  // the local port listens, on this address or on all
	Outbound Direction = "outbound" // it does not
	Raw      Direction = "raw"      // a raw, icmp or packet socket: it sees packets as they come
	Local    Direction = "local"    // a unix or netlink socket
)

// Exposure says from where a listener can be reached, as far as its own
// address tells; a packet filter may close what it leaves open.
type Exposure string

// The exposures.
const (
	ExposedLoopback Exposure = "loopback" // this host
	ExposedPrivate  Exposure = "private"  // private, shared, link-local and multicast addresses
	ExposedPublic   Exposure = "public"   // any other address
	ExposedAll      Exposure = "all"      // the wildcard: every address that the host has
)
