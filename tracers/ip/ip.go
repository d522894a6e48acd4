// Package ip is the tracer of addresses: what every address did that the logs
// of a case name, and which of its connections were open at the moment of the
// still.
//
// An event counts in two ways. It is about one address (Event.IP: the client
// of a request, whom fail2ban banned, where the login came from), and only
// there does its action count. It may name others beside it (Event.IPs: the
// server that was spoken to, the target of a packet); in their rows it counts
// as an event, and no more.
package ip

import (
	"net/netip"

	"stilltrace/index"
	"stilltrace/tracers/address"
	"stilltrace/tracers/tally"
)

// Schema names the shape of Answer.
const Schema = "stilltrace.ip/1"

// Kind is what the rows of this tracer are.
const Kind = "address"

// What a row shows of the lists that an address may fill without end. The
// number of different values stands beside each list.
const (
	rowNames       = 10 // users, services and sources
	rowConnections = 10
)

// Answer is what the events of a query say of addresses.
type Answer struct {
	Schema string  `json:"schema"`
	Totals Totals  `json:"totals"`
	Hidden Hidden  `json:"hidden"`
	Beyond Beyond  `json:"beyond_limits"`
	Rows   []*Row  `json:"rows"`             // most failed logins first, then requests, events, address
	Detail *Detail `json:"detail,omitempty"` // where the query asks for one address and the case knows it
}

// Totals are all addresses of the query together, the hidden ones included.
// Each event counts once here, however many addresses it names.
type Totals struct {
	Addresses    int        `json:"addresses"`
	FailedLogins int64      `json:"failed_logins"`
	InvalidUsers int64      `json:"invalid_users"`
	Logins       int64      `json:"logins"`
	Found        int64      `json:"found"`
	Bans         int64      `json:"bans"`
	Unbans       int64      `json:"unbans"`
	Requests     int64      `json:"requests"`
	Events       int64      `json:"events"`
	First        index.Time `json:"first"`
	Last         index.Time `json:"last"`
}

// Hidden is what was left out of the rows: the host's own addresses, and those
// that do not come from outside (loopback, private, link-local, multicast and
// unspecified ones). They are no attackers by themselves, so they are listed
// only where a term asks for them (ip:10.0.0.0/8, class:private).
type Hidden struct {
	Addresses    int   `json:"addresses"`
	FailedLogins int64 `json:"failed_logins"`
	Events       int64 `json:"events"`
}

func (h *Hidden) add(n *entry) {
	h.Addresses++
	h.FailedLogins += n.failed
	h.Events += n.events
}

// Beyond says what the limits of memory left out; all of it is 0 in any but a
// hostile case. Rows that exist are exact where their own values are followed.
type Beyond struct {
	Addresses int64 `json:"addresses"` // times that an event named an address which has no row
	Values    int64 `json:"values"`    // occurrences of users, services and sources that no list follows
}

// Row is one address.
type Row struct {
	Kind  string        `json:"kind"` // always Kind
	IP    netip.Addr    `json:"ip"`
	Class address.Class `json:"class"`
	Own   bool          `json:"own"` // an address of this host: an interface has it, or a socket of the snapshot is bound to it

	FailedLogins int64 `json:"failed_logins"` // refused credentials; "message repeated N times" is N
	InvalidUsers int64 `json:"invalid_users"` // unknown users that were named before any credential
	Logins       int64 `json:"logins"`        // accepted credentials
	Found        int64 `json:"found"`         // failures that fail2ban counted
	Bans         int64 `json:"bans"`
	Unbans       int64 `json:"unbans"`
	Requests     int64 `json:"requests"` // lines of access logs
	// Statuses counts the requests by the class of their answer, 1xx to 5xx (RFC 9110 section 15).
	Statuses map[string]int64 `json:"statuses"`

	Events int64      `json:"events"` // log entries that name the address
	First  index.Time `json:"first"`  // of these; null where none has a time
	Last   index.Time `json:"last"`

	Users            []string `json:"users"` // that events about the address name, the most frequent first
	DistinctUsers    int      `json:"distinct_users"`
	Services         []string `json:"services"` // that wrote events which name the address
	DistinctServices int      `json:"distinct_services"`
	Sources          []string `json:"sources"` // that hold them
	DistinctSources  int      `json:"distinct_sources"`

	Connections     []Connection `json:"connections"` // at the moment of the snapshot; time and other terms do not limit them
	ConnectionCount int          `json:"connection_count"`

	Evidence []string `json:"evidence"` // where the first and the last of its events stand
}

// Connection is one socket of the snapshot whose remote end is the address.
type Connection struct {
	Proto  string        `json:"proto"`
	State  string        `json:"state"`
	Local  netip.Addr    `json:"laddr"`
	LPort  uint16        `json:"lport"`
	RPort  uint16        `json:"rport"`
	Owners []index.Owner `json:"owners"` // the processes that hold it; none where the kernel names none
}

// Detail is what the case knows of one address beyond its row.
type Detail struct {
	IP netip.Addr `json:"ip"`
	// Mentioned counts the events that name the address and are about another or about none.
	Mentioned   int64        `json:"mentioned"`
	Actions     []tally.Row  `json:"actions"` // of events about the address
	Users       []tally.Row  `json:"users"`   // that these name: the top 20
	Services    []tally.Row  `json:"services"`
	Sources     []tally.Row  `json:"sources"`
	Bans        []Ban        `json:"bans"`        // bans and unbans: the first 100, the row counts all
	Logins      []Login      `json:"logins"`      // the first 100, the row counts all
	Connections []Connection `json:"connections"` // the first 100, the row counts all
	Recent      []Recent     `json:"recent"`      // the last 10 events that name it, in the order of time
}

// Ban is one ban or its end.
type Ban struct {
	Time     index.Time   `json:"time"`
	Action   index.Action `json:"action"` // ip_banned or ip_unbanned
	Jail     string       `json:"jail"`
	Evidence string       `json:"evidence"`
}

// Login is one accepted credential.
type Login struct {
	Time     index.Time `json:"time"`
	User     string     `json:"user"`
	Service  string     `json:"service"`
	Evidence string     `json:"evidence"`
}

// Recent is one event, shortened.
type Recent struct {
	ID       string       `json:"id"`
	Time     index.Time   `json:"time"`
	Service  string       `json:"service"`
	Action   index.Action `json:"action"`
	Message  string       `json:"message"` // at most 400 bytes of it
	Evidence string       `json:"evidence"`
}

// Fields are the fields that a term may name: those of the events, and class.
//
// Terms about the address itself (ip, class) say which addresses are listed,
// and -ip:ADDR leaves one out. All others say which events are counted.
func Fields(r *index.Reader) []index.FieldSpec {
	specs := []index.FieldSpec{classField()}
	for _, s := range r.EventFields() {
		if s.Name != "class" {
			specs = append(specs, s)
		}
	}
	return specs
}

func classField() index.FieldSpec {
	return index.FieldSpec{Name: "class", Kind: index.Exact, Values: address.Names(), Doc: "kind of network that the address belongs to"}
}
