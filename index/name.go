package index

import "net/netip"

// HostName is a line of /etc/hosts (hosts(5)).
type HostName struct {
	Addr  netip.Addr `json:"addr"`
	Names []string   `json:"names"`
}

// Resolver is resolv.conf(5).
type Resolver struct {
	Servers []string `json:"servers,omitempty"`
	Search  []string `json:"search,omitempty"`
	Options []string `json:"options,omitempty"`
}

// Resolved is the answer of the name service to a question for the name of an
// address, asked by the capture when it was told to (Options.Resolve). Whoever
// owns the address writes the answer.
type Resolved struct {
	Addr   netip.Addr `json:"addr"`
	Names  []string   `json:"names,omitempty"`
	Error  string     `json:"error,omitzero"` // why there is no name
	Server string     `json:"server"`         // who was asked: the host's resolver, and its servers
	Time   Time       `json:"time"`           // when the answer came
}
