package summary

import (
	"iter"
	"net/netip"
	"slices"
	"strings"
)

// maxSmall is how many addresses the small runs may have for their leaders to
// be found by a look at each.
const maxSmall = 64

// isOneAndSmall reports whether there is one large run, and small ones.
func (r *Reader) isOneAndSmall() bool { return r.Small > 0 && r.Small == r.Runs-1 }

// part answers from some of the runs alone.
func (r *Reader) part(from, runs int) *Reader {
	return &Reader{Runs: runs, Fault: r.Fault, Pages: func(run int, t Table, key []byte) (Walker, error) { return r.Pages(from+run, t, key) }}
}

// small yields the addresses of the small runs.
func (r *Reader) small() iter.Seq2[*AddressRow, error] {
	return r.part(r.Runs-r.Small, r.Small).Addresses(netip.Prefix{})
}

// addSmall completes the head of the large run by what counts the addresses of
// the small ones.
func (r *Reader) addSmall(h *Head) error {
	large := r.part(0, 1)
	for a, err := range r.small() {
		if err != nil {
			return err
		}
		news := int64(1)
		for _, err := range large.Addresses(alone(a.Addr)) {
			if err != nil {
				return err
			}
			news = 0
		}
		k := r.Actions.rank(a)
		h.Addresses += news
		for i := range h.Blocks {
			if b := &h.Blocks[i]; b.Prefix.Contains(a.Addr) {
				b.Addresses += news
				b.Events += k.events
				b.Failed += k.failed
			}
		}
	}
	return nil
}

func alone(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, a.BitLen()) }

// rankedLeader is a leader of all runs in the making.
type rankedLeader struct {
	rank
	row LeaderRow
}

// allLeaders are the leaders of the large run and of the small ones together.
// Small runs only add to what is known of an address: whoever leads all either
// leads the large run, or is in a small one. What would come behind the last
// leader of the large run is not known.
func (r *Reader) allLeaders() (list []rankedLeader, err error) {
	own := map[netip.Addr]bool{}
	for a, err := range r.small() {
		if err != nil {
			return nil, err
		}
		if own[a.Addr] = true; len(own) > maxSmall {
			return nil, nil
		}
		row, err := r.leader(a.Addr)
		if err != nil {
			return nil, err
		}
		list = append(list, rankedLeader{r.Actions.rank(&row.AddressRow), row})
	}
	n := 0
	var last rank
	for row, err := range r.part(0, 1).Leaders() {
		if err != nil {
			return nil, err
		}
		n, last = n+1, r.Actions.rank(&row.AddressRow)
		if !own[row.Addr] {
			one := *row
			one.Strands, one.Names = slices.Clone(row.Strands), slices.Clone(row.Names)
			list = append(list, rankedLeader{last, one})
		}
	}
	slices.SortFunc(list, func(a, b rankedLeader) int { return compareRanks(&a.rank, &b.rank) })
	if n == maxLeaders {
		list = slices.DeleteFunc(list, func(l rankedLeader) bool { return compareRanks(&l.rank, &last) > 0 })
	}
	return list, nil
}

// leader is what all runs know of one address.
func (r *Reader) leader(a netip.Addr) (LeaderRow, error) {
	l := leader{}
	for row, err := range r.Addresses(alone(a)) {
		if err != nil {
			return LeaderRow{}, err
		}
		l.row = *row
		l.row.Strands = slices.Clone(row.Strands)
	}
	for row, err := range r.Tries(alone(a)) {
		if err != nil {
			return LeaderRow{}, err
		}
		own := *row
		own.User = strings.Clone(row.User)
		l.try(&own)
	}
	return l.leaderRow(), nil
}
