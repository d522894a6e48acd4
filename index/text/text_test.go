package text

import (
	"bytes"
	"errors"
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

// segment is what an Encoder made of the texts of some blocks.
type segment struct {
	blocks [][BlockParts][]byte
	shared [][]byte
}

func pack(e *Encoder, blocks ...[]byte) (s segment) {
	e.Reset()
	for _, text := range blocks {
		e.Scan(text)
		var own [BlockParts][]byte
		for i, part := range e.Pack() {
			own[i] = bytes.Clone(part)
		}
		s.blocks = append(s.blocks, own)
	}
	e.Finish(func(part []byte) { s.shared = append(s.shared, bytes.Clone(part)) })
	return s
}

func (s *segment) open(d *Decoder, limit int) error {
	if len(s.shared) < 3 {
		return ErrDamaged
	}
	err := d.Open(s.shared[0], s.shared[1], s.shared[2], func(i int) ([]byte, error) {
		if i+3 >= len(s.shared) {
			return nil, ErrDamaged
		}
		return s.shared[i+3], nil
	}, limit)
	if err == nil && d.Parts()+3 != len(s.shared) {
		return ErrDamaged
	}
	return err
}

// text unpacks one block.
func (s *segment) text(d *Decoder, block, limit int) ([]byte, error) {
	if err := s.open(d, limit); err != nil {
		return nil, err
	}
	if err := d.Block(s.blocks[block]); err != nil {
		return nil, err
	}
	size := d.Start(d.Lines())
	var lines []byte
	for i := range d.Lines() {
		var err error
		if lines, err = d.AppendLine(lines, i); err != nil {
			return lines, err
		}
		if d.End(i) < d.Start(i+1) {
			lines = append(lines, '\n')
		}
	}
	// At once it must be the same text.
	all, err := d.AppendBlock(nil, s.blocks[block], size)
	if err == nil && !bytes.Equal(lines, all) {
		err = errors.New("another text at once than by lines")
	}
	return all, err
}

// halves cuts a text at a line.
func halves(text []byte) [][]byte {
	if n := bytes.IndexByte(text[len(text)/2:], '\n'); n >= 0 {
		n += len(text)/2 + 1
		return [][]byte{text[:n], text[n:]}
	}
	return [][]byte{text}
}

// roundTrip packs text, as one block and as two, and unpacks it again, line by
// line and, where it is two, the second one first.
func roundTrip(t testing.TB, e *Encoder, d *Decoder, text []byte) {
	t.Helper()
	for _, blocks := range [][][]byte{{text}, halves(text)} {
		s := pack(e, blocks...)
		require.NoError(t, s.open(d, len(text)))
		require.Equal(t, len(s.shared), d.Parts()+3)
		// The numbers of templates and texts live on, so each block can be scanned again.
		e.Reset()
		type line struct {
			template uint32
			marks    []Mark
			values   []uint64
		}
		var want [][]line
		for _, b := range blocks {
			e.Scan(b)
			var of []line
			for i := range e.Lines() {
				l := e.Line(i)
				of = append(of, line{l.Template, slices.Clone(l.Marks), slices.Clone(l.Values)})
			}
			want = append(want, of)
		}
		for i := len(blocks) - 1; i >= 0; i-- {
			require.NoError(t, d.Block(s.blocks[i]))
			require.Equal(t, len(want[i]), d.Lines())
			var got []byte
			var l Line
			for n := range d.Lines() {
				require.Equal(t, len(got), d.Start(n))
				marks := l.Marks
				l = d.Line(n)
				l.Marks = marks
				var err error
				got, err = d.AppendMarks(got, n, &l)
				require.NoError(t, err)
				require.Equal(t, len(got), d.End(n))
				if !slices.Equal(l.Marks, want[i][n].marks) || !slices.Equal(l.Values, want[i][n].values) || l.Template != want[i][n].template {
					require.Equal(t, want[i][n], line{l.Template, l.Marks, l.Values}, "line %d", n)
				}
				if len(got) < d.Start(n+1) {
					got = append(got, '\n')
				}
			}
			if !bytes.Equal(blocks[i], got) {
				require.Equal(t, string(blocks[i]), string(got))
			}
			got, err := d.AppendBlock(got[:0], s.blocks[i], len(blocks[i]))
			require.NoError(t, err)
			if !bytes.Equal(blocks[i], got) {
				require.Equal(t, string(blocks[i]), string(got))
			}
			for _, size := range []int{len(blocks[i]) - 1, len(blocks[i]) + 1} {
				_, err = d.AppendBlock(nil, s.blocks[i], size)
				require.ErrorIs(t, err, ErrDamaged)
			}
		}
	}
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
	var processes []byte
	for i := range 600 {
		// The process of a line is the first one below 2^32 and without zeros before it.
		processes = fmt.Appendf(processes, "a[%0*d] b[%d] from 10.0.0.%d c[%d]: %d of x=%c, %d\n", i%2*12, i%5, i%7, i%3, i%4<<(i%3*16), i%7*100, 'a'+i%7, i%7)
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
		"processes":         string(processes),
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
		"user at the end":   "a 1 user ",
		"user in a quote":   "a\x00\v\n\"user ",
		"user in a word":    "superuser connections user a suser user b\nsuperuser x user y\n",
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
	for _, s := range stamps[:15] {
		t.Run(s, func(t *testing.T) {
			pack(&e, []byte(s+"\n"))
			l := e.Line(0)
			require.Contains(t, []Kind{KindStamp, KindDecimal}, l.Kind(0))
			_, ok := l.Stamp(0)
			require.Equal(t, s[0] != '[' || s[1] == '2', ok)
		})
	}
}

func TestEncodeIsDeterministic(t *testing.T) {
	text, other := sample(2000), bytes.Repeat([]byte("other 1.2.3.4 /x \"y z\"\nNov 23 03:10:00 x=y\n"), 500)
	var e, f Encoder
	want := pack(&e, text, other)
	for range 3 {
		pack(&e, other, text)
		require.Equal(t, want, pack(&e, text, other))
		require.Equal(t, want, pack(&f, text, other))
	}
}

func TestTemplates(t *testing.T) {
	var e Encoder
	pack(&e, []byte("a 1\nb 2\na 3\n\na 4"))
	var got []uint32
	for i := range e.Lines() {
		got = append(got, e.Line(i).Template)
	}
	require.Equal(t, []uint32{0, 1, 0, 2, 0}, got)
	require.Equal(t, 3, e.Templates())
}

// Lines that differ in nothing but what is a variable have one template.
func TestLinesOfOneTemplate(t *testing.T) {
	for _, c := range []struct {
		name, a, b string
		same       bool
	}{
		{"texts in brackets", "user=<postmaster@example.org>, session=<PpZ9SVfyP890r/of>", "user=<bob>, session=<a+RK/0KeXcnu7V8w>", true},
		{"an address in brackets stays one", "ip=<203.0.113.7>", "ip=<bob>", false},
		{"a number in brackets stays one", "n=<12>", "n=<bob>", false},
		{"brackets that nothing closes", "a=<xy12 z", "a=<xz13 z", false},
		{"UUIDs", "id 0b0e8f6e-2f57-4b8f-9c1d-0a1b2c3d4e5f.", "id 12345678-1234-4b8f-9999-0123456789ab.", true},
		{"UUIDs in upper case", "id 0B0E8F6E-2F57-4B8F-9C1D-0A1B2C3D4E5F", "id 12345678-1234-4B8F-9999-0123456789AB", true},
		{"no UUID", "id 0b0e8f6e-2f57-4b8f-9c1d-0a1b2c3d4e5", "id 12345678-1234-4b8f-9999-0123456789a", false},
		{"numbers that are keys", `{"30609": 4}`, `{"7": 12}`, true},
		{"names that are keys", `{"a1": 4}`, `{"a2": 4}`, false},
		{"ports behind addresses", "2001:db8:3c56:499a:b3c4:201:749f:b486:59456 x", "2409:40c0:89df:dff8:3284:cd6a:1aef:3368:272 x", true},
		{"a ninth group that is no port", "2001:db8:3c56:499a:b3c4:201:749f:b486:5945a x", "2409:40c0:89df:dff8:3284:cd6a:1aef:3368:272 x", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var e Encoder
			pack(&e, []byte(c.a+"\n"+c.b))
			require.Equal(t, c.same, e.Line(0).Template == e.Line(1).Template)
		})
	}
}
