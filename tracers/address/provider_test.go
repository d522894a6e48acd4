package address_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/tracers/address"
)

func TestProviders(t *testing.T) {
	p := address.NewProviders()
	for _, c := range []struct{ addr, want string }{
		{"3.5.140.1", "aws"},
		{"::ffff:3.5.140.1", "aws"},
		{"1.1.1.1", "cloudflare"},
		{"8.8.8.8", "google"},
		{"23.235.32.5", "fastly"},
		{"2606:4700::1111", "cloudflare"},
		{"203.0.113.7", ""},
		{"10.0.0.1", ""},
		{"::1", ""},
		{"93.184.216.34", ""},
	} {
		require.Equal(t, c.want, p.Of(netip.MustParseAddr(c.addr)), c.addr)
	}
	require.Empty(t, p.Of(netip.Addr{}))
}

// TestProviderNames: whoever is in the table can be asked for.
func TestProviderNames(t *testing.T) {
	var names []string
	for line := range strings.Lines(address.Cloud) {
		if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "\t") {
			names = append(names, strings.TrimSuffix(line, "\n"))
		}
	}
	slices.Sort(names)
	require.Equal(t, slices.Compact(names), address.ProviderNames())
}

// TestProvidersArePublic: a network of a provider is of no class but public.
func TestProvidersArePublic(t *testing.T) {
	networks := 0
	for line := range strings.Lines(address.Cloud) {
		network, ok := strings.CutPrefix(line, "\t")
		if !ok {
			continue
		}
		n, err := netip.ParsePrefix(strings.TrimSuffix(network, "\n"))
		require.NoError(t, err)
		require.Equal(t, n.Masked(), n)
		require.Equal(t, address.Public, address.Of(n.Addr()), n)
		networks++
	}
	require.Greater(t, networks, 5000)
}

func BenchmarkProviders(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		address.NewProviders()
	}
}
