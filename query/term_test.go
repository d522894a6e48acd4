package query

import (
	"testing"

	"github.com/stretchr/testify/require"

	"stilltrace/index"
)

var someFields = []index.FieldSpec{
	{Name: "ip", Kind: index.Address},
	{Name: "service", Kind: index.Exact},
	{Name: "action", Kind: index.Exact, Values: []string{"login", "login_failed", "sudo"}},
	{Name: "state", Kind: index.Exact, Values: []string{"LISTEN", "ESTABLISHED"}},
	{Name: "level", Kind: index.Severity, Values: index.LevelNames()},
	{Name: "pid", Kind: index.Number},
	{Name: "message", Kind: index.Contains},
	{Name: "port", Kind: index.Number},
	{Name: "rport", Kind: index.Number},
}

func TestParseTerms(t *testing.T) {
	tests := []struct {
		name, word string
		bare       subject
		want       string // the terms, joined by blanks
	}{
		{"field", "service:sshd", bareEvent, "service:sshd"},
		{"excluded", "-service:sshd", bareEvent, "-service:sshd"},
		{"value with colons", "message:a:b", bareEvent, "message:a:b"},
		{"empty value", "service:", bareEvent, "service:"},
		{"at least", "pid>=10", bareEvent, "pid>=10"},
		{"below", "pid<10", bareEvent, "pid<10"},
		{"severity", "level>=err", bareEvent, "level>=err"},
		{"expression", "service~^ssh", bareEvent, "service~^ssh"},
		{"expression of a vocabulary", "-state~WAIT$", bareEvent, "-state~WAIT$"},
		{"range", "pid:10-20", bareEvent, "pid:10-20"},
		{"network", "ip:203.0.113.0/24", bareEvent, "ip:203.0.113.0/24"},
		{"vocabulary in any case", "state:listen", bareSocket, "state:LISTEN"},
		{"pattern of a vocabulary", "action:login*", bareEvent, "action:login*"},
		{"line break in a value", "message:a\nb", bareEvent, "message:a\nb"},

		{"address", "203.0.113.7", bareAddress, "ip:203.0.113.7"},
		{"address excluded", "-203.0.113.7", bareAddress, "-ip:203.0.113.7"},
		{"address that looks like a field", "fe80::1", bareAddress, "ip:fe80::1"},
		{"prefix that looks like a field", "fc00::/7", bareSocket, "ip:fc00::/7"},
		{"port", ":22", bareSocket, "port:22"},
		{"ports", ":8000-8999", bareSocket, "port:8000-8999"},
		{"address and port", "203.0.113.7:443", bareSocket, "ip:203.0.113.7 port:443"},
		{"IPv6 address and port", "[2001:db8::1]:443", bareSocket, "ip:2001:db8::1 port:443"},
		{"service", "ssh", bareSocket, "service:ssh"},
		{"pid", "812", bareProcess, "pid:812"},
		{"name", "sshd", bareProcess, "name:sshd"},
		{"executable", "/usr/sbin/sshd", bareProcess, "exe:/usr/sbin/sshd"},
		{"port of a process", ":22", bareProcess, "port:22"},
		{"address of a process", "2001:db8::1", bareProcess, "ip:2001:db8::1"},
		{"port of another command", "port:70000", bareEvent, "port:70000"},
		{"an address with a zone", "fe80::1%eth0", bareSocket, "ip:fe80::1%eth0"},
		{"a name with a slash and a colon", "kworker/0:1", bareProcess, "name:kworker/0:1"},
		{"a name with a version", "python3.11", bareProcess, "name:python3.11"},
		{"any name", "*", bareProcess, "name:*"},
		{"name with digits", "7z", bareProcess, "name:7z"},
		{"event text", "Failed password", bareEvent, "raw:Failed password"},
		{"event address", "203.0.113.7", bareEvent, "ip:203.0.113.7"},
		{"error category", "database", bareError, "category:database"},
		{"error text", "timed out", bareError, "raw:timed out"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			terms, err := parseTerms([]string{tt.word}, "event", someFields, tt.bare)
			require.NoError(t, err)
			got := ""
			for i, term := range terms {
				if i > 0 {
					got += " "
				}
				got += term.String()
			}
			require.Equal(t, tt.want, got)
		})
	}
}

func TestParseTermsRefuses(t *testing.T) {
	tests := []struct {
		name, word string
		bare       subject
		want       string
	}{
		{"unknown field", "servce:sshd", bareEvent, `servce:sshd: event knows no field "servce", did you mean "service"?: stilltrace help event lists them`},
		{"nothing near", "zzzzzz:1", bareEvent, `zzzzzz:1: event knows no field "zzzzzz": stilltrace help event lists them`},
		{"unknown value", "action:login_faild", bareEvent, `action:login_faild: action is never "login_faild", did you mean "login_failed"?: one of login login_failed sudo`},
		{"not a number", "pid:abc", bareEvent, `pid:abc: "abc" is not a whole number, nor a range such as 8000-8999`},
		{"a minus alone", "-", bareProcess, "-: nothing to leave out: write -name:sshd"},
		{"bad expression", "service~a(", bareEvent, "service~a(: error parsing regexp: missing closing ): `a(`: a backslash before ( [ { * + ? . makes them plain letters"},
		{"expression of a number", "pid~1", bareEvent, "pid~1: pid is no text that an expression could match: write pid:1"},
		{"not an address", "ip:300.1.1.1", bareEvent, `ip:300.1.1.1: "300.1.1.1" is not an address: write 203.0.113.7 or a network such as 203.0.113.0/24`},
		{"no order", "message>=x", bareEvent, "message>=x: message has no order: write message:x"},
		{"no order in a vocabulary", "action>=login", bareEvent, "action>=login: action has no order: write action:login"},
		{"bare word that is no address", "sshd", bareAddress, "sshd: neither an address, a network such as 203.0.113.0/24, nor a term such as service:sshd"},
		{"bad port", ":ssh", bareSocket, ":ssh: not a port: write :22, or :8000-8999"},
		{"a bare number", "536", bareSocket, "536: a port or a process: write :536, or pid:536"},
		{"ports backwards", ":90-80", bareSocket, ":90-80: it ends before it begins: write :80-90"},
		{"ports without an end", ":80-", bareSocket, ":80-: a range has two ends: write :80-65535"},
		{"no such port", ":70000", bareSocket, ":70000: not a port: write :22, or :8000-8999"},
		{"a range backwards", "pid:90-80", bareEvent, "pid:90-80: it ends before it begins: write pid:80-90"},
		{"no such address", "300.1.1.1", bareSocket, "300.1.1.1: not an address: write 203.0.113.7, or 203.0.113.0/24 for a network"},
		{"no such address of a process", "203.0.113", bareProcess, "203.0.113: not an address: write 203.0.113.7, or 203.0.113.0/24 for a network"},
		{"an address with a star", "203.0.113.*", bareSocket, "203.0.113.*: not an address: write 203.0.113.7, or 203.0.113.0/24 for a network"},
		{"no such network", "10.0.0.0/33", bareProcess, "10.0.0.0/33: not a network: write 203.0.113.0/24"},
		{"no such network of IPv6", "2001:db8::/129", bareProcess, "2001:db8::/129: not a network: write 203.0.113.0/24"},
		{"an address and no such port", "203.0.113.7:99999", bareProcess, "203.0.113.7:99999: not an address and a port: write 203.0.113.7:443, or [2001:db8::1]:443"},
		{"an address of IPv6 and no port", "[2001:db8::1]:", bareSocket, "[2001:db8::1]:: not an address and a port: write 203.0.113.7:443, or [2001:db8::1]:443"},
		{"a name and a port", "web-01:22", bareSocket, "web-01:22: not an address and a port: write 203.0.113.7:443, or [2001:db8::1]:443"},
		{"two terms excluded at once", "-203.0.113.7:22", bareSocket, "-203.0.113.7:22: leave out the parts one by one: -ip:203.0.113.7 -port:22"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseTerms([]string{tt.word}, "event", someFields, tt.bare)
			require.EqualError(t, err, tt.want)
		})
	}
}

// Sockets have no such ports; what a log says of a port is its own affair.
func TestPortsOfSockets(t *testing.T) {
	for _, command := range []string{"network", "process"} {
		for word, want := range map[string]string{
			"port:70000":     "port:70000: ports are 1 to 65535: write port:22, or port:8000-8999",
			"rport>=70000":   "rport>=70000: ports are 1 to 65535: write rport:22, or rport:8000-8999",
			"-port:0":        "-port:0: ports are 1 to 65535: write port:22, or port:8000-8999",
			"port:80-70000":  "port:80-70000: ports are 1 to 65535: write port:22, or port:8000-8999",
			"port:-1":        "port:-1: ports are 1 to 65535: write port:22, or port:8000-8999",
			"port:ssh":       `port:ssh: "ssh" is not a whole number, nor a range such as 8000-8999`,
			"port:22":        "",
			"port:1-65535":   "",
			"-rport<=1023":   "",
			"pid:4000000000": "",
		} {
			_, err := parseTerms([]string{word}, command, someFields, bareSocket)
			if want == "" {
				require.NoError(t, err, word)
			} else {
				require.EqualError(t, err, want)
			}
		}
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "abc", 3}, {"kitten", "sitting", 3}, {"service", "servce", 1}, {"same", "same", 0}} {
		require.Equal(t, tt.want, distance(tt.a, tt.b))
		require.Equal(t, tt.want, distance(tt.b, tt.a))
	}
}

func FuzzParseTerms(f *testing.F) {
	for _, s := range []string{"service:sshd", "-pid>=1", "fe80::1", ":22", "[::1]:80", "level>=err", "service~^s", ":1-2", "-", "--", "a:\xff\x1b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, word string) {
		for _, bare := range []subject{bareAddress, bareSocket, bareProcess, bareEvent, bareError} {
			terms, err := parseTerms([]string{word}, "event", someFields, bare)
			if err == nil {
				require.NotEmpty(t, terms)
			}
		}
	})
}
