package logs

import (
	"bytes"

	"stilltrace/index"
)

// firewallBlocks and firewallPasses are words of the prefixes that
// administrators and ufw, firewalld, shorewall, nftables give to the rules that
// log: the packet's line itself does not say what became of it.
var (
	firewallBlocks = []string{"block", "drop", "den", "reject", "refus", "invalid", "banned"}
	firewallPasses = []string{"audit", "allow", "accept", "pass"}
)

// readFirewall reads what the LOG target of iptables and the log statement of
// nftables write (net/netfilter/nf_log_syslog.c):
//
//	[UFW BLOCK] IN=eth0 OUT= MAC=… SRC=203.0.113.7 DST=198.51.100.20 LEN=40 … PROTO=TCP SPT=4711 DPT=22 …
//
// The entry is about the packet's source.
func readFirewall(msg []byte, e *Entry) bool {
	prefix, rest, ok := around(msg, "IN=")
	if !ok {
		return false
	}
	in, rest := cutWord(rest)
	out, rest := cutWord(rest)
	out, ok = cut(out, "OUT=")
	source := packetValue(rest, "SRC=")
	if !ok || len(source) == 0 {
		return false
	}
	switch {
	case holdsWord(prefix, firewallPasses):
		e.Level = index.LevelInfo
	case holdsWord(prefix, firewallBlocks):
		e.mark(index.ActionFirewallBlock, index.OutcomeFailure, index.LevelWarning)
	default:
		e.Level = index.LevelWarning // that of the LOG target unless told otherwise
	}
	e.about(source)
	e.Set("in", in)
	e.Set("out", out)
	e.Set("dst", packetValue(rest, "DST="))
	e.Set("proto", packetValue(rest, "PROTO="))
	e.Set("port", packetValue(rest, "SPT="))
	e.Set("dst_port", packetValue(rest, "DPT="))
	return true
}

// packetValue returns the value of the first word of b that begins with key.
// What an ICMP error quotes of another packet comes later, in brackets.
func packetValue(b []byte, key string) []byte {
	for len(b) > 0 {
		var word []byte
		word, b = cutWord(b)
		if v, ok := cut(word, key); ok {
			return v
		}
		if len(word) > 0 && word[0] == '[' {
			return nil
		}
	}
	return nil
}

// holdsWord reports whether b holds one of the words, in letters of either case.
func holdsWord(b []byte, words []string) bool {
	for _, w := range words {
		for i := 0; i+len(w) <= len(b); i++ {
			if bytes.EqualFold(b[i:i+len(w)], []byte(w)) {
				return true
			}
		}
	}
	return false
}
