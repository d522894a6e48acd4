package logs

import (
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

func TestAddresses(t *testing.T) {
	cases := []struct {
		name, text string
		want       []string
	}{
		{"none", "Failed password for root", nil},
		{"sshd", "Failed password for root from 203.0.113.7 port 51234 ssh2", []string{"203.0.113.7"}},
		{"two, each once", "client 203.0.113.7 via 10.0.0.1 for 203.0.113.7", []string{"203.0.113.7", "10.0.0.1"}},
		{"port behind", "connect 203.0.113.7:443 refused", []string{"203.0.113.7"}},
		{"sentence", "from 203.0.113.7.", []string{"203.0.113.7"}},
		{"brackets and equals", "rhost=[203.0.113.7] SRC=198.51.100.2 DST=", []string{"203.0.113.7", "198.51.100.2"}},
		{"prefix length", "host all all 0.0.0.0/0 (client 203.0.113.7)", []string{"0.0.0.0", "203.0.113.7"}},
		{"first and last byte", "203.0.113.7 x 203.0.113.8", []string{"203.0.113.7", "203.0.113.8"}},
		{"too large", "256.1.1.1 1.2.3.999", nil},
		{"version", "OpenSSL 1.2.3.4.5 and 1.2.3", nil},
		{"leading zero", "010.1.1.1", nil},
		{"inside a word", "v1.2.3.4 1.2.3.4x ec2-1-2-3-4 a_1.2.3.4", nil},
		{"v6", "from 2001:db8::1 port 22", []string{"2001:db8::1"}},
		{"v6 in full", "from 2001:db8:0:0:1:2:3:4 port", []string{"2001:db8::1:2:3:4"}},
		{"v6 in full with a port", "2001:db8:0:0:0:0:0:1:443 [23/Nov", []string{"2001:db8::1"}},
		{"v6 in full with a long port", "2001:db8:0:0:0:0:0:1:51234 [23/Nov", []string{"2001:db8::1"}},
		{"v6 in full with a long port, at its longest", "2001:0db8:1111:2222:3333:4444:5555:6666:51234.", []string{"2001:db8:1111:2222:3333:4444:5555:6666"}},
		{"nine groups, the last one no port", "2001:db8:0:0:0:0:0:1:70000 2001:db8:0:0:0:0:0:1:f1", nil},
		{"v6 with brackets and port", "[2001:db8::1]:443", []string{"2001:db8::1"}},
		{"v6 with colon behind", "from ::1: hello", []string{"::1"}},
		{"v6 at the end of a sentence", "from 2001:db8::1.", []string{"2001:db8::1"}},
		{"v4-mapped", "from ::ffff:203.0.113.7 port", []string{"203.0.113.7"}},
		{"unspecified alone", "listening on :: port 22", nil},
		{"time", "at 12:34:56 and 2026-11-23T12:34:56", nil},
		{"mac", "MAC=52:54:00:9b:1c:07:fe:54:00:aa:31:02:08:00 SRC=203.0.113.7", []string{"203.0.113.7"}},
		{"eui-64", "00:11:22:33:44:55:66:77", nil},
		{"c++", "std::bad_alloc routines::bad key Foo::Bar", nil},
		{"hex words", "deadbeef face cafe", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var want []netip.Addr
			for _, a := range c.want {
				want = append(want, netip.MustParseAddr(a))
			}
			require.Equal(t, want, appendAddresses(nil, []byte(c.text)))
		})
	}
}

func FuzzAddresses(f *testing.F) {
	for _, s := range []string{"from 203.0.113.7 port 1", "2001:db8::1", "::ffff:1.2.3.4", "1:2:3:4:5:6:7:8", "::", "1.2.3.4.5", ":::", "a::b::c", "1:2:3:8:5:6:7:2:3:"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for i := 0; i < len(b); {
			a, start, end := nextAddress(b, i)
			if end == 0 {
				return
			}
			require.True(t, i <= start && start < end && end <= len(b))
			text := string(b[start:end])
			parsed, err := netip.ParseAddr(text)
			if at := strings.LastIndexByte(text, ':'); err != nil && strings.Count(text, ":") == 8 {
				// All eight groups, and a port.
				_, err = strconv.ParseUint(text[at+1:], 10, 16)
				require.NoError(t, err, "%q", text)
				parsed, err = netip.ParseAddr(text[:at])
			}
			require.NoError(t, err, "%q", text)
			require.Equal(t, parsed.Unmap(), a)
			i = end
		}
	})
}

// The longer a run of addresses without blanks, the longer it takes, and no more than that.
func TestAddressesOfALongRun(t *testing.T) {
	require.Len(t, appendAddresses(nil, []byte(strings.Repeat("1.2.3.4:", 1<<17))), 1)
	require.Empty(t, appendAddresses(nil, []byte(strings.Repeat("12:", 1<<18))))
}

func TestSignature(t *testing.T) {
	cases := []struct{ name, text, user, want string }{
		{"numbers", "took 12 ms, 3.5 s, 99%", "", "took <n> ms, <n> s, <n>%"},
		{"units stay", "worker-3 used 12kB on eth0", "", "worker-<n> used <n>kB on eth<n>"},
		{"address and port", "from 203.0.113.7 port 22", "", "from <ip> port <n>"},
		{"a superuser is nobody", "slots are reserved for non-replication superuser connections", "", "slots are reserved for non-replication superuser connections"},
		{"user is a variable", "Failed password for root from 203.0.113.7", "root", "Failed password for <user> from <ip>"},
		{"quotes", `relation "a b" does not exist, key 'x'`, "", `relation "<text>" does not exist, key '<text>'`},
		{"empty quotes", `user "" unknown`, "", `user "" unknown`},
		{"apostrophe", "can't open the user's file", "", "can't open the user's file"},
		{"quote without end", `a "b c`, "", `a "b c`},
		{"path", "open /var/lib/x.db failed", "", "open <path> failed"},
		{"slash alone", "read / write n/a", "", "read / write n/a"},
		{"request", "GET /a/b?c=1 HTTP/1.1", "", "GET <path> HTTP/<n>"},
		{"uuid", "id 0b0e8f6e-2f57-4b8f-9c1d-0a1b2c3d4e5f ok", "", "id <uuid> ok"},
		{"uuid of digits and in upper case", "id 12345678-1234-4B8F-9999-0123456789AB ok", "", "id <uuid> ok"},
		{"two parts are no uuid", "id 0b0e8f6e-2f57 ok", "", "id <hex>-<hex> ok"},
		{"values in brackets", "user=<bob@example.org>, rip=<203.0.113.7>, session=<PpZ9SVfyP890r/of>", "", "user=<<value>>, rip=<<ip>>, session=<<value>>"},
		{"keys that are numbers", `{"30609": 4}`, "", `{"<text>": <n>}`},
		{"address and a long port", "2001:db8:3c56:499a:b3c4:201:749f:b486:59456 x", "", "<ip> x"},
		{"hex", "at 0x7ffe12 object 9f8e7d6c5b4a", "", "at <hex> object <hex>"},
		{"segfault", "worker[812]: segfault at 7b2a1 ip 00005581b2c3 sp 7ffd error 4 in app[5581b2c00000+9f000]", "", "worker[<n>]: segfault at <hex> ip <hex> sp <hex> error <n> in app[<hex>+<hex>]"},
		{"words of hex letters", "facade defaced 12345678", "", "facade defaced <n>"},
		{"blanks", "a \t b\n\n  c ", "", "a b c"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			msg := []byte(c.text)
			from, to := -1, -1
			if c.user != "" {
				for i := range msg {
					if string(msg[i:i+len(c.user)]) == c.user {
						from, to = i, i+len(c.user)
						break
					}
				}
			}
			require.Equal(t, c.want, signatureOf(t, msg, from, to))
		})
	}
}

// scanned returns a splitter whose block is the text, and its first and last line.
func scanned(t testing.TB, text []byte) (s *splitter, first, last int) {
	b, err := index.NewSegmentBuilder()
	require.NoError(t, err)
	b.Reset(1, 0, 1)
	b.Begin(text)
	return &splitter{builder: b, raw: text}, 0, b.Lines() - 1
}

// signatureOf signs a text in which the user's name stands in the given place.
func signatureOf(t testing.TB, text []byte, from, to int) string {
	text = text[:len(text):len(text)]
	s, first, last := scanned(t, text)
	e := &s.entry
	e.Message = text
	if from >= 0 {
		e.User = text[from:to]
	}
	s.signature(e, first, last)
	return string(e.Signature)
}

func FuzzSignature(f *testing.F) {
	f.Add([]byte("Failed password for 'x' from 203.0.113.7 port 22 /a 0xff \"q\\\"r\""), 3, 9)
	f.Fuzz(func(t *testing.T, b []byte, from, to int) {
		if from < 0 || to > len(b) || from >= to {
			from, to = -1, -1
		}
		require.LessOrEqual(t, len(signatureOf(t, b, from, to)), maxSignature)
	})
}

func BenchmarkSignature(b *testing.B) {
	msg := []byte("Failed password for invalid user admin from 203.0.113.7 port 51234 ssh2")
	b.ReportAllocs()
	s, first, last := scanned(b, msg)
	e := &s.entry
	e.Message, e.User = msg, msg[32:37]
	for b.Loop() {
		s.signature(e, first, last)
	}
	b.SetBytes(int64(len(msg)))
}

func BenchmarkAddresses(b *testing.B) {
	msg := []byte("Nov 23 02:31:39 web-01 sshd[812]: Failed password for invalid user admin from 203.0.113.7 port 51234 ssh2")
	b.ReportAllocs()
	b.SetBytes(int64(len(msg)))
	var out []netip.Addr
	for b.Loop() {
		out = appendAddresses(out[:0], msg)
	}
}
