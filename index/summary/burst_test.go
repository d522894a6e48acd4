package summary

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStrandsOfBusyAddresses counts one address of more strands than hang on it
// and than a row may have, and an event that names many addresses twice.
func TestStrandsOfBusyAddresses(t *testing.T) {
	for _, c := range []struct {
		name            string
		services, limit int
	}{
		{"as many as hang on it", maxNear, 1 << 30},
		{"one more", maxNear + 1, 1 << 30},
		{"in many runs", 100, 1 << 12},
		{"more than a row may have", maxStrands + 10, 1 << 30},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := builder(c.limit)
			const rounds = 3
			for i := range rounds * c.services {
				s := sample{kind: Kind{Source: 1, Service: fmt.Sprintf("s%04d", i%c.services)}, about: "203.0.113.9", times: 2, time: int64(i+1) * 1e9, line: int64(i + 1)}
				feed(t, b, &s)
			}
			row := soleRow(t, b, "203.0.113.9")
			var events int64
			for _, s := range row.Strands {
				events += s.Events
				require.Equal(t, 2*s.Events, s.Count)
				if s.Source != 0 {
					require.Equal(t, int64(rounds), s.Events, s.Service)
				}
			}
			require.Equal(t, int64(rounds*c.services), events)
			require.Len(t, row.Strands, min(c.services, maxStrands+1))
			require.Equal(t, int64(1), row.First.Line)
			require.Equal(t, int64(rounds*c.services), row.Last.Line)
		})
	}
	t.Run("an event of many names", func(t *testing.T) {
		b := builder(1 << 30)
		s := sample{kind: Kind{Source: 1}, times: 1, time: 1e9, line: 1}
		for i := range 2 * namings { // each of them twice
			s.names = append(s.names, fmt.Sprintf("203.0.113.%d", i%namings))
		}
		feed(t, b, &s)
		feed(t, b, &s)
		row := soleRow(t, b, "203.0.113.9")
		require.Len(t, row.Strands, 1)
		require.Equal(t, int64(2), row.Strands[0].Events)
	})
}

// TestAddressesOfSeveralNumbers counts an event once for an address that it
// names by several numbers.
func TestAddressesOfSeveralNumbers(t *testing.T) {
	for _, c := range []struct {
		name   string
		others int // addresses that the event names beside it
		shared bool
	}{{"alone", 0, false}, {"beside another", 1, true}, {"beside many", 20, true}} {
		t.Run(c.name, func(t *testing.T) {
			b := builder(1 << 30)
			_, err := b.Begin()
			require.NoError(t, err)
			a := netip.MustParseAddr("203.0.113.9")
			e := Event{Kind: b.Kind(Kind{Source: 1}, false), User: b.User([]byte("root")), Times: 1, Time: 1e9, Line: 1}
			e.Names = []int{b.Address(a), b.NewAddress(a), b.NewAddress(netip.MustParseAddr("::ffff:203.0.113.9"))}
			e.About = b.NewAddress(a)
			for i := range c.others {
				e.Names = append(e.Names, b.NewAddress(netip.AddrFrom4([4]byte{198, 51, 100, byte(i)})))
			}
			b.Add(&e)
			b.Add(&e)
			row := soleRow(t, b, "203.0.113.9")
			require.Len(t, row.Strands, 1)
			s := row.Strands[0]
			require.Equal(t, Sum{2, 2, 1e9, 1e9}, s.Sum)
			require.True(t, s.About)
			require.Equal(t, c.shared, s.Shared)
		})
	}
}

// soleRow returns what one address counts.
func soleRow(t *testing.T, b *Builder, address string) AddressRow {
	t.Helper()
	var pages []Page
	require.NoError(t, Merge(options(1<<30), []*Builder{b}, func(p Page) error { pages = append(pages, p); return nil }))
	for row, err := range open(pages).Addresses(netip.MustParsePrefix(address + "/32")) {
		require.NoError(t, err)
		return *row
	}
	require.Fail(t, "no such address", address)
	return AddressRow{}
}
