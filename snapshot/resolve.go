package snapshot

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"stilltrace/index"
)

// The bounds of asking the name service, which may be slow, or whose answers
// may be another's traps.
const (
	// maxResolved is how many addresses are asked about; those with most sockets come first.
	maxResolved = 1000
	// resolvers ask at once, and each question has resolvePatience.
	resolvers, resolvePatience = 16, 3 * time.Second
	// maxNames and maxNameLength bound what is kept of one answer; a name of DNS has at most 253 bytes (RFC 1035).
	maxNames, maxNameLength = 8, 253
)

// resolve asks the host's name service for the names of the remote addresses
// of sockets, until the state of the host is due. Whoever watches the name
// server, or owns one of the addresses, sees the questions.
func (t *taker) resolve(addrs []netip.Addr) {
	deadline := t.began.Add(t.o.Deadline)
	ctx, cancel := context.WithDeadline(t.ctx, deadline)
	if t.o.Deadline <= 0 {
		ctx, cancel = context.WithCancel(t.ctx)
	}
	defer cancel()
	server := "the host's resolver"
	if r := t.snap.Host.Resolver; r != nil && len(r.Servers) > 0 {
		server = strings.Join(r.Servers, ", ")
	}
	if over := len(addrs) - maxResolved; over > 0 {
		t.gap(index.Gap{Area: "host", Place: "name service", Reason: index.ReasonTooLarge, Detail: "addresses that were not asked about", Count: over})
		addrs = addrs[:maxResolved]
	}
	answers := make([]index.Resolved, len(addrs))
	next := make(chan int)
	var group sync.WaitGroup
	for range min(resolvers, len(addrs)) {
		group.Go(func() {
			for i := range next {
				answers[i] = t.ask(ctx, addrs[i], server)
			}
		})
	}
	late := 0
	for i := range addrs {
		// A question fails at the deadline itself, and ctx may end a moment later.
		if ctx.Err() != nil || t.o.Deadline > 0 && !time.Now().Before(deadline) {
			late++
			continue
		}
		next <- i
	}
	close(next)
	group.Wait()
	if late > 0 {
		t.gap(index.Gap{Area: "host", Place: "name service", Reason: index.ReasonDeadline, Detail: "addresses that were not asked about", Count: late})
	}
	answers = slices.DeleteFunc(answers, func(r index.Resolved) bool { return !r.Addr.IsValid() })
	slices.SortFunc(answers, func(a, b index.Resolved) int { return a.Addr.Compare(b.Addr) })
	t.snap.Host.Resolved = answers
}

func (t *taker) ask(ctx context.Context, addr netip.Addr, server string) index.Resolved {
	ctx, cancel := context.WithTimeout(ctx, resolvePatience)
	defer cancel()
	resolver := t.o.resolver
	if resolver == nil {
		resolver = &net.Resolver{PreferGo: true}
	}
	names, err := resolver.LookupAddr(ctx, addr.String())
	r := index.Resolved{Addr: addr, Server: server, Time: index.TimeOf(time.Now())}
	for _, name := range names {
		if len(r.Names) < maxNames && len(name) <= maxNameLength+1 {
			r.Names = append(r.Names, strings.TrimSuffix(name, "."))
		}
	}
	slices.Sort(r.Names)
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		r.Error = dns.Err
	case err != nil:
		r.Error = err.Error()
	}
	return r
}

// remotes are the addresses of the other ends, those with most sockets first.
func remotes(sockets []index.Socket) []netip.Addr {
	count := map[netip.Addr]int{}
	for i := range sockets {
		if a := sockets[i].Remote.WithZone(""); a.IsValid() && !a.IsUnspecified() && !a.IsLoopback() {
			count[a]++
		}
	}
	all := make([]netip.Addr, 0, len(count))
	for a := range count {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b netip.Addr) int { return cmp.Or(cmp.Compare(count[b], count[a]), a.Compare(b)) })
	return all
}
