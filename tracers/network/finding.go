package network

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"stilltrace/index/printable"
	"stilltrace/tracers/tally"
)

// Finding is something that stands out about sockets. Its texts may hold
// captured bytes.
type Finding struct {
	Kind     string   `json:"kind"` // always finding
	ID       string   `json:"id"`   // the rule and what it is about: the same in every answer from one case
	Rule     string   `json:"rule"`
	Severity int      `json:"severity"` // 0 to 100
	Title    string   `json:"title"`
	Reasons  []string `json:"reasons"`
	PIDs     []int    `json:"pids"` // of the processes that it is about
	Evidence []string `json:"evidence"`
}

// findings holds the rules against rows: what one socket shows, and what many
// show together.
func (h *host) findings(rows []Row, p *Pressure) []Finding {
	found := []Finding{}
	put := func(rule, about string, severity int, title string, pids []int, evidence string, reasons ...string) {
		found = append(found, Finding{"finding", rule + ":" + about, rule, severity, title, reasons, append([]int{}, pids...), []string{evidence}})
	}
	for i := range rows {
		h.one(&rows[i], put)
	}
	h.many(rows, p, put)
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), strings.Compare(a.ID, b.ID))
	})
	return found
}

type putFinding func(rule, about string, severity int, title string, pids []int, evidence string, reasons ...string)

// inner are services that are meant for hosts one knows: a data base, the
// interface of a container runtime, a remote desktop.
var inner = map[string]bool{
	"redis": true, "postgresql": true, "mysql": true, "mongodb": true, "memcached": true, "docker": true, "etcd": true, "ldap": true, "sunrpc": true,
	"nfs": true, "microsoft-ds": true, "netbios-ssn": true, "telnet": true, "x11": true, "vnc": true, "epmd": true, "amqp": true, "rsync": true,
	"elasticsearch": true, "zookeeper": true, "kubelet": true, "iscsi-target": true, "snmp": true, "tftp": true,
}

// innerPorts are their usual ports, for those that services(5) does not name so.
var innerPorts = map[uint16]string{
	2375: "docker", 2379: "etcd", 3306: "mysql", 5432: "postgresql", 5900: "vnc", 6000: "x11", 6379: "redis", 9200: "elasticsearch", 10250: "kubelet",
	11211: "memcached", 27017: "mongodb", 2181: "zookeeper", 5672: "amqp", 3389: "ms-wbt-server",
}

// interactive are programs that hand a connection to whoever is at its other end.
var interactive = []string{"sh", "bash", "dash", "zsh", "ksh", "mksh", "ash", "fish", "csh", "tcsh", "nc", "ncat", "netcat", "socat"}

// listeningToAll are programs whose task is to see packets as they come.
var listeningToAll = []string{"dhclient", "dhcpcd", "dhcpd", "NetworkManager", "systemd-network", "wpa_supplicant", "hostapd", "lldpd", "keepalived",
	"arping", "pppd", "connmand", "udhcpc"}

// one holds the rules about one socket against it.
func (h *host) one(r *Row, put putFinding) {
	where := place(r)
	if r.Direction == Listen && (r.Exposure == ExposedAll || r.Exposure == ExposedPublic) {
		for _, name := range append(services(r), innerPorts[r.LPort]) {
			if inner[name] {
				put("exposed", where, 40, "a service for hosts one knows can be reached by all", r.PIDs, r.Evidence(),
					fmt.Sprintf("%s listens on %s", name, where), "its exposure is "+string(r.Exposure))
				break
			}
		}
	}
	connected := r.State == "ESTABLISHED" || r.Direction == Listen
	if r.Orphan && h.denied == 0 && connected && transport(&r.Socket) == "tcp" {
		put("no_owner", where, 50, "a socket that no process holds", nil, r.Evidence(),
			fmt.Sprintf("no process holds %s, and every list of descriptors could be read", where), "the kernel's own servers (NFS) have such, and hidden processes")
	}
	for _, name := range r.Processes {
		if slices.Contains(interactive, name) && connected && r.Direction != Raw && r.Direction != Local {
			put("shell", where, 60, "a shell or a relay that holds a connection", r.PIDs, r.Evidence(), fmt.Sprintf("%s holds %s", name, where))
			break
		}
	}
	if r.Direction == Raw && !slices.ContainsFunc(r.Processes, func(name string) bool { return slices.Contains(listeningToAll, name) }) && len(r.PIDs) > 0 {
		severity, what := 20, "sends and sees packets of its own making"
		if r.Proto == "packet" {
			severity, what = 40, "sees every packet of an interface"
		}
		if transport(&r.Socket) != "icmp" {
			put("sniffer", where, severity, "a process that "+what, r.PIDs, r.Evidence(),
				fmt.Sprintf("%s holds a %s socket, protocol %s", strings.Join(r.Processes, ", "), r.Proto, cmp.Or(r.Protocol, "unknown")))
		}
	}
}

// place names a socket: its protocol and its ends.
func place(r *Row) string {
	switch {
	case r.Direction == Raw || r.Direction == Local:
		return fmt.Sprintf("%s inode %d", r.Proto, r.Inode)
	case r.RPort == 0:
		return fmt.Sprintf("%s %s port %d", r.Proto, r.Local, r.LPort)
	}
	return fmt.Sprintf("%s %s port %d to %s port %d", r.Proto, r.Local, r.LPort, r.Remote, r.RPort)
}

// How many are many. A handshake is half open for one trip there and back, so
// that a healthy host has a handful; a process that closes what is over has no
// more CLOSE_WAIT than connections that ended a moment ago.
const (
	manyHalfOpen  = 32
	manyCloseWait = 20
)

// many holds the rules about sockets together.
func (h *host) many(rows []Row, p *Pressure, put putFinding) {
	for i := range p.HalfOpenBy {
		d := &p.HalfOpenBy[i]
		if d.HalfOpen < manyHalfOpen {
			continue
		}
		reasons := []string{fmt.Sprintf("%s to port %d are half open, from %s",
			printable.Counted(int64(d.HalfOpen), "connection", "connections"), d.LPort, printable.Counted(int64(d.Remotes), "address", "addresses"))}
		severity := 50
		if c := h.counters(d.NetNS); c.Cookies > 0 {
			severity = 70
			reasons = append(reasons, "the kernel has answered with SYN cookies, as it does when the queue is full")
		}
		if h.snap.Sysctl["net.ipv4.tcp_syncookies"] == "0" {
			severity = 70
			reasons = append(reasons, "SYN cookies are off (net.ipv4.tcp_syncookies): what the queue has no room for is dropped")
		}
		put("half_open", fmt.Sprintf("%d:%d", d.NetNS, d.LPort), severity, "many connections that are half open: a flood of SYNs, or a way back that is lost", nil, d.Evidence, reasons...)
	}
	for i := range p.Listeners {
		q := &p.Listeners[i]
		if !q.busy() {
			continue
		}
		severity := 50
		reasons := []string{fmt.Sprintf("%s at port %d (%s)", printable.Counted(int64(min(q.Waiting, 1<<62)), "connection waits", "connections wait"),
			q.LPort, cmp.Or(q.Process, "?"))}
		if q.Backlog != nil {
			// listen(2): the kernel takes one more than it was told.
			reasons = append(reasons, "its backlog is "+printable.Grouped(int64(min(*q.Backlog, 1<<62))))
			if q.Waiting >= *q.Backlog {
				severity = 70
			}
		}
		put("backlog", fmt.Sprintf("%d:%s:%d", q.NetNS, q.Local, q.LPort), severity, "a listener whose process does not keep up", q.PIDs,
			fmt.Sprintf("/proc/net/%s %s port %d", q.Proto, q.Local, q.LPort), reasons...)
	}
	for i := range p.Ports {
		u := &p.Ports[i]
		if u.Used*2 >= u.Of {
			put("ports", fmt.Sprintf("%d:%s:%s:%d", u.NetNS, u.Local, u.Remote, u.RPort), 50, "the host's ports run out", nil, u.Evidence,
				fmt.Sprintf("%s of %s ports are taken by connections to %s port %d", printable.Grouped(int64(u.Used)), printable.Grouped(int64(u.Of)), u.Remote, u.RPort),
				fmt.Sprintf("%s of them are over and in TIME_WAIT", printable.Grouped(int64(u.TimeWait))))
		}
	}
	if most, err := strconv.Atoi(h.snap.Sysctl["net.ipv4.tcp_max_tw_buckets"]); err == nil && most > 0 && p.TimeWait >= most-most/10 {
		put("time_wait", "all", 30, "almost as many connections in TIME_WAIT as the kernel keeps", nil, "/proc/sys/net/ipv4/tcp_max_tw_buckets",
			fmt.Sprintf("%s of %s: beyond that they are ended early", printable.Grouped(int64(p.TimeWait)), printable.Grouped(int64(most))))
	}
	h.closeWait(rows, put)
}

// closeWait finds processes that leave connections open which are over.
func (h *host) closeWait(rows []Row, put putFinding) {
	counts, first := map[string]int{}, map[string]*Row{}
	for i := range rows {
		r := &rows[i]
		if r.State != "CLOSE_WAIT" || len(r.PIDs) == 0 {
			continue
		}
		about := fmt.Sprintf("%s %d", holder(&r.Socket), r.PIDs[0])
		if counts[about]++; first[about] == nil {
			first[about] = r
		}
	}
	for _, c := range tally.Counts(counts) {
		if c.Count >= manyCloseWait {
			put("close_wait", c.Name, 30, "a process that does not close its connections", first[c.Name].PIDs, first[c.Name].Evidence(),
				fmt.Sprintf("%s of %s are in CLOSE_WAIT: the other side has closed them", printable.Counted(int64(c.Count), "connection", "connections"), c.Name))
		}
	}
}

// Recommendation is one thing to do, and about what.
type Recommendation struct {
	Kind string   `json:"kind"` // always recommendation
	Text string   `json:"text"`
	IDs  []string `json:"ids"` // of the findings
}

// advice says what to do about each rule, in the order in which it is to be done.
var advice = []struct{ rule, text string }{
	{"shell", "look at the process before it is gone: stilltrace process CASE PID"},
	{"no_owner", "look whether the kernel serves there (NFS, iSCSI); if not, compare with what another tool on another medium sees"},
	{"sniffer", "ask who captures: tcpdump and a monitor have an owner, anything else does not: stilltrace process CASE PID"},
	{"exposed", "let it listen on 127.0.0.1 or on an address inside, or close its port in the packet filter, and ask for a password"},
	{"half_open", "see whether SYN cookies are on (net.ipv4.tcp_syncookies) and from where they come: stilltrace network CASE state:SYN_RECV --by remote"},
	{"backlog", "see what the process is busy with: stilltrace process CASE PID"},
	{"ports", "let the client keep its connections open, or widen net.ipv4.ip_local_port_range"},
	{"time_wait", "see who opens and closes so many: stilltrace network CASE state:TIME_WAIT --by remote,service"},
	{"close_wait", "restart the process before it has no descriptor left, and report the leak"},
}

func recommend(found []Finding) []Recommendation {
	list := []Recommendation{}
	for _, a := range advice {
		r := Recommendation{Kind: "recommendation", Text: a.text}
		pid := ""
		for i := range found {
			if f := &found[i]; f.Rule == a.rule {
				r.IDs = append(r.IDs, f.ID)
				if pid == "" && len(f.PIDs) > 0 {
					pid = fmt.Sprint(f.PIDs[0])
				}
			}
		}
		if len(r.IDs) > 0 {
			if pid != "" {
				r.Text = strings.ReplaceAll(r.Text, "PID", pid)
			}
			list = append(list, r)
		}
	}
	return list
}
