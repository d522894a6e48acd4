package network_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
	"stilltrace/tracers/network"
)

// gateway is a host with a container, to which it translates and routes.
func gateway() index.Snapshot {
	flow := func(proto, state, from, to, answer, back string) index.Flow {
		s, d, f, t := netip.MustParseAddrPort(from), netip.MustParseAddrPort(to), netip.MustParseAddrPort(answer), netip.MustParseAddrPort(back)
		return index.Flow{Proto: proto, State: state, Source: s.Addr(), SPort: s.Port(), Dest: d.Addr(), DPort: d.Port(),
			From: f.Addr(), FromPort: f.Port(), To: t.Addr(), ToPort: t.Port()}
	}
	shop := netip.MustParseAddr("172.17.0.2")
	lost := flow("udp", "", "192.0.2.10:123", "[2001:db8::1]:123", "[2001:db8::1]:123", "192.0.2.10:123")
	lost.Unreplied = true
	return index.Snapshot{Host: index.Host{
		Containers: []index.Container{{ID: "4e2f00000000beef", Name: "shop"}},
		NetSpaces: []index.NetSpace{
			{
				Inode: 10, LegacyTables: []string{"ip filter"},
				Interfaces: []index.Interface{
					{Name: "lo", Index: 1, Flags: 9},
					{Name: "eth0", Index: 2, Flags: 1, Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.10")}},
					{Name: "docker0", Index: 3, Flags: 1, Kind: "bridge"},
					{Name: "veth1", Index: 4, Flags: 0x101, Kind: "veth", Master: 3, Listeners: 1},
					{Name: "veth2", Index: 5, Flags: 0x101, Kind: "veth", Master: 3, Listeners: 2},
					{Name: "veth3", Index: 6, Flags: 0x101, Kind: "veth", Master: 99, Listeners: 1},
					{Name: "tap0", Index: 7, Flags: 0x101, Kind: "tun", Listeners: 3, XDP: true},
					{Name: "old0", Flags: 0x100},
				},
				Chains: []index.FilterChain{
					{Family: "ip", Table: "nat", Name: "POSTROUTING", Type: "nat", Hook: "postrouting", Policy: "accept", Rules: 1},
					{Family: "ip", Table: "nat", Name: "DOCKER", Rules: 2},
					{Family: "inet", Table: "filter", Name: "output", Type: "filter", Hook: "output", Policy: "accept"},
					{Family: "inet", Table: "filter", Name: "input", Type: "filter", Hook: "input", Policy: "drop", Rules: 3},
				},
				Flows: []index.Flow{
					flow("tcp", "ESTABLISHED", "203.0.113.7:50000", "192.0.2.10:8080", "172.17.0.2:80", "203.0.113.7:50000"),
					flow("tcp", "TIME_WAIT", "172.17.0.2:40000", "198.51.100.9:443", "198.51.100.9:443", "192.0.2.10:40001"),
					lost,
				},
			},
			{Inode: 20, Container: "4e2f00000000beef", Interfaces: []index.Interface{{Name: "eth0", Index: 8, Addresses: []netip.Addr{shop}, XDP: true}}},
		},
	}}
}

func TestSpaces(t *testing.T) {
	r := openCase(t, gateway(), nil, nil)
	for _, c := range []struct {
		name       string
		terms      []index.Term
		interfaces []string
		chains     []string
		legacy     []network.LegacyTable
	}{
		{"all", nil, []string{
			"10 veth2 in docker0 [promiscuous]", "10 veth3 in  [promiscuous]", "10 tap0 in  [promiscuous ×3 XDP program attached]", "10 old0 in  [promiscuous]",
			"20 eth0 in  [XDP program attached] down",
			"10 lo in  [] quiet", "10 eth0 in  []", "10 docker0 in  []", "10 veth1 in docker0 []",
		}, []string{"10 input drop", "10 output accept", "10 POSTROUTING accept"}, []network.LegacyTable{{NetNS: 10, Namespace: "10 host", Name: "ip filter"}}},
		{"of one namespace", []index.Term{is("netns", "20")}, []string{"20 eth0 in  [XDP program attached] down"}, nil, nil},
		{"of no namespace", []index.Term{is("netns", "30")}, nil, nil, nil},
		{"where sockets are asked for", []index.Term{is("netns", "20"), is("state", "LISTEN")}, nil, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := network.Run(r, index.Query{Terms: c.terms})
			require.NoError(t, err)
			var interfaces, chains []string
			for i := range a.Interfaces {
				f := &a.Interfaces[i]
				text := fmt.Sprintf("%d %s in %s %v", f.NetNS, f.Name, f.MasterName, f.StandsOut)
				if f.Quiet() {
					text += " quiet"
				}
				if f.Down() {
					text += " down"
				}
				interfaces = append(interfaces, text)
			}
			for _, c := range a.Chains {
				chains = append(chains, fmt.Sprintf("%d %s %s", c.NetNS, c.Name, c.Policy))
			}
			require.Equal(t, c.interfaces, interfaces)
			require.Equal(t, c.chains, chains)
			require.Equal(t, c.legacy, a.Legacy)
			require.Empty(t, a.Flows)
		})
	}
}

func TestFlows(t *testing.T) {
	r := openCase(t, gateway(), nil, nil)
	const (
		in   = "tcp 203.0.113.7:50000 > 192.0.2.10:8080, to 172.17.0.2:80"
		out  = "tcp 172.17.0.2:40000 > 198.51.100.9:443, as 192.0.2.10:40001"
		time = "udp 192.0.2.10:123 > [2001:db8::1]:123"
	)
	not := func(t index.Term) index.Term { t.Not = true; return t }
	for _, c := range []struct {
		name  string
		terms []index.Term
		want  []string
	}{
		{"nothing asked", nil, nil},
		{"who began", []index.Term{is("ip", "203.0.113.7")}, []string{in}},
		{"whom it was led to, and who is behind", []index.Term{is("ip", "172.17.0.2")}, []string{out, in}},
		{"as whom it is seen, in a network", []index.Term{is("ip", "192.0.2.0/24")}, []string{out, time, in}},
		{"IPv6", []index.Term{is("ip", "2001:db8::/32")}, []string{time}},
		{"an address from outside", []index.Term{is("raddr", "0.0.0.0/0")}, []string{out, in}},
		{"no address of its own is from outside", []index.Term{is("raddr", "172.17.0.2")}, nil},
		{"its own address", []index.Term{is("laddr", "172.17.0.2")}, []string{out, in}},
		{"its own address is none from outside", []index.Term{is("laddr", "203.0.113.7")}, nil},
		{"a port as said", []index.Term{is("port", "8080")}, []string{in}},
		{"a port as translated", []index.Term{is("port", "40001")}, []string{out}},
		{"own ports", []index.Term{is("lport", "80-123")}, []string{time, in}},
		{"ports outside", []index.Term{is("rport", "123")}, []string{time}},
		{"protocol and state", []index.Term{is("port", "1-65535"), is("proto", "tcp"), is("state", "TIME_WAIT")}, []string{out}},
		{"without a state", []index.Term{is("port", "1-65535"), not(is("state", "*"))}, []string{time}},
		{"two addresses", []index.Term{is("ip", "192.0.2.10"), is("ip", "203.0.113.7")}, []string{in}},
		{"another namespace", []index.Term{is("ip", "203.0.113.7"), is("netns", "20")}, nil},
		{"excluded only", []index.Term{not(is("ip", "203.0.113.7"))}, nil},
		{"what no flow has", []index.Term{is("ip", "203.0.113.7"), is("process", "nginx")}, nil},
		{"a protocol alone", []index.Term{is("proto", "tcp")}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := network.Run(r, index.Query{Terms: c.terms})
			require.NoError(t, err)
			var got []string
			for i := range a.Flows {
				f := &a.Flows[i]
				text := fmt.Sprintf("%s %s > %s", f.Proto, netip.AddrPortFrom(f.Source, f.SPort), netip.AddrPortFrom(f.Dest, f.DPort))
				if to := f.LeadsTo(); to.IsValid() {
					text += ", to " + to.String()
				}
				if as := f.SeenAs(); as.IsValid() {
					text += ", as " + as.String()
				}
				require.Equal(t, f.Flow.Translated(), f.LeadsTo().IsValid() || f.SeenAs().IsValid())
				require.Equal(t, f.Flow.Translated(), f.Translated)
				require.Equal(t, "10 host", f.Namespace)
				got = append(got, text)
			}
			require.Equal(t, c.want, got)
		})
	}
}
