package logs

import (
	"net/netip"
	"slices"

	"stilltrace/index"
)

// maxAddresses bounds the addresses of one entry: a list that long is data, not
// the entry's subject.
const maxAddresses = 64

// maxRun is how much of a run of digits, dots and colons is looked at for one
// address: the longest has 45 bytes, and a port may follow.
const maxRun = 56

// classes of bytes for the scan for addresses.
const (
	byteHex   = 1 << iota // 0-9 a-f A-F
	byteDot               // .
	byteColon             // :
	byteWord              // letters, digits and _: what an address cannot touch
)

var byteClass = func() (t [256]byte) {
	for c := range t {
		switch {
		case c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F':
			t[c] = byteHex | byteWord
		case c >= 'g' && c <= 'z' || c >= 'G' && c <= 'Z' || c == '_':
			t[c] = byteWord
		case c == '.':
			t[c] = byteDot
		case c == ':':
			t[c] = byteColon
		}
	}
	return t
}()

// appendAddresses appends each address that stands in b as a word of its own
// to ips, in order and each once. Ports and prefix lengths behind an address
// are not part of it; times, MAC addresses and version numbers are none.
func appendAddresses(ips []netip.Addr, b []byte) []netip.Addr {
	for i := 0; i < len(b) && len(ips) < maxAddresses; {
		a, _, end := nextAddress(b, i)
		if end == 0 {
			break
		}
		if !slices.Contains(ips, a) {
			ips = append(ips, a)
		}
		i = end
	}
	return ips
}

// nextAddress returns the first address in b at or behind from, and where it
// starts and ends; end is 0 where there is none. A port behind all eight groups
// of an IPv6 address is within.
func nextAddress(b []byte, from int) (a netip.Addr, start, end int) {
	for i := from; i < len(b); {
		class := byteClass[b[i]]
		if class&(byteHex|byteColon) == 0 || i > 0 && byteClass[b[i-1]]&byteWord != 0 {
			if class&byteWord == 0 {
				i++
				continue
			}
			// Skip the rest of a word that is no address.
			for i < len(b) && byteClass[b[i]]&byteWord != 0 {
				i++
			}
			continue
		}
		j, dots, colons, double := i, 0, 0, false
		for j < len(b) && j-i < maxRun && byteClass[b[j]]&(byteHex|byteDot|byteColon) != 0 {
			switch b[j] {
			case '.':
				dots++
			case ':':
				colons++
				double = double || j > i && b[j-1] == ':'
			}
			j++
		}
		if dots >= 3 || double || colons >= 7 {
			if a, n := addressIn(b[i:j], colons); n > 0 && free(b, i, i+n) {
				return a, i, i + n
			}
		}
		// The run was no address as a whole, and neither is any part of it.
		for j < len(b) && byteClass[b[j]]&(byteHex|byteDot|byteColon) != 0 {
			j++
		}
		i = max(j, i+1)
	}
	return netip.Addr{}, 0, 0
}

// free reports whether b[start:end] touches no word and is no part of a longer
// dotted number.
func free(b []byte, start, end int) bool {
	if end < len(b) && byteClass[b[end]]&byteWord != 0 {
		return false
	}
	if end+1 < len(b) && b[end] == '.' && isDigit(b[end+1]) {
		return false
	}
	if start < 2 || !isDigit(b[start-2]) && b[start-1] != '/' {
		return true
	}
	// Chrome/136.0.0.0 is a version: no host has such an address. localhost/127.0.0.1 is an address.
	return b[start-1] != '.' && (b[start-1] != '/' || byteClass[b[start-2]]&byteWord == 0 || b[end-1] != '0' || b[end-2] != '.')
}

// addressIn reads the address that the run of hex digits, dots and colons
// begins with, and returns how many bytes it takes.
func addressIn(run []byte, colons int) (netip.Addr, int) {
	if colons < 2 {
		return ipv4(run)
	}
	for len(run) > 2 && (run[len(run)-1] == '.' || run[len(run)-1] == ':' && run[len(run)-2] != ':') {
		run = run[:len(run)-1]
	}
	if a, ok := index.ParseColons(run); ok {
		return a, len(run)
	}
	return ipv4(run)
}

// ipv4 reads a dotted quad without leading zeros at the start of run.
func ipv4(run []byte) (netip.Addr, int) {
	var q [4]byte
	i := 0
	for part := range 4 {
		n, digits := 0, 0
		for i < len(run) && isDigit(run[i]) && digits < 4 {
			n = n*10 + int(run[i]-'0')
			i, digits = i+1, digits+1
		}
		if digits == 0 || digits > 3 || n > 255 || digits > 1 && run[i-digits] == '0' {
			return netip.Addr{}, 0
		}
		q[part] = byte(n)
		if part == 3 {
			return netip.AddrFrom4(q), i
		}
		if i >= len(run) || run[i] != '.' {
			return netip.Addr{}, 0
		}
		i++
	}
	return netip.Addr{}, 0
}
