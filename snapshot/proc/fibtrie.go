package proc

import (
	"bytes"
	"net/netip"
	"slices"

	"stilltrace/index"
)

// addresses4 reads the host's own IPv4 addresses from fib_trie, the only file
// of /proc that has them, and lays each to the interface that leads to its
// network. It needs the routes.
//
//	|-- 192.0.2.2
//	   /32 host LOCAL
func (r *tableReader) addresses4(s *index.NetSpace) {
	r.eachOf("fib_trie", func(data []byte) error {
		for _, a := range parseTrie(data) {
			name := routeTo(s.Routes, a)
			i := slices.IndexFunc(s.Interfaces, func(n index.Interface) bool { return n.Name == name })
			if i < 0 {
				i = len(s.Interfaces)
				s.Interfaces = append(s.Interfaces, index.Interface{Name: name})
			}
			s.Interfaces[i].Addresses = append(s.Interfaces[i].Addresses, a)
		}
		return nil
	})
}

// parseTrie returns the addresses that are local, ascending. A line of another
// shape says nothing: most of the file are nodes between them.
func parseTrie(data []byte) []netip.Addr {
	var all []netip.Addr
	var leaf netip.Addr
	for line := range bytes.Lines(data) {
		line = bytes.TrimSpace(line)
		if text, ok := bytes.CutPrefix(line, []byte("|-- ")); ok {
			leaf, _ = netip.ParseAddr(string(text))
			continue
		}
		if leaf.Is4() && bytes.Equal(line, []byte("/32 host LOCAL")) && len(all) < maxEntries {
			all = append(all, leaf)
		}
	}
	slices.SortFunc(all, netip.Addr.Compare)
	return slices.Compact(all) // of both tables, main and local
}

// routeTo is the interface behind which the network of a lies, by the longest
// route that needs no gateway; "" where none tells.
func routeTo(routes []index.Route, a netip.Addr) string {
	if a.IsLoopback() {
		return "lo"
	}
	best, bits := "", 0
	for i := range routes {
		r := &routes[i]
		if n := r.To.Bits(); n > bits && r.Gateway.IsUnspecified() && r.To.Contains(a) {
			best, bits = r.Iface, n
		}
	}
	return best
}
