package main

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	collectorPort    = 5140
	collectorBacklog = 4
	halfOpenEach     = 2 // connections of each address of the sweep
)

// fillQueue brings the collector, which has no descriptor left to accept with,
// as many connections as its queue takes (listen(2): one more than it says),
// and one for which there is no room.
func (l *lab) fillQueue(pid int) {
	start := time.Now()
	for range collectorBacklog + 1 {
		c, err := dial(visitor4, collectorPort, stepLimit)
		must(err, "connection to the collector")
		l.held = append(l.held, c)
	}
	if c, err := dial(visitor4, collectorPort, 500*time.Millisecond); err == nil {
		l.held = append(l.held, c)
		must(fmt.Errorf("it was accepted"), "one connection too many")
	}
	l.note(act{What: actBacklog, Actor: "visitor", At: start, From: visitor4, Count: collectorBacklog + 1, PID: pid, Port: collectorPort,
		Detail: map[string]string{"backlog": fmt.Sprint(collectorBacklog), "refused": "1"}})
}

// A flood is connections that are half open.
type flood struct{ sockets []int }

// floodWeb has the sweep begin connections to the web server of which it never
// hears: its own host drops the answers.
func (l *lab) floodWeb() *flood {
	f := &flood{}
	tool("ip", "netns", "exec", "sweep", "nft", "add table ip deaf; add chain ip deaf in { type filter hook input priority 0; }; "+
		fmt.Sprintf("add rule ip deaf in tcp sport %d tcp flags & (syn | ack) == (syn | ack) drop", webPort))
	start := time.Now()
	var acts []act
	var failed []error
	inside("sweep", func() {
		for _, from := range sweepers() {
			if strings.Contains(from, ":") {
				continue
			}
			for range halfOpenEach {
				failed = append(failed, f.knock(from))
			}
			acts = append(acts, act{What: actHalfOpen, Actor: "sweep", At: start, From: from, Count: halfOpenEach, Port: webPort})
		}
	})
	must(errors.Join(failed...), "half-open connections")
	await("the half-open connections", func() bool {
		return strings.Count(l.command("ss", "-Htn", "state", "syn-recv").run(), "\n") == len(f.sockets)
	})
	l.note(acts...)
	return f
}

// knock begins a connection and does not wait for it.
func (f *flood) knock(from string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	f.sockets = append(f.sockets, fd)
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte(net.ParseIP(from).To4())}); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: webPort, Addr: [4]byte(net.ParseIP(victim4).To4())}); !errors.Is(err, unix.EINPROGRESS) {
		return fmt.Errorf("%s: connect: %w", from, err)
	}
	return nil
}

// end lets the sweep's host hear again, and it gives up.
func (f *flood) end() {
	for _, fd := range f.sockets {
		unix.Close(fd)
	}
	tool("ip", "netns", "exec", "sweep", "nft", "delete table ip deaf")
}
