package ip

import (
	"cmp"
	"net/netip"
	"slices"

	"stilltrace/index"
	"stilltrace/tracers/address"
	"stilltrace/tracers/tally"
)

// maxAddresses is how many addresses get a row: more clients than a busy
// site's logs of a year name, and some 400 MB at most.
const maxAddresses = 1 << 20

// maxValues is how many different users, services or sources one address is
// followed by. A dictionary attack tries thousands of names; which of the rare
// ones come first says little.
const maxValues = 1000

// maxBytes bounds the memory of all such lists of one answer.
const maxBytes = 256 << 20

// maxConnections is how many connections all lists together keep; each is
// counted all the same. It is what a large proxy holds at once.
const maxConnections = 1 << 18

// counts are what the events about an address did.
type counts struct {
	failed, invalid, logins, found, bans, unbans, requests int64
}

// add counts what an event did, if it is one of these.
func (c *counts) add(a index.Action, times int64) {
	switch a {
	case index.ActionLoginFailed:
		c.failed += times
	case index.ActionLoginInvalidUser:
		c.invalid += times
	case index.ActionLogin:
		c.logins += times
	case index.ActionIPFound:
		c.found += times
	case index.ActionIPBanned:
		c.bans += times
	case index.ActionIPUnbanned:
		c.unbans += times
	case index.ActionHTTPRequest:
		c.requests += times
	}
}

// entry is what is known of one address while the events are read.
type entry struct {
	counts
	class       address.Class
	statuses    [5]int64
	events      int64
	serial      int64 // of the event that was counted last
	first, last index.Time
	ends        tally.Ends
	users       tally.Tally
	services    tally.Tally
	sources     tally.Tally
	connections []Connection
	connected   int
	// Where the users' names are known in order and no more of them, names and distinct stand for users.
	names    []string
	distinct int
}

// tracer reads events and sockets, one after the other, and then answers.
type tracer struct {
	wanted  *wanted
	entries map[netip.Addr]*entry
	own     map[netip.Addr]bool
	room    *tally.Room
	totals  Totals
	counts  counts
	serial  int64 // of the event being counted
	most    int   // addresses that may have an entry
	beyond  int64
	kept    int // connections
	detail  *detail
}

func newTracer(w *wanted) *tracer {
	t := &tracer{
		wanted: w, entries: map[netip.Addr]*entry{}, own: map[netip.Addr]bool{},
		room: &tally.Room{Values: maxValues, Bytes: maxBytes}, most: maxAddresses,
	}
	if w.one.IsValid() {
		t.detail = &detail{}
	}
	return t
}

// entry returns what is known of a, or nil where it is not wanted or there is
// no more room.
func (t *tracer) entry(a netip.Addr) *entry {
	if e, ok := t.entries[a]; ok {
		return e
	}
	class := address.Of(a)
	if !t.wanted.has(a, class) {
		return nil
	}
	if len(t.entries) >= t.most {
		t.beyond++
		return nil
	}
	e := &entry{class: class}
	t.entries[a] = e
	return e
}

func (t *tracer) event(e *index.Event) {
	t.serial++
	about := plain(e.IP)
	counted := false
	for _, a := range e.IPs {
		counted = t.count(e, plain(a), about) || counted
	}
	if !slices.Contains(e.IPs, e.IP) {
		counted = t.count(e, about, about) || counted
	}
	if !counted {
		return
	}
	t.totals.Events++
	t.totals.First, t.totals.Last = tally.Span(t.totals.First, t.totals.Last, tally.When(e))
	if _, ok := t.entries[about]; ok {
		t.counts.add(e.Action, tally.Times(e))
	}
}

// count counts e for the address a, which it names, and reports whether a has
// a row. An event may name an address twice, in two spellings or as the one
// that it is about; it counts once.
func (t *tracer) count(e *index.Event, a, about netip.Addr) bool {
	if !a.IsValid() {
		return false
	}
	row := t.entry(a)
	if row == nil {
		return false
	}
	if row.serial == t.serial {
		return true
	}
	row.serial = t.serial
	times := tally.Times(e)
	row.see(e, times, t.room)
	if a == about {
		row.act(e, times, t.room)
	}
	if t.detail != nil && a == t.wanted.one {
		t.detail.see(e, times, a == about, t.room)
	}
	return true
}

// see counts an event that names the address.
func (n *entry) see(e *index.Event, times int64, room *tally.Room) {
	_ = n.ends.See(e)
	n.events++
	n.first, n.last = tally.Span(n.first, n.last, tally.When(e))
	n.sources.Add(e.Source, times, tally.When(e), room)
	if e.Service != "" {
		n.services.Add(e.Service, times, tally.When(e), room)
	}
}

// tried is 1 for an action that used a user's credential, good or bad: an entry
// that only names the user counts as an event of it, not as an attempt.
func tried(a index.Action) int64 {
	switch a {
	case index.ActionLogin, index.ActionLoginFailed:
		return 1
	}
	return 0
}

// act counts an event that is about the address.
func (n *entry) act(e *index.Event, times int64, room *tally.Room) {
	n.add(e.Action, times)
	if e.User != "" {
		n.users.Add(e.User, tried(e.Action)*times, tally.When(e), room)
	}
	if e.Action != index.ActionHTTPRequest {
		return
	}
	if s := e.Get("status"); len(s) == 3 && s[0] >= '1' && s[0] <= '5' {
		n.statuses[s[0]-'1'] += times
	}
}

// lost is the occurrences of values that no list of n follows.
func (n *entry) lost() int64 { return n.users.More() + n.services.More() + n.sources.More() }

// rank is what puts rows in order: most refused logins first, then requests,
// events, address.
type rank struct {
	addr                     netip.Addr
	failed, requests, events int64
}

func rankOf(a netip.Addr, n *entry) rank { return rank{a, n.failed, n.requests, n.events} }

func compareRanks(a, b rank) int {
	return cmp.Or(cmp.Compare(b.failed, a.failed), cmp.Compare(b.requests, a.requests), cmp.Compare(b.events, a.events), a.addr.Compare(b.addr))
}

func (t *tracer) total() Totals {
	s := t.totals
	s.Addresses = len(t.entries)
	s.FailedLogins, s.InvalidUsers, s.Logins = t.counts.failed, t.counts.invalid, t.counts.logins
	s.Found, s.Bans, s.Unbans, s.Requests = t.counts.found, t.counts.bans, t.counts.unbans, t.counts.requests
	return s
}

func row(a netip.Addr, n *entry, own bool) *Row {
	r := &Row{
		Kind: Kind, IP: a, Class: n.class, Own: own,
		FailedLogins: n.failed, InvalidUsers: n.invalid, Logins: n.logins,
		Found: n.found, Bans: n.bans, Unbans: n.unbans, Requests: n.requests, Statuses: map[string]int64{},
		Events: n.events, First: n.first, Last: n.last,
		Services: n.services.Names(rowNames), DistinctServices: n.services.Distinct(),
		Sources: n.sources.Names(rowNames), DistinctSources: n.sources.Distinct(),
		Connections: []Connection{}, ConnectionCount: n.connected,
		Evidence: n.ends.Evidence(),
	}
	if r.Users, r.DistinctUsers = n.users.Names(rowNames), n.users.Distinct(); n.distinct > 0 {
		r.Users, r.DistinctUsers = n.names[:min(len(n.names), rowNames)], n.distinct
	}
	for i, requests := range n.statuses {
		if requests > 0 {
			r.Statuses[string('1'+rune(i))+"xx"] = requests
		}
	}
	r.Connections = append(r.Connections, n.connections[:min(len(n.connections), rowConnections)]...)
	return r
}
