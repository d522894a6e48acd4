package proc

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"stilltrace/index"
)

// parseInet reads one row of proc_pid_net(5), of tcp, udp, udplite, raw or icmp:
//
//	0: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1 …
//
// number, local and remote address, state, queues of sending and receiving,
// timer, retransmits, uid, probes without an answer, inode; all but tcp have
// their drops in the 13th field. A raw socket has its protocol for a port.
func parseInet(proto string, line []byte) (index.Socket, error) {
	var s index.Socket
	var room [inetFields][]byte
	f := appendFields(room[:0], line)
	if len(f) < 10 {
		return s, torn("%d fields of 10", len(f))
	}
	var err error
	words := 1
	if strings.HasSuffix(proto, "6") {
		words = 4
	}
	if s.Local, s.LPort, err = parseEndpoint(f[1], words); err != nil {
		return s, err
	}
	if s.Remote, s.RPort, err = parseEndpoint(f[2], words); err != nil {
		return s, err
	}
	n := numbers{}
	state := n.hex(f[3], 8)
	s.SendQ, s.RecvQ = n.pair(f[4])
	timer, when := n.pair(f[5])
	if s.Timer = int(timer); timer != 0 {
		s.TimerMS = min(when, 1<<48) * 1000 / userHZ
	}
	s.Retransmits = n.hex(f[6], 64)
	uid := uint32(n.decimal(f[7], 32))
	s.Inode = n.decimal(f[9], 64)
	tcp := strings.HasPrefix(proto, "tcp")
	if tcp {
		s.Probes = n.decimal(f[8], 64)
	} else if len(f) > 12 {
		s.Drops = n.decimal(f[12], 64)
	}
	if n.err != nil {
		return s, n.err
	}
	s.State = stateName(proto, state)
	if s.State != timeWait {
		s.UID = &uid // the kernel has forgotten the user of a socket in TIME_WAIT and writes 0
	}
	if strings.HasPrefix(proto, "raw") {
		s.Protocol, s.LPort, s.RPort = protocolName(s.LPort), 0, 0
	}
	return s, nil
}

// inetFields are the fields of a row of tcp that is not idle, which is the longest.
const inetFields = 17

// appendFields is bytes.Fields into memory that is there already, for blanks
// alone, as the kernel writes them. What is behind the room is left out.
func appendFields(to [][]byte, line []byte) [][]byte {
	for len(to) < cap(to) {
		from := 0
		for from < len(line) && isBlank(line[from]) {
			from++
		}
		if line = line[from:]; len(line) == 0 {
			break
		}
		end := 0
		for end < len(line) && !isBlank(line[end]) {
			end++
		}
		to, line = append(to, line[:end]), line[end:]
	}
	return to
}

const timeWait = "TIME_WAIT"

// tcpStates are the names of include/net/tcp_states.h, from 1.
var tcpStates = []string{
	"ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", timeWait,
	"CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "NEW_SYN_RECV",
}

// stateName is the kernel's name of a state. A socket of another protocol has but two: with
// a remote address it is ESTABLISHED, without it the kernel writes 7. A state
// that a later kernel brings is its number.
func stateName(proto string, state uint64) string {
	switch {
	case state == 7 && !strings.HasPrefix(proto, "tcp"):
		return "UNCONN"
	case state >= 1 && state <= uint64(len(tcpStates)):
		return tcpStates[state-1]
	}
	return fmt.Sprintf("%02X", state)
}

// protocolName is the name of an IP protocol (protocols(5)), else its number.
func protocolName(n uint16) string {
	switch n {
	case 1:
		return "icmp"
	case 2:
		return "igmp"
	case 6:
		return "tcp"
	case 17:
		return "udp"
	case 33:
		return "dccp"
	case 47:
		return "gre"
	case 50:
		return "esp"
	case 51:
		return "ah"
	case 58:
		return "ipv6-icmp"
	case 89:
		return "ospf"
	case 112:
		return "vrrp"
	case 132:
		return "sctp"
	case 136:
		return "udplite"
	case 255:
		return "raw"
	}
	return strconv.Itoa(int(n))
}

// parseEndpoint reads an address and a port as 0100007F:0016. The address is
// a row of 32-bit words, each written as a number: their bytes stand in the
// order of the host that wrote them, which is taken to be that of this one.
func parseEndpoint(text []byte, words int) (netip.Addr, uint16, error) {
	digits, port, ok := bytes.Cut(text, []byte(":"))
	var raw [16]byte
	if !ok || len(digits) != 8*words {
		return netip.Addr{}, 0, torn("address %.48q", text)
	}
	if _, err := hex.Decode(raw[:], digits); err != nil {
		return netip.Addr{}, 0, torn("address %.48q", text)
	}
	n, err := strconv.ParseUint(string(port), 16, 16)
	if err != nil {
		return netip.Addr{}, 0, torn("port of %.48q", text)
	}
	for i := 0; i < 4*words; i += 4 {
		binary.NativeEndian.PutUint32(raw[i:], binary.BigEndian.Uint32(raw[i:]))
	}
	if words == 1 {
		return netip.AddrFrom4([4]byte(raw[:4])), uint16(n), nil
	}
	return netip.AddrFrom16(raw).Unmap(), uint16(n), nil
}

// numbers reads the numbers of a row and keeps the first error.
type numbers struct{ err error }

func (n *numbers) parse(text []byte, base, bits int) uint64 {
	if base == 10 {
		if v, ok := shortDecimal(text); ok && v>>bits == 0 {
			return v
		}
	}
	v, err := strconv.ParseUint(string(text), base, bits)
	if err != nil && n.err == nil {
		n.err = torn("number %.40q", text)
	}
	return v
}

func (n *numbers) hex(text []byte, bits int) uint64     { return n.parse(text, 16, bits) }
func (n *numbers) decimal(text []byte, bits int) uint64 { return n.parse(text, 10, bits) }

// shortDecimal is a number of so few digits that it fits; all others are for
// strconv, which takes three times as long.
func shortDecimal(text []byte) (v uint64, ok bool) {
	if len(text) == 0 || len(text) > 18 {
		return 0, false
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + uint64(c-'0')
	}
	return v, true
}

// pair reads two hexadecimal numbers with a colon between them.
func (n *numbers) pair(text []byte) (uint64, uint64) {
	a, b, ok := bytes.Cut(text, []byte(":"))
	if !ok {
		b = nil // which is no number
	}
	return n.hex(a, 32), n.hex(b, 64)
}
