package main

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	ledgerUser   = "ledger"
	ledgerPort   = 911 // below 1024: to listen there is a privilege
	ledgerKey    = "LEDGER_API_KEY"
	ledgerSecret = "sk-lab-7c41e0d95b2f" // what a case must not hold
)

// startLedger runs a service that the others cannot reach: it has a network
// namespace of its own, and of root's powers the one to listen below 1024.
func (l *lab) startLedger() {
	start := time.Now()
	l.command("useradd", "--system", "--shell", "/usr/sbin/nologin", ledgerUser).run()
	program := append(as(ledgerUser, "--inh-caps=+net_bind_service", "--ambient-caps=+net_bind_service"), "/srv/jobs/ledger.py")
	talk := labDir + "/ledger.talk"
	l.start(Job{Name: "ledger", Args: append([]string{"sh", "-c", `ip link set lo up && exec "$0" "$@"`}, program...),
		Unit: "ledger", Output: talk, Alone: true, Env: []string{ledgerKey + "=" + ledgerSecret}})
	await("the ledger", func() bool { return strings.HasSuffix(l.read(talk), "\n") })
	var pid, child int
	_, err := fmt.Sscan(l.read(talk), &pid, &child)
	must(err, "ledger: %s", l.read(talk))
	var ns unix.Stat_t
	must(unix.Stat(l.path(fmt.Sprintf("/proc/%d/ns/net", pid)), &ns), "ledger's network")
	l.alone = append(l.alone, pid)
	alone := act{What: actAlone, Actor: "host", At: start, User: ledgerUser, Count: 1, PID: pid, Port: ledgerPort,
		Detail: map[string]string{"service": "ledger", "peer": strconv.Itoa(child), "netns": strconv.FormatUint(ns.Ino, 10)}}
	l.note(alone)
	for _, pid := range []int{pid, child} {
		did := act{Actor: "host", At: start, User: ledgerUser, Count: 1, PID: pid}
		l.note(did.with(actThreads, "names", strings.Join(l.threads(pid), " ")), did.with(actCapability, "effective", "net_bind_service"),
			did.with(actSecret, "name", ledgerKey, "value", ledgerSecret))
	}
}

// with is the same act as one of another kind, with these details.
func (a act) with(what string, pairs ...string) act {
	a.What, a.Detail = what, map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		a.Detail[pairs[i]] = pairs[i+1]
	}
	return a
}

// threads are the names of a process's threads.
func (l *lab) threads(pid int) (names []string) {
	all, err := filepath.Glob(l.path(fmt.Sprintf("/proc/%d/task/*/comm", pid)))
	must(err, "threads of %d", pid)
	for _, f := range all {
		names = append(names, strings.TrimSpace(l.read(strings.TrimPrefix(f, l.root))))
	}
	return names
}
