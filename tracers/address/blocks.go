package address

import "net/netip"

// block is one row of the IANA special-purpose address registries (RFC 6890,
// RFC 8190), or of the IANA address space registries.
type block struct {
	prefix netip.Prefix
	class  Class
}

func row(prefix string, c Class) block { return block{netip.MustParsePrefix(prefix), c} }

// v4 and v6 are searched from the top: a block stands above the larger one
// that it is cut from.

// v4 holds the IPv4 blocks that are not public. What the registry marks as
// globally reachable is public: AS112 (RFC 7534, RFC 7535) and AMT (RFC 7450)
// need no row, the two anycast addresses within 192.0.0.0/24 do.
var v4 = []block{
	row("0.0.0.0/32", Unspecified),        // RFC 1122 section 3.2.1.3
	row("0.0.0.0/8", Reserved),            // "this network", RFC 791 section 3.2
	row("10.0.0.0/8", Private),            // RFC 1918
	row("100.64.0.0/10", Shared),          // RFC 6598
	row("127.0.0.0/8", Loopback),          // RFC 1122 section 3.2.1.3
	row("169.254.0.0/16", LinkLocal),      // RFC 3927
	row("172.16.0.0/12", Private),         // RFC 1918
	row("192.0.0.9/32", Public),           // PCP anycast, RFC 7723
	row("192.0.0.10/32", Public),          // TURN anycast, RFC 8155
	row("192.0.0.0/24", Reserved),         // IETF protocol assignments, RFC 6890
	row("192.0.2.0/24", Documentation),    // RFC 5737
	row("192.88.99.0/24", Reserved),       // 6to4 relays, withdrawn by RFC 7526
	row("192.168.0.0/16", Private),        // RFC 1918
	row("198.18.0.0/15", Reserved),        // benchmarks, RFC 2544
	row("198.51.100.0/24", Documentation), // RFC 5737
	row("203.0.113.0/24", Documentation),  // RFC 5737
	row("224.0.0.0/4", Multicast),         // RFC 5771
	row("240.0.0.0/4", Reserved),          // RFC 1112 section 4; with it the broadcast address of RFC 919
}

// v6 holds the IPv6 blocks. Only 2000::/3 is given out to hosts (RFC 4291
// section 2.4 and the address space registry); what lies outside it and has no
// row is reserved. Teredo (2001::/32, RFC 4380) and 6to4 (2002::/16, RFC 3056)
// are transition addresses of hosts on the internet, which is why they count as
// public although the registry leaves their reachability open.
var v6 = []block{
	row("::/128", Unspecified),          // RFC 4291 section 2.5.2
	row("::1/128", Loopback),            // RFC 4291 section 2.5.3
	row("64:ff9b::/96", Public),         // IPv4 hosts behind NAT64, RFC 6052
	row("2001::/32", Public),            // Teredo, RFC 4380
	row("2001:1::1/128", Public),        // PCP anycast, RFC 7723
	row("2001:1::2/128", Public),        // TURN anycast, RFC 8155
	row("2001:1::3/128", Public),        // DNS-SD SRP anycast, RFC 9665
	row("2001:3::/32", Public),          // AMT, RFC 7450
	row("2001:4:112::/48", Public),      // AS112, RFC 7535
	row("2001:20::/28", Public),         // ORCHIDv2, RFC 7343
	row("2001:30::/28", Public),         // drone identifiers, RFC 9374
	row("2001::/23", Reserved),          // IETF protocol assignments, RFC 2928; with it benchmarks, RFC 5180
	row("2001:db8::/32", Documentation), // RFC 3849
	row("3fff::/20", Documentation),     // RFC 9637
	row("2000::/3", Public),             // global unicast, RFC 4291
	row("fc00::/7", Private),            // unique local, RFC 4193
	row("fe80::/10", LinkLocal),         // RFC 4291 section 2.5.6
	row("ff00::/8", Multicast),          // RFC 4291 section 2.7
}

// Blocks returns the blocks that hold all addresses for which class holds, and
// may hold others, but for those classes that what has no row belongs to. A
// block may lie within another.
func Blocks(class func(Class) bool) []netip.Prefix {
	var out []netip.Prefix
	for _, table := range [][]block{v4, v6} {
		for _, b := range table {
			if class(b.class) {
				out = append(out, b.prefix)
			}
		}
	}
	return out
}

// Uniform reports whether p is a block all of whose addresses have one class:
// no other block lies within it.
func Uniform(p netip.Prefix) bool {
	found := false
	for _, table := range [][]block{v4, v6} {
		for _, b := range table {
			if b.prefix == p {
				found = true
			} else if b.prefix.Bits() > p.Bits() && p.Contains(b.prefix.Addr()) {
				return false
			}
		}
	}
	return found
}
