// Package network is the network tracer: every socket that a snapshot saw,
// with its owners, its service, which side opened it and who can reach it.
package network

import (
	"fmt"
	"net/netip"
	"strings"

	"stilltrace/index"
	"stilltrace/tracers/address"
	"stilltrace/tracers/tally"
)

// Schema names the shape of Answer.
const Schema = "stilltrace.network/1"

// Answer is what the network tracer has to say about one snapshot.
//
// Unix sockets outnumber the others on most hosts and say little about who
// talked to it. They are in Sockets only where a term asks for them: proto:unix,
// path:, direction:local or inode: (proto:* asks for every socket). Hidden
// counts the unix sockets for which all terms hold and that were left out.
type Answer struct {
	Schema   string `json:"schema"`
	Snapshot int    `json:"snapshot"`
	Captured bool   `json:"captured"` // false: the capture was told to leave out processes and sockets
	// Sockets are ordered: listeners by port, connections by remote address and port, unix sockets by path.
	Sockets []Row  `json:"sockets"`
	Hidden  int    `json:"hidden"`
	Totals  Totals `json:"totals"` // over Sockets
	// DeniedFDLists counts the processes whose descriptors could not all be read for want of permission. While it is not 0,
	// a socket of unknown ownership may be theirs, and a known one may have more owners.
	DeniedFDLists int           `json:"denied_fd_lists"`
	Gaps          []tally.Count `json:"gaps"` // by reason: what of the socket tables could not be read
}

// Row is one socket and what follows from the others about it.
type Row struct {
	Kind string `json:"kind"` // always socket
	index.Socket
	PIDs      []int         `json:"pids"`      // of all owners, ascending, each once
	Processes []string      `json:"processes"` // their names (comm), in the order of PIDs, each once
	Ownership Ownership     `json:"ownership"`
	User      string        `json:"user"`    // name of UID in the host's passwd, else ""
	Service   string        `json:"service"` // of the listening side's port by the host's services(5), else the comm of who listens there; "" where neither is known
	Class     address.Class `json:"class"`   // of the remote address
	Direction Direction     `json:"direction"`
	Exposure  Exposure      `json:"exposure,omitzero"` // of a listener
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
	Local    Direction = "local"    // a unix socket
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

// Run answers q. Terms name the fields of Fields; another field, or a value
// that a field cannot have, is an error. A q.Snapshot that is 0 means the last.
func Run(r *index.Reader, q index.Query) (*Answer, error) {
	holds, err := index.Match("network", fields, q.Terms)
	if err != nil {
		return nil, err
	}
	snap, err := r.Snapshot(q.Snapshot)
	if err != nil {
		return nil, err
	}
	var sockets []*index.Socket
	for s, err := range r.Sockets(snap.ID) {
		if err != nil {
			return nil, err
		}
		sockets = append(sockets, s)
	}
	a := &Answer{Schema: Schema, Snapshot: snap.ID, Captured: !snap.Options.NoProc, Sockets: []Row{}}
	if err := a.countGaps(r); err != nil {
		return nil, err
	}
	h := newHost(&snap.Host, sockets)
	unix := unixAsked(q.Terms)
	var rows []*Row
	for _, s := range sockets {
		row := h.row(s)
		switch {
		case !holds(row):
		case row.Direction == Local && !unix:
			a.Hidden++
		default:
			rows = append(rows, row)
		}
	}
	sortRows(rows)
	for _, row := range rows {
		a.Sockets = append(a.Sockets, *row)
	}
	a.Totals = total(a.Sockets)
	return a, nil
}

func (a *Answer) countGaps(r *index.Reader) error {
	reasons := map[string]int{}
	for g, err := range r.Gaps(a.Snapshot) {
		if err != nil {
			return err
		}
		if g.Area == "socket" {
			reasons[string(g.Reason)] += g.Count
		}
		if g.Area == "process" && g.Reason == index.ReasonPermission && strings.HasSuffix(g.Place, "/fd") {
			a.DeniedFDLists++ // the Count of such a gap is of descriptors
		}
	}
	a.Gaps = tally.Counts(reasons)
	return nil
}
