package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	databaseDir = "/srv/pgdata"
	accepting   = "database system is ready to accept connections"
)

// postgres is where Debian keeps PostgreSQL's own programs, off the PATH, and
// the version in that path.
func (l *lab) postgres() (dir, version string) {
	found, err := filepath.Glob(l.path("/usr/lib/postgresql/*/bin/postgres"))
	must(err, "postgres")
	if len(found) == 0 {
		must(errors.New("it is not installed"), "postgres")
	}
	version = filepath.Base(filepath.Dir(filepath.Dir(found[len(found)-1])))
	return "/usr/lib/postgresql/" + version + "/bin", version
}

func (l *lab) databaseLog() string {
	_, version := l.postgres()
	return "/var/log/postgresql/postgresql-" + version + "-main.log"
}

// makeDatabase makes a cluster, and starts it with the tables of the shop.
func (l *lab) makeDatabase() {
	bin, _ := l.postgres()
	l.ownDirs("postgres", databaseDir, "/run/postgresql", "/var/log/postgresql")
	l.command("chmod", "700", databaseDir).run()
	l.command(as("postgres", bin+"/initdb", "-D", databaseDir, "--auth-local", "peer", "--auth-host", "scram-sha-256",
		"--no-sync", "--locale", "C", "--encoding", "UTF8")...).run()
	l.startPostgres()
	l.command(as("postgres", "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "/etc/postgresql/schema.sql")...).run()
}

// startPostgres starts the cluster, logging to a file as Debian's pg_ctlcluster does.
func (l *lab) startPostgres() {
	start := time.Now()
	bin, version := l.postgres()
	log := l.databaseLog()
	before := l.grep(log, accepting)
	pid := l.start(Job{Name: "postgres", Unit: "postgresql@" + version + "-main", Output: log, Args: as("postgres",
		bin+"/postgres", "-D", databaseDir, "-c", "config_file=/etc/postgresql/shop.conf", "-c", "cluster_name="+version+"/main")})
	l.awaitPostgres(before + 1)
	l.note(act{What: actStarted, Actor: "host", At: start, Count: 1, PID: pid, Detail: map[string]string{"service": "postgresql"}})
}

// awaitPostgres waits for the n-th time that PostgreSQL is ready. To ask it
// would leave a line for each time that it is not.
func (l *lab) awaitPostgres(n int) {
	await("postgres", func() bool { return l.grep(l.databaseLog(), accepting) >= n })
}

// stopPostgres ends it without waiting for clients.
func (l *lab) stopPostgres() {
	l.stopService("postgresql", l.pidIn(databaseDir+"/postmaster.pid"), syscall.SIGINT)
}

// awaitNoSession waits until no process of PostgreSQL serves a client: a session
// keeps its place for a moment after its client has left.
func (l *lab) awaitNoSession() {
	await("the end of PostgreSQL's sessions", func() bool {
		for line := range strings.Lines(l.command("ps", "-e", "-ww", "-o", "args=").run()) {
			if strings.HasPrefix(line, "postgres: ") && (strings.Contains(line, "127.0.0.1(") || strings.Contains(line, "[local]")) {
				return false
			}
		}
		return true
	})
}

// refuseDatabase asks the site for what it keeps in the database while
// PostgreSQL is stopped.
func (l *lab) refuseDatabase() {
	l.stopPostgres()
	l.fail(visit{from: visitor4, path: "/shop/", status: 500}, 3, "Connection refused")
	l.fail(visit{from: admin6, path: "/shop/", status: 500}, 1, "Connection refused")
	l.startPostgres()
}

// deadlock has two transfers wait for each other. PostgreSQL ends one of them,
// and only the answers tell which.
func (l *lab) deadlock() {
	start := time.Now()
	visits := []visit{{from: visitor4, path: "/shop/transfer/1/2"}, {from: admin6, path: "/shop/transfer/2/1"}}
	answers := make([]answer, 2)
	together(func() { answers[0] = visits[0].get() }, func() { answers[1] = visits[1].get() })
	loser := slices.IndexFunc(answers, func(a answer) bool { return a.status == 500 })
	if loser < 0 || answers[1-loser].status != 200 {
		must(fmt.Errorf("%v", answers), "a deadlock")
	}
	for i := range visits {
		visits[i].status = answers[i].status
		l.noteRequests(visits[i], start, 1)
	}
	l.noteException(visits[loser], start, 1, answers[loser], "deadlock detected")
	l.note(act{What: actDeadlock, Actor: "host", At: start, Count: 1})
}

// exhaustConnections has a job take all connections, so that PostgreSQL refuses
// those of the site. The job is refused itself, first as the shop, and then as
// the administrator, for whom some places are kept.
func (l *lab) exhaustConnections() {
	const (
		requests = 3
		reserved = "remaining connection slots are reserved for non-replication superuser connections"
		full     = "sorry, too many clients already"
	)
	start := time.Now()
	l.awaitNoSession()
	talk := labDir + "/export.talk"
	pid := l.start(Job{Name: "export", Args: as("postgres", "/srv/jobs/export.py"), Unit: "export", Output: talk})
	await("PostgreSQL to have no room", func() bool { return strings.Count(l.read(talk), "\n") == 3 })
	told := strings.Split(strings.TrimSpace(l.read(talk)), "\n")[1:]
	if told[0] != reserved || told[1] != full {
		must(fmt.Errorf("%q", told), "PostgreSQL's refusals")
	}
	l.fail(visit{from: visitor4, path: "/shop/", status: 500}, requests, full)
	l.kill(pid, syscall.SIGTERM)
	l.gone(pid)
	l.awaitNoSession()
	l.note(act{What: actTooManyConns, Actor: "host", At: start, Count: 1, Detail: map[string]string{"message": reserved}},
		act{What: actTooManyConns, Actor: "host", At: start, Count: 1 + requests, Detail: map[string]string{"message": full}})
}

// crashBackend kills the process of one session. PostgreSQL then ends all
// sessions, since their common memory may be damaged, and begins anew.
func (l *lab) crashBackend() {
	start := time.Now()
	l.awaitNoSession()
	ready := l.grep(l.databaseLog(), accepting)
	talk := labDir + "/session.talk"
	client := l.start(Job{Name: "session", Unit: "session", Output: talk,
		Args: as("postgres", "psql", "-XAtq", "-d", "shop", "-c", "SELECT pg_backend_pid()", "-c", "SELECT pg_sleep(60)")})
	await("a session", func() bool { return strings.HasSuffix(l.read(talk), "\n") })
	backend, err := strconv.Atoi(strings.TrimSpace(l.read(talk)))
	must(err, "a session")
	l.kill(backend, syscall.SIGKILL)
	l.gone(client)
	l.awaitPostgres(ready + 1)
	l.note(act{What: actCrash, Actor: "host", At: start, Count: 1, PID: backend,
		Detail: map[string]string{"service": "postgresql", "signal": strconv.Itoa(int(syscall.SIGKILL))}})
}
