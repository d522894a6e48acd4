package summary

import (
	"cmp"
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// The plain ways: each answer is made of the events themselves, with none of
// the package's own tables.

func plainAddr(s string) netip.Addr { return netip.MustParseAddr(s) }

// named is the addresses of an event, each once.
func (s *sample) named() []netip.Addr {
	var list []netip.Addr
	for _, n := range s.names {
		list = append(list, plainAddr(n))
	}
	if s.about != "" {
		list = append(list, plainAddr(s.about))
	}
	slices.SortFunc(list, netip.Addr.Compare)
	return slices.Compact(list)
}

func (s *sample) undated() bool { return s.time == 0 || s.kind.Clock == clockCapture }

// known widens a sum by the event where a time of 0 is unknown.
func known(n Sum, s *sample, count int64) Sum {
	n.Events++
	n.Count += count
	if !s.undated() {
		if n.First == 0 || s.time < n.First {
			n.First = s.time
		}
		if n.Last == 0 || s.time > n.Last {
			n.Last = s.time
		}
	}
	return n
}

func TestUsersAreCounted(t *testing.T) {
	all := samples(4000, 11)
	want := map[string]Sum{}
	for i := range all {
		if s := &all[i]; s.user != "" {
			want[s.user] = known(want[s.user], s, s.times)
		}
	}
	got := map[string]Sum{}
	last := ""
	for u, err := range open(build(t, all, 2, 3, 50<<10)).Users() {
		require.NoError(t, err)
		require.Less(t, last, u.Name)
		last = u.Name
		got[u.Name] = u.Sum
	}
	require.Equal(t, want, got)
}

func TestMinutesAreCounted(t *testing.T) {
	all := samples(4000, 12)
	type key struct {
		minute int64
		source uint32
	}
	from, until := MinuteOf(1_700_000_000*1e9)+3, MinuteOf(1_700_000_000*1e9)+30
	for _, c := range []struct {
		name        string
		from, until int64
	}{{"some", from, until}, {"one", from, from + 1}, {"before 1970", -1 << 40, 0}, {"that of the unknown time", 0, 1}, {"all", -1 << 40, 1 << 40}} {
		t.Run(c.name, func(t *testing.T) {
			want := map[key]Sum{}
			for i := range all {
				s := &all[i]
				m := s.time / minute
				for m*minute > s.time {
					m--
				}
				if s.kind.Clock != clockCapture && m >= c.from && m < c.until {
					k := key{m, s.kind.Source}
					want[k] = known(want[k], s, s.times)
				}
			}
			require.NotEmpty(t, want)
			got := map[key]Sum{}
			for m, err := range open(build(t, all, 2, 3, 50<<10)).Minutes(c.from, c.until) {
				require.NoError(t, err)
				got[key{m.Minute, m.Source}] = m.Sum
			}
			require.Equal(t, want, got)
		})
	}
}

func TestKindsAreCounted(t *testing.T) {
	all := samples(4000, 13)
	want := map[Kind]*KindRow{}
	for i := range all {
		s := &all[i]
		k := s.kind
		k.Undated = s.undated()
		r := want[k]
		if r == nil {
			r = &KindRow{Kind: k, Sum: Sum{First: s.time, Last: s.time}, FirstLine: 1 << 60, Kept: s.keep}
			want[k] = r
		}
		r.Events++
		r.Count += s.times
		if s.time < r.First || s.time == r.First && s.line < r.FirstLine {
			r.First, r.FirstLine = s.time, s.line
			if s.keep {
				r.FirstOffset, r.Example = s.offset, s.message[:min(len(s.message), 20)]
			}
		}
		if s.time > r.Last || s.time == r.Last && s.line > r.LastLine {
			r.Last, r.LastLine = s.time, s.line
		}
	}
	r := open(build(t, all, 2, 3, 50<<10))
	n := 0
	for k, err := range r.Kinds(func(Class) bool { return true }) {
		require.NoError(t, err)
		require.Equal(t, want[k.Kind], k)
		n++
	}
	require.Len(t, want, n)
	for k, err := range r.Kinds(func(c Class) bool { return c.Action == actBanned && c.Level == 1 }) {
		require.NoError(t, err)
		require.EqualValues(t, actBanned, k.Action)
		require.EqualValues(t, 1, k.Level)
		n--
	}
	require.NotEqual(t, len(want), n)
}

// strandsOf makes the row of an address of the events themselves.
func strandsOf(all []sample, a netip.Addr) *AddressRow {
	row := &AddressRow{Addr: a}
	found := map[Thread]*Sum{}
	for i := range all {
		s := &all[i]
		named := s.named()
		if !slices.Contains(named, a) {
			continue
		}
		at := Place{s.time, s.kind.Source, s.line}
		if len(found) == 0 || at.before(&row.First) {
			row.First = at
		}
		if len(found) == 0 || row.Last.before(&at) {
			row.Last = at
		}
		k := Thread{Source: s.kind.Source, Action: s.kind.Action, Status: s.kind.Status, Service: s.kind.Service, Jail: s.kind.Jail,
			About: s.about != "" && plainAddr(s.about) == a, Shared: len(named) > 1, Undated: s.undated()}
		if len(k.Service) > maxName {
			k.Source, k.Service, k.Jail = 0, "", ""
		}
		n := found[k]
		if n == nil {
			n = &Sum{First: s.time, Last: s.time}
			found[k] = n
		}
		n.Events++
		n.Count += s.times
		n.First, n.Last = min(n.First, s.time), max(n.Last, s.time)
	}
	for k, n := range found {
		row.Strands = append(row.Strands, Strand{&k, *n})
	}
	slices.SortFunc(row.Strands, func(a, b Strand) int { return a.compare(b.Thread) })
	return row
}

func TestAddressesAreCounted(t *testing.T) {
	all := samples(4000, 14)
	r := open(build(t, all, 2, 3, 60<<10))
	names := map[netip.Addr]bool{}
	events, times := int64(0), int64(0)
	about := map[uint8]int64{}
	for i := range all {
		for _, a := range all[i].named() {
			names[a] = true
		}
		if len(all[i].named()) > 0 {
			events++
			times += all[i].times
		}
		if all[i].about != "" {
			about[all[i].kind.Action] += all[i].times
		}
	}
	n := 0
	var last netip.Addr
	for row, err := range r.Addresses(netip.Prefix{}) {
		require.NoError(t, err)
		require.True(t, n == 0 || last.Less(row.Addr))
		last = row.Addr
		require.Equal(t, strandsOf(all, row.Addr), row)
		n++
	}
	require.Len(t, names, n)
	h, err := r.Head()
	require.NoError(t, err)
	require.EqualValues(t, n, h.Addresses)
	require.Equal(t, events, h.Named)
	require.Equal(t, times, h.Times)
	require.Equal(t, about, h.About)
}

func TestAddressesWithinANetwork(t *testing.T) {
	r := open(build(t, samples(4000, 15), 2, 3, 60<<10))
	for _, prefix := range []string{"203.1.113.7/32", "203.2.113.0/24", "203.0.0.0/8", "2001:db8:1::/48", "::/128", "0.0.0.0/0", "::/0", "9.9.9.9/32"} {
		p := netip.MustParsePrefix(prefix)
		var want, got, tried, wantTried []netip.Addr
		for row, err := range r.Addresses(netip.Prefix{}) {
			require.NoError(t, err)
			if p.Contains(row.Addr) {
				want = append(want, row.Addr)
			}
		}
		for row, err := range r.Addresses(p) {
			require.NoError(t, err)
			got = append(got, row.Addr)
		}
		for row, err := range r.Tries(netip.Prefix{}) {
			require.NoError(t, err)
			if p.Contains(row.Addr) {
				wantTried = append(wantTried, row.Addr)
			}
		}
		for row, err := range r.Tries(p) {
			require.NoError(t, err)
			tried = append(tried, row.Addr)
		}
		require.Equal(t, want, got, prefix)
		require.Equal(t, wantTried, tried, prefix)
	}
}

func TestTriesAreCounted(t *testing.T) {
	all := samples(4000, 16)
	type key struct {
		addr netip.Addr
		user string
	}
	want := map[key]Sum{}
	for i := range all {
		s := &all[i]
		if s.user == "" || s.about == "" {
			continue
		}
		count := int64(0)
		if s.kind.Action == actFailed || s.kind.Action == actLogin {
			count = s.times
		}
		k := key{plainAddr(s.about), s.user}
		want[k] = known(want[k], s, count)
	}
	got := map[key]Sum{}
	for row, err := range open(build(t, all, 2, 3, 60<<10)).Tries(netip.Prefix{}) {
		require.NoError(t, err)
		got[key{row.Addr, row.User}] = row.Sum
	}
	require.Equal(t, want, got)
}

func TestEarliestDeedsAreKept(t *testing.T) {
	all := samples(4000, 17)
	for i := range all {
		if all[i].about != "" && i%2 == 0 {
			all[i].about = "192.0.2.1" // more than are kept
		}
	}
	var want []DeedRow
	for i := range all {
		s := &all[i]
		login := s.kind.Action == actLogin
		if s.about == "" || !login && s.kind.Action != actBanned && s.kind.Action != actUnban {
			continue
		}
		row := DeedRow{Addr: plainAddr(s.about), Place: Place{s.time, s.kind.Source, s.line}, Action: s.kind.Action, Login: login,
			Service: s.kind.Service, Jail: s.kind.Jail}
		if login {
			row.User = s.user
		}
		want = append(want, row)
	}
	slices.SortFunc(want, func(a, b DeedRow) int {
		return cmp.Or(a.Addr.Compare(b.Addr), cmp.Compare(flag(a.Login), flag(b.Login)), cmp.Compare(a.Time, b.Time),
			cmp.Compare(a.Source, b.Source), cmp.Compare(a.Line, b.Line))
	})
	seen := map[DeedRow]int{}
	want = slices.DeleteFunc(want, func(r DeedRow) bool {
		k := DeedRow{Addr: r.Addr, Login: r.Login}
		seen[k]++
		return seen[k] > maxDeeds
	})
	var got []DeedRow
	for row, err := range open(build(t, all, 2, 3, 60<<10)).Deeds(netip.Prefix{}) {
		require.NoError(t, err)
		got = append(got, *row)
	}
	require.Equal(t, want, got)
}

func TestLeadersAndBlocks(t *testing.T) {
	all := samples(9000, 18)
	for i := range all {
		if i%3 == 0 && all[i].about != "" {
			all[i].about = netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)}).String()
		}
	}
	r := open(build(t, all, 2, 3, 60<<10))
	h, err := r.Head()
	require.NoError(t, err)
	blocks := map[netip.Prefix]Block{}
	var ranks []rank
	for row, err := range r.Addresses(netip.Prefix{}) {
		require.NoError(t, err)
		k := rank{addr: row.Addr}
		for _, s := range row.Strands {
			k.events += s.Events
			if s.About && s.Action == actFailed {
				k.failed += s.Count
			}
			if s.About && s.Action == actRequest {
				k.requests += s.Count
			}
		}
		ranks = append(ranks, k)
		for _, b := range h.Blocks {
			if b.Prefix.Contains(row.Addr) {
				sum := blocks[b.Prefix]
				blocks[b.Prefix] = Block{b.Prefix, sum.Addresses + 1, sum.Events + k.events, sum.Failed + k.failed}
			}
		}
	}
	require.Len(t, h.Blocks, 3)
	for _, b := range h.Blocks {
		got, ok := h.Within(b.Prefix)
		require.True(t, ok)
		require.Equal(t, blocks[b.Prefix], got)
	}
	require.Greater(t, len(ranks), maxLeaders)
	slices.SortFunc(ranks, func(a, b rank) int {
		return cmp.Or(cmp.Compare(b.failed, a.failed), cmp.Compare(b.requests, a.requests), cmp.Compare(b.events, a.events), a.addr.Compare(b.addr))
	})
	i := 0
	for row, err := range r.Leaders() {
		require.NoError(t, err)
		require.Equal(t, ranks[i].addr, row.Addr)
		i++
		require.Equal(t, strandsOf(all, row.Addr), &row.AddressRow)
		var tries []TryRow
		for try, err := range r.Tries(netip.PrefixFrom(row.Addr, row.Addr.BitLen())) {
			require.NoError(t, err)
			tries = append(tries, *try)
		}
		slices.SortFunc(tries, func(a, b TryRow) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.User, b.User)) })
		require.EqualValues(t, len(tries), row.Users)
		var names []string
		for _, try := range tries[:min(len(tries), maxNames)] {
			names = append(names, try.User)
		}
		require.Equal(t, names, row.Names)
	}
	require.Equal(t, maxLeaders, i)
}
