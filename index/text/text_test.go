package text

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const testLimit = 4 << 20

// roundTrip packs text and unpacks it again, as a whole and line by line.
func roundTrip(t testing.TB, e *Encoder, d *Decoder, text []byte) []byte {
	t.Helper()
	packed := e.Encode(nil, text)
	back, err := d.Decode(nil, packed, len(text))
	require.NoError(t, err)
	if !bytes.Equal(text, back) {
		require.Equal(t, string(text), string(back))
	}
	lines := bytes.Split(text, []byte("\n"))
	if n := len(lines) - 1; len(lines[n]) == 0 {
		lines = lines[:n]
	}
	require.Equal(t, len(lines), d.Lines())
	require.Len(t, e.Templates(), len(lines))
	back, err = d.DecodeMarked(back[:0], packed, len(text))
	require.NoError(t, err)
	for i, want := range lines {
		line := d.Line(i)
		if got := back[line.Start:]; !bytes.HasPrefix(got, want) {
			require.Equal(t, string(want), string(got), "line %d", i)
		}
		if marks := e.Marks(i); !slices.Equal(marks, line.Marks) || line.Template != e.Templates()[i] {
			require.Equal(t, marks, line.Marks, "line %d: %s", i, want)
			require.Equal(t, e.Templates()[i], line.Template)
		}
	}
	return packed
}

// sample makes n lines of several formats.
func sample(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var b []byte
	ips := make([]string, 50)
	for i := range ips {
		ips[i] = fmt.Sprintf("%d.%d.%d.%d", 1+r.IntN(220), r.IntN(256), r.IntN(256), r.IntN(256))
	}
	for i := range n {
		h, m, s := i/3600%24, i/60%60, i%60
		ip, pid := ips[r.IntN(len(ips))], 4000+i/5
		switch r.IntN(6) {
		case 0:
			b = fmt.Appendf(b, "Nov %2d %02d:%02d:%02d web-01 sshd[%d]: Failed password for invalid user u%d from %s port %d ssh2\n", 1+i/86400, h, m, s, pid, r.IntN(20), ip, r.IntN(65536))
		case 1:
			b = fmt.Appendf(b, "%s - - [23/Nov/2026:%02d:%02d:%02d +0000] \"GET /p/%d HTTP/1.1\" 200 %d \"https://shop.example.com/c/%d\" \"Mozilla/5.0 (X11; Linux x86_64) %s\"\n", ip, h, m, s, r.IntN(500), r.IntN(30000), r.IntN(9), ip[:3])
		case 2:
			b = fmt.Appendf(b, "{\"ts\":\"2026-11-23T%02d:%02d:%02d.%06dZ\",\"level\":\"info\",\"trace_id\":\"%016x%016x\",\"ms\":%d.%03d}\n", h, m, s, r.IntN(1e6), r.Uint64(), r.Uint64(), r.IntN(99), r.IntN(1000))
		case 3:
			b = fmt.Appendf(b, "2026/11/23 %02d:%02d:%02d [error] %d#%d: *%d open() \"/var/www/%d\" failed, client: %s\n", h, m, s, pid, pid, i, r.IntN(999), ip)
		case 4:
			b = fmt.Appendf(b, "2026-11-23 %02d:%02d:%02d,%03d fail2ban.filter [812]: INFO [sshd] Found %s - 2026-11-23 %02d:%02d:%02d\n", h, m, s, r.IntN(1000), ip, h, m, s)
		case 5:
			b = fmt.Appendf(b, "Nov %2d %02d:%02d:%02d web-01 kernel: [%d.%06d] SRC=2001:db8::%x MAC=52:54:00:9b:1c:07 ID=%d PREC=0x%02X\n", 1+i/86400, h, m, s, i, r.IntN(1e6), 1+r.IntN(65535), r.IntN(65536), r.IntN(256))
		}
	}
	return b
}

func TestRoundTripLogs(t *testing.T) {
	var e Encoder
	var d Decoder
	files := 0
	require.NoError(t, filepath.WalkDir("../../testdata/logs", func(path string, entry os.DirEntry, err error) error {
		require.NoError(t, err)
		if entry.IsDir() {
			return nil
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		files++
		t.Run(path, func(t *testing.T) {
			roundTrip(t, &e, &d, text)
			roundTrip(t, &e, &d, bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")))
		})
		return nil
	}))
	require.Greater(t, files, 20)
}

func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	all := make([]byte, 0, 1<<16)
	for i := range 1 << 16 {
		all = append(all, byte(i), byte(i>>8))
	}
	noise := make([]byte, 1<<18)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	var templates []byte
	for i := range 5000 {
		templates = fmt.Appendf(templates, "%s=%d at %d%c\n", strings.Repeat(string(rune('a'+i%26)), i/26+1), i, i*i, 'a'+i%7)
	}
	for name, text := range map[string]string{
		"empty":             "",
		"newline":           "\n",
		"newlines":          "\n\n\n",
		"one byte":          "x",
		"no final newline":  "a 1\nb 2",
		"only a number":     "0",
		"all bytes":         string(all),
		"noise":             string(noise),
		"sample":            string(sample(3000)),
		"templates":         string(templates),
		"long line":         strings.Repeat("Nov 23 03:10:00 1.2.3.4 /x ", 40000),
		"many slots":        strings.Repeat("1 ", 254) + "1\n" + strings.Repeat("1 ", 255) + "1\n" + strings.Repeat("1 ", 256) + "1\n",
		"many texts":        manyTexts(300) + "user a x=b \"new text\" /new/path 9.9.9.9\n" + manyTexts(40),
		"long hex":          strings.Repeat("0a", 30000) + " user b x=y\nuser c x=z\n",
		"colons":            strings.Repeat("1:", 30000) + "\n" + strings.Repeat("a1::", 30000) + "\n",
		"line of a digit":   strings.Repeat("7", 1<<20),
		"control bytes":     "a\x00b\x01 1\x02\t2\x0b\x0c\x0d\x0e\x0f3\x10 \x7f\x80\xff\n",
		"invalid utf-8":     "user \xff\xfe from \xc3( 1.2.3.4\n",
		"crlf":              "a 1\r\nb 2\r\n",
		"big numbers":       "1234567890123456 12345678901234567 18446744073709551615 18446744073709551616 99999999999999999999999999\n",
		"leading zeros":     "0 00 000 007 010 0000000000000000 00000000000000000 0000000000000001 00.123 0.123 01.123 1.000 10.000000 1.0000000\n",
		"padded":            "a 01\na 02\na 12\na 1\na 001\n",
		"decimals":          "1.123 1.1234 12345678901.123 1.2.345 1.123.4 1.123a .123 -1.500 1..500 9999999999.999999 1.123\n",
		"addresses":         "1.2.3.4 01.2.3.4 256.1.1.1 1.2.3 1.2.3.4.5 1.2.3.4a a1.2.3.4 1.2.3.4. 0.0.0.0 255.255.255.255 1.2.3.4:80 1.2.3.4\n",
		"ipv6":              "2001:db8::1 ::1 fe80::1%eth0 ::ffff:1.2.3.4 2001:DB8::A 1:2:3:4:5:6:7:8 a1: 1a:: :: :1: 12345::1 [::1]:80 2001:db8::: 1::g\n",
		"mac":               "52:54:00:9b:1c:07 52:54:00:9b:1c:07:fe:54:00:aa:31:02:08:00 52:54:00:9B:1c:07\n",
		"hex":               "deadbeef1 DEADBEEF1 DeadBeef1 0x1f 0x1F 0xfF1 0x 0x0 0X1f 0x00 1a2b3c 1a2b3 0123456789abcdef0 " + strings.Repeat("0a", 100) + "\n",
		"words":             "x86_64 a1b2c3 a1b2 160x160 X2dAUtQpD1GdpG8x python3.11 v1 1v 1v1v1v\n",
		"quotes":            `"" "a" "a" b" "a":"b" "a":1 "1" "/" "/a" "GET / HTTP/1.1" "GET /a" "a /b c" "x1" " " "http://a/b" "http://a b/c" 'x' "` + "\n\"\n\"\"\"\n",
		"json escapes":      `{"a\"b":"c\"d","e":"\\","f":"1\"2"}` + "\n",
		"slashes":           "/ // /// /a/b http:// http:/// http://x/y http://x y/z http://1.2.3.4:80/a?b=1 a/b 1/2/3 =/a (/b) ://\n",
		"equals":            "a=b a= a==b =a a=1 a=b1 a=\"b\" a=/b a=(b) a=b,c=d user=root user=\n",
		"users":             "user  user a user user b user 'c' user \"d user 1 user 1.2.3.4 user user\nuser \nuser x\n\"the user x\":1 user\n",
		"user in a number":  "12user 3 \"user 4\":5 user 6\n",
		"twice the address": "from 1.2.3.4 port 1\nfrom 1.2.3.4 port 1\nfrom 1.2.3.4 port 2\nfrom 1.2.3.5 port 1\n",
	} {
		t.Run(name, func(t *testing.T) {
			var e Encoder
			var d Decoder
			roundTrip(t, &e, &d, []byte(text))
		})
	}
}

// manyTexts makes a line of n variables of each kind of text, all different.
func manyTexts(n int) string {
	var b strings.Builder
	for i := range n {
		name := strings.Repeat(string(rune('a'+i%26)), i/26+1)
		fmt.Fprintf(&b, "user %s x=%s \"%s t\" /%s/1/%s 1.1.%d.%d fe::%x ", name, name, name, name, strings.Repeat("b1-", 300), i/256, i%256, i)
	}
	return b.String()[:min(b.Len(), 60000)] + "\n"
}

func TestRoundTripStamps(t *testing.T) {
	stamps := []string{
		"Nov  3 03:10:00", "Nov 03 03:10:00", "Nov 23 03:10:00", "Nov 23 23:59:59.123", "Nov  3 03:10:00.000001",
		"2026-11-23T03:10:00Z", "2026-11-23T03:10:00.123456789+02:00", "2026-11-23T03:10:00.1234567890Z", "2026-11-23 03:10:00,123", "2026-11-23 03:10:00.1",
		"2026/11/23 03:10:00", "[23/Nov/2026:03:10:00 +0000]", "23 Nov 2026 03:10:00.123", "[12345.678901]", "[    0.000000]", "1900-01-01 00:00:00", "2099-12-31T23:59:59.999999999Z",
	}
	broken := []string{
		"Nov 32 03:10:00", "Nov  0 03:10:00", "Nov 00 03:10:00", "Nox 23 03:10:00", "Nov 23 24:10:00", "Nov 23 03:60:00", "Nov 23 03:10:60", "Nov 23 03:10:0", "Nov 23 3:10:00", "Nov 2x 03:10:00", "nov 23 03:10:00", " 23 03:10:00", "ov 23 03:10:00",
		"2026-13-23T03:10:00Z", "2026-00-23T03:10:00Z", "2026-11-32 03:10:00", "2026-11-00 03:10:00", "2026-11-23T03:10:0", "2026-11/23 03:10:00", "2026/11/23T03:10:00", "1899-11-23 03:10:00", "2100-11-23 03:10:00", "9999-99-99 99:99:99", "20x6-11-23 03:10:00", "2026-1a-23 03:10:00", "0000-00-00 00:00:00",
		"23/Nov/2026 03:10:00", "23/Nov/1026:03:10:00", "23/Nox/2026:03:10:00", "00/Nov/2026:03:10:00", "32 Nov 2026 03:10:00", "23 Nov 2026:03:10:00", "23/Nov/2026:03:10", "2026-11-23", "2026-11-23 ", "2026-11-23 03:10:00.", "2026-11-23 03:10:00,", "2026-11-23 03:10:00,x",
	}
	text := []byte("2026-01-00 03:10:00 Nov 01 03:10:00 23/Nov/2026:03:10:00 2026-11-23T03:10:00.5\n")
	for _, a := range append(stamps, broken...) {
		for _, b := range append(stamps, broken...) {
			text = fmt.Appendf(text, "%s a %s\n", a, b)
		}
	}
	for _, a := range stamps {
		text = fmt.Appendf(text, "x %s\n%s", a, a)
	}
	var e Encoder
	var d Decoder
	roundTrip(t, &e, &d, text)
	for i, s := range stamps[:13] {
		t.Run(s, func(t *testing.T) {
			e.Encode(nil, []byte(s+"\n"))
			k := kind(e.block.scan.text[0])
			if s[0] == '[' {
				k = kind(e.block.scan.text[1])
			}
			if i == 7 { // ten digits
				require.Equal(t, kindStamp, k)
				return
			}
			require.Equal(t, kindStamp, k)
		})
	}
}

func TestEncodeIsDeterministic(t *testing.T) {
	text, other := sample(2000), bytes.Repeat([]byte("other 1.2.3.4 /x \"y z\"\nNov 23 03:10:00 x=y\n"), 500)
	var e, f Encoder
	want := e.Encode(nil, text)
	for range 3 {
		e.Encode(nil, other)
		require.Equal(t, want, e.Encode(nil, text))
		require.Equal(t, want, f.Encode(nil, text))
	}
	require.Equal(t, want, e.Encode([]byte("before"), text)[6:])
}

func TestTemplates(t *testing.T) {
	var e Encoder
	e.Encode(nil, []byte("a 1\nb 2\na 3\n\na 4"))
	require.Equal(t, []uint32{0, 1, 0, 2, 0}, e.Templates())
}

func TestParts(t *testing.T) {
	var e Encoder
	packed := e.Encode([]byte("before"), sample(100))[6:]
	parts := e.Parts()
	require.IsNonDecreasing(t, parts)
	require.Equal(t, len(packed), parts[len(parts)-1])
}

func TestDecodeLimit(t *testing.T) {
	text := sample(500)
	var e Encoder
	var d Decoder
	packed := e.Encode(nil, text)
	for _, limit := range []int{0, 1, len(text) / 2, len(text) - 1} {
		back, err := d.Decode([]byte("before"), packed, limit)
		require.Error(t, err)
		require.Equal(t, "before", string(back))
	}
	back, err := d.Decode([]byte("before"), packed, len(text))
	require.NoError(t, err)
	require.Equal(t, "before"+string(text), string(back))
}

func TestDecodeDamaged(t *testing.T) {
	text := sample(60)
	var e Encoder
	var d Decoder
	packed := e.Encode(nil, text)
	limit := 2 * len(text)
	for n := range packed {
		_, err := d.Decode(nil, packed[:n], limit)
		require.Error(t, err, "cut at %d", n)
	}
	for i := range packed {
		bad := bytes.Clone(packed)
		bad[i] ^= 1 << (i % 8)
		back, err := d.Decode(nil, bad, limit)
		require.LessOrEqual(t, len(back), limit)
		if err != nil {
			require.ErrorIs(t, err, ErrDamaged)
			require.Zero(t, d.Lines())
		}
	}
	_, err := d.Decode(nil, append(bytes.Clone(packed), 0), limit)
	require.Error(t, err)
	roundTrip(t, &e, &d, text)
}

func FuzzRoundTrip(f *testing.F) {
	f.Add(sample(20))
	f.Add([]byte("a\x00\x0b\n\"user 1\":/x=2001:db8::1 0x1f 1.500\n"))
	var e Encoder
	var d Decoder
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) < testLimit {
			roundTrip(t, &e, &d, text)
		}
	})
}

func FuzzDecode(f *testing.F) {
	var e Encoder
	var d Decoder
	f.Add(e.Encode(nil, sample(20)))
	f.Add(e.Encode(nil, []byte("a 1\na 2\n\nuser x\n")))
	f.Fuzz(func(t *testing.T, packed []byte) {
		const limit = 1 << 16
		back, err := d.DecodeMarked(nil, packed, limit)
		require.LessOrEqual(t, len(back), limit)
		if err != nil {
			return
		}
		for i := range d.Lines() {
			for _, m := range d.Line(i).Marks {
				require.LessOrEqual(t, m.Start, m.End)
				require.LessOrEqual(t, d.Line(i).Start+int(m.End), len(back))
			}
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	text := sample(8000)
	var e Encoder
	var out []byte
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		out = e.Encode(out[:0], text)
	}
}

func BenchmarkDecode(b *testing.B) {
	text := sample(8000)
	var e Encoder
	var d Decoder
	packed := e.Encode(nil, text)
	var out []byte
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if out, err = d.Decode(out[:0], packed, len(text)); err != nil {
			b.Fatal(err)
		}
	}
}
