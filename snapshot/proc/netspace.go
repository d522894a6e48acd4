package proc

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"stilltrace/index"
)

// describe reads what a namespace says of itself beside its sockets. A file
// that is not there is no gap: kernels are built without some, and a copy
// without any tells so by its tables.
func (r *tableReader) describe(s *index.NetSpace, a askers) {
	s.Counters = map[string]uint64{}
	for _, name := range []string{"snmp", "netstat"} {
		r.eachOf(name, func(data []byte) error { return parsePairs(data, s.Counters) })
	}
	for _, name := range []string{"sockstat", "sockstat6"} {
		r.eachOf(name, func(data []byte) error { return parseSockstat(data, s.Counters) })
	}
	if len(s.Counters) == 0 {
		s.Counters = nil
	}
	r.rows("dev", 2, func(line []byte) error { return parseDevice(line, s) })
	if !r.askLinks(a.links, s) && s.PID == 0 && r.dir != threadNet {
		r.flags(s)
	}
	r.rows("ptype", 1, func(line []byte) error { return parseHandler(line, s) })
	r.askRules(a.rules, s)
	r.legacyTables(s)
	r.conntrack(s)
	r.rows("if_inet6", 0, func(line []byte) error { return parseAddress6(line, s) })
	r.rows("route", 1, func(line []byte) error { return parseRoute(line, s) })
	r.rows("ipv6_route", 0, func(line []byte) error { return parseRoute6(line, s) })
	r.addresses4(s)
	r.rows("arp", 1, func(line []byte) error { return parseNeighbour(line, s) })
}

// flags reads those of the interfaces of the namespace that /sys shows, which is
// the one of whoever mounted it.
func (r *tableReader) flags(s *index.NetSpace) {
	root, err := openTree(r.options.Root, "/")
	if err != nil {
		return // noted by ReadHost
	}
	defer root.close()
	for i := range s.Interfaces {
		data, err := root.read("sys/class/net/"+s.Interfaces[i].Name+"/flags", maxText)
		if err != nil {
			continue // a name like "." is none of an interface; of a copy without /sys nothing is known
		}
		n := numbers{}
		s.Interfaces[i].Flags = uint32(n.parse(bytes.TrimPrefix(bytes.TrimSpace(data), []byte("0x")), 16, 32))
	}
}

func (r *tableReader) eachOf(name string, parse func([]byte) error) {
	data, err := r.tree.read(r.dir+"/"+name, maxNames)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		err = parse(data)
	}
	if err != nil {
		r.gap(absentGap(areaSocket, r.place+"/"+name, err))
	}
}

// rows reads a table line by line, below its heading.
func (r *tableReader) rows(name string, heading int, parse func(line []byte) error) {
	r.eachOf(name, func(data []byte) error {
		bad := badLines{gap: r.gap, area: areaSocket, place: r.place + "/" + name}
		n := 0
		for line := range bytes.Lines(data) {
			if n++; n <= heading {
				continue
			}
			if n > maxEntries {
				return errTooLarge
			}
			if err := parse(bytes.TrimSpace(line)); err != nil {
				bad.note(n, err)
			}
		}
		bad.done()
		return nil
	})
}

// troubles are the counters that are kept: connections, errors, what was
// dropped, and what the kernel did about floods.
var troubles = []string{
	"Tcp.ActiveOpens", "Tcp.PassiveOpens", "Tcp.AttemptFails", "Tcp.EstabResets", "Tcp.CurrEstab", "Tcp.InSegs", "Tcp.OutSegs",
	"Tcp.RetransSegs", "Tcp.InErrs", "Tcp.OutRsts", "Tcp.InCsumErrors",
	"Udp.InDatagrams", "Udp.OutDatagrams", "Udp.NoPorts", "Udp.InErrors", "Udp.RcvbufErrors", "Udp.SndbufErrors", "Udp.MemErrors",
	"Ip.Forwarding", "Ip.ForwDatagrams", "Ip.InDiscards", "Ip.OutDiscards", "Ip.OutNoRoutes", "Ip.InAddrErrors", "Ip.ReasmFails",
	"Icmp.InDestUnreachs", "Icmp.OutDestUnreachs", "Icmp.InEchos", "Icmp.OutEchos",
	"TcpExt.ListenOverflows", "TcpExt.ListenDrops", "TcpExt.SyncookiesSent", "TcpExt.SyncookiesRecv", "TcpExt.SyncookiesFailed",
	"TcpExt.TCPReqQFullDrop", "TcpExt.TCPReqQFullDoCookies", "TcpExt.TCPBacklogDrop", "TcpExt.TCPDeferAcceptDrop", "TcpExt.TCPTimeWaitOverflow",
	"TcpExt.TW", "TcpExt.TWRecycled", "TcpExt.TCPTimeouts", "TcpExt.TCPSynRetrans", "TcpExt.TCPLostRetransmit", "TcpExt.TCPAbortOnMemory", "TcpExt.TCPAbortOnTimeout",
	"TcpExt.TCPAbortOnData", "TcpExt.TCPAbortOnClose", "TcpExt.TCPMemoryPressures", "TcpExt.PruneCalled", "TcpExt.RcvPruned", "TcpExt.OfoPruned",
	"TcpExt.EmbryonicRsts", "TcpExt.TCPRcvQDrop", "TcpExt.TCPZeroWindowDrop", "TcpExt.TCPMD5Failure", "TcpExt.PAWSEstab",
}

// parsePairs reads the lines of snmp and netstat, which come in pairs: names,
// and below them values.
//
//	TcpExt: SyncookiesSent SyncookiesRecv …
//	TcpExt: 0 0 …
func parsePairs(data []byte, into map[string]uint64) error {
	var names []string
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if len(names) == 0 || names[0] != f[0] {
			names = f
			continue
		}
		if len(f) != len(names) {
			return torn("%s %d values of %d", f[0], len(f)-1, len(names)-1)
		}
		for i := 1; i < len(f); i++ {
			name := strings.TrimSuffix(f[0], ":") + "." + names[i]
			if !slices.Contains(troubles, name) {
				continue
			}
			v, err := strconv.ParseUint(f[i], 10, 64)
			if err != nil {
				return torn("%s %.40q", name, f[i])
			}
			if v != 0 {
				into[name] = v
			}
		}
		names = nil
	}
	return nil
}

// parseSockstat reads how many sockets there are, and their memory in pages:
//
//	TCP: inuse 5 orphan 0 tw 3 alloc 7 mem 1
func parseSockstat(data []byte, into map[string]uint64) error {
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		for i := 1; i+1 < len(f); i += 2 {
			v, err := strconv.ParseUint(f[i+1], 10, 64)
			if err != nil {
				return torn("%.60q", line)
			}
			if v != 0 && len(into) < 2*len(troubles) {
				into[strings.TrimSuffix(f[0], ":")+"."+f[i]] = v
			}
		}
	}
	return nil
}

// parseDevice reads a row of dev: the name, eight numbers of what was received
// and eight of what was sent.
func parseDevice(line []byte, s *index.NetSpace) error {
	colon := bytes.LastIndexByte(line, ':')
	if colon < 0 {
		return torn("row %.40q", line)
	}
	f := bytes.Fields(line[colon+1:])
	if len(f) < 16 {
		return torn("%d numbers of 16", len(f))
	}
	n := numbers{}
	i := index.Interface{Name: string(line[:colon])}
	for k, to := range map[int]*uint64{0: &i.RxBytes, 1: &i.RxPackets, 2: &i.RxErrors, 3: &i.RxDrops, 8: &i.TxBytes, 9: &i.TxPackets, 10: &i.TxErrors, 11: &i.TxDrops} {
		*to = n.decimal(f[k], 64)
	}
	if n.err == nil {
		s.Interfaces = append(s.Interfaces, i)
	}
	return n.err
}

// parseAddress6 reads a row of if_inet6: address, index, prefix, scope, flags,
// interface.
func parseAddress6(line []byte, s *index.NetSpace) error {
	f := bytes.Fields(line)
	if len(f) < 6 {
		return torn("%d fields of 6", len(f))
	}
	addr, err := address6(f[0])
	if err != nil {
		return err
	}
	for k := range s.Interfaces {
		if s.Interfaces[k].Name == string(f[5]) {
			s.Interfaces[k].Addresses = append(s.Interfaces[k].Addresses, addr)
		}
	}
	return nil
}

func address6(digits []byte) (netip.Addr, error) {
	var raw [16]byte
	if len(digits) != 32 {
		return netip.Addr{}, torn("address %.48q", digits)
	}
	if _, err := hex.Decode(raw[:], digits); err != nil {
		return netip.Addr{}, torn("address %.48q", digits)
	}
	return netip.AddrFrom16(raw), nil
}

// parseRoute reads a row of route: interface, destination, gateway, flags,
// references, use, metric, mask and more. Addresses are words of the host.
func parseRoute(line []byte, s *index.NetSpace) error {
	f := bytes.Fields(line)
	if len(f) < 8 {
		return torn("%d fields of 8", len(f))
	}
	n := numbers{}
	word := func(text []byte) netip.Addr {
		var raw [4]byte
		binary.NativeEndian.PutUint32(raw[:], uint32(n.hex(text, 32)))
		return netip.AddrFrom4(raw)
	}
	to, gateway, mask := word(f[1]), word(f[2]), word(f[7])
	r := index.Route{Gateway: gateway, Iface: string(f[0]), Flags: uint32(n.hex(f[3], 32)), Metric: uint32(n.decimal(f[6], 32))}
	if n.err != nil {
		return n.err
	}
	bits := 0
	for _, b := range mask.AsSlice() {
		for ; b&0x80 != 0; b <<= 1 {
			bits++
		}
	}
	r.To = netip.PrefixFrom(to, bits)
	s.Routes = append(s.Routes, r)
	return nil
}

// parseRoute6 reads a row of ipv6_route: destination and its prefix, source and
// its prefix, next hop, metric, references, use, flags, interface. The kernel's
// own entries for its addresses and for multicast are left out.
func parseRoute6(line []byte, s *index.NetSpace) error {
	f := bytes.Fields(line)
	if len(f) < 10 {
		return torn("%d fields of 10", len(f))
	}
	to, err1 := address6(f[0])
	hop, err2 := address6(f[4])
	n := numbers{}
	bits, metric, flags := n.hex(f[1], 8), n.hex(f[5], 32), n.hex(f[8], 32)
	if err := errors.Join(err1, err2, n.err); err != nil || bits > 128 {
		return torn("row %.60q", line)
	}
	const local, reject = 0x80000000, 0x200
	if flags&local != 0 || flags&reject != 0 && string(f[9]) == "lo" || to.IsMulticast() {
		return nil
	}
	s.Routes = append(s.Routes, index.Route{To: netip.PrefixFrom(to, int(bits)), Gateway: hop, Iface: string(f[9]), Metric: uint32(metric), Flags: uint32(flags)})
	return nil
}

// parseNeighbour reads a row of arp: address, type, flags, hardware address,
// mask, interface.
func parseNeighbour(line []byte, s *index.NetSpace) error {
	f := bytes.Fields(line)
	if len(f) < 6 {
		return torn("%d fields of 6", len(f))
	}
	addr, err := netip.ParseAddr(string(f[0]))
	flags, err2 := strconv.ParseUint(strings.TrimPrefix(string(f[2]), "0x"), 16, 32)
	if err != nil || err2 != nil {
		return torn("row %.60q", line)
	}
	s.Neighbours = append(s.Neighbours, index.Neighbour{Addr: addr, MAC: string(f[3]), Iface: string(f[5]), Flags: uint32(flags)})
	return nil
}
