package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// The addresses are those of documentation (RFC 5737, RFC 3849).
const (
	victim4   = "192.0.2.10"
	victim6   = "2001:db8::10"
	attacker4 = "203.0.113.66" // stubborn, and alone in its network but for the slow one
	attacker6 = "2001:db8:bad::66"
	slow4     = "203.0.113.99" // stays below fail2ban's threshold
	admin4    = "192.0.2.23"   // honest
	admin6    = "2001:db8:ad::23"
	visitor4  = "192.0.2.80" // honest too, has a browser only

	adminName = "desk.example" // what the victim's /etc/hosts calls admin4
)

// An outside is a host on the other end of a wire to the victim.
type outside struct {
	name      string
	addresses []string
}

// outsides are all of them. The sweep comes from twenty addresses of one
// network and four of IPv6.
func outsides() []outside {
	return []outside{
		{"attacker", []string{attacker4, attacker6}},
		{"sweep", sweepers()},
		{"slow", []string{slow4}},
		{"admin", []string{admin4, admin6}},
		{"visitor", []string{visitor4}},
	}
}

func sweepers() []string {
	var all []string
	for i := range 20 {
		all = append(all, fmt.Sprintf("198.51.100.%d", 10+i))
	}
	for i := range 4 {
		all = append(all, fmt.Sprintf("2001:db8:5eed::%d", 10+i))
	}
	return all
}

// outsideOf is the name of the host that has an address.
func outsideOf(address string) string {
	for _, o := range outsides() {
		for _, a := range o.addresses {
			if a == address {
				return o.name
			}
		}
	}
	return ""
}

// makeNetwork makes the outside hosts, network namespaces of the director's own
// network, and a wire from each to the victim.
func (l *lab) makeNetwork() {
	host := filepath.Base(filepath.Dir(l.root))
	victim := readStatus("/proc/" + host + "/status").pids[1]
	l.command("ip", "link", "set", "lo", "up").run()
	for _, a := range []string{victim4 + "/32", victim6 + "/128"} {
		l.command("ip", "address", "add", a, "dev", "lo").run()
	}
	for _, o := range outsides() {
		wire := "v-" + o.name
		tool("ip", "netns", "add", o.name)
		tool("ip", "link", "add", wire, "type", "veth", "peer", "name", "eth0", "netns", o.name)
		tool("ip", "link", "set", wire, "netns", victim)
		// Each end has a fixed address of its link, so that neither waits for duplicates to be found.
		l.command("ip", "address", "add", "fe80::1/64", "dev", wire, "nodad").run()
		l.command("ip", "link", "set", wire, "up").run()
		tool("ip", "-n", o.name, "link", "set", "lo", "up")
		tool("ip", "-n", o.name, "address", "add", "fe80::2/64", "dev", "eth0", "nodad")
		for _, a := range o.addresses {
			bits := "/32"
			if strings.Contains(a, ":") {
				bits = "/128"
			}
			tool("ip", "-n", o.name, "address", "add", a+bits, "dev", "eth0", "nodad")
		}
		tool("ip", "-n", o.name, "link", "set", "eth0", "up")
		tool("ip", "-n", o.name, "route", "add", victim4, "dev", "eth0")
		tool("ip", "-n", o.name, "-6", "route", "add", victim6, "via", "fe80::1", "dev", "eth0")
		for _, a := range o.addresses {
			if strings.Contains(a, ":") {
				l.command("ip", "-6", "route", "add", a, "via", "fe80::2", "dev", wire).run()
			} else {
				l.command("ip", "route", "add", a, "dev", wire, "src", victim4).run()
			}
		}
	}
}

// tool runs a program on the director's side, which must succeed.
func tool(args ...string) string {
	out, err := execute(exec.Command(args[0], args[1:]...))
	if err != nil {
		err = fmt.Errorf("%w: %s", err, out)
	}
	must(err, "%s", strings.Join(args, " "))
	return out
}

// victimFor is the victim's address in the family of a client's.
func victimFor(from string) string {
	if strings.Contains(from, ":") {
		return victim6
	}
	return victim4
}

// dial connects from an outside address to the victim.
func dial(from string, port int, limit time.Duration) (c net.Conn, err error) {
	inside(outsideOf(from), func() {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: limit}
		c, err = d.DialContext(context.Background(), "tcp", net.JoinHostPort(victimFor(from), strconv.Itoa(port)))
	})
	return c, err
}

// listen listens on an outside address.
func listen(at string, port int) net.Listener {
	var s net.Listener
	var err error
	inside(outsideOf(at), func() { s, err = net.Listen("tcp", net.JoinHostPort(at, strconv.Itoa(port))) })
	must(err, "listen on %s", at)
	return s
}

// inside runs f on a thread that is in the network of an outside host. The
// thread ends with it: it must not serve anything else.
func inside(host string, f func()) {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		ns, err := os.Open("/run/netns/" + host)
		if err == nil {
			defer ns.Close()
			err = unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET)
		}
		if err == nil {
			f()
		}
		done <- err
	}()
	must(<-done, "network of %s", host)
}

// on is a command that runs on an outside host.
func on(host string, args ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", host}, args...)...)
}
