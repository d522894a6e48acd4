package network

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"stilltrace/index"
)

// Flow is a connection that the kernel tracks, of this host or of others that
// it routes for. No process is known for it.
type Flow struct {
	Kind      string `json:"kind"` // always flow
	NetNS     uint64 `json:"netns"`
	Namespace string `json:"namespace"` // as in Totals
	index.Flow
	Translated bool `json:"translated,omitzero"`
	own        map[netip.Addr]bool
}

// SeenAs is the source as the other side sees it, where that is another one.
func (f *Flow) SeenAs() netip.AddrPort { return another(f.Source, f.SPort, f.To, f.ToPort) }

// LeadsTo is who answers, where that is another than who was meant.
func (f *Flow) LeadsTo() netip.AddrPort { return another(f.Dest, f.DPort, f.From, f.FromPort) }

func another(said netip.Addr, saidPort uint16, is netip.Addr, isPort uint16) netip.AddrPort {
	if said == is && saidPort == isPort {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(is, isPort)
}

// side tells ends apart: a flow has no local one, but its addresses can be the
// host's and its containers' own.
type side int

const (
	bothSides side = iota
	ownSide
	farSide
)

// ends are the addresses and ports of a side, as they were said and as they
// were translated.
func (f *Flow) ends(of side) (addrs []netip.Addr, ports []int64) {
	for _, e := range []netip.AddrPort{
		netip.AddrPortFrom(f.Source, f.SPort), netip.AddrPortFrom(f.Dest, f.DPort), netip.AddrPortFrom(f.From, f.FromPort), netip.AddrPortFrom(f.To, f.ToPort),
	} {
		if of == bothSides || (of == ownSide) == f.own[e.Addr().Unmap()] {
			addrs = append(addrs, e.Addr())
			ports = append(ports, known(uint64(e.Port()))...)
		}
	}
	return addrs, ports
}

type flowField = index.FieldOf[*Flow]

// flowFields are the fields that a flow has too.
var flowFields = []flowField{
	flowAddress("ip", bothSides), flowAddress("laddr", ownSide), flowAddress("raddr", farSide),
	flowPort("port", bothSides), flowPort("lport", ownSide), flowPort("rport", farSide),
	{FieldSpec: spec("proto", index.Exact, ""), Holds: func(c *index.Condition, f *Flow) bool { return c.Text(f.Proto) }},
	{FieldSpec: spec("state", index.Exact, ""), Holds: func(c *index.Condition, f *Flow) bool { return c.Optional(f.State) }},
	{FieldSpec: spec("netns", index.Number, ""), Holds: func(c *index.Condition, f *Flow) bool { return c.Int(known(f.NetNS)...) }},
}

func flowAddress(name string, of side) flowField {
	return flowField{FieldSpec: spec(name, index.Address, ""), Holds: func(c *index.Condition, f *Flow) bool {
		addrs, _ := f.ends(of)
		return c.Addr(addrs...)
	}}
}

func flowPort(name string, of side) flowField {
	return flowField{FieldSpec: spec(name, index.Number, ""), Holds: func(c *index.Condition, f *Flow) bool {
		_, ports := f.ends(of)
		return c.Int(ports...)
	}}
}

// asksFlows reports whether the terms lead to flows: an address or a port is
// asked for, and nothing that no flow has.
func asksFlows(terms []index.Term) bool {
	led := false
	for _, t := range terms {
		if !slices.ContainsFunc(flowFields, func(f flowField) bool { return f.Name == t.Field }) {
			return false
		}
		led = led || !t.Not && !slices.Contains([]string{"proto", "state", "netns"}, t.Field)
	}
	return led
}

// flows are the tracked connections for which all terms hold.
func (h *host) flows(terms []index.Term) ([]Flow, error) {
	if !asksFlows(terms) {
		return nil, nil
	}
	holds, err := index.Match("network", flowFields, terms)
	if err != nil {
		return nil, err
	}
	var list []Flow
	for i := range h.snap.NetSpaces {
		s := &h.snap.NetSpaces[i]
		name := h.space(s.Inode)
		for k := range s.Flows {
			f := Flow{"flow", s.Inode, name, s.Flows[k], s.Flows[k].Translated(), h.own}
			if holds(&f) {
				list = append(list, f)
			}
		}
	}
	// The kernel's order is that of its hash, which says nothing.
	slices.SortStableFunc(list, func(a, b Flow) int {
		return cmp.Or(a.Source.Compare(b.Source), a.Dest.Compare(b.Dest), strings.Compare(a.Proto, b.Proto),
			cmp.Compare(a.DPort, b.DPort), cmp.Compare(a.SPort, b.SPort), cmp.Compare(a.NetNS, b.NetNS))
	})
	return list, nil
}
