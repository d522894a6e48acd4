package query

import (
	"cmp"
	"iter"
	"net/netip"
	"slices"
	"strings"

	"stilltrace/query/render"
	"stilltrace/tracers/network"
)

// fewInSpaces is how many interfaces, chains and flows follow the sockets.
const fewInSpaces = 10

func (s *session) few() int {
	if s.limit() == 0 {
		return 0
	}
	return fewInSpaces
}

// socketsAndFlows are the records of an answer. A program tells them apart by
// their kind.
func socketsAndFlows(a *network.Answer) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		for i := range a.Sockets {
			if !yield(a.Sockets[i], nil) {
				return
			}
		}
		for i := range a.Flows {
			if !yield(a.Flows[i], nil) {
				return
			}
		}
	}
}

// besideSockets counts what an answer shows beside the sockets.
func besideSockets(a *network.Answer) int {
	n := len(a.Flows) + len(a.Chains)
	for i := range a.Interfaces {
		if !a.Interfaces[i].Quiet() {
			n++
		}
	}
	return n
}

// trackedFlows shows rows, of which there are total in all.
func trackedFlows(rows []network.Flow, total int) render.Table {
	type row = network.Flow
	text := textColumn[row]
	several := differ(rows, func(f row) uint64 { return f.NetNS })
	v := view[row]{"tracked connection", "tracked connections", []column[row]{
		text(render.Column{Name: "proto"}, func(f *row) string { return f.Proto }),
		text(render.Column{Name: "state", Shrink: 2}, func(f *row) string {
			if f.Unreplied {
				return strings.TrimLeft(f.State+" unanswered", " ")
			}
			return f.State
		}),
		text(render.Column{Name: "from", Shrink: 1}, func(f *row) string { return flowEnd(f.Source, f.SPort) }),
		text(render.Column{Name: "to", Shrink: 1}, func(f *row) string { return flowEnd(f.Dest, f.DPort) }),
		text(render.Column{Name: "translated", Shrink: 1, Sparse: true}, func(f *row) string { return translation(f) }),
		text(render.Column{Name: "namespace", Shrink: 3, Sparse: true}, func(f *row) string { return where(several, f.Namespace) }),
		{render.Column{Name: "sent", Kind: render.Bytes, From: 100, Sparse: true}, func(f row) render.Cell { return counters(f.Bytes) }},
		{render.Column{Name: "received", Kind: render.Bytes, From: 100, Sparse: true}, func(f row) render.Cell { return counters(f.Replied) }},
	}}
	t := v.table(rows, total)
	t.Title = "Connections that the kernel tracks"
	return t
}

// counters are empty where the kernel does not count bytes.
func counters(n uint64) render.Cell {
	if n == 0 {
		return render.Cell{}
	}
	return render.NumberCell(n)
}

// flowEnd leaves the port out of a protocol that has none.
func flowEnd(a netip.Addr, port uint16) string {
	if port == 0 && a.IsValid() {
		return a.String()
	}
	return endpoint(nil, a, port)
}

// translation says where a flow goes instead, and as whom it is seen there.
func translation(f *network.Flow) string {
	var parts []string
	for _, one := range []struct {
		word string
		end  netip.AddrPort
	}{{"to ", f.LeadsTo()}, {"as ", f.SeenAs()}} {
		if one.end.IsValid() {
			parts = append(parts, one.word+flowEnd(one.end.Addr(), one.end.Port()))
		}
	}
	return strings.Join(parts, ", ")
}

// differ reports whether rows have several values of something.
func differ[T any, V comparable](rows []T, value func(T) V) bool {
	return slices.ContainsFunc(rows, func(r T) bool { return value(r) != value(rows[0]) })
}

// where names a namespace if there are several to tell apart.
func where(several bool, namespace string) string {
	if several {
		return namespace
	}
	return ""
}

func (s *session) interfaces(all []network.Interface) render.Table {
	type row = network.Interface
	text := textColumn[row]
	rows := slices.DeleteFunc(slices.Clone(all), func(f row) bool { return f.Quiet() })
	several := differ(rows, func(f row) uint64 { return f.NetNS })
	v := view[row]{"interface", "interfaces", []column[row]{
		text(render.Column{Name: "interface"}, func(f *row) string { return cmp.Or(f.Name, "?") }),
		text(render.Column{Name: "kind", Sparse: true}, func(f *row) string { return f.Kind }),
		text(render.Column{Name: "part of", Sparse: true}, func(f *row) string { return f.MasterName }),
		text(render.Column{Name: "state", From: 90, Sparse: true}, func(f *row) string {
			switch {
			case f.Down():
				return "down"
			case f.Index != 0:
				return "up"
			}
			return "" // it is not known
		}),
		text(render.Column{Name: "addresses", Shrink: 1, Fold: true, Sparse: true}, func(f *row) string { return addressesOf(f) }),
		text(render.Column{Name: "namespace", Shrink: 1, Sparse: true}, func(f *row) string { return where(several, f.Namespace) }),
		text(render.Column{Name: "stands out", Shrink: 1, Fold: true, Sparse: true}, func(f *row) string { return strings.Join(f.StandsOut, ", ") }),
	}}
	return some(v, "Interfaces", rows, s.few())
}

// addressesOf leaves out those that every interface makes of its own number.
func addressesOf(f *network.Interface) string {
	var parts []string
	for _, a := range f.Addresses {
		if a.Is4() || a.IsValid() && !a.IsLinkLocalUnicast() {
			parts = append(parts, a.String())
		}
	}
	return strings.Join(parts, " ")
}

// chains shows those of nftables that decide by themselves.
func (s *session) chains(rows []network.Chain) render.Table {
	type row = network.Chain
	text := textColumn[row]
	several := differ(rows, func(c row) uint64 { return c.NetNS })
	v := view[row]{"chain", "chains", []column[row]{
		text(render.Column{Name: "hook"}, func(c *row) string { return c.Hook }),
		text(render.Column{Name: "policy"}, func(c *row) string { return c.Policy }),
		{render.Column{Name: "rules", Kind: render.Count}, func(c row) render.Cell { return render.NumberCell(c.Rules) }},
		text(render.Column{Name: "type"}, func(c *row) string { return c.Type }),
		text(render.Column{Name: "chain", Shrink: 1}, func(c *row) string { return strings.Join([]string{c.Family, c.Table, c.FilterChain.Name}, " ") }),
		text(render.Column{Name: "namespace", Shrink: 1, Sparse: true}, func(c *row) string { return where(several, c.Namespace) }),
	}}
	return some(v, "Packet filter", rows, s.few())
}

// legacy names tables, and their namespace where it is not the host's alone.
func legacy(list []network.LegacyTable) string {
	several := differ(list, func(t network.LegacyTable) uint64 { return t.NetNS })
	var parts []string
	for _, t := range first(list, fewInSpaces) {
		parts = append(parts, strings.TrimRight(t.Name+" "+where(several, t.Namespace), " "))
	}
	if len(list) > fewInSpaces {
		parts = append(parts, "…")
	}
	return strings.Join(parts, ", ")
}
