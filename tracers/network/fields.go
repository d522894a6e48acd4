package network

import (
	"strings"

	"stilltrace/index"
	"stilltrace/tracers/address"
)

// Fields returns the fields that a term may name.
func Fields() []index.FieldSpec { return index.Specs(fields) }

type field = index.FieldOf[*Row]

func spec(name string, kind index.FieldKind, doc string, values ...string) index.FieldSpec {
	return index.FieldSpec{Name: name, Kind: kind, Doc: doc, Values: values}
}

// fields are all fields. tcp and udp stand for both address families, as a
// person means them: a listener on :: is a tcp6 one that serves IPv4 as well.
var fields = []field{
	{FieldSpec: spec("proto", index.Exact, "protocol; tcp and udp stand for both address families", "tcp", "tcp6", "udp", "udp6", "unix"),
		Holds: func(c *index.Condition, r *Row) bool { return c.Text(r.Proto, transport(&r.Socket)) }},
	{FieldSpec: spec("state", index.Exact, "state by its kernel name, UNCONN for udp without a peer", states...),
		Holds: func(c *index.Condition, r *Row) bool { return c.Text(r.State, strings.ToLower(r.State)) }},
	{FieldSpec: spec("ip", index.Address, "local or remote address, or a CIDR prefix"),
		Holds: func(c *index.Condition, r *Row) bool { return c.Addr(r.Local, r.Remote) }},
	{FieldSpec: spec("laddr", index.Address, "local address, or a CIDR prefix"),
		Holds: func(c *index.Condition, r *Row) bool { return c.Addr(r.Local) }},
	{FieldSpec: spec("raddr", index.Address, "remote address, or a CIDR prefix"),
		Holds: func(c *index.Condition, r *Row) bool { return c.Addr(r.Remote) }},
	{FieldSpec: spec("port", index.Number, "local or remote port"),
		Holds: func(c *index.Condition, r *Row) bool { return c.Int(known(uint64(r.LPort), uint64(r.RPort))...) }},
	{FieldSpec: spec("lport", index.Number, "local port"),
		Holds: func(c *index.Condition, r *Row) bool { return c.Int(known(uint64(r.LPort))...) }},
	{FieldSpec: spec("rport", index.Number, "remote port"),
		Holds: func(c *index.Condition, r *Row) bool { return c.Int(known(uint64(r.RPort))...) }},
	{FieldSpec: spec("pid", index.Number, "process id of any owner"),
		Holds: func(c *index.Condition, r *Row) bool { return c.Int(pids(r)...) }},
	{FieldSpec: spec("process", index.Exact, "name (comm) of any owner"),
		Holds: func(c *index.Condition, r *Row) bool { return c.Text(r.Processes...) }},
	{FieldSpec: spec("user", index.Exact, "name of the user whose socket it is"),
		Holds: func(c *index.Condition, r *Row) bool { return c.Optional(r.User) }},
	{FieldSpec: spec("uid", index.Number, "number of the user whose socket it is"),
		Holds: func(c *index.Condition, r *Row) bool { return c.Int(uid(r)...) }},
	{FieldSpec: spec("service", index.Exact, "service by the host's services(5), else the name of who listens"),
		Holds: func(c *index.Condition, r *Row) bool { return c.Optional(r.Service) }},
	{FieldSpec: spec("class", index.Exact, "kind of network of the remote address", address.Names()...),
		Holds: func(c *index.Condition, r *Row) bool { return c.Optional(r.Class.String()) }},
	{FieldSpec: spec("direction", index.Exact, "which side began", string(Listen), string(Inbound), string(Outbound), string(Local)),
		Holds: func(c *index.Condition, r *Row) bool { return c.Text(string(r.Direction)) }},
	{FieldSpec: spec("path", index.Exact, "file of a unix socket, @name for an abstract one"),
		Holds: func(c *index.Condition, r *Row) bool { return c.Optional(r.Path) }},
	{FieldSpec: spec("inode", index.Number, "inode of the socket, 0 where it has none"),
		Holds: func(c *index.Condition, r *Row) bool { return c.Int(int64(r.Inode)) }},
	{FieldSpec: spec("netns", index.Number, "inode of the network namespace"),
		Holds: func(c *index.Condition, r *Row) bool { return c.Int(known(r.NetNS)...) }},
}

// states are the names of include/net/tcp_states.h, of a udp socket, and of
// include/uapi/linux/net.h for unix sockets.
var states = []string{
	"ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN",
	"CLOSING", "NEW_SYN_RECV", "UNCONN", "FREE", "UNCONNECTED", "CONNECTING", "CONNECTED", "DISCONNECTING",
}

// known leaves out 0, which stands for a port or namespace that is not there.
func known(numbers ...uint64) []int64 {
	out := make([]int64, 0, len(numbers))
	for _, n := range numbers {
		if n != 0 {
			out = append(out, int64(n))
		}
	}
	return out
}

func pids(r *Row) []int64 {
	out := make([]int64, len(r.PIDs))
	for i, p := range r.PIDs {
		out[i] = int64(p)
	}
	return out
}

func uid(r *Row) []int64 {
	if r.UID == nil {
		return nil
	}
	return []int64{int64(*r.UID)}
}

// unixAsked reports whether a term asks for unix sockets by their protocol,
// their direction, their path or their inode.
func unixAsked(terms []index.Term) bool {
	for _, t := range terms {
		c, ok := t.Compile(index.Exact)
		if !ok || t.Not {
			continue
		}
		switch t.Field {
		case "path", "inode":
			return true
		case "proto":
			if c.Text("unix") {
				return true
			}
		case "direction":
			if c.Text(string(Local)) {
				return true
			}
		}
	}
	return false
}
