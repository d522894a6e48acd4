package network_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
	"stilltrace/tracers/network"
)

// several makes n sockets of one kind that differ by what is %d in remote.
func several(n int, state, local, remote string, owners ...index.Owner) []index.Socket {
	var out []index.Socket
	for i := range n {
		out = append(out, socket("tcp", state, local, fmt.Sprintf(remote, i+1), uint64(len(owners)*(1000+i)), 0, owners...))
	}
	return out
}

func with(s index.Socket, change func(*index.Socket)) []index.Socket {
	change(&s)
	return []index.Socket{s}
}

func TestFindings(t *testing.T) {
	five := uint64(5)
	listener := func(port int, comm string) index.Socket {
		return socket("tcp", "LISTEN", fmt.Sprintf("0.0.0.0:%d", port), "0.0.0.0:0", uint64(port), 0, owner(7, 3, comm))
	}
	plain := func(*index.Socket) {}
	snap := index.Snapshot{Host: index.Host{
		Ports:     []index.ServicePort{{Name: "redis", Port: 6379, Proto: "tcp"}},
		NetSpaces: []index.NetSpace{{Inode: 1, Counters: map[string]uint64{"TcpExt.SyncookiesSent": 9}}},
		Sysctl:    map[string]string{"net.ipv4.ip_local_port_range": "40000\t40099", "net.ipv4.tcp_max_tw_buckets": "60"},
	}}
	for _, c := range []struct {
		name    string
		sockets []index.Socket
		want    []string // rule and severity
	}{
		{"nothing", several(3, "ESTABLISHED", "10.0.0.5:22", "203.0.113.%d:4000"), nil},
		{"redis for all", with(listener(6379, "redis-server"), plain), []string{"exposed 40"}},
		{"redis on another port", with(listener(7000, "redis-server"), plain), []string{"exposed 40"}},
		{"mongodb by its port alone", with(listener(27017, "x"), plain), []string{"exposed 40"}},
		{"redis inside", []index.Socket{socket("tcp", "LISTEN", "127.0.0.1:6379", "0.0.0.0:0", 1, 0, owner(7, 3, "redis-server"))}, nil},
		{"http for all", with(listener(80, "nginx"), plain), nil},
		{"an orphan", with(listener(4444, ""), func(s *index.Socket) { s.Owner, s.Orphan = nil, true }), []string{"no_owner 50"}},
		{"an orphan that is over", with(socket("tcp", "FIN_WAIT2", "10.0.0.5:22", "203.0.113.7:4000", 5, 0), func(s *index.Socket) { s.Orphan = true }), nil},
		{"a shell", []index.Socket{socket("tcp", "ESTABLISHED", "10.0.0.5:50000", "203.0.113.7:4444", 5, 0, owner(7, 0, "bash"))}, []string{"shell 60"}},
		{"a sniffer", []index.Socket{{Proto: "packet", Protocol: "all", Inode: 5, Owner: []index.Owner{owner(7, 3, "tcpdump")}}}, []string{"sniffer 40"}},
		{"a client of DHCP", []index.Socket{{Proto: "packet", Inode: 5, Owner: []index.Owner{owner(7, 3, "dhclient")}}}, nil},
		{"a raw socket", []index.Socket{{Proto: "raw6", Protocol: "icmp", Inode: 5, Owner: []index.Owner{owner(7, 3, "x")}}}, []string{"sniffer 20"}},
		{"a ping", []index.Socket{{Proto: "icmp", Inode: 5, Owner: []index.Owner{owner(7, 3, "ping")}}}, nil},
		{"few half open", several(31, "SYN_RECV", "10.0.0.5:80", "203.0.113.%d:4000"), nil},
		{"many half open", several(32, "SYN_RECV", "10.0.0.5:80", "203.0.113.%d:4000"), []string{"half_open 50"}},
		{"many half open, with cookies", func() []index.Socket {
			list := several(32, "SYN_RECV", "10.0.0.5:80", "203.0.113.%d:4000")
			for i := range list {
				list[i].NetNS = 1
			}
			return list
		}(), []string{"half_open 70"}},
		{"a queue", with(listener(80, "nginx"), func(s *index.Socket) { s.RecvQ = 2 }), nil},
		{"a long queue", with(listener(80, "nginx"), func(s *index.Socket) { s.RecvQ = 10 }), []string{"backlog 50"}},
		{"a queue of a short backlog", with(listener(80, "nginx"), func(s *index.Socket) { s.RecvQ, s.Backlog = 3, &five }), []string{"backlog 50"}},
		{"a full queue", with(listener(80, "nginx"), func(s *index.Socket) { s.RecvQ, s.Backlog = 6, &five }), []string{"backlog 70"}},
		{"ports", func() []index.Socket {
			var list []index.Socket
			for i := range 50 {
				list = append(list, socket("tcp", "TIME_WAIT", fmt.Sprintf("10.0.0.5:%d", 40000+i), "10.0.0.9:5432", 0, 0))
			}
			return list
		}(), []string{"ports 50"}},
		{"ports of several hosts", func() []index.Socket {
			var list []index.Socket
			for i := range 50 {
				list = append(list, socket("tcp", "TIME_WAIT", fmt.Sprintf("10.0.0.5:%d", 40000+i), fmt.Sprintf("10.0.0.%d:5432", 9+i%2), 0, 0))
			}
			return list
		}(), nil},
		{"many in TIME_WAIT", several(54, "TIME_WAIT", "10.0.0.5:80", "203.0.113.7:400%d"), []string{"time_wait 30"}},
		{"a leak", several(20, "CLOSE_WAIT", "10.0.0.5:50000", "203.0.113.%d:80", owner(7, 3, "app")), []string{"close_wait 30"}},
		{"no leak", several(19, "CLOSE_WAIT", "10.0.0.5:50000", "203.0.113.%d:80", owner(7, 3, "app")), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := network.Run(openCase(t, snap, c.sockets, nil), index.Query{})
			require.NoError(t, err)
			var got []string
			for _, f := range a.Findings {
				got = append(got, fmt.Sprint(f.Rule, " ", f.Severity))
				require.Equal(t, "finding", f.Kind)
				require.Contains(t, f.ID, f.Rule+":")
				require.NotEmpty(t, f.Reasons)
				require.NotEmpty(t, f.Evidence)
			}
			require.Equal(t, c.want, got)
			require.Len(t, a.Recommendations, len(c.want))
		})
	}
}

// TestBacklogReasons: the kernel takes one connection more than the backlog says.
func TestBacklogReasons(t *testing.T) {
	four := uint64(4)
	s := socket("tcp", "LISTEN", "0.0.0.0:5140", "0.0.0.0:0", 9, 0, owner(7, 3, "collector"))
	s.RecvQ, s.Backlog = 5, &four
	a, err := network.Run(openCase(t, index.Snapshot{}, []index.Socket{s}, nil), index.Query{})
	require.NoError(t, err)
	require.Len(t, a.Findings, 1)
	require.Equal(t, []string{"5 connections wait at port 5140 (collector)", "its backlog is 4"}, a.Findings[0].Reasons)
}

func TestPressure(t *testing.T) {
	var list []index.Socket
	list = append(list, several(3, "SYN_RECV", "10.0.0.5:80", "203.0.113.%d:4000")...)
	list = append(list, several(2, "SYN_RECV", "10.0.0.5:22", "203.0.113.7:400%d")...)
	list = append(list, several(1, "SYN_SENT", "10.0.0.5:50001", "203.0.113.%d:25")...)
	list = append(list, several(2, "TIME_WAIT", "10.0.0.5:50002", "203.0.113.%d:25")...)
	list = append(list, with(socket("tcp", "LISTEN", "0.0.0.0:80", "0.0.0.0:0", 9, 0, owner(7, 3, "nginx")), func(s *index.Socket) { s.RecvQ = 4 })...)
	list = append(list, with(socket("udp", "UNCONN", "0.0.0.0:53", "0.0.0.0:0", 8, 0), func(s *index.Socket) { s.RecvQ = 4096 })...)
	snap := index.Snapshot{Host: index.Host{NetSpaces: []index.NetSpace{{Inode: 4026531840, Counters: map[string]uint64{"TcpExt.ListenDrops": 3}}}}}
	a, err := network.Run(openCase(t, snap, list, nil), index.Query{})
	require.NoError(t, err)
	p := a.Pressure
	require.Equal(t, []int{5, 1, 4, 2, 0}, []int{p.HalfOpen, p.Opening, int(p.Waiting), p.TimeWait, p.CloseWait})
	require.Len(t, p.Listeners, 1, "bytes in the queue of udp are no connections")
	require.Equal(t, "nginx", p.Listeners[0].Process)
	require.Equal(t, []int{3, 2}, []int{p.HalfOpenBy[0].Remotes, p.HalfOpenBy[1].HalfOpen})
	require.Equal(t, 1, p.HalfOpenBy[1].Remotes)
	require.Len(t, p.Ports, 2)
	require.Equal(t, 28232, p.Ports[0].Of)
	require.Equal(t, []network.Counters{{NetNS: 4026531840, Drops: 3}}, p.Counters)

	unix := []index.Socket{{Proto: "unix", State: "LISTEN", Path: "/run/x", Inode: 7, NetNS: 4026531840}}
	a, err = network.Run(openCase(t, snap, unix, nil), index.Query{Terms: []index.Term{{Field: "proto", Op: index.Is, Value: "unix"}}})
	require.NoError(t, err)
	require.Len(t, a.Sockets, 1)
	require.Empty(t, a.Pressure.Counters, "what listeners of tcp dropped is not about them")
}
