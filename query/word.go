package query

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"stilltrace/index"
)

// bareSocket: :22 is a port, :8000-8999 a range of them, 203.0.113.7:443 an
// address and a port.
func bareSocket(word string) ([]index.Term, error) {
	if isAddress(word) {
		return []index.Term{is("ip", word)}, nil
	}
	if ap, err := netip.ParseAddrPort(word); err == nil {
		return []index.Term{is("ip", ap.Addr().String()), is("port", fmt.Sprint(ap.Port()))}, nil
	}
	if port, ok := strings.CutPrefix(word, ":"); ok {
		return barePort(word, port)
	}
	if err := meantAddress(word); err != nil {
		return nil, err
	}
	switch {
	case strings.Contains(word, "/"):
		return nil, fmt.Errorf("%s: not a network: write 203.0.113.0/24", word)
	case strings.Contains(word, ":"):
		return nil, fmt.Errorf("%s: not an address and a port: write 203.0.113.7:443, or [2001:db8::1]:443", word)
	case digits(word):
		return nil, fmt.Errorf("%s: a port or a process: write :%s, or pid:%s", word, word, word)
	}
	return []index.Term{is("service", word)}, nil
}

func barePort(word, port string) ([]index.Term, error) {
	if !arePorts(port) {
		return nil, fmt.Errorf("%s: not a port: write :22, or :8000-8999", word)
	}
	t := is("port", port)
	if _, ok := t.Compile(index.Number); ok {
		return []index.Term{t}, nil
	}
	from, to, _ := strings.Cut(port, "-")
	if to == "" {
		return nil, fmt.Errorf("%s: a range has two ends: write :%s-%d", word, from, lastPort)
	}
	return nil, fmt.Errorf("%s: it ends before it begins: write :%s-%s", word, to, from)
}

const lastPort = 65535

// arePorts reports whether text is a port, or two that a minus joins.
func arePorts(text string) bool {
	from, to, _ := strings.Cut(text, "-")
	for _, p := range []string{from, cmp.Or(to, from)} {
		if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 {
			return false
		}
	}
	return true
}

// checkPort refuses ports that no socket has. Those in the logs are what
// somebody wrote there.
func checkPort(t *index.Term, command string) error {
	if command != "network" && command != "process" || !slices.Contains([]string{"port", "lport", "rport"}, t.Field) || arePorts(t.Value) {
		return nil
	}
	return fmt.Errorf("%s: ports are 1 to %d: write %s:22, or %s:8000-8999", t, lastPort, t.Field, t.Field)
}

// meantAddress refuses what somebody meant as an address, and would else be
// looked for as a name that nothing has.
func meantAddress(word string) error {
	host, _, network := strings.Cut(word, "/")
	if network && isAddress(host) {
		return fmt.Errorf("%s: not a network: write 203.0.113.0/24", word)
	}
	if i := strings.LastIndexByte(word, ':'); i > 0 && isAddress(strings.Trim(word[:i], "[]")) {
		return fmt.Errorf("%s: not an address and a port: write 203.0.113.7:443, or [2001:db8::1]:443", word)
	}
	if strings.Contains(word, ".") && strings.Trim(word, "0123456789.*") == "" {
		return fmt.Errorf("%s: not an address: write 203.0.113.7, or 203.0.113.0/24 for a network", word)
	}
	return nil
}

// bareProcess: 812 is a pid, /usr/sbin/sshd an executable, and as for network
// :22 a port and 203.0.113.7 an address.
func bareProcess(word string) ([]index.Term, error) {
	switch {
	case digits(word):
		return []index.Term{is("pid", word)}, nil
	case word[0] == '/':
		return []index.Term{is("exe", word)}, nil
	case word[0] == ':' || isAddress(word):
		return bareSocket(word)
	}
	if err := meantAddress(word); err != nil {
		return nil, err
	}
	return []index.Term{is("name", word)}, nil
}
