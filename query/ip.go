package query

import (
	"context"
	"strconv"
	"strings"

	"stilltrace/index"
	"stilltrace/index/printable"
	"stilltrace/query/render"
	"stilltrace/tracers/ip"
	"stilltrace/tracers/tally"
)

// IP shows what every address did that the logs name, or all that is known of
// one.
func IP(ctx context.Context, env *Env, o *Options, args []string) (Status, error) {
	s, err := ask(ctx, env, o, args, "ip", ip.Fields, bareAddress)
	if err != nil {
		return StatusOf(err), err
	}
	defer s.close()
	v := addresses()
	compare, err := v.comparer(o.Sort)
	if err != nil {
		return Trouble, err
	}
	a, err := ip.Find(s.reader, s.query)
	if err != nil {
		return StatusOf(err), err
	}
	answer := &render.Answer{Main: v.empty(), Value: &a.Answer, Stream: "rows", Notes: ipNotes(&a.Answer)}
	rows := a.Rows(s.limit())
	if compare != nil {
		rows = sorted(a.Rows(0), compare, s.limit())
	}
	answer.Main.Rows = limited(rows, 0, false, v.row)
	answer.Main.Total = func() int64 { return int64(a.Total) }
	if a.Detail != nil && a.Total == 1 {
		for r, err := range a.Rows(1) {
			if err != nil {
				return StatusOf(err), err
			}
			answer.Sections = s.oneAddress(r, a.Detail)
		}
	}
	status, err := s.print(answer)
	if status == Nothing && a.Hidden.Addresses > 0 && !s.format.Program {
		env.say("%s", ipNotes(&a.Answer)[0])
	}
	return status, err
}

func ipNotes(a *ip.Answer) (notes []string) {
	if h := a.Hidden; h.Addresses > 0 {
		notes = append(notes, printable.Counted(int64(h.Addresses), "address", "addresses")+
			" of this host or its own networks left out, with "+printable.Counted(h.Events, "event", "events")+": class:* shows them")
	}
	if a.Beyond.Addresses > 0 || a.Beyond.Values > 0 {
		notes = append(notes, "there are more addresses, users or services than were followed: the rows are exact, the lists are not whole")
	}
	return notes
}

func addresses() view[*ip.Row] {
	type row = *ip.Row
	count := func(name string, from int, f func(r row) int64) column[row] {
		return column[row]{render.Column{Name: name, Kind: render.Count, From: from}, func(r row) render.Cell { return render.NumberCell(f(r)) }}
	}
	when := func(name string, from int, f func(r row) index.Time) column[row] {
		return column[row]{render.Column{Name: name, Kind: render.Time, From: from}, func(r row) render.Cell { return render.TimeCell(f(r)) }}
	}
	text := func(c render.Column, f func(r row) string) column[row] {
		return column[row]{c, func(r row) render.Cell { return render.TextCell(f(r)) }}
	}
	return view[row]{"address", "addresses", []column[row]{
		text(render.Column{Name: "ip"}, func(r row) string { return r.IP.String() }),
		text(render.Column{Name: "class", From: 120}, func(r row) string { return r.Class.String() }),
		count("failed", 0, func(r row) int64 { return r.FailedLogins }),
		count("invalid", 100, func(r row) int64 { return r.InvalidUsers }),
		count("logins", 0, func(r row) int64 { return r.Logins }),
		count("bans", 0, func(r row) int64 { return r.Bans }),
		count("requests", 0, func(r row) int64 { return r.Requests }),
		count("open", 0, func(r row) int64 { return int64(r.ConnectionCount) }),
		count("events", 100, func(r row) int64 { return r.Events }),
		when("first", 140, func(r row) index.Time { return r.First }),
		when("last", 0, func(r row) index.Time { return r.Last }),
		text(render.Column{Name: "users", Shrink: 2, From: 140}, func(r row) string { return strings.Join(r.Users, " ") }),
		text(render.Column{Name: "services", Shrink: 2, From: render.Never}, func(r row) string { return strings.Join(r.Services, " ") }),
		count("found", render.Never, func(r row) int64 { return r.Found }),
		count("unbans", render.Never, func(r row) int64 { return r.Unbans }),
		text(render.Column{Name: "own", From: render.Never}, func(r row) string { return strconv.FormatBool(r.Own) }),
		text(render.Column{Name: "evidence", From: render.Never}, func(r row) string { return strings.Join(r.Evidence, " ") }),
	}}
}

func (s *session) oneAddress(r *ip.Row, d *ip.Detail) []render.Table {
	own := ""
	if r.Own {
		own = ", one of this host's own"
	}
	some := func(n int64) string {
		if n == 0 {
			return ""
		}
		return printable.Grouped(n)
	}
	var statuses []string
	for _, class := range []string{"1xx", "2xx", "3xx", "4xx", "5xx"} {
		if n := r.Statuses[class]; n > 0 {
			statuses = append(statuses, class+" "+printable.Grouped(n))
		}
	}
	requests := some(r.Requests)
	if len(statuses) > 0 {
		requests += "  (" + strings.Join(statuses, ", ") + ")"
	}
	logins := printable.Grouped(r.Logins)
	if r.FailedLogins+r.InvalidUsers+r.Logins == 0 {
		logins = ""
	}
	return []render.Table{
		facts(r.IP.String(),
			fact{"address", r.Class.String() + own},
			fact{"seen first", s.stamp(r.First)},
			fact{"seen last", s.stamp(r.Last)},
			fact{"events", printable.Grouped(r.Events)},
			fact{"mentioned by others", some(d.Mentioned)},
			fact{"failed logins", some(r.FailedLogins)},
			fact{"invalid users", some(r.InvalidUsers)},
			fact{"logins", logins},
			fact{"found by fail2ban", some(r.Found)},
			fact{"bans", some(r.Bans)},
			fact{"unbans", some(r.Unbans)},
			fact{"requests", requests},
			fact{"open connections", some(int64(r.ConnectionCount))},
			fact{"evidence", strings.Join(r.Evidence, ", ")},
		),
		connections().list("Open connections at the snapshot", d.Connections),
		acceptedLogins().list("Logins", d.Logins),
		bans().list("Bans", d.Bans),
		values("action").list("Actions", d.Actions),
		values("user").list("Users tried", first(d.Users, s.limit())),
		values("service").list("Services", d.Services),
		values("source").list("Sources", d.Sources),
		recent().list("Last events", d.Recent),
	}
}

func connections() view[ip.Connection] {
	type row = ip.Connection
	return view[row]{"connection", "connections", []column[row]{
		{render.Column{Name: "proto"}, func(c row) render.Cell { return render.TextCell(c.Proto) }},
		{render.Column{Name: "state"}, func(c row) render.Cell { return render.TextCell(c.State) }},
		{render.Column{Name: "local", Shrink: 1}, func(c row) render.Cell { return render.TextCell(endpoint(nil, c.Local, c.LPort)) }},
		{render.Column{Name: "remote port", Kind: render.Number}, func(c row) render.Cell { return render.NumberCell(c.RPort) }},
		{render.Column{Name: "owners", Shrink: 2}, func(c row) render.Cell {
			var names []string
			for _, o := range c.Owners {
				names = append(names, o.Comm+"["+strconv.Itoa(o.PID)+"]")
			}
			return render.TextCell(strings.Join(names, " "))
		}},
	}}
}

func acceptedLogins() view[ip.Login] {
	type row = ip.Login
	return view[row]{"login", "logins", []column[row]{
		{render.Column{Name: "time", Kind: render.Time}, func(l row) render.Cell { return render.TimeCell(l.Time) }},
		{render.Column{Name: "user", Shrink: 1}, func(l row) render.Cell { return render.TextCell(l.User) }},
		{render.Column{Name: "service", Shrink: 1}, func(l row) render.Cell { return render.TextCell(l.Service) }},
		{render.Column{Name: "evidence", Shrink: 1}, func(l row) render.Cell { return render.TextCell(l.Evidence) }},
	}}
}

func bans() view[ip.Ban] {
	type row = ip.Ban
	return view[row]{"ban", "bans", []column[row]{
		{render.Column{Name: "time", Kind: render.Time}, func(b row) render.Cell { return render.TimeCell(b.Time) }},
		{render.Column{Name: "action"}, func(b row) render.Cell { return render.TextCell(b.Action.String()) }},
		{render.Column{Name: "jail", Shrink: 1}, func(b row) render.Cell { return render.TextCell(b.Jail) }},
		{render.Column{Name: "evidence", Shrink: 1}, func(b row) render.Cell { return render.TextCell(b.Evidence) }},
	}}
}

// values shows how often each value of one property occurs.
func values(name string) view[tally.Row] {
	type row = tally.Row
	return view[row]{"value", "values", []column[row]{
		{render.Column{Name: name, Shrink: 1}, func(r row) render.Cell { return render.TextCell(r.Value) }},
		{render.Column{Name: "count", Kind: render.Count}, func(r row) render.Cell { return render.NumberCell(r.Count) }},
		{render.Column{Name: "first", Kind: render.Time}, func(r row) render.Cell { return render.TimeCell(r.First) }},
		{render.Column{Name: "last", Kind: render.Time}, func(r row) render.Cell { return render.TimeCell(r.Last) }},
	}}
}

func recent() view[ip.Recent] {
	type row = ip.Recent
	return view[row]{"event", "events", []column[row]{
		{render.Column{Name: "time", Kind: render.Time}, func(r row) render.Cell { return render.TimeCell(r.Time) }},
		{render.Column{Name: "service", Shrink: 2}, func(r row) render.Cell { return render.TextCell(r.Service) }},
		{render.Column{Name: "action", Shrink: 2}, func(r row) render.Cell { return render.TextCell(r.Action.String()) }},
		{render.Column{Name: "message", Shrink: 3}, func(r row) render.Cell { return render.TextCell(r.Message) }},
		{render.Column{Name: "evidence", Shrink: 2, From: 120}, func(r row) render.Cell { return render.TextCell(r.Evidence) }},
	}}
}
