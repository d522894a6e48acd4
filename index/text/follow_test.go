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

// alike scans a text along its trail and without one: what is found is the same.
func alike(t testing.TB, text []byte) {
	t.Helper()
	var e, plain Encoder
	e.Reset()
	plain.Reset()
	plain.block.scan.trail.most = 0
	for range 2 {
		e.Scan(text)
		plain.Scan(text)
		require.Equal(t, plain.Lines(), e.Lines())
		for i := range e.Lines() {
			a, b := plain.Line(i), e.Line(i)
			if a.Template != b.Template || !slices.Equal(a.Marks, b.Marks) || !slices.Equal(a.Values, b.Values) {
				from, to := e.Bounds(i)
				require.Equal(t, named(text[from:to], &a), named(text[from:to], &b), "line %d: %q", i, text[from:to])
			}
		}
	}
}

// named is what was found in a line.
func named(text []byte, l *Line) (out []string) {
	out = append(out, fmt.Sprint("template ", l.Template))
	for i, m := range l.Marks {
		out = append(out, fmt.Sprintf("%d %q %d", l.Kind(i), text[m.Start:m.End], l.Values[i]))
	}
	return out
}

// shuffled puts the parts of lines together otherwise.
func shuffled(r *rand.Rand, lines [][]byte, n int) []byte {
	var out []byte
	for range n {
		a, b := lines[r.IntN(len(lines))], lines[r.IntN(len(lines))]
		switch i, j := r.IntN(len(a)+1), r.IntN(len(b)+1); r.IntN(4) {
		case 0:
			out = append(out, a...)
		case 1:
			out = append(append(out, a[:i]...), b[j:]...)
		case 2:
			out = append(append(append(out, a[:i]...), b[j:min(len(b), j+r.IntN(9))]...), a[i:]...)
		case 3:
			out = append(append(out, a[:i]...), a[min(len(a), i+r.IntN(9)):]...)
		}
		out = append(out, '\n')
	}
	return out
}

func TestFollowFindsWhatScanningFinds(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	const odd = "user  user a user user b\nuser 'c' user \"d user 1 user 1.2.3.4 user user\nuser \nuser x\n\"the user x\":1 user\n" +
		"fe80::1/64 fe80::/64 fe80::/ab fe80::1/ab\n\"x\"::1 \"x\"a1::1 \"x\"1\na \"b 1 c\na \"b 1 c\" d\n\"5\":6 \"5\" 6 \"5x\" 0x1f 0xfg 0x12gh\n" +
		"http://a/b http://1.2.3.4 /x http://1.2.3.4/x :/1 ://\nx=dead12ef x=deadbeef x=abc1 x=1 x=/a 12ab34 12ab ab34\n1.5 1.500 1.500000 1.2.3.4 1.2.3 2.0\" 00.123\n" +
		"/user x \"GET /user HTTP/1.1\" y=user b user user user b /a/superuser c\n/user x1 /user user x\nuser 3 uSep  1 03:10:00 user 3 user 33\n" +
		"MAC=52:54:00:9b:1c:07 MAC=fe:54:00:9b:1c:07 MAC=52:54:00:9b:1c:07: a 1::2:3 b 1::2/64 c 2409:40c0:186c:e899:56712 d 12:30:45 e :12:34:56 :12\n" +
		"id=00ff00ff00ff00ff00ff00ff id=00ff00ff00[1]: 123456 id=00FF00FF00FF00FF00FF00FF id=00ff00ff00ff00ff00ff00fg \"00ff00ff00ff00ff00ff00ff\" \"00ff00ff00ff00ff00ff00ff\":\n" +
		"a 10.20.30.40. b 10.20.30.40, a 10.20.30.40.5 b 10.20.30.40x a 10.20.30.40: b 9.9.9.9. a \"10.20.30.41 b\nc \"10.20.30.42 /d\n00000000 000000000 0000000012 00000000000000001 01 02/03/04 12/13 2026/1 1-2-3\n" +
		"12345678 123456789 12345678901234567 12345678.123 12345678901.123 \"a b/c 1\" \"a /c 1\" \"a1\" \"a 1\"\n" +
		"a=<b@c.d>, e=<Qn/eWkiT+E3h> a=<ada> a=<1a2> a=<1.2.3.4> a=<xy12> a=<xy12 z> a=<12+ab> a=<12 z> a=<> a=<\n" +
		"a ssh2 b\na ssh22 b\na ssh3 ssh2\na ssh2:1 ssh2::1 ssh2.5 xssh2 fail2ban fail3ban fail2ban1 SHA256:a1 SHA257 MD5 MD6 IPv4 IPv5 \"x\"ssh2 1.2.3.4ssh2 ssh2/a ssh2\"b c\" ssh2=d ssh2-5\n" +
		"HTTP/1.1 HTTP/1.0\" 2 HTTP/2 HTTP/2.0 HTTP/10 HTTP/1.10 HTTP/1.1.1 HTTP/1.500 HTTP/1x HTTP/1.1x /a/HTTP/1.1 HTTP/1.1/a HTTP/1.1\"b\n" +
		"2026-11-23T03:10:00.5+00:00 2\n2026-11-23T03:10:00.5+01:30 3\n2026-11-23T03:10:00+01:3 4\n2026-11-23T03:10:00+01:30:5 5\n2026-11-23 03:10:00 -0500 6\n2026-11-23 03:10:00 +05000 7\n2026-11-23 03:10:00 +0500a 8\n" +
		"a [23/Nov/2026:03:10:00 +0000] b\na [23/Nov/2026:03:10:00 +0100] b\na [23/Nov/2026:03:10:00 +0100.5] b\na [23/Nov/2026:03:10:00 +010] b\nSep  1 03:10:00 -05 user +05:00 a\n" +
		"<134>1 2026-11-23T03:10:00Z a\n<134>1x a\n<134>12 a\n<134>2 a\n<13>1 a\n<a1>1 b\n <134>1 c\n\nid 0b0e8f6e-2f57-4b8f-9c1d-0a1b2c3d4e5f 0b0e8f6e-2f57 0b0e8f6e 12345678-2f57-4b8f-9c1d-0a1b2c3d4e5f 12345678-9\nuser 3 uSep  1 03:10:00 user 3 user 33\n"
	require.NoError(t, filepath.WalkDir("../../testdata/logs", func(path string, entry os.DirEntry, err error) error {
		require.NoError(t, err)
		if entry.IsDir() {
			return nil
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		t.Run(path, func(t *testing.T) {
			alike(t, text)
			lines := bytes.Split(append(text[:min(len(text), 1<<15):min(len(text), 1<<15)], odd...), []byte("\n"))
			alike(t, shuffled(r, lines, 5000))
		})
		return nil
	}))
	alike(t, sample(5000))
	var b strings.Builder
	parts := strings.Fields(odd + " \" : / = , ( ) [ ] 1 23 456 7890 a user Sep 01:02:03 2026-11-23 03:10:00,123 2026-11-23T03:10:00.5 1a2b3c4d 0123456789abcdef0123456789abcdef =< > < -" +
		" 0b0e8f6e-2f57-4b8f-9c1d-0a1b2c3d4e5f 12345678-2f57-4b8f-9c1d-0a1b2c3d4e5f 0B0E8F6E-2F57-4B8F-9C1D-0A1B2C3D4E5F 2409:40c0:89df:dff8:3284:cd6a:1aef:3368:27242 2409:40c0:89df:dff8:3284:cd6a:1aef:3368 :27242 :2724a \"12\": \"12a\":" +
		" 0b0e8f6e 12345678 -2f57 -1234 -0a1b2c3d4e5f +0000 +01:30 -0500 ssh2 ssh fail2ban HTTP/1.1 HTTP/ HTTP/1. SHA256 <134>1 <134>")
	for range 50000 {
		for range 1 + r.IntN(6) {
			fmt.Fprint(&b, parts[r.IntN(len(parts))], [...]string{"", " ", " ", "  "}[r.IntN(4)])
		}
		b.WriteByte('\n')
	}
	alike(t, []byte(b.String()))
}

func FuzzFollow(f *testing.F) {
	f.Add(sample(20))
	f.Add([]byte("\"the user x\":1 user\nuser \nuser x\nfe80::1/64\nfe80::/64\na \"b 1 c\na \"b 1 c\" d\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) < testLimit {
			alike(t, text)
		}
	})
}

// TestFollowToAQuoteWithoutEnd has a stamp that is no part of a quote, since that
// has no end: it is not the line's first one before that is known.
func TestFollowToAQuoteWithoutEnd(t *testing.T) {
	const line = "{\"ts\":\"2026-11-23T00:00:13.848927Z"
	alike(t, []byte(line+"\",\"a\":1}\n"+line+"\",\"a\":2}\n"+line+"57.33\n"+line+"\":1\n"))
}

// TestFollowWholeLines has lines that are one variable.
func TestFollowWholeLines(t *testing.T) {
	var e Encoder
	e.Whole(true)
	e.Reset()
	e.Scan([]byte("a 1\nb 2\n\nc 3\n\nd\n"))
	require.Equal(t, 2, e.Templates())
	long := strings.Repeat("x 1 ", 20000) + "\n"
	alike(t, []byte(long+"a 1\n"+long+long))
}
