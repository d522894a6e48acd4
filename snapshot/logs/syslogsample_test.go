package logs

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

func TestSyslogGolden(t *testing.T) { testGolden(t, syslog) }

func TestFail2banGolden(t *testing.T) { testGolden(t, fail2ban) }

// The same events were written by one rsyslogd in four layouts at once: each
// must mean the same, but for the stamp and for the level that a PRI gives.
func TestSyslogLayoutsAgree(t *testing.T) {
	type meaning struct {
		host, service, action, outcome, user, ip, fields string
		pid, count                                       int
	}
	read := func(name string) (out []meaning) {
		raw, err := os.ReadFile(filepath.Join(samples, "syslog", name))
		require.NoError(t, err)
		for line := range bytes.Lines(raw) {
			var e Entry
			require.True(t, syslog.Parse(bytes.TrimSuffix(line, []byte("\n")), &e), "%s", line)
			p := parsedOf(&e)
			if p.service == "evt" {
				// This one came as RFC 5424: only that layout has room for its structured data and its message id, and in the others its tag has no colon.
				p.service, p.fields = "", ""
			}
			out = append(out, meaning{p.host, p.service, p.action, p.outcome, p.user, p.ip, p.fields, p.pid, p.count})
		}
		return out
	}
	want := read("rfc3164.log")
	for _, name := range []string{"rfc3164pri.log", "rfc3339.log", "rfc5424.log"} {
		require.Equal(t, want, read(name), name)
	}
}

// within reports whether part is empty or lies in whole, as memory.
func within(whole, part []byte) bool {
	if len(part) == 0 {
		return true
	}
	if len(whole) == 0 {
		return false
	}
	at := uintptr(unsafe.Pointer(&part[0])) - uintptr(unsafe.Pointer(&whole[0]))
	return at < uintptr(len(whole)) && at+uintptr(len(part)) <= uintptr(len(whole))
}

// checkEntry holds what must be true of every parsed entry, whatever its bytes.
func checkEntry(t *testing.T, f Format, text []byte) {
	before := bytes.Clone(text)
	var e Entry
	ok := f.Parse(text, &e)
	require.Equal(t, before, text, "the text is not changed")
	if !ok {
		return
	}
	require.True(t, f.Starts(text), "what parses also starts an entry")
	for _, part := range [][]byte{e.Host, e.Service, e.User, e.Message, e.Variable} {
		require.True(t, within(text, part), "%q", part)
	}
	for _, field := range e.Fields {
		require.NotEmpty(t, field.Name)
		require.True(t, within(text, field.Value), "%s=%q", field.Name, field.Value)
	}
	require.Less(t, int(e.Action), len(index.ActionNames()))
	require.GreaterOrEqual(t, e.Count, 0)
	require.GreaterOrEqual(t, e.PID, 0)
	var again Entry
	require.True(t, f.Parse(text, &again))
	require.Equal(t, e, again, "the same text means the same")
}

func addSamples(f *testing.F, format string) {
	files, err := filepath.Glob(filepath.Join(samples, format, "*.log"))
	require.NoError(f, err)
	require.NotEmpty(f, files)
	for _, name := range files {
		raw, err := os.ReadFile(name)
		require.NoError(f, err)
		for line := range bytes.Lines(raw) {
			f.Add(bytes.TrimSuffix(line, []byte("\n")))
		}
	}
}

func FuzzSyslog(f *testing.F) {
	addSamples(f, "syslog")
	for _, s := range []string{
		"<165>1 2026-11-23T02:31:39Z web01 app 7 - [a@1 k=\"v \\] \\\" x\"][b] \xEF\xBB\xBFhello",
		"Nov 23 02:31:39 web01 kernel: [UFW BLOCK] IN=eth0 OUT= SRC=203.0.113.7 DST=198.51.100.20 PROTO=TCP SPT=4711 DPT=22 ",
		"Nov 23 02:31:39 web01 systemd[1]: shop.service: Failed with result 'exit-code'.",
		"Nov 23 02:31:39 web01 login[1]: FAILED LOGIN (1) on '/dev/tty1' FOR 'root', Authentication failure",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) { checkEntry(t, syslog, text) })
}

// FuzzSyslogMessage spares the fuzzer the header.
func FuzzSyslogMessage(f *testing.F) {
	for _, name := range slices.Sorted(maps.Keys(services)) {
		f.Add(name, "Failed password for root from 203.0.113.7 port 22 ssh2")
	}
	f.Add("kernel", "Out of memory: Killed process 2134 (node) total-vm:1kB")
	f.Add("sudo", "bob : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/id")
	f.Fuzz(func(t *testing.T, service, msg string) {
		checkEntry(t, syslog, []byte("Nov 23 02:31:39 web01 "+service+": "+msg))
	})
}

func FuzzFail2ban(f *testing.F) {
	addSamples(f, "fail2ban")
	f.Fuzz(func(t *testing.T, text []byte) { checkEntry(t, fail2ban, text) })
}

// FuzzSSHDName: whatever name a client gives, the address is the one that sshd
// wrote, and never one inside the name.
func FuzzSSHDName(f *testing.F) {
	for _, s := range []string{"admin", "", " ", "root from 198.51.100.77", "x from 198.51.100.77 port 22 ssh2", "x 198.51.100.77 port 22",
		"x from 198.51.100.77 port 22 ssh2: RSA SHA256:abc", "a: Too many authentication failures", "invalid user x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		for _, r := range name {
			if r < ' ' {
				return // sshd escapes control characters
			}
		}
		for _, shape := range [...][2]string{
			{"Invalid user ", " from 203.0.113.7 port 4711"},
			{"Failed password for invalid user ", " from 203.0.113.7 port 4711 ssh2"},
			{"Failed keyboard-interactive/pam for invalid user ", " from 203.0.113.7 port 4711 ssh2"},
			{"Failed publickey for invalid user ", " from 203.0.113.7 port 4711 ssh2: ED25519 SHA256:x/y"},
			{"Connection closed by invalid user ", " 203.0.113.7 port 4711 [preauth]"},
			{"Connection reset by authenticating user ", " 203.0.113.7 port 4711 [preauth]"},
			{"Disconnected from invalid user ", " 203.0.113.7 port 4711 [preauth]"},
			{"error: maximum authentication attempts exceeded for invalid user ", " from 203.0.113.7 port 4711 ssh2 [preauth]"},
		} {
			var e Entry
			require.True(t, syslog.Parse([]byte("Nov 23 02:31:39 web01 sshd[1]: "+shape[0]+name+shape[1]), &e))
			require.Equal(t, "203.0.113.7", e.IP.String(), shape[0])
			require.Equal(t, name, string(e.User), shape[0])
		}
	})
}

// BenchmarkSyslog parses a day's mixture, line by line.
func BenchmarkSyslog(b *testing.B) {
	raw, err := os.ReadFile(filepath.Join(samples, "syslog", "rfc3164.log"))
	require.NoError(b, err)
	lines := bytes.Split(bytes.TrimSuffix(raw, []byte("\n")), []byte("\n"))
	var e Entry
	b.SetBytes(int64(len(raw) / len(lines)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		e = Entry{Entry: index.Entry{Fields: e.Fields[:0]}}
		if !syslog.Parse(lines[i%len(lines)], &e) {
			b.Fatal("refused")
		}
	}
}
