package summary

import (
	"cmp"
	"encoding/binary"
	"net/netip"
)

// bare is an address as two numbers: tables of a netip.Addr, which holds a
// pointer, keep the collector busy. IPv4 comes first. Addresses of IPv6 that
// would be in its place lie where there are none else, because IPv4 within IPv6
// is taken for IPv4. So bare addresses ascend as netip.Addr compares.
type bare struct{ high, low uint64 }

const (
	fours  = 1 << 32        // how many addresses IPv4 has
	within = 0xffff * fours // the first one of IPv4 within IPv6, in the lower half
)

// bareOf is an address without a zone, unmapped.
func bareOf(a netip.Addr) bare {
	if a.Is4() {
		four := a.As4()
		return bare{0, uint64(binary.BigEndian.Uint32(four[:]))}
	}
	high, low := halves(a)
	if high == 0 && low < within {
		low += fours
	}
	return bare{high, low}
}

func (b bare) addr() netip.Addr {
	high, low := b.high, b.low
	if high == 0 && low < fours {
		return netip.AddrFrom4([4]byte{byte(low >> 24), byte(low >> 16), byte(low >> 8), byte(low)})
	}
	if high == 0 && low < within+fours {
		low -= fours
	}
	var sixteen [16]byte
	binary.BigEndian.PutUint64(sixteen[:8], high)
	binary.BigEndian.PutUint64(sixteen[8:], low)
	return netip.AddrFrom16(sixteen)
}

// is4 reports whether the address is one of IPv4, and so its number.
func (b bare) is4() bool { return b.high == 0 && b.low < fours }

func (b bare) compare(c bare) int {
	if b.high != c.high {
		return cmp.Compare(b.high, c.high)
	}
	return cmp.Compare(b.low, c.low)
}
