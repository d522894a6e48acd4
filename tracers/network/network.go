// Package network is the network tracer: every socket that a snapshot saw,
// with its owners, its service, which side opened it and who can reach it.
package network

import (
	"strings"

	"stilltrace/index"
	"stilltrace/tracers/tally"
)

// Schema names the shape of Answer.
const Schema = "stilltrace.network/1"

// Answer is what the network tracer has to say about one snapshot.
//
// Unix and netlink sockets outnumber the others on most hosts and say little
// about who talked to it. They are in Sockets only where a term asks for them:
// proto:unix, path:, direction:local or inode: (proto:* asks for every socket).
// Hidden counts those for which all terms hold and that were left out.
type Answer struct {
	Schema   string `json:"schema"`
	Snapshot int    `json:"snapshot"`
	Captured bool   `json:"captured"` // false: the capture was told to leave out processes and sockets
	// Sockets are ordered: listeners by port, connections by remote address and port, raw sockets, unix sockets by path.
	Sockets []Row  `json:"sockets"`
	Hidden  int    `json:"hidden"`
	Totals  Totals `json:"totals"` // over Sockets
	// Pressure is where connections wait or ports run out, over Sockets.
	Pressure Pressure  `json:"pressure"`
	Findings []Finding `json:"findings"` // about Sockets, most severe first
	// Recommendations are what to do about the findings, the most pressing first.
	Recommendations []Recommendation `json:"recommendations"`
	// DeniedFDLists counts the processes whose descriptors could not all be read for want of permission. While it is not 0,
	// a socket of unknown ownership may be theirs, and a known one may have more owners.
	DeniedFDLists int           `json:"denied_fd_lists"`
	Gaps          []tally.Count `json:"gaps"` // by reason: what of the socket tables could not be read
	// Flows are tracked connections, where an address or a port was asked for.
	Flows []Flow `json:"flows,omitempty"`
	// Interfaces, Chains and Legacy are those of the network namespaces, where nothing else was asked for: first what stands out, and what lets least through.
	Interfaces []Interface   `json:"interfaces,omitempty"`
	Chains     []Chain       `json:"filter_chains,omitempty"`
	Legacy     []LegacyTable `json:"legacy_tables,omitempty"`
}

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
	a := &Answer{Schema: Schema, Snapshot: snap.ID, Captured: !snap.Options.NoProc, Sockets: []Row{}, Findings: []Finding{}}
	if err := a.countGaps(r); err != nil {
		return nil, err
	}
	h := newHost(&snap.Host, sockets)
	h.denied = a.DeniedFDLists
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
	a.Totals = h.total(a.Sockets)
	a.Pressure = h.pressure(a.Sockets)
	a.Findings = h.findings(a.Sockets, &a.Pressure)
	a.Recommendations = recommend(a.Findings)
	h.ofSpaces(a, q.Terms, holds)
	a.Flows, err = h.flows(q.Terms)
	return a, err
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
