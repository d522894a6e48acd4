package proc

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// valueKind is how the value of a field is written.
type valueKind int

const (
	hexValue      valueKind = iota
	numberValue             // in network order
	hostValue               // a number in the order of the machine
	addressValue            // of four or sixteen bytes, or the first of them: a prefix
	macValue                // of an interface
	nameValue               // of an interface; shorter than sixteen bytes: how it begins
	protocolValue           // of the transport: tcp
	networkValue            // of the network: ipv4, by the number of its family
	etherValue              // likewise, by the number that Ethernet has
	bitsValue               // words for bits
	wordValue               // a word for a number in the order of the machine
)

// field is a part of a packet, or what the kernel knows of it.
type field struct {
	name  string
	kind  valueKind
	size  int      // bytes
	words []string // of bits the lowest first; of a number by it
}

var (
	stateWords  = []string{"invalid", "established", "related", "new", "", "", "untracked"}
	flagWords   = []string{"fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr"}
	statusWords = []string{"expected", "seen-reply", "assured", "confirmed", "snat", "dnat"}
	routeWords  = []string{"unspec", "unicast", "local", "broadcast", "anycast", "multicast", "blackhole", "unreachable", "prohibit"}
)

// text writes a value of the field, within the mask that it was compared under.
func (f field) text(v, mask []byte) string {
	switch {
	case len(v) == 0:
		return "[none]"
	case f.kind == numberValue && len(v) <= 8:
		return decimal(binary.BigEndian.Uint64(append(make([]byte, 8-len(v)), v...)))
	case f.kind == addressValue:
		return addressText(v, mask, f.size)
	case f.kind == macValue && len(v) == 6:
		return net.HardwareAddr(v).String()
	case f.kind == nameValue:
		name, _, ended := bytes.Cut(v, []byte{0})
		if !ended && len(v) < 16 {
			return strconv.Quote(string(name) + "*")
		}
		return strconv.Quote(string(name))
	case f.kind == protocolValue:
		return protocolName(uint16(v[0]))
	case f.kind == networkValue:
		if name, ok := map[byte]string{2: "ipv4", 10: "ipv6"}[v[0]]; ok {
			return name
		}
		return decimal(uint64(v[0]))
	case f.kind == etherValue && len(v) == 2:
		return etherName(uint64(binary.BigEndian.Uint16(v)))
	case f.kind == hostValue, f.kind == bitsValue, f.kind == wordValue:
		return f.hostText(v)
	}
	return fmt.Sprintf("0x%x", v)
}

// hostText is for a number in the order of the machine.
func (f field) hostText(v []byte) string {
	var n uint64
	switch len(v) {
	case 1:
		n = uint64(v[0])
	case 2:
		n = uint64(binary.NativeEndian.Uint16(v))
	case 4:
		n = uint64(binary.NativeEndian.Uint32(v))
	case 8:
		n = binary.NativeEndian.Uint64(v)
	default:
		return fmt.Sprintf("0x%x", v)
	}
	switch {
	case f.kind == wordValue && n < uint64(len(f.words)):
		return f.words[n]
	case f.kind == bitsValue && n > 0:
		return f.bits(n)
	}
	return decimal(n)
}

// bits is the words for the bits that are set.
func (f field) bits(n uint64) string {
	var all []string
	for left := n; left != 0; left &= left - 1 {
		i := bits.TrailingZeros64(left)
		if i >= len(f.words) || f.words[i] == "" {
			return fmt.Sprintf("0x%x", n)
		}
		all = append(all, f.words[i])
	}
	return strings.Join(all, ",")
}

// addressText is an address, or a prefix where fewer bytes or bits are compared.
func addressText(v, mask []byte, size int) string {
	whole := 4
	if len(v) > 4 || size > 4 {
		whole = 16
	}
	length := 8 * len(v)
	if mask != nil {
		length = prefixOf(mask)
	}
	if len(v) > whole || length < 0 || length > 8*whole {
		return fmt.Sprintf("0x%x", v)
	}
	a, _ := netip.AddrFromSlice(append(bytes.Clone(v), make([]byte, whole-len(v))...))
	if length == 8*whole {
		return a.String()
	}
	return netip.PrefixFrom(a, length).String()
}

// prefixOf is how many bits a mask begins with if it has no others, else -1.
func prefixOf(mask []byte) int {
	n, ended := 0, false
	for _, b := range mask {
		ones := bits.LeadingZeros8(^b)
		if ended && b != 0 || b<<ones != 0 {
			return -1
		}
		n += ones
		ended = ended || ones < 8
	}
	return n
}

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }

// shortWord is a number of two bytes.
func shortWord(v []byte) uint16 {
	if len(v) < 2 {
		return 0
	}
	return binary.BigEndian.Uint16(v)
}

// networkOf is the protocol of the network that a comparison names, as fields of
// its header are called.
func networkOf(text string) string {
	switch text {
	case "ipv4", "ip":
		return "ip"
	case "ipv6", "ip6":
		return "ip6"
	}
	return ""
}

// payload is a field of a header: of the link, the network or the transport.
func (w *ruleWriter) payload(base, offset, size uint32) field {
	const (
		link = iota
		network
		transport
	)
	f := field{size: int(size)}
	switch base {
	case link:
		switch {
		case offset == 0 && size == 6:
			f.name, f.kind = "ether daddr", macValue
		case offset == 6 && size == 6:
			f.name, f.kind = "ether saddr", macValue
		case offset == 12 && size == 2:
			f.name, f.kind = "ether type", etherValue
		}
	case network:
		w.networkField(&f, offset, size)
		if f.name != "" {
			w.said(&w.networkPlace)
		}
	case transport:
		w.transportField(&f, offset, size)
	}
	if f.name == "" && base <= transport {
		f.name = fmt.Sprintf("@%s,%d,%d", [3]string{"ll", "nh", "th"}[base], 8*uint64(offset), 8*uint64(size))
	} else if f.name == "" {
		f.name = fmt.Sprintf("[payload %d,%d,%d]", base, offset, size)
	}
	return f
}

func (w *ruleWriter) networkField(f *field, offset, size uint32) {
	switch w.network {
	case "ip":
		switch {
		case offset == 12 && size <= 4:
			f.name, f.kind = "ip saddr", addressValue
		case offset == 16 && size <= 4:
			f.name, f.kind = "ip daddr", addressValue
		case offset == 9 && size == 1:
			f.name, f.kind = "ip protocol", protocolValue
		case offset == 8 && size == 1:
			f.name, f.kind = "ip ttl", numberValue
		case offset == 2 && size == 2:
			f.name, f.kind = "ip length", numberValue
		}
	case "ip6":
		switch {
		case offset == 8 && size <= 16:
			f.name, f.kind, f.size = "ip6 saddr", addressValue, 16
		case offset == 24 && size <= 16:
			f.name, f.kind, f.size = "ip6 daddr", addressValue, 16
		case offset == 6 && size == 1:
			f.name, f.kind = "ip6 nexthdr", protocolValue
		case offset == 7 && size == 1:
			f.name, f.kind = "ip6 hoplimit", numberValue
		}
	}
}

func (w *ruleWriter) transportField(f *field, offset, size uint32) {
	of := "th"
	switch w.transport {
	case "tcp", "udp", "sctp", "dccp", "udplite", "icmp":
		of = w.transport
	case "ipv6-icmp":
		of = "icmpv6"
	}
	ports := !strings.HasPrefix(of, "icmp")
	switch {
	case offset == 0 && size == 2 && ports:
		f.name, f.kind = of+" sport", numberValue
	case offset == 2 && size == 2 && ports:
		f.name, f.kind = of+" dport", numberValue
	case offset == 13 && size == 1 && of == "tcp":
		f.name, f.kind, f.words = "tcp flags", bitsValue, flagWords
	case offset == 0 && size == 1 && !ports:
		f.name, f.kind = of+" type", numberValue
	case offset == 1 && size == 1 && !ports:
		f.name, f.kind = of+" code", numberValue
	}
	if f.name != "" && of != "th" {
		w.said(&w.transportPlace)
	}
}

// metaField is what the kernel knows of a packet (NFT_META_LEN and so on).
func metaField(key uint32) field {
	names := [...]field{0: {"meta length", hostValue, 4, nil}, 1: {"meta protocol", etherValue, 2, nil}, 3: {"meta mark", hostValue, 4, nil}, 4: {"iif", hostValue, 4, nil}, 5: {"oif", hostValue, 4, nil},
		6: {"iifname", nameValue, 16, nil}, 7: {"oifname", nameValue, 16, nil}, 8: {"meta iiftype", hostValue, 2, nil}, 9: {"meta oiftype", hostValue, 2, nil}, 10: {"meta skuid", hostValue, 4, nil}, 11: {"meta skgid", hostValue, 4, nil},
		15: {"meta nfproto", networkValue, 1, nil}, 16: {"meta l4proto", protocolValue, 1, nil}, 17: {"meta ibrname", nameValue, 16, nil}, 18: {"meta obrname", nameValue, 16, nil}, 20: {"meta cpu", hostValue, 4, nil},
		21: {"iifgroup", hostValue, 4, nil}, 22: {"oifgroup", hostValue, 4, nil}, 23: {"meta cgroup", hostValue, 4, nil}}
	if key < uint32(len(names)) && names[key].name != "" {
		return names[key]
	}
	return field{name: fmt.Sprintf("[meta %d]", key)}
}

// ctField is what the kernel knows of a connection (NFT_CT_STATE and so on).
func ctField(key uint32) field {
	names := [...]field{0: {"ct state", bitsValue, 4, stateWords}, 1: {"ct direction", wordValue, 1, []string{"original", "reply"}}, 2: {"ct status", bitsValue, 4, statusWords}, 3: {"ct mark", hostValue, 4, nil},
		8: {"ct saddr", addressValue, 0, nil}, 9: {"ct daddr", addressValue, 0, nil}, 10: {"ct protocol", protocolValue, 1, nil}, 11: {"ct proto-src", numberValue, 2, nil}, 12: {"ct proto-dst", numberValue, 2, nil},
		19: {"ct ip saddr", addressValue, 4, nil}, 20: {"ct ip daddr", addressValue, 4, nil}, 21: {"ct ip6 saddr", addressValue, 16, nil}, 22: {"ct ip6 daddr", addressValue, 16, nil}}
	if key < uint32(len(names)) && names[key].name != "" {
		return names[key]
	}
	return field{name: fmt.Sprintf("[ct %d]", key)}
}

// fibField is what the routes say of an address.
func fibField(result, flags uint32) field {
	var of []string
	for i, name := range [...]string{"saddr", "daddr", "mark", "iif", "oif"} {
		if flags&(1<<i) != 0 {
			of = append(of, name)
		}
	}
	f := field{name: "fib " + strings.Join(of, " . "), kind: hostValue, size: 4}
	switch result {
	case 1:
		f.name += " oif"
	case 2:
		f.name, f.kind = f.name+" oifname", nameValue
	case 3:
		f.name, f.kind, f.words = f.name+" type", wordValue, routeWords
	default:
		f.name += " [result]"
	}
	return f
}
