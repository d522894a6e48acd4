package proc

import (
	"context"
	"fmt"
	"stilltrace/index"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	tcpHeading  = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	unixHeading = "Num       RefCount Protocol Flags    Type St Inode Path\n"
)

func tcpRow(local, remote, state string, uid, inode int) string {
	return fmt.Sprintf("   0: %s %s %s 00000003:00000004 02:000000AF 00000005 %5d        0 %d 1 0 100\n", local, remote, state, uid, inode)
}

func TestHostileSocketTables(t *testing.T) {
	any4, any6 := endpoint("0.0.0.0", 0), endpoint("::", 0)
	tcp := tcpHeading +
		tcpRow(endpoint("192.0.2.1", 22), endpoint("203.0.113.7", 50000), "01", 0, 501) +
		tcpRow(endpoint("192.0.2.1", 22), endpoint("203.0.113.7", 50000), "01", 0, 501) +
		"   1: short\n" +
		strings.Repeat("x", maxNetLine+1) + "\n" +
		strings.Repeat("y", 3*maxText) + "\n" +
		tcpRow(endpoint("192.0.2.1", 22), endpoint("203.0.113.8", 50001), "06", 0, 0) +
		tcpRow(endpoint("192.0.2.1", 22), "00000000000000000000000000000000:0000", "01", 0, 502) +
		tcpRow("zz000000:0016", any4, "0A", 0, 503) +
		tcpRow(any4, any4, "1F", 0, 504) +
		strings.TrimSuffix(tcpRow(any4, any4, "0A", 70, 505), "\n")
	tcp6 := tcpHeading +
		tcpRow(endpoint("::ffff:192.0.2.1", 443), endpoint("::ffff:203.0.113.7", 50000), "01", 33, 506) +
		tcpRow(endpoint("2001:db8::1", 443), any6, "0A", 33, 507)
	udp := tcpHeading +
		"  10: " + endpoint("127.0.0.1", 53) + " " + any4 + " 07 00000000:00000000 00:00000000 00000000   101        0 508 2 0000000000000000 9\n" +
		"  11: " + endpoint("127.0.0.1", 54) + " " + endpoint("127.0.0.1", 55) + " 01 00000000:00000000 00:00000000 00000000   101        0 509 2\n" +
		strings.Repeat("z\n", 100)
	unix := unixHeading +
		"0000000000000000: 00000002 00000000 00010000 0001 01   601 /run/a b \n" +
		"0000000000000000: 00000002 00000000 00000000 0002 01 602 /tmp/evil\nsocket\n\n" +
		"0000000000000000: 00000003 00000000 00000000 0005 03 603 @\xff@abstract\n" +
		"0000000000000000: 00000003 00000000 00000000 0001 03     0 /run/a b \n" +
		"0000000000000000: 00000003 00000000 00000000 0001 03     0 /run/a b \n" +
		"0000000000000000: 00000003 00000000 00000000 0001 02 604\n" +
		"no row\n" +
		"0000000000000000: 00000002 00000000 00010000 0001 01 605 \nnewline\n" +
		strings.Repeat("w", 200) + "\n"
	tables := map[string]any{"tcp": tcp, "tcp6": tcp6, "udp": udp, "udp6": fifo{}, "unix": unix}

	for name, tree := range map[string]struct {
		dir   string
		links map[string]any
		netns uint64
	}{
		"plain directory": {dir: "net", links: nil, netns: 0},
		"of pid 1":        {dir: "1/net", links: map[string]any{"net": link("self/net"), "1/ns/net": link("net:[77]")}, netns: 77},
		"by the links":    {dir: "44/net", links: map[string]any{"net": link("self/net"), "self": link("44"), "44/ns/net": link("net:[78]")}, netns: 78},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for table, text := range tables {
				craft(t, dir, map[string]any{tree.dir + "/" + table: text})
			}
			craft(t, dir, tree.links)
			var gaps []index.Gap
			got, err := readSockets(context.Background(), Options{Proc: dir}, Owners{0: {{PID: 1}}, 501: {{PID: 812, FD: 3}, {PID: 813, FD: 3}}},
				func(g index.Gap) { gaps = append(gaps, g) })
			require.NoError(t, err)

			var rows []string
			for _, s := range got {
				require.Equal(t, tree.netns, s.NetNS)
				row := fmt.Sprintf("%s %s %d", s.Proto, s.State, s.Inode)
				if s.Proto == "unix" {
					row += fmt.Sprintf(" %s %q", s.Type, s.Path)
				} else {
					row += fmt.Sprintf(" %s:%d %s:%d", s.Local, s.LPort, s.Remote, s.RPort)
				}
				for _, o := range s.Owner {
					row += fmt.Sprintf(" (%d,%d)", o.PID, o.FD)
				}
				rows = append(rows, row)
			}
			require.Equal(t, []string{
				"tcp ESTABLISHED 501 192.0.2.1:22 203.0.113.7:50000 (812,3) (813,3)",
				"tcp TIME_WAIT 0 192.0.2.1:22 203.0.113.8:50001",
				"tcp 1F 504 0.0.0.0:0 0.0.0.0:0",
				"tcp LISTEN 505 0.0.0.0:0 0.0.0.0:0",
				"tcp6 ESTABLISHED 506 192.0.2.1:443 203.0.113.7:50000",
				"tcp6 LISTEN 507 2001:db8::1:443 :::0",
				"udp UNCONN 508 127.0.0.1:53 0.0.0.0:0",
				"udp ESTABLISHED 509 127.0.0.1:54 127.0.0.1:55",
				`unix LISTEN 601 stream "/run/a b "`,
				`unix UNCONNECTED 602 dgram "/tmp/evil\nsocket\n"`,
				`unix CONNECTED 603 seqpacket "@\xff@abstract"`,
				`unix CONNECTED 0 stream "/run/a b "`,
				`unix CONNECTED 0 stream "/run/a b "`,
				`unix CONNECTING 604 stream ""`,
				`unix LISTEN 605 stream "\nnewline"`,
			}, rows)
			first := got[0]
			require.Equal(t, index.Socket{SendQ: 3, RecvQ: 4, Timer: 2, Retransmits: 5, UID: ptr(uint32(0))},
				index.Socket{SendQ: first.SendQ, RecvQ: first.RecvQ, Timer: first.Timer, Retransmits: first.Retransmits, UID: first.UID})
			require.Nil(t, got[1].UID)
			require.EqualValues(t, 9, got[6].Drops)

			seen := map[string]string{}
			udpGaps := 0
			for _, g := range gaps {
				require.Equal(t, "socket", g.Area)
				if g.Place == "/proc/net" {
					require.Equal(t, "the copy lacks the tables raw, raw6, icmp, packet, netlink", g.Detail)
					continue
				}
				if strings.HasPrefix(g.Place, "/proc/net/udp:") {
					udpGaps++
					continue
				}
				seen[g.Place] = fmt.Sprintf("%s %d", g.Reason, g.Count)
			}
			require.Equal(t, maxBadLines, udpGaps)
			require.Equal(t, map[string]string{
				"/proc/net/tcp:4": "torn 1", "/proc/net/tcp:5": "too_large 1", "/proc/net/tcp:6": "too_large 1",
				"/proc/net/tcp:8": "torn 1", "/proc/net/tcp:9": "torn 1",
				"/proc/net/udp": fmt.Sprintf("torn %d", 100-maxBadLines), "/proc/net/udp6": "unsupported 1",
				"/proc/net/unix:10": "torn 1", "/proc/net/unix:13": "torn 1",
			}, seen)
		})
	}
}

func TestMissingTables(t *testing.T) {
	var gaps []index.Gap
	got, err := readSockets(context.Background(), Options{Proc: t.TempDir()}, nil, func(g index.Gap) { gaps = append(gaps, g) })
	require.NoError(t, err)
	require.Empty(t, got)
	require.Len(t, gaps, len(usual)+1)
	for i, g := range gaps[:len(usual)] {
		require.Equal(t, "/proc/net/"+usual[i], g.Place)
		require.Equal(t, index.ReasonAbsent, g.Reason)
		require.Equal(t, "no such file or directory", g.Detail)
	}
	require.Equal(t, "/proc/net", gaps[len(usual)].Place)
}
