package proc

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
)

// foreign writes a match or a target of iptables-nft: its module's name, and of
// the most usual ones what it is set to, in the words of nft(8). Their structures
// are those of linux/netfilter/xt_*.h and nf_nat.h.
func (w *ruleWriter) foreign(kind, name string, revision uint32, info []byte) {
	text := ""
	switch kind + " " + name {
	case "match comment":
		text = fmt.Sprintf("comment %q", textOf(info))
	case "match conntrack":
		text = xtStates(revision, info)
	case "match multiport":
		text = w.xtPorts(revision, info)
	case "target LOG":
		if len(info) > 2 {
			text = fmt.Sprintf("log prefix %q", textOf(info[2:]))
		}
	case "target REJECT":
		text = w.xtReject(info)
	case "target DNAT", "target SNAT", "target REDIRECT", "target MASQUERADE", "target NETMAP":
		if to, ok := xtRange(revision, info); ok {
			text = strings.TrimRight(map[string]string{"DNAT": "dnat", "SNAT": "snat", "REDIRECT": "redirect", "MASQUERADE": "masquerade", "NETMAP": "netmap"}[name]+to, " ")
		}
	}
	if text == "" {
		text = fmt.Sprintf("xt %s %q", kind, name)
	}
	w.say("%s", text)
}

// xtStates is for a match that asks for nothing but the state of the connection.
func xtStates(revision uint32, info []byte) string {
	const flagsAt, invertAt, statesAt, states, alias = 146, 148, 150, 1, 1 << 13 // alias: it was written as -m state
	if revision < 1 || len(info) < statesAt+2 || binary.NativeEndian.Uint16(info[flagsAt:])&^alias != states {
		return ""
	}
	asked := uint64(binary.NativeEndian.Uint16(info[statesAt:]))
	if revision == 1 {
		asked = uint64(info[statesAt])
	}
	f := field{words: append(stateWords[:4:4], "", "", "snat", "dnat", "untracked")}
	not := ""
	if binary.NativeEndian.Uint16(info[invertAt:])&states != 0 {
		not = "!= "
	}
	return "ct state " + not + f.bits(asked)
}

// xtReject tells only whether the other end is told that the connection is over:
// 7 for IPv4, 6 for IPv6.
func (w *ruleWriter) xtReject(info []byte) string {
	if len(info) >= 4 && binary.NativeEndian.Uint32(info) == map[string]uint32{"ip": 7, "ip6": 6}[w.network] {
		return "reject with tcp reset"
	}
	return "reject"
}

// xtPorts is up to fifteen ports, of which two may be a range.
func (w *ruleWriter) xtPorts(revision uint32, info []byte) string {
	const most, size = 15, 2 + 2*15 + 15 + 1
	if revision != 1 || len(info) < size || info[0] > 2 || info[1] > most {
		return ""
	}
	port := func(i int) string { return decimal(uint64(binary.NativeEndian.Uint16(info[2+2*i:]))) }
	goesOn := info[2+2*most:]
	var all []string
	for i := 0; i < int(info[1]); i++ {
		text := port(i)
		if goesOn[i] != 0 && i+1 < int(info[1]) {
			i++
			text += "-" + port(i)
		}
		all = append(all, text)
	}
	of := "th"
	if w.transport == "tcp" || w.transport == "udp" {
		of = w.transport
		w.said(&w.transportPlace)
	}
	not := ""
	if info[size-1] != 0 {
		not = "!= "
	}
	return of + " " + [3]string{"sport", "dport", "port"}[info[0]] + " " + not + "{ " + strings.Join(all, ", ") + " }"
}

// xtRange is where packets go instead: struct nf_nat_range, or the older one of
// IPv4 alone.
func xtRange(revision uint32, info []byte) (text string, ok bool) {
	const addresses, ports = 1, 2
	var flags uint32
	var from, to netip.Addr
	var portFrom, portTo uint16
	switch {
	case revision > 0 && len(info) >= 40:
		flags = binary.NativeEndian.Uint32(info)
		from, to = xtAddress(info[4:20]), xtAddress(info[20:36])
		portFrom, portTo = shortWord(info[36:]), shortWord(info[38:])
	case revision == 0 && len(info) >= 20:
		flags = binary.NativeEndian.Uint32(info[4:])
		from, to = netip.AddrFrom4([4]byte(info[8:12])), netip.AddrFrom4([4]byte(info[12:16]))
		portFrom, portTo = shortWord(info[16:]), shortWord(info[18:])
	default:
		return "", false
	}
	if flags&(addresses|ports) == 0 {
		return natFlags(flags), true
	}
	text = " to "
	if flags&addresses != 0 {
		address := from.String()
		if to != from {
			address += "-" + to.String()
		}
		if from.Is6() && flags&ports != 0 {
			address = "[" + address + "]"
		}
		text += address
	}
	if flags&ports != 0 {
		text += ":" + decimal(uint64(portFrom))
		if portTo != portFrom {
			text += "-" + decimal(uint64(portTo))
		}
	}
	return text + natFlags(flags), true
}

// xtAddress is one of IPv4 where only the first of four words is set.
func xtAddress(b []byte) netip.Addr {
	if allZero(b[4:16]) {
		return netip.AddrFrom4([4]byte(b[:4]))
	}
	return netip.AddrFrom16([16]byte(b))
}
