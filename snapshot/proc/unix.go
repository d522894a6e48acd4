package proc

import (
	"bytes"
	"strconv"

	"stilltrace/index"
)

// acceptsConnections is the flag of a listening socket (__SO_ACCEPTCON).
const acceptsConnections = 1 << 16

// unixTable reads the table unix. A name is bound by whoever made the socket
// and may hold a newline, which the kernel writes as it is: a line that is no
// row belongs to the name before it, as far as a name can reach. A name that
// is made to look like a row cannot be told from one.
type unixTable struct {
	add  func(index.Socket)
	last *index.Socket // the row before
	open bool          // it has a name, which may go on
}

func (t *unixTable) line(line []byte) error {
	s, named, err := parseUnix(line)
	if err == nil {
		t.end()
		t.last, t.open = &s, named
		return nil
	}
	if t.last != nil && t.open && len(t.last.Path)+1+len(line) <= maxUnixPath {
		t.last.Path += "\n" + string(line)
		return nil
	}
	return err
}

func (t *unixTable) end() {
	if t.last != nil {
		t.add(*t.last)
	}
	t.last = nil
}

// parseUnix reads one row of proc_net(5), unix:
//
//	0000000000000000: 00000002 00000000 00010000 0001 01 12345 /run/dbus/system_bus_socket
//
// kernel address, references, protocol, flags, type, state, inode, and behind
// one blank the name: a path, or for an abstract one @ and the name. It
// reports whether there is a name: one that begins with a newline looks empty.
func parseUnix(line []byte) (s index.Socket, named bool, err error) {
	var f [7][]byte
	rest := line
	for i := range f {
		rest = bytes.TrimLeft(rest, " ")
		f[i], rest, named = bytes.Cut(rest, []byte(" "))
	}
	address, ok := bytes.CutSuffix(f[0], []byte(":"))
	n := numbers{}
	n.hex(address, 64)
	n.hex(f[1], 32)
	n.hex(f[2], 32)
	flags := n.hex(f[3], 32)
	kind := n.hex(f[4], 16)
	state := n.hex(f[5], 8)
	s.Inode = n.decimal(f[6], 64)
	if !ok || n.err != nil {
		return s, false, torn("row %.40q", line)
	}
	s.Type = unixType(kind)
	s.State = unixState(state, flags)
	s.Path = string(rest)
	return s, named, nil
}

// unixType is the name of a socket type (socket(2)), else its number.
func unixType(kind uint64) string {
	switch kind {
	case 1:
		return "stream"
	case 2:
		return "dgram"
	case 5:
		return "seqpacket"
	}
	return strconv.FormatUint(kind, 10)
}

// unixState is the name of a state of include/uapi/linux/net.h, else its
// number. A listener is an unconnected socket with the flag of accept(2).
func unixState(state, flags uint64) string {
	if flags&acceptsConnections != 0 {
		return "LISTEN"
	}
	names := []string{"FREE", "UNCONNECTED", "CONNECTING", "CONNECTED", "DISCONNECTING"}
	if state < uint64(len(names)) {
		return names[state]
	}
	return strconv.FormatUint(state, 10)
}
