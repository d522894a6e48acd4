package snapshot

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

// nameServer answers on loopback: PTR questions about 203.0.113.7 with a name,
// all others with NXDOMAIN (RFC 1035). It returns a resolver that asks it.
func nameServer(t *testing.T) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		buf := make([]byte, 512)
		for {
			n, from, err := server.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = server.WriteTo(answerTo(buf[:n]), from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp4", server.LocalAddr().String())
	}}
}

func answerTo(question []byte) []byte {
	end := 12
	for question[end] != 0 {
		end += int(question[end]) + 1
	}
	end += 5
	a := append([]byte(nil), question[:end]...)
	binary.BigEndian.PutUint16(a[2:], 0x8183) // a response: no such name
	binary.BigEndian.PutUint16(a[10:], 0)     // without the additional records of the question
	if !strings.HasPrefix(string(question[12:]), "\x017\x03113\x010\x03203\x07in-addr") {
		return a
	}
	binary.BigEndian.PutUint16(a[2:], 0x8180)
	binary.BigEndian.PutUint16(a[6:], 1)
	name := "\x04evil\x07example\x00"
	a = append(a, 0xc0, 12, 0, 12, 0, 1, 0, 0, 0, 60, 0, byte(len(name)))
	return append(a, name...)
}

func TestResolve(t *testing.T) {
	tk := &taker{ctx: t.Context(), began: time.Now(), gaps: gapCount{}, o: Options{Deadline: 10 * time.Second, resolver: nameServer(t)}}
	tk.snap.Host.Resolver = &index.Resolver{Servers: []string{"192.0.2.53"}}
	known, unknown := netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("198.51.100.1")
	addrs := remotes([]index.Socket{
		{Remote: unknown}, {Remote: known}, {Remote: known}, {Remote: netip.MustParseAddr("127.0.0.1")}, {Remote: netip.IPv4Unspecified()}, {},
	})
	require.Equal(t, []netip.Addr{known, unknown}, addrs)
	tk.resolve(addrs)
	got := tk.snap.Host.Resolved
	require.Len(t, got, 2)
	for i := range got {
		require.InDelta(t, float64(time.Now().UnixNano()), float64(got[i].Time), float64(time.Minute))
		got[i].Time = 0
	}
	require.Equal(t, []index.Resolved{
		{Addr: unknown, Error: "no such host", Server: "192.0.2.53"}, {Addr: known, Names: []string{"evil.example"}, Server: "192.0.2.53"},
	}, got)
}

// A name server that is silent costs the time that there is, and no more.
func TestResolveInTime(t *testing.T) {
	silent, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	w, err := index.Create(filepath.Join(t.TempDir(), "a.db"), index.CreateOptions{})
	require.NoError(t, err)
	defer w.Abort()
	tk := &taker{ctx: t.Context(), w: w, began: time.Now(), gaps: gapCount{}, o: Options{Deadline: 2 * time.Second, resolver: &net.Resolver{PreferGo: true,
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "udp4", silent.LocalAddr().String())
		}}}}
	var addrs []netip.Addr
	for i := range byte(100) {
		addrs = append(addrs, netip.AddrFrom4([4]byte{198, 51, 100, i}))
	}
	tk.resolve(addrs)
	require.Less(t, time.Since(tk.began), 30*time.Second)
	require.NotEmpty(t, tk.snap.Host.Resolved)
	require.Less(t, len(tk.snap.Host.Resolved), len(addrs))
	for _, r := range tk.snap.Host.Resolved {
		require.NotEmpty(t, r.Error)
	}
	require.Equal(t, len(addrs)-len(tk.snap.Host.Resolved), tk.gaps.sorted()[0].n)
}

func TestResolveIsForTheRunningHost(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "proc/1"), 0o755))
	_, err := Run(t.Context(), Options{Output: filepath.Join(dir, "a.db"), Root: dir, NoLogs: true, Resolve: true})
	require.ErrorContains(t, err, "--resolve")
}
