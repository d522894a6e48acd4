package summary

import "slices"

// burst is what is counted by address until it was counted of many. What
// happens to an address in a log happens close together, so most of it is
// counted here, in tables that the processor has at hand; what comes of it goes
// to the logs of tallies.
type burst struct {
	salt    uint64 // of the hashes of addresses, so that nobody can choose some that collide
	numbers slots
	addrs   []bare
	heads   []uint32 // of each address, the place of one of its strands, plus one
	links   []link   // of each strand
	strands []strand
	far     slots // strands that do not hang on their address
	tries   pairTable
}

// link is what tells a strand from others. An address has few, which hang on it
// one behind the other; what they count lies apart, so that the search for one
// of them does not read it.
type link struct{ address, thread, next uint32 }

// strand counts the events of an address and a thread.
type strand struct {
	Sum
	firstLine, lastLine int64
	_                   [2]int64 // so that it is one line of a processor's cache
}

const (
	// maxNear is how many strands hang on an address; more are in a table, so that one of thousands is not looked for in a row of them.
	maxNear = 8
	// burstRows is how many strands and tries end a burst: a megabyte.
	burstRows = 1 << 14
)

func (b *burst) len() int { return len(b.strands) + len(b.tries.rows) }

// add gives an address a number, whether it has one or not: of what is counted
// by several numbers of one address the tallies are added up.
func (b *burst) add(a bare) int {
	b.addrs, b.heads = append(b.addrs, a), append(b.heads, 0)
	return len(b.addrs) - 1
}

// number returns a number of an address.
func (b *burst) number(a bare) int {
	n, found := b.numbers.find(b.hash(a), len(b.addrs), func(n int) bool { return b.addrs[n] == a }, func(n int) uint64 { return b.hash(b.addrs[n]) })
	if !found {
		return b.add(a)
	}
	return n
}

func (b *burst) hash(a bare) uint64 { return mix(a.high^b.salt, a.low) }

// distinct returns a number of each address that the numbers stand for, in any
// order.
func (b *burst) distinct(names []int) []int {
	if len(names) > 8 {
		slices.SortFunc(names, func(i, j int) int { return b.addrs[i].compare(b.addrs[j]) })
		return slices.CompactFunc(names, func(i, j int) bool { return b.addrs[i] == b.addrs[j] })
	}
	n := 0
	for _, name := range names {
		if !slices.ContainsFunc(names[:n], func(i int) bool { return b.addrs[i] == b.addrs[name] }) {
			names[n] = name
			n++
		}
	}
	return names[:n]
}

// strand returns the place of what is counted of an address and a thread.
func (b *burst) strand(address, thread uint32) uint32 {
	near, next := 0, b.heads[address]
	for at := next; at != 0; near++ {
		k := &b.links[at-1]
		if k.thread == thread {
			return at - 1
		}
		at = k.next
	}
	place := uint32(len(b.links))
	if near == maxNear {
		n, found := b.far.find(mix(uint64(address)<<32|uint64(thread), b.salt), len(b.links),
			func(n int) bool { return b.links[n].address == address && b.links[n].thread == thread },
			func(n int) uint64 { return mix(uint64(b.links[n].address)<<32|uint64(b.links[n].thread), b.salt) })
		if found {
			return uint32(n)
		}
	} else {
		b.heads[address] = place + 1
	}
	b.links, b.strands = append(b.links, link{address, thread, next}), append(b.strands, strand{})
	return place
}

// see counts an event.
func (s *strand) see(t, line, times int64) {
	if s.Events == 0 {
		s.Sum, s.firstLine, s.lastLine = Sum{1, times, t, t}, line, line
		return
	}
	s.Events++
	s.Count += times
	if t < s.First || t == s.First && line < s.firstLine {
		s.First, s.firstLine = t, line
	}
	if t > s.Last || t == s.Last && line > s.lastLine {
		s.Last, s.lastLine = t, line
	}
}

// end puts what was counted behind the tallies of strands and of tries, and
// forgets it.
func (b *burst) end(strands, tries []tally) (_, _ []tally) {
	strands, tries = room(strands, len(b.strands)), room(tries, len(b.tries.rows))
	for i := range b.strands {
		s, k := &b.strands[i], &b.links[i]
		strands = append(strands, tally{b.addrs[k.address], k.thread, s.Sum, s.firstLine, s.lastLine})
	}
	for i := range b.tries.rows {
		p := &b.tries.rows[i]
		tries = append(tries, tally{bare: b.addrs[p.a], what: p.b, Sum: p.Sum})
	}
	b.numbers.reset()
	b.far.reset()
	b.tries.reset()
	b.addrs, b.heads, b.links, b.strands = b.addrs[:0], b.heads[:0], b.links[:0], b.strands[:0]
	return strands, tries
}

// room makes room for n more. append would copy all of them ten times on the way
// to a full memory.
func room(list []tally, n int) []tally {
	if cap(list)-len(list) >= n {
		return list
	}
	return slices.Grow(list, max(n, cap(list)))
}
