package logs

import (
	"bytes"
	"net/netip"

	"stilltrace/index"
)

// The functions below cut known text from the ends of a byte slice. Formats are
// read with them and not with regular expressions: they say from which end a
// shape is anchored, which is what an attacker who chooses the middle plays with.

// cut returns b without the prefix s, and whether it had it.
func cut(b []byte, s string) ([]byte, bool) {
	if len(b) >= len(s) && string(b[:len(s)]) == s {
		return b[len(s):], true
	}
	return b, false
}

// cutEnd returns b without the suffix s, and whether it had it.
func cutEnd(b []byte, s string) ([]byte, bool) {
	if n := len(b) - len(s); n >= 0 && string(b[n:]) == s {
		return b[:n], true
	}
	return b, false
}

// cutWord splits b at its first blank.
func cutWord(b []byte) (word, rest []byte) {
	if i := bytes.IndexByte(b, ' '); i >= 0 {
		return b[:i], b[i+1:]
	}
	return b, nil
}

// around splits b at the first sep.
func around(b []byte, sep string) (before, after []byte, ok bool) {
	if i := bytes.Index(b, []byte(sep)); i >= 0 {
		return b[:i], b[i+len(sep):], true
	}
	return b, nil, false
}

// aroundLast splits b at the last sep.
func aroundLast(b []byte, sep string) (before, after []byte, ok bool) {
	if i := bytes.LastIndex(b, []byte(sep)); i >= 0 {
		return b[:i], b[i+len(sep):], true
	}
	return b, nil, false
}

// parseIP reads b, all of it, as an IP address. An IPv4-mapped address is
// unmapped, an IPv6 zone is dropped. Only IPv6 costs an allocation.
func parseIP(b []byte) (netip.Addr, bool) {
	if bytes.IndexByte(b, ':') < 0 {
		return parseIPv4(b)
	}
	const longest = 64 // bytes: 45 of the longest address, and a zone's interface name
	if len(b) > longest {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(string(b))
	if err != nil {
		return netip.Addr{}, false
	}
	return a.Unmap().WithZone(""), true
}

// parseIPv4 reads four decimal octets without leading zeros.
func parseIPv4(b []byte) (netip.Addr, bool) {
	var quad [4]byte
	for i := range quad {
		n, width := 0, 0
		for width < len(b) && width < 3 && isDigit(b[width]) {
			n = n*10 + int(b[width]-'0')
			width++
		}
		if width == 0 || n > 255 || (width > 1 && b[0] == '0') {
			return netip.Addr{}, false
		}
		quad[i], b = byte(n), b[width:]
		if i < 3 {
			if len(b) == 0 || b[0] != '.' {
				return netip.Addr{}, false
			}
			b = b[1:]
		}
	}
	return netip.AddrFrom4(quad), len(b) == 0
}

// mark says what the entry did, how it ended and how severe it is.
func (e *Entry) mark(a index.Action, o index.Outcome, l index.Level) {
	e.Action, e.Outcome, e.Level = a, o, l
}

// about makes b the address that the entry is about; a host's name, which is
// not looked up, becomes the field rhost.
func (e *Entry) about(b []byte) {
	if ip, ok := parseIP(b); ok {
		e.IP = ip
		return
	}
	e.Set("rhost", b)
}
