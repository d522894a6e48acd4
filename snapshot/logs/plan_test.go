package logs

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

// splitBoth makes cases of a text with plans, and with every line parsed, and
// returns their events. That terms and summaries are those of the events is
// proved for both.
func splitBoth(t testing.TB, f Format, text []byte) (fast, plain []index.Event) {
	t.Helper()
	dir, err := os.MkdirTemp("", "plans")
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	split := func(all bool) []index.Event {
		w, err := index.Create(filepath.Join(dir, "case.db"), index.CreateOptions{Force: true})
		require.NoError(t, err)
		defer w.Abort()
		b, err := w.NewSegmentBuilder()
		require.NoError(t, err)
		s := splitter{builder: b, captured: index.Time(1795392000e9), parseAll: all}
		before, after := make(chan index.Time, 1), make(chan index.Time, 1)
		before <- 0
		zone, err := time.LoadLocation("Europe/Berlin")
		require.NoError(t, err)
		seg, err := s.split(&job{chunk: chunk{raw: text, firstLine: 1}, from: &reading{id: w.BeginSource(), format: f, service: []byte("test")}, before: before, after: after,
			dater: dater{zone: zone, base: 2026}})
		require.NoError(t, err)
		return segmentEvents(t, w, seg)
	}
	return split(false), split(true)
}

// sampleLines are lines of what the real programs wrote.
func sampleLines(t testing.TB, f Format) [][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(samples, f.Name, "*.log"))
	require.NoError(t, err)
	if f.Name == plain.Name {
		files, err = filepath.Glob(filepath.Join(samples, "*", "*.log"))
		require.NoError(t, err)
	}
	var lines [][]byte
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		lines = append(lines, bytes.Split(text, []byte{'\n'})...)
	}
	require.NotEmpty(t, lines)
	return lines
}

// nasty are texts on which formats make a difference, or might.
var nasty = strings.Split(`0|1|2|11|13|15|24|28|104|111|200|204|301|404|500|503|599|1000|65535|65536|999999999|1000000000|4294967296|00|007|1.5|1.2.3|none|unknown|invalid|-|--|from|user|port|root|error|info|debug1|ERROR|WARN|Permission denied|Connection refused|a b|x=y|level=err|/etc/passwd|/a?user=root&from=1|/|"|'|\x16\x03|\"|[error]|(28: No space left on device)|: |;|,|203.0.113.9|10.0.0.1|2001:db8::9|fe80::1|2001:db8:0:0:0:0:0:1|2001:db8:0:0:0:0:0:1:443|2001:db8:0:0:0:0:0:1:51234|::|52:54:00:9b:1c:07|255.255.255.256|136.0.0.0|Chrome/136.0.0.0|deadbeef|0x1f|a1b2c3d4|0b0e8f6e-2f57-4b8f-9c1d-0a1b2c3d4e5f|Feb 30 10:00:00|2026-02-30 10:00:00|+0200|Z|42P01|00000|AH01618|LOG:  x|in|12ab|e2|ec2|7ffd|x`, "|")

var variables = regexp.MustCompile(`"[^"]*"|\b[0-9]+\b|[0-9]+|=[^ ,;)]*|user [^ ]+|for [^ ]+|/[^ ]+|[0-9a-f:.]{7,}|[a-z]+`)

// mutated is a line with some of its variables replaced.
func mutated(r *rand.Rand, line []byte) []byte {
	return variables.ReplaceAllFunc(line, func(b []byte) []byte {
		if r.IntN(6) > 0 {
			return b
		}
		with := nasty[r.IntN(len(nasty))]
		switch {
		case b[0] == '"' && r.IntN(2) == 0:
			return []byte("\"" + with + "\"")
		case b[0] == '=':
			return []byte("=" + with)
		case b[0] >= '0' && b[0] <= '9' && r.IntN(2) == 0:
			digits := bytes.Clone(b)
			for i := range digits {
				digits[i] = '0' + byte(r.IntN(10))
			}
			return digits
		}
		return []byte(with)
	})
}

// rounds is how many texts of each format TestPlans makes.
const rounds = 5

// Lines that a plan takes become the very events that parsing them gives.
func TestPlans(t *testing.T) {
	for _, f := range append(Formats(), plain) {
		t.Run(f.Name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			lines := sampleLines(t, f)
			for range rounds {
				var text []byte
				for range 2000 {
					at := r.IntN(len(lines))
					end := at + 1 + r.IntN(3)
					// Some entries whole, for those that have many lines.
					for whole := r.IntN(8) == 0; whole && end < len(lines) && !f.Starts(lines[end]); {
						end++
					}
					for _, line := range lines[at:min(len(lines), end)] {
						if r.IntN(3) > 0 {
							line = mutated(r, line)
						}
						text = append(append(text, line...), '\n')
					}
				}
				fast, all := splitBoth(t, f, text)
				if !equal(fast, all) {
					tellApart(t, f, text)
				}
			}
		})
	}
}

// Lines that look as those of a plan do and yet mean something else.
func TestPlansLeaveOut(t *testing.T) {
	trace := func(errno string) string {
		return "2026-11-23 02:31:39,123 ERROR [django.request:812] Internal Server Error: /p/1\nTraceback (most recent call last):\n" +
			"  File \"/srv/app.py\", line 55, in inner\n    open(path)\nOSError: [Errno " + errno + "] it is so\n"
	}
	refused := func(rule, client string) string {
		return "2026-11-23 02:42:53.296 UTC [8662] nobody@postgres FATAL:  password authentication failed for user \"nobody\"\n" +
			"2026-11-23 02:42:53.296 UTC [8662] nobody@postgres DETAIL:  Connection matched pg_hba.conf line 88: \"host all all " + rule + " md5\" (client " + client + ")\n"
	}
	const stamped = "[Mon Nov 23 02:41:12.358007 2026] [ssl:info] a\n"
	cases := []struct {
		name         string
		of           Format
		known, other string
	}{
		{"an uptime that is too long", syslog, "Nov 23 03:11:16 web01 kernel: [ 3044.618259] memory: usage 1kB\n",
			"Nov 23 03:11:16 web01 kernel: [ 1000000000.618259] memory: usage 1kB\n"},
		{"a year behind a stamp, and none", plain, stamped + "[Mon Nov 23 02:41:12.358008 599] [ssl:warn] a\n", "[Mon Nov 23 02:41:12.358008 2026] [ssl:warn] a\n"},
		{"the number of an error in a traceback", python, trace("28"), trace("13")},
		{"another rule", postgres, refused("10.0.0.0/8", "10.0.0.7"), refused("192.0.2.0/24", "10.0.0.7")},
		{"a rule that names no address", postgres, refused("10.0.0.0/8", "10.0.0.7"), refused("samenet", "10.0.0.7")},
		{"a client that the rule names", postgres, refused("10.0.0.0/8", "10.0.0.7"), refused("10.0.0.0/8", "10.0.0.0")},
		{"a rule that names the client", postgres, refused("10.0.0.0/8", "10.0.0.0"), refused("10.0.0.0/8", "10.0.0.7")},
		{"a rule that names an address twice", postgres, refused("10.0.0.0 10.0.0.0", "10.0.0.7"), refused("10.0.0.0 10.0.0.1", "10.0.0.7")},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			fast, all := splitBoth(t, c.of, []byte(strings.Repeat(c.known, 4)+c.other))
			require.Equal(t, all, fast)
		})
	}
}

// Lines that a plan takes once one of their template was met twice.
func TestPlansTake(t *testing.T) {
	const audit = "Nov 23 03:11:16 web01 kernel: [ 3044.618259] audit: type=1400 audit(1757471686.992:%d): apparmor=\"DENIED\" pid=%[1]d\n"
	const login = "2026-11-23 02:31:39,123 WARNING [shop.auth:812] login failed for user 'lamp%d@example.org'\n"
	const detail = "2026-11-23 02:31:39.123 UTC [812] app@shop LOG:  duration: 1.234 ms  execute <unnamed>: SELECT 1\n" +
		"2026-11-23 02:31:39.123 UTC [812] app@shop DETAIL:  parameters: $1 = '{\"30%d\": 4}', $2 = '0b0e%04[1]d-2f57-4b8f-9c1d-0a1b2c3d4e5f'\n"
	const rule = "2026-11-23 02:42:53.296 UTC [8662] nobody@postgres FATAL:  password authentication failed for user \"nobody\"\n" +
		"2026-11-23 02:42:53.296 UTC [8662] nobody@postgres DETAIL:  Connection matched pg_hba.conf line 88: \"host all all 0.0.0.0/0 md5\" (client 192.0.2.%d)\n"
	cases := []struct {
		name string
		of   Format
		line string
	}{
		{"long numbers", syslog, audit},
		{"digits in a name of mail", python, login},
		{"UUIDs and keys that are numbers", postgres, detail},
		{"a rule that names an address", postgres, rule},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b, err := index.NewSegmentBuilder()
			require.NoError(t, err)
			var text []byte
			for i := range 50 {
				text = fmt.Appendf(text, c.line, 100+i)
			}
			s := splitter{builder: b}
			before, after := make(chan index.Time, 1), make(chan index.Time, 1)
			before <- 0
			seg, err := s.split(&job{chunk: chunk{raw: text, firstLine: 1}, from: &reading{id: 1, format: c.of}, before: before, after: after, dater: dater{zone: time.UTC, base: 2026}})
			require.NoError(t, err)
			require.EqualValues(t, 50, seg.Events())
			require.Len(t, s.plans[0].variants, 1)
			require.Equal(t, 2, s.plans[0].tries)
		})
	}
}

func equal(a, b []index.Event) bool { return assert.ObjectsAreEqual(a, b) }

// tellApart finds a short run of lines that the two ways take apart, and says
// what becomes of them.
func tellApart(t *testing.T, f Format, text []byte) {
	t.Helper()
	lines := bytes.SplitAfter(text, []byte{'\n'})
	tries := 0
	differs := func(lines [][]byte) bool {
		if tries++; len(bytes.Join(lines, nil)) == 0 {
			return false
		}
		a, b := splitBoth(t, f, bytes.Join(lines, nil))
		return !equal(a, b)
	}
	for size := len(lines) / 2; size > 0 && tries < 400; size /= 2 {
		for at := 0; at+size <= len(lines); {
			rest := append(append([][]byte(nil), lines[:at]...), lines[at+size:]...)
			if differs(rest) {
				lines = rest
			} else {
				at += size
			}
		}
	}
	a, b := splitBoth(t, f, bytes.Join(lines, nil))
	require.Equal(t, b, a, "%s:\n%s", f.Name, bytes.Join(lines, nil))
}

// segmentEvents ends a case with a segment and reads its events.
func segmentEvents(t testing.TB, w *index.Writer, seg *index.Segment) (events []index.Event) {
	t.Helper()
	require.NoError(t, w.AddSegment(seg))
	require.NoError(t, w.EndSource(index.Source{ID: 1, Path: "/log", Bytes: seg.Bytes(), Events: seg.Events()}))
	_, err := w.Commit(index.Snapshot{})
	require.NoError(t, err)
	r, err := index.Open(w.Path())
	require.NoError(t, err)
	defer r.Close()
	proof, err := r.Check()
	require.NoError(t, err)
	for _, p := range proof.Problems {
		require.Contains(t, p, "SHA-256", "of the source alone, which was not made")
	}
	for e, err := range r.Scan(index.Query{}) {
		require.NoError(t, err)
		events = append(events, *e)
	}
	return events
}

// FuzzPlans looks for lines that a plan takes otherwise.
func FuzzPlans(f *testing.F) {
	formats := append(Formats(), plain)
	for i, format := range formats {
		lines := sampleLines(f, format)
		f.Add(byte(i), bytes.Join(lines[:min(len(lines), 40)], []byte{'\n'}))
	}
	f.Fuzz(func(t *testing.T, n byte, text []byte) {
		format := formats[int(n)%len(formats)]
		a, b := splitBoth(t, format, append(bytes.Clone(text), text...))
		require.True(t, equal(a, b))
	})
}
