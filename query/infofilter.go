package query

import (
	"cmp"
	"slices"
	"strconv"

	"stilltrace/index"
	"stilltrace/query/render"
)

// filterRule is a rule of nftables and where it stands.
type filterRule struct {
	NetNS    uint64 `json:"netns"`
	Of       string `json:"namespace"` // of which container, mount or process; "host"
	Family   string `json:"family"`
	Table    string `json:"table"`
	Chain    string `json:"chain"`
	Hook     string `json:"hook,omitzero"`
	Policy   string `json:"policy,omitzero"`
	Priority int32  `json:"priority,omitzero"` // of chains at one hook the lowest comes first
	Number   int    `json:"number"`            // within its chain, from 1
	Text     string `json:"rule"`
}

// filterElement is an element of a set of nftables.
type filterElement struct {
	NetNS   uint64 `json:"netns"`
	Of      string `json:"namespace"`
	Family  string `json:"family"`
	Table   string `json:"table"`
	Set     string `json:"set"`
	Key     string `json:"key,omitzero"`
	Element string `json:"element"`
}

// eachSpace calls do with the network namespaces and who lives in each.
func eachSpace(h *index.Host, do func(n *index.NetSpace, whose string)) {
	for i := range h.NetSpaces {
		n := &h.NetSpaces[i]
		var c *index.Container
		if k := slices.IndexFunc(h.Containers, func(c index.Container) bool { return c.ID == n.Container }); k >= 0 {
			c = &h.Containers[k]
		}
		do(n, cmp.Or(n.Whose(c), "process "+strconv.Itoa(n.PID)))
	}
}

// filterRules are all rules of which the text was kept.
func filterRules(h *index.Host) (all []filterRule) {
	eachSpace(h, func(n *index.NetSpace, whose string) {
		for _, c := range n.Chains {
			for i, text := range c.Text {
				all = append(all, filterRule{n.Inode, whose, c.Family, c.Table, c.Name, c.Hook, c.Policy, c.Priority, i + 1, text})
			}
		}
	})
	return all
}

// filterElements are all elements that were kept of sets.
func filterElements(h *index.Host) (all []filterElement) {
	eachSpace(h, func(n *index.NetSpace, whose string) {
		for _, s := range n.Sets {
			for _, e := range s.Elements {
				all = append(all, filterElement{n.Inode, whose, s.Family, s.Table, s.Name, s.Key, e})
			}
		}
	})
	return all
}

func rulesView() view[filterRule] {
	type row = filterRule
	return view[row]{"rule", "rules", []column[row]{
		textColumn(render.Column{Name: "namespace"}, func(r *row) string { return r.Of }),
		textColumn(render.Column{Name: "table"}, func(r *row) string { return r.Family + " " + r.Table }),
		textColumn(render.Column{Name: "chain"}, func(r *row) string { return r.Chain }),
		textColumn(render.Column{Name: "hook", Sparse: true, From: 100}, func(r *row) string {
			if r.Hook == "" {
				return ""
			}
			return r.Hook + " " + strconv.Itoa(int(r.Priority))
		}),
		textColumn(render.Column{Name: "policy", Sparse: true, From: 90}, func(r *row) string { return r.Policy }),
		{render.Column{Name: "nr", Kind: render.Number}, func(r row) render.Cell { return render.NumberCell(r.Number) }},
		textColumn(render.Column{Name: "rule", Shrink: 1, Fold: true}, func(r *row) string { return r.Text }),
	}}
}

func setsView() view[filterElement] {
	type row = filterElement
	return view[row]{"element", "elements", []column[row]{
		textColumn(render.Column{Name: "namespace"}, func(e *row) string { return e.Of }),
		textColumn(render.Column{Name: "table"}, func(e *row) string { return e.Family + " " + e.Table }),
		textColumn(render.Column{Name: "set"}, func(e *row) string { return e.Set }),
		textColumn(render.Column{Name: "element", Shrink: 1}, func(e *row) string { return e.Element }),
		textColumn(render.Column{Name: "key", Shrink: 2, From: 90}, func(e *row) string { return e.Key }),
	}}
}
