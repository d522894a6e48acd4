package logs

import (
	"bytes"
	"net/netip"
)

// parseIPPort reads an address alone or with a port: A:port, [A]:port, and an
// IPv6 address with its port and no brackets, as Redis and Apache httpd write
// it. An IPv6 address alone cannot be told from one with a port; where nothing
// but the last group could be the port, it is taken for one.
func parseIPPort(b []byte) (ip netip.Addr, port []byte, ok bool) {
	if rest, has := cut(b, "["); has {
		inner, after, _ := around(rest, "]")
		ip, ok = parseIP(inner)
		port, _ = cut(after, ":")
		return ip, port, ok
	}
	if i := bytes.LastIndexByte(b, ':'); i > 0 {
		if _, number := digits(b[i+1:]); number {
			if ip, ok = parseIP(b[:i]); ok {
				return ip, b[i+1:], true
			}
		}
	}
	ip, ok = parseIP(b)
	return ip, nil, ok
}
