// Package address says what kind of network an IP address belongs to. It is
// the one classifier of the project; the tracers stand on it.
package address

import (
	"fmt"
	"net/netip"
)

// Class is the kind of network an address belongs to. The zero Class is None.
type Class uint8

// The classes.
const (
	None          Class = iota // there is no address
	Unspecified                // 0.0.0.0 and ::, the wildcard of a listener
	Loopback                   // this host itself
	Private                    // networks that anyone may number for themselves: RFC 1918, and ULA of RFC 4193
	LinkLocal                  // one link: RFC 3927, RFC 4291 section 2.5.6
	Multicast                  // a group, not a host: RFC 5771, RFC 4291 section 2.7
	Shared                     // behind a carrier's NAT: RFC 6598
	Documentation              // examples, never a real host: RFC 5737, RFC 3849, RFC 9637
	Reserved                   // of no use as a host on the internet: kept back, for benchmarks, broadcast
	Public                     // everything else: a host on the internet
)

var names = [...]string{
	"", "unspecified", "loopback", "private", "link_local", "multicast", "shared", "documentation", "reserved", "public",
}

func (c Class) String() string {
	if int(c) < len(names) {
		return names[c]
	}
	return fmt.Sprintf("class(%d)", uint8(c))
}

// MarshalText writes the class's name, "" for None.
func (c Class) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Names returns the names of all classes but None.
func Names() []string { return append([]string(nil), names[1:]...) }

// Of returns the class of a. An IPv4-mapped IPv6 address has the class of its
// IPv4 address; a zone makes no difference. The invalid Addr has class None.
func Of(a netip.Addr) Class {
	if !a.IsValid() {
		return None
	}
	a = a.Unmap().WithZone("")
	table, otherwise := v6, Reserved
	if a.Is4() {
		table, otherwise = v4, Public
	}
	for _, b := range table {
		if b.prefix.Contains(a) {
			return b.class
		}
	}
	return otherwise
}
