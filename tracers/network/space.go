package network

import (
	"cmp"
	"fmt"
	"slices"

	"stilltrace/index"
)

// Interface is one of a network namespace, and what stands out about it.
type Interface struct {
	NetNS     uint64 `json:"netns"`
	Namespace string `json:"namespace"` // as in Totals
	index.Interface
	MasterName string `json:"master_name,omitzero"` // of the bridge or bond that it belongs to
	// StandsOut says that it hears what is for others, or that a program of eBPF sees its packets before the packet filter.
	StandsOut []string `json:"stands_out,omitempty"`
}

// Chain is one of nftables that packets come to by themselves.
type Chain struct {
	NetNS     uint64 `json:"netns"`
	Namespace string `json:"namespace"`
	index.FilterChain
}

// LegacyTable is one of iptables-legacy, whose rules are not known.
type LegacyTable struct {
	NetNS     uint64 `json:"netns"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"` // ip filter, ip6 nat, …
}

// ofSpaces takes in what the network namespaces are. It belongs to no socket: it
// is told where nothing was asked for, or whole namespaces.
func (h *host) ofSpaces(a *Answer, terms []index.Term, holds func(*Row) bool) {
	if slices.ContainsFunc(terms, func(t index.Term) bool { return t.Field != "netns" }) {
		return
	}
	for i := range h.snap.NetSpaces {
		s := &h.snap.NetSpaces[i]
		if !holds(&Row{Socket: index.Socket{NetNS: s.Inode}}) {
			continue
		}
		name := h.space(s.Inode)
		masters := map[int]*index.Interface{}
		for k := range s.Interfaces {
			masters[s.Interfaces[k].Index] = &s.Interfaces[k]
		}
		for _, one := range s.Interfaces {
			f := Interface{NetNS: s.Inode, Namespace: name, Interface: one}
			f.describe(masters[one.Master])
			a.Interfaces = append(a.Interfaces, f)
		}
		for _, c := range s.Chains {
			if c.Hook != "" {
				a.Chains = append(a.Chains, Chain{s.Inode, name, c})
			}
		}
		for _, t := range s.LegacyTables {
			a.Legacy = append(a.Legacy, LegacyTable{s.Inode, name, t})
		}
	}
	slices.SortStableFunc(a.Interfaces, func(x, y Interface) int { return cmp.Compare(min(len(y.StandsOut), 1), min(len(x.StandsOut), 1)) })
	slices.SortStableFunc(a.Chains, func(x, y Chain) int { return cmp.Compare(x.rank(), y.rank()) })
}

// rank puts chains first that let through only what a rule allows, then those
// that decide at all.
func (c *Chain) rank() int {
	switch {
	case c.Policy == "drop":
		return 0
	case c.Type == "filter":
		return 1
	}
	return 2
}

// The flags of an interface (netdevice(7)).
const (
	flagUp          = 1
	flagPromiscuous = 0x100
)

// describe says what stands out, beside the interface that it belongs to: nil
// where it belongs to none.
func (f *Interface) describe(master *index.Interface) {
	asked, usual := f.Listeners, uint32(0)
	if f.Master != 0 && master != nil {
		f.MasterName = master.Name
		if master.Kind == "bridge" {
			usual = 1 // a bridge has to hear what is for others
		}
	}
	switch {
	case asked > usual+1:
		f.StandsOut = append(f.StandsOut, fmt.Sprintf("promiscuous ×%d", asked-usual))
	case asked > usual, asked == 0 && f.Flags&flagPromiscuous != 0:
		f.StandsOut = append(f.StandsOut, "promiscuous")
	}
	if f.XDP {
		f.StandsOut = append(f.StandsOut, "XDP program attached")
	}
}

// Quiet reports whether nothing is said by showing it: the loopback that each
// namespace has.
func (f *Interface) Quiet() bool { return f.Name == "lo" && len(f.StandsOut) == 0 }

// Down reports whether it is known to be switched off.
func (f *Interface) Down() bool { return f.Index != 0 && f.Flags&flagUp == 0 }
