package proc

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// nfAttribute is one attribute of nfnetlink with all that it holds.
func nfAttribute(kind uint16, value ...[]byte) []byte {
	b := make([]byte, 4)
	for _, v := range value {
		b = append(b, v...)
	}
	binary.NativeEndian.PutUint16(b, uint16(len(b)))
	binary.NativeEndian.PutUint16(b[2:], kind)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func nfNested(kind uint16, value ...[]byte) []byte {
	return nfAttribute(kind|unix.NLA_F_NESTED, value...)
}

func nfText(s string) []byte { return append([]byte(s), 0) }

func nfWord(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

// nfMessage is one change of nftables, of the family inet.
func nfMessage(kind uint16, flags uint16, attributes ...[]byte) []byte {
	b := make([]byte, unix.SizeofNlMsghdr)
	b = append(b, 1, 0, 0, 0)
	if kind < 0x100 { // the ends of a batch are about the subsystem
		b[len(b)-4], b[len(b)-1] = 0, unix.NFNL_SUBSYS_NFTABLES
	} else {
		flags |= unix.NLM_F_CREATE
	}
	for _, a := range attributes {
		b = append(b, a...)
	}
	binary.NativeEndian.PutUint32(b, uint32(len(b)))
	binary.NativeEndian.PutUint16(b[4:], kind)
	binary.NativeEndian.PutUint16(b[6:], unix.NLM_F_REQUEST|flags)
	return b
}

// filterPackets makes this network namespace filter and track what it receives,
// and has a connection in it.
func filterPackets() {
	const of = unix.NFNL_SUBSYS_NFTABLES << 8
	rule := func(expressions ...[]byte) []byte {
		return nfMessage(of|unix.NFT_MSG_NEWRULE, unix.NLM_F_APPEND, nfAttribute(ruleTable, nfText("guard")), nfAttribute(ruleChain, nfText("in")), nfNested(ruleExpressions, expressions...))
	}
	ct := nfNested(1, nfAttribute(exprName, nfText("ct")), nfNested(exprData, nfAttribute(1, nfWord(1)), nfAttribute(2, nfWord(0))))
	counter := nfNested(1, nfAttribute(exprName, nfText("counter")), nfNested(exprData))
	batch := slices.Concat(
		nfMessage(unix.NFNL_MSG_BATCH_BEGIN, 0),
		nfMessage(of|unix.NFT_MSG_NEWTABLE, 0, nfAttribute(1, nfText("guard"))),
		nfMessage(of|unix.NFT_MSG_NEWCHAIN, 0, nfAttribute(chainTable, nfText("guard")), nfAttribute(chainName, nfText("in")),
			nfNested(chainHook, nfAttribute(hookNumber, nfWord(1)), nfAttribute(hookPriority, nfWord(1<<32-5))), nfAttribute(chainPolicy, nfWord(1)), nfAttribute(chainType, nfText("filter"))),
		nfMessage(of|unix.NFT_MSG_NEWCHAIN, 0, nfAttribute(chainTable, nfText("guard")), nfAttribute(chainName, nfText("empty"))),
		rule(ct, counter), rule(counter),
		nfMessage(unix.NFNL_MSG_BATCH_END, unix.NLM_F_ACK),
	)
	fd := demand(netlinkSocket(unix.NETLINK_NETFILTER))
	demand(0, unix.Sendto(fd, batch, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}))
	answer := make([]byte, 4096)
	n, _, err := unix.Recvfrom(fd, answer, 0)
	demand(n, err)
	if _, err := messages(answer[:n], func([]byte) {}); err != nil {
		demand(0, err)
	}

	control := demand(unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0))
	up := demand(unix.NewIfreq("lo"))
	up.SetUint16(unix.IFF_UP)
	demand(0, unix.IoctlIfreq(control, unix.SIOCSIFFLAGS, up))
	listener := demand(net.Listen("tcp4", "127.0.0.1:4711"))
	demand(net.Dial("tcp4", "127.0.0.1:4711"))
	demand(listener.Accept())
}

// The chains of a namespace are there with as many rules as they have, and so
// are the connections that it tracks.
func TestLiveRulesAndFlows(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root makes namespaces")
	}
	attr := syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	one, two := startRole(t, "filter", &attr), startRole(t, "filter", &attr)
	s := take(t, live())
	space := func(pid int) index.NetSpace {
		i := slices.IndexFunc(s.spaces, func(n index.NetSpace) bool { return n.PID == pid })
		require.GreaterOrEqual(t, i, 0)
		return s.spaces[i]
	}
	got := space(one.Process.Pid)
	require.Len(t, got.Chains, 2)
	digest := got.Chains[1].Digest
	require.Len(t, digest, 64)
	require.Equal(t, []index.FilterChain{
		{Family: "inet", Table: "guard", Name: "empty"},
		{Family: "inet", Table: "guard", Name: "in", Type: "filter", Hook: "input", Priority: -5, Policy: "accept", Rules: 2, Digest: digest, Text: []string{"counter", "counter"}},
	}, got.Chains)
	require.Equal(t, digest, space(two.Process.Pid).Chains[1].Digest, "what rules counted makes no difference")

	here := netip.MustParseAddr("127.0.0.1")
	require.True(t, slices.ContainsFunc(got.Flows, func(f index.Flow) bool {
		return f.Proto == "tcp" && f.State == "ESTABLISHED" && f.Source == here && f.DPort == 4711 && f.FromPort == 4711 && f.SPort == f.ToPort && !f.Translated()
	}), "%v", got.Flows)
}

func TestParseFlow(t *testing.T) {
	for name, c := range map[string]struct {
		line string
		want index.Flow
	}{
		"translated": {
			"ipv4     2 tcp      6 431999 ESTABLISHED src=192.0.2.1 dst=198.51.100.7 sport=50000 dport=80 packets=5 bytes=400 src=10.0.0.2 dst=192.0.2.1 sport=8080 dport=50000 packets=4 bytes=9000 [ASSURED] mark=0 zone=0 use=2",
			index.Flow{Proto: "tcp", State: "ESTABLISHED", Source: netip.MustParseAddr("192.0.2.1"), SPort: 50000, Dest: netip.MustParseAddr("198.51.100.7"), DPort: 80,
				From: netip.MustParseAddr("10.0.0.2"), FromPort: 8080, To: netip.MustParseAddr("192.0.2.1"), ToPort: 50000, Bytes: 400, Replied: 9000, Timeout: 431999},
		},
		"ping, no answer": {
			"ipv6     10 icmpv6   58 29 src=2001:db8::1 dst=2001:db8::2 type=128 code=0 id=7 [UNREPLIED] src=2001:db8::2 dst=2001:db8::1 type=129 code=0 id=7 mark=0 use=2",
			index.Flow{Proto: "icmpv6", Source: netip.MustParseAddr("2001:db8::1"), Dest: netip.MustParseAddr("2001:db8::2"), From: netip.MustParseAddr("2001:db8::2"),
				To: netip.MustParseAddr("2001:db8::1"), Unreplied: true, Timeout: 29},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseFlow([]byte(c.line))
			require.NoError(t, err)
			require.Equal(t, c.want, got)
			require.Equal(t, name == "translated", got.Translated())
		})
	}
	for _, bad := range []string{"", "ipv4 2 tcp 6 x ESTABLISHED src=1.2.3.4", "ipv4 2 tcp 6 1 NONE src=1.2.3.4 dst=1.2.3.4 sport=99999 dport=1 src=1.2.3.4 dst=1.2.3.4", "ipv4 2 tcp 6 1 NONE dst=1.2.3.4 x=1",
		"ipv4 2 tcp 6 1 NONE src=1.2.3.4 dst=1.2.3.4 src=1.2.3.4 dst=1.2.3.4 src=1.2.3.4"} {
		_, err := parseFlow([]byte(bad))
		require.ErrorIs(t, err, errTorn, bad)
	}
}

func TestFlowsOfACopy(t *testing.T) {
	dir := t.TempDir()
	craft(t, dir, map[string]any{
		"stat": "btime 1\n", "1/net/tcp": tcpHeading, "1/ns/net": link("net:[5]"), "1/net/ip_tables_names": "filter\nnat\n",
		"1/net/nf_conntrack": "bad\nipv4 2 udp 17 3 src=192.0.2.1 dst=192.0.2.2 sport=1 dport=2 src=192.0.2.2 dst=192.0.2.1 sport=2 dport=1 use=1\n",
	})
	s := take(t, Options{Proc: dir, Root: t.TempDir()})
	require.Len(t, s.spaces, 1)
	require.Len(t, s.spaces[0].Flows, 1)
	require.Equal(t, []string{"ip filter", "ip nat"}, s.spaces[0].LegacyTables)
	require.Len(t, s.at("/proc/1/net/nf_conntrack:1"), 0)
	require.Len(t, s.at("/proc/net/nf_conntrack:1"), 1)
	require.Equal(t, 2, s.at("/proc/net/ip_tables_names")[0].Count)
}

func FuzzRules(f *testing.F) {
	f.Add(nfMessage(0xa03, 0, nfAttribute(chainTable, nfText("t")), nfAttribute(chainName, nfText("c")), nfNested(chainHook, nfAttribute(hookNumber, nfWord(1)))))
	f.Add([]byte("ipv4 2 udp 17 3 src=192.0.2.1 dst=192.0.2.2 sport=1 dport=2 [UNREPLIED] src=192.0.2.2 dst=192.0.2.1 sport=2 dport=1 use=1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := newChains()
		c.chain(data)
		c.set(data)
		for i := range c.sets {
			c.sets[i].elements(data)
			c.sets[i].finish()
			require.LessOrEqual(t, len(c.sets[i].one.Elements), c.sets[i].one.Count)
		}
		c.rule(data)
		for _, one := range c.list() {
			require.NotEmpty(t, one.Family)
			require.Equal(t, one.Rules > 0, one.Digest != "")
		}
		if flow, err := parseFlow(data); err == nil {
			require.True(t, flow.Source.IsValid() && flow.To.IsValid())
		}
		_ = hasNetlink(data, unix.NETLINK_NETFILTER)
	})
}

// What a rule is set to makes a difference, and what it counted makes none.
func TestDigestOfExpressions(t *testing.T) {
	digest := func(name string, value uint32) string {
		sum := sha256.New()
		digestExpression(sum, nfNested(1, nfAttribute(exprName, nfText(name)), nfNested(exprData, nfAttribute(1, nfWord(value))))[4:])
		return hex.EncodeToString(sum.Sum(nil))
	}
	for _, name := range []string{"limit", "connlimit", "ct"} {
		require.NotEqual(t, digest(name, 1), digest(name, 2), name)
	}
	for _, name := range []string{"counter", "quota", "last"} {
		require.Equal(t, digest(name, 1), digest(name, 2), name)
	}
}
