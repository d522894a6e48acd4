package address

import (
	_ "embed" // the networks below
	"net/netip"
	"strings"
)

// cloud are networks of providers, dated: a look-up would tell others what an
// analyst is interested in, and would give another answer tomorrow.
//
//go:embed cloud.txt
var cloud string

// ProviderNames returns the names in that table, without reading it.
func ProviderNames() []string {
	return []string{"aws", "azure", "cloudflare", "fastly", "google", "imperva", "oracle"}
}

// Providers knows which provider's network an address belongs to: of clouds,
// where anybody can rent a host, and of those that stand before the hosts of
// others. Providers give networks back and get new ones; the table says whose
// they were on the day that its first lines name.
type Providers struct {
	networks map[netip.Prefix]string
	lengths  []int // of the prefixes, the longest first; IPv4 and IPv6 together
}

// NewProviders reads the table.
func NewProviders() *Providers {
	p := &Providers{networks: map[netip.Prefix]string{}}
	var seen [129]bool
	name := ""
	for line := range strings.Lines(cloud) {
		line = strings.TrimSuffix(line, "\n")
		network, indented := strings.CutPrefix(line, "\t")
		switch {
		case strings.HasPrefix(line, "#"):
		case !indented:
			name = line
		default:
			if n, err := netip.ParsePrefix(network); err == nil {
				p.networks[n] = name
				seen[n.Bits()] = true
			}
		}
	}
	for bits := len(seen) - 1; bits >= 0; bits-- {
		if seen[bits] {
			p.lengths = append(p.lengths, bits)
		}
	}
	return p
}

// Of returns the provider of a, or "".
func (p *Providers) Of(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	for _, bits := range p.lengths {
		if n, err := a.Prefix(bits); err == nil {
			if name, ok := p.networks[n]; ok {
				return name
			}
		}
	}
	return ""
}
