package summary

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"
)

// LeaderRow is one of the addresses that come first in the order in which
// people want them: all of it, but of its users no more than the leading ones.
type LeaderRow struct {
	AddressRow
	Users int64    // different users that events about it name
	Names []string // those that were tried most, the first ten
}

const (
	// maxLeaders is how many addresses lead: more than a screen has rows, many times over.
	maxLeaders = 256
	// maxNames is how many of its users a leader has at hand.
	maxNames = 10
)

// rank is what addresses are ordered by.
type rank struct {
	addr                     netip.Addr
	failed, requests, events int64
}

func (a *Actions) rank(r *AddressRow) rank {
	k := rank{addr: r.Addr}
	for i := range r.Strands {
		s := &r.Strands[i]
		k.events += s.Events
		switch {
		case s.About && s.Action == a.LoginFailed:
			k.failed += s.Count
		case s.About && s.Action == a.Request:
			k.requests += s.Count
		}
	}
	return k
}

// compareRanks orders by most refused logins, then requests, then events, then
// address.
func compareRanks(a, b *rank) int {
	return cmp.Or(cmp.Compare(b.failed, a.failed), cmp.Compare(b.requests, a.requests), cmp.Compare(b.events, a.events), a.addr.Compare(b.addr))
}

// leader is a LeaderRow in the making.
type leader struct {
	rank
	row   AddressRow
	users int64
	tries []TryRow // of the most tried users, in order
}

// leaders keeps the addresses that come first: a heap, the last of them on top.
type leaders []*leader

func (l *leaders) add(r *AddressRow, k rank) {
	full := len(*l) == maxLeaders
	if full && compareRanks(&k, &(*l)[0].rank) > 0 {
		return
	}
	n := &leader{rank: k, row: *r}
	n.row.Strands = slices.Clone(r.Strands)
	if full {
		(*l)[0] = n
		l.sink()
		return
	}
	h := append(*l, n)
	for i := len(h) - 1; i > 0 && compareRanks(&h[i].rank, &h[(i-1)/2].rank) > 0; i = (i - 1) / 2 {
		h[i], h[(i-1)/2] = h[(i-1)/2], h[i]
	}
	*l = h
}

// sink moves the leader on top to its place.
func (l leaders) sink() {
	for i := 0; ; {
		last := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(l); c++ {
			if compareRanks(&l[c].rank, &l[last].rank) > 0 {
				last = c
			}
		}
		if last == i {
			return
		}
		l[i], l[last] = l[last], l[i]
		i = last
	}
}

// sort puts the leaders in order, the first one first.
func (l leaders) sort() {
	slices.SortFunc(l, func(a, b *leader) int { return compareRanks(&a.rank, &b.rank) })
}

// try takes in a user of the leader.
func (n *leader) try(r *TryRow) {
	n.users++
	i := len(n.tries)
	for i > 0 && (r.Count > n.tries[i-1].Count || r.Count == n.tries[i-1].Count && r.User < n.tries[i-1].User) {
		i--
	}
	if i < maxNames {
		n.tries = slices.Insert(n.tries[:min(len(n.tries), maxNames-1)], i, *r)
	}
}

func (n *leader) leaderRow() LeaderRow {
	r := LeaderRow{AddressRow: n.row, Users: n.users}
	for i := range n.tries {
		r.Names = append(r.Names, n.tries[i].User)
	}
	return r
}

const (
	leaderUsers = iota
	leaderNames // how many, at most ten
	leaderName
	leaderColumns
)

// leaderCodec has no order: leaders of several runs are not merged.
func leaderCodec() codec[LeaderRow] {
	weight := addressCodec(addressReader{}).weight
	return codec[LeaderRow]{
		table:  Leaders,
		weight: func(r *LeaderRow) int { return weight(&r.AddressRow) + 10 + len(strings.Join(r.Names, ""))/2 },
		encode: encodeLeaders, decode: decodeLeaders,
	}
}

// encodeLeaders writes a page of addresses, its length before it, and a page of
// their users behind.
func encodeLeaders(rows []LeaderRow) Page {
	var addresses []AddressRow
	w := newPageWriter(len(rows), leaderColumns)
	for i := range rows {
		r := &rows[i]
		addresses = append(addresses, r.AddressRow)
		w.cols[leaderUsers].put(uint64(r.Users))
		w.cols[leaderNames].put(uint64(len(r.Names)))
		for _, name := range r.Names {
			w.cols[leaderName].put(w.dict.add(name))
		}
	}
	page := encodeAddresses(addresses).Content
	out := append(binary.AppendUvarint(nil, uint64(len(page))), page...)
	return Page{Table: Leaders, Content: append(out, w.finish(Leaders, nil).Content...), Ends: []int{len(out)}}
}

func decodeLeaders(content []byte) ([]LeaderRow, error) {
	in := parser{b: content}
	page := in.bytes(in.uint())
	if in.bad {
		return nil, ErrPage
	}
	addresses, err := (&addressReader{}).decode(page)
	if err != nil {
		return nil, err
	}
	p, err := newPageReader(in.b, leaderColumns)
	if err != nil {
		return nil, err
	}
	if p.rows != len(addresses) {
		return nil, ErrPage
	}
	rows := make([]LeaderRow, p.rows)
	for i := range rows {
		r := &rows[i]
		r.AddressRow, r.Users = addresses[i], p.positive(p.cols[leaderUsers].get())
		names := p.cols[leaderNames].get()
		if names > maxNames || p.cols[leaderUsers].bad {
			return nil, ErrPage
		}
		for range names {
			r.Names = append(r.Names, p.text(p.cols[leaderName].get()))
		}
	}
	return rows, p.end()
}
