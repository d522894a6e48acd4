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
	{FieldSpec: spec("proto", index.Exact, "protocol; tcp and udp stand for both address families", protocols...),
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
		Holds: func(c *index.Condition, r *Row) bool { return anyOf(c, r.Processes) }},
	{FieldSpec: spec("name", index.Exact, "the same as process"),
		Holds: func(c *index.Condition, r *Row) bool { return anyOf(c, r.Processes) }},
	{FieldSpec: spec("peer", index.Exact, "name (comm) of who holds the other end, where that is on this host too"),
		Holds: func(c *index.Condition, r *Row) bool { return anyOf(c, r.PeerProcesses) }},
	{FieldSpec: spec("user", index.Exact, "name of the user whose socket it is"),
		Holds: func(c *index.Condition, r *Row) bool { return c.Optional(r.User) }},
	{FieldSpec: spec("uid", index.Number, "number of the user whose socket it is"),
		Holds: func(c *index.Condition, r *Row) bool { return c.Int(uid(r)...) }},
	{FieldSpec: spec("service", index.Exact, "service by the host's services(5), or by who listens: ssh, http, postgresql, redis"),
		Holds: func(c *index.Condition, r *Row) bool { return anyOf(c, services(r)) }},
	{FieldSpec: spec("class", index.Exact, "kind of network of the remote address; local is loopback and the host's own, cloud a provider's", classes()...),
		Holds: func(c *index.Condition, r *Row) bool { return anyOf(c, classesOf(r)) }},
	{FieldSpec: spec("provider", index.Exact, "whose network a public remote address belongs to", address.ProviderNames()...),
		Holds: func(c *index.Condition, r *Row) bool { return c.Optional(r.Provider) }},
	{FieldSpec: spec("rdns", index.Exact, "name of the remote address, as far as the capture knew one"),
		Holds: func(c *index.Condition, r *Row) bool { return c.Optional(r.RDNS) }},
	{FieldSpec: spec("direction", index.Exact, "which side began", string(Listen), string(Inbound), string(Outbound), string(Raw), string(Local)),
		Holds: func(c *index.Condition, r *Row) bool { return c.Text(string(r.Direction)) }},
	{FieldSpec: spec("exposure", index.Exact, "from where a listener can be reached", string(ExposedLoopback), string(ExposedPrivate), string(ExposedPublic), string(ExposedAll)),
		Holds: func(c *index.Condition, r *Row) bool { return c.Optional(string(r.Exposure)) }},
	{FieldSpec: spec("container", index.Exact, "id of the container, its first 12 digits, or its name"),
		Holds: func(c *index.Condition, r *Row) bool { return anyOf(c, containers(r)) }},
	{FieldSpec: spec("recvq", index.Number, "bytes not yet read; of a listener, connections not yet accepted"),
		Holds: func(c *index.Condition, r *Row) bool { return c.Int(signed(r.RecvQ)) }},
	{FieldSpec: spec("sendq", index.Number, "bytes not yet acknowledged"),
		Holds: func(c *index.Condition, r *Row) bool { return c.Int(signed(r.SendQ)) }},
	{FieldSpec: spec("path", index.Exact, "file of a unix socket, @name for an abstract one"),
		Holds: func(c *index.Condition, r *Row) bool { return c.Optional(r.Path) }},
	{FieldSpec: spec("inode", index.Number, "inode of the socket, 0 where it has none"),
		Holds: func(c *index.Condition, r *Row) bool { return c.Int(int64(r.Inode)) }},
	{FieldSpec: spec("netns", index.Number, "inode of the network namespace"),
		Holds: func(c *index.Condition, r *Row) bool { return c.Int(known(r.NetNS)...) }},
}

// protocols are those of Socket.Proto.
var protocols = []string{"tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6", "icmp", "icmp6", "packet", "unix", "netlink"}

// servers are the services that programs are known for, whatever the port on
// which they listen, by their comm.
var servers = map[string]string{
	"sshd": "ssh", "sshd-session": "ssh", "dropbear": "ssh", "nginx": "http", "apache2": "http", "httpd": "http", "lighttpd": "http", "caddy": "http",
	"haproxy": "http", "gunicorn": "http", "uwsgi": "http", "postgres": "postgresql", "redis-server": "redis", "mysqld": "mysql", "mariadbd": "mysql",
	"mongod": "mongodb", "memcached": "memcached", "named": "domain", "dnsmasq": "domain", "systemd-resolve": "domain", "unbound": "domain",
	"master": "smtp", "exim4": "smtp", "dovecot": "imap", "vsftpd": "ftp", "proftpd": "ftp", "smbd": "microsoft-ds", "chronyd": "ntp", "ntpd": "ntp",
	"rsyslogd": "syslog", "cupsd": "ipp", "dockerd": "docker", "rpcbind": "sunrpc", "slapd": "ldap", "etcd": "etcd", "beam.smp": "amqp",
}

// services are the names under which a socket's service can be asked for.
func services(r *Row) []string {
	var list []string
	if r.Service != "" {
		list = append(list, r.Service)
	}
	if r.Program != "" {
		list = append(list, r.Program)
	}
	if known := servers[r.Program]; known != "" {
		list = append(list, known)
	}
	return list
}

// The classes that a person asks for beside those of addresses.
const (
	classLocal = "local"
	classCloud = "cloud"
)

func classes() []string { return append(address.Names(), classLocal, classCloud) }

func classesOf(r *Row) []string {
	if r.Class == address.None {
		return nil
	}
	list := []string{r.Class.String()}
	if r.Own || r.Class == address.Loopback {
		list = append(list, classLocal)
	}
	if r.Provider != "" {
		list = append(list, classCloud)
	}
	return list
}

func containers(r *Row) []string { return index.ContainerNames(r.Container, r.ContainerName) }

// signed is n as a term can compare it.
func signed(n uint64) int64 { return int64(min(n, 1<<63-1)) }

// states are the names of include/net/tcp_states.h, of a udp socket, and of
// include/uapi/linux/net.h for unix sockets.
var states = []string{
	"ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN",
	"CLOSING", "NEW_SYN_RECV", "UNCONN", "FREE", "UNCONNECTED", "CONNECTING", "CONNECTED", "DISCONNECTING",
}

// anyOf is Optional for what can have several names.
func anyOf(c *index.Condition, names []string) bool {
	if len(names) == 0 {
		return c.Optional("")
	}
	return c.Text(names...)
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

// unixAsked reports whether a term asks for unix or netlink sockets by their
// protocol, their direction, their path or their inode.
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
			if c.Text("unix") || c.Text("netlink") {
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
