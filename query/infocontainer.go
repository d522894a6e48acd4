package query

import (
	"strings"

	"stilltrace/index"
	"stilltrace/query/render"
)

func containers() view[index.Container] {
	type row = index.Container
	return view[row]{"container", "containers", []column[row]{
		textColumn(render.Column{Name: "container", Shrink: 1}, func(c *row) string {
			if c.Name != "" {
				return c.Name
			}
			return c.ID
		}),
		textColumn(render.Column{Name: "runtime"}, func(c *row) string { return c.Runtime }),
		textColumn(render.Column{Name: "image", Shrink: 1, Sparse: true}, func(c *row) string { return c.Image }),
		{render.Column{Name: "pid", Kind: render.Number}, func(c row) render.Cell { return render.NumberCell(c.PID) }},
		{render.Column{Name: "processes", Kind: render.Count, From: 90}, func(c row) render.Cell { return render.NumberCell(c.Members) }},
		textColumn(render.Column{Name: "rights", Shrink: 1, Sparse: true}, rightsOf),
		textColumn(render.Column{Name: "ports", Shrink: 1, Sparse: true}, func(c *row) string { return strings.Join(c.Ports, ", ") }),
		textColumn(render.Column{Name: "mounts", Shrink: 2, Sparse: true, From: 110}, func(c *row) string { return strings.Join(c.Mounts, ", ") }),
		{render.Column{Name: "started", Kind: render.Time, Sparse: true, From: 120}, func(c row) render.Cell { return render.TimeCell(c.Started) }},
		textColumn(render.Column{Name: "id", From: render.Never}, func(c *row) string { return c.ID }),
	}}
}

// rightsOf are the ways out of a container that it was given.
func rightsOf(c *index.Container) string {
	var all []string
	if c.Privileged {
		all = append(all, "privileged")
	}
	all = append(append(all, c.CapAdd...), c.Security...)
	for _, space := range c.HostSpaces {
		all = append(all, "host "+space)
	}
	return strings.Join(all, " ")
}

func loginSessions() view[index.LoginSession] {
	type row = index.LoginSession
	return view[row]{"session", "sessions", []column[row]{
		textColumn(render.Column{Name: "session"}, func(l *row) string { return l.ID }),
		textColumn(render.Column{Name: "user", Shrink: 1}, func(l *row) string { return l.User }),
		{render.Column{Name: "leader", Kind: render.Number}, func(l row) render.Cell { return render.NumberCell(l.Leader) }},
		textColumn(render.Column{Name: "service"}, func(l *row) string { return l.Service }),
		textColumn(render.Column{Name: "tty", Sparse: true}, func(l *row) string { return l.TTY }),
		textColumn(render.Column{Name: "state"}, func(l *row) string { return l.State }),
		textColumn(render.Column{Name: "from", Shrink: 1}, func(l *row) string { return l.RemoteHost }),
		{render.Column{Name: "started", Kind: render.Time}, func(l row) render.Cell { return render.TimeCell(l.Started) }},
	}}
}
