package index

import (
	"fmt"
	"sort"
)

// EventFields are the fields that a term about events of this case may name:
// those that every event has, and those that only some formats know.
func (r *Reader) EventFields() []FieldSpec {
	out := append([]FieldSpec(nil), eventFields()...)
	known := map[string]bool{}
	for _, f := range out {
		known[f.Name] = true
	}
	own := append([]string(nil), r.manifest.Fields...)
	sort.Strings(own)
	for _, name := range own {
		if !known[name] {
			out = append(out, FieldSpec{Name: name, Kind: Exact, Doc: "of the log's own format; also a range, and with >= <= > <, where it is a number"})
		}
	}
	return out
}

func eventFields() []FieldSpec {
	return []FieldSpec{
		{Name: "ip", Kind: Address, Doc: "any address in the entry; an address or a network such as 203.0.113.0/24"},
		{Name: "user", Kind: Exact, Doc: "the account that the entry is about"},
		{Name: "service", Kind: Exact, Doc: "the program that wrote it: sshd, nginx, postgresql, kernel"},
		{Name: "host", Kind: Exact, Doc: "the host that the entry names"},
		{Name: "action", Kind: Exact, Values: ActionNames(), Doc: "what happened: login_failed, ip_banned, http_request, oom_kill, ..."},
		{Name: "outcome", Kind: Exact, Values: OutcomeNames(), Doc: "success or failure"},
		{Name: "level", Kind: Severity, Values: LevelNames(), Doc: "severity; level>=err is err and everything worse"},
		{Name: "pid", Kind: Number, Doc: "the process that the entry names"},
		{Name: "source", Kind: Exact, Doc: "path of the log, * stands for any text: source:*/auth.log"},
		{Name: "clock", Kind: Exact, Values: ClockNames(), Doc: "how far its time can be trusted"},
		{Name: "message", Kind: Contains, Doc: "text within the message"},
		{Name: "signature", Kind: Contains, Doc: "text within the signature"},
		{Name: "raw", Kind: Contains, Doc: "text within the entry as it was written"},
		{Name: "id", Kind: Exact, Doc: "one event"},
	}
}

// filter is the terms of a query made ready for events.
type filter struct{ conds []Condition }

func (r *Reader) filter(q Query) (*filter, error) {
	specs := map[string]FieldSpec{}
	for _, s := range r.EventFields() {
		specs[s.Name] = s
	}
	f := &filter{}
	for _, t := range q.Terms {
		s, ok := specs[t.Field]
		if !ok {
			return nil, fmt.Errorf("term %s: no event has a field %q", t, t.Field)
		}
		kind := s.Kind
		if t.Op != Is && t.Op != Matches && kind == Exact && s.Values == nil {
			kind = Number
		}
		c, ok := t.Compile(kind)
		if !ok {
			return nil, fmt.Errorf("term %s: not a value or a comparison that %s can have", t, t.Field)
		}
		f.conds = append(f.conds, c)
	}
	return f, nil
}

func (f *filter) holds(e *Event) bool {
	for i := range f.conds {
		if !f.conds[i].event(e) {
			return false
		}
	}
	return true
}

func (c *Condition) event(e *Event) bool {
	switch c.Field {
	case "ip":
		if e.IP.IsValid() && c.prefix.Contains(e.IP) {
			return !c.Not
		}
		return c.Addr(e.IPs...)
	case "user":
		return c.Optional(e.User)
	case "service":
		return c.Optional(e.Service)
	case "host":
		return c.Optional(e.Host)
	case "action":
		return c.Text(e.Action.String())
	case "outcome":
		return c.Optional(e.Outcome.String())
	case "level":
		return c.Level(e.Level)
	case "pid":
		if e.PID == 0 {
			return c.Not
		}
		return c.Int(int64(e.PID))
	case "source":
		return c.Text(e.Source)
	case "clock":
		return c.Text(e.Clock.String())
	case "message":
		return c.Text(e.Message)
	case "signature":
		return c.Text(e.Sign)
	case "raw":
		return c.Text(e.Raw)
	case "id":
		return c.Text(e.ID)
	}
	return c.own(e.Get(c.Field))
}
