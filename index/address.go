package index

import (
	"bytes"
	"net/netip"
	"strconv"
)

// ParseColons reads an IPv6 address as a log writes it: without brackets or
// zone. An IPv4-mapped one is unmapped. What is no address of a host has fewer
// groups and no "::", such as times and MAC addresses; and an EUI-64 is not
// taken for one. Behind all eight groups a port may follow, as HAProxy writes
// it; behind fewer it could not be told from a group.
func ParseColons(b []byte) (netip.Addr, bool) {
	return parseColons(withoutPort(b))
}

// withoutPort cuts what follows the eighth group, if that is all there is and
// it is a port.
func withoutPort(b []byte) []byte {
	i := bytes.LastIndexByte(b, ':')
	if i < 0 || b[len(b)-1] == ':' || bytes.Count(b, []byte(":")) != 8 || bytes.Contains(b, []byte("::")) {
		return b
	}
	if _, err := strconv.ParseUint(string(b[i+1:]), 10, 16); err != nil || b[i+1] == '0' {
		return b
	}
	return b[:i]
}

func parseColons(b []byte) (netip.Addr, bool) {
	const longest, eui64 = len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255"), len("00:11:22:ff:fe:33:44:55")
	if len(b) < 3 || len(b) > longest {
		return netip.Addr{}, false
	}
	colons, dots, double := 0, 0, false
	for i, c := range b {
		switch c {
		case ':':
			colons++
			double = double || i > 0 && b[i-1] == ':'
		case '.':
			dots++
		case '%':
			return netip.Addr{}, false
		}
	}
	if colons > 7 || !double && colons != 7 && !(dots == 3 && colons == 6) || !double && len(b) == eui64 {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(string(b))
	if err != nil {
		return netip.Addr{}, false
	}
	return a.Unmap(), true
}
