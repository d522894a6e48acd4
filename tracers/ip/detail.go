package ip

import (
	"net/netip"
	"strings"
	"unicode/utf8"

	"stilltrace/index"
	"stilltrace/tracers/tally"
)

// What the detail of one address shows of that which may be without end. The
// row beside it counts all.
const (
	detailUsers       = 20
	detailBans        = 100
	detailLogins      = 100
	detailConnections = 100
	detailRecent      = 10
	detailMessage     = 400 // bytes: a few lines of a terminal
)

// detail gathers what is told of one address alone.
type detail struct {
	mentioned int64
	actions   tally.Tally
	bans      []Ban
	logins    []Login
	recent    []*index.Event // a ring once it is full
	next      int            // the oldest of the ring
}

// see counts an event that names the address; about says that it is about it.
func (d *detail) see(e *index.Event, times int64, about bool, room *tally.Room) {
	d.remember(e)
	if !about {
		d.mentioned++
		return
	}
	d.actions.Add(e.Action.String(), times, tally.When(e), room)
	switch e.Action {
	case index.ActionIPBanned, index.ActionIPUnbanned:
		if len(d.bans) < detailBans {
			d.bans = append(d.bans, Ban{Time: e.Time, Action: e.Action, Jail: strings.Clone(e.Get("jail")), Evidence: e.Place()})
		}
	case index.ActionLogin:
		if len(d.logins) < detailLogins {
			d.logins = append(d.logins, Login{
				Time: e.Time, User: strings.Clone(e.User), Service: strings.Clone(e.Service), Evidence: e.Place(),
			})
		}
	}
}

func (d *detail) remember(e *index.Event) {
	if len(d.recent) < detailRecent {
		d.recent = append(d.recent, e)
		return
	}
	d.recent[d.next] = e
	d.next = (d.next + 1) % detailRecent
}

// shorten cuts s at a whole character.
func shorten(s string) string {
	if len(s) > detailMessage {
		n := detailMessage
		for n > detailMessage-utf8.UTFMax && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	return s
}

func (d *detail) answer(a netip.Addr, n *entry) *Detail {
	out := &Detail{
		IP: a, Mentioned: d.mentioned, Actions: d.actions.Top(0),
		Users: n.users.Top(detailUsers), Services: n.services.Top(0), Sources: n.sources.Top(0),
		Bans: []Ban{}, Logins: []Login{}, Connections: []Connection{}, Recent: []Recent{},
	}
	out.Bans = append(out.Bans, d.bans...)
	out.Logins = append(out.Logins, d.logins...)
	out.Connections = append(out.Connections, n.connections...)
	for i := range d.recent {
		e := d.recent[(d.next+i)%len(d.recent)]
		out.Recent = append(out.Recent, Recent{
			ID: e.ID, Time: e.Time, Service: e.Service, Action: e.Action, Message: shorten(e.Message), Evidence: e.Place(),
		})
	}
	return out
}
