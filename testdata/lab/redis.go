package main

import (
	"errors"
	"strings"
	"syscall"
	"time"
)

const (
	redisPort     = 6379
	redisPID      = "/run/redis/redis-server.pid"
	redisPassword = "basket-of-apples"
	loopback4     = "127.0.0.1" // where the site's connections come from
)

// startRedis runs Redis with a password and little memory; it saves to the file
// system that fills up.
func (l *lab) startRedis() {
	start := time.Now()
	l.ownDirs("redis", "/run/redis", "/var/log/redis")
	pid := l.start(Job{Name: "redis-server", Args: as("redis", "redis-server", "/etc/redis/redis.conf"), Unit: "redis-server", Restart: true})
	await("redis", func() bool { return l.listens(redisPort) })
	l.note(act{What: actStarted, Actor: "host", At: start, Count: 1, PID: pid, Detail: map[string]string{"service": "redis"}})
}

// redis gives Redis one command and returns its answer.
func (l *lab) redis(args ...string) string {
	return strings.TrimSpace(l.command(append([]string{"redis-cli", "--no-auth-warning", "-a", redisPassword}, args...)...).run())
}

// wrongRedis has the site offer Redis a password that is no longer the right
// one. Redis itself logs nothing of it.
func (l *lab) wrongRedis() {
	const requests = 2
	start := time.Now()
	l.fail(visit{from: visitor4, path: "/shop/recommended", status: 500}, requests, "WRONGPASS")
	l.note(act{What: actRedisPassword, Actor: "host", At: start, From: loopback4, Count: requests})
}

// fillRedis has the site write what Redis has no more room for.
func (l *lab) fillRedis() {
	const requests = 2
	start := time.Now()
	// Redis looks at its memory before a command, so that this one may go beyond.
	if got := l.redis("SETRANGE", "ballast", "4000000", "x"); got != "4000001" {
		must(errors.New(got), "fill Redis")
	}
	l.fail(visit{from: admin6, path: "/shop/basket", status: 503}, requests, "used memory > 'maxmemory'")
	l.note(act{What: actRedisMemory, Actor: "host", At: start, From: loopback4, Count: requests})
	if got := l.redis("DEL", "ballast"); got != "1" {
		must(errors.New(got), "empty Redis")
	}
}

// saveRedis has Redis save itself where there is no room.
func (l *lab) saveRedis() {
	start := time.Now()
	if got := l.redis("BGSAVE"); got != "Background saving started" {
		must(errors.New(got), "BGSAVE")
	}
	await("the end of Redis's save", func() bool { return strings.Contains(l.redis("INFO", "persistence"), "rdb_bgsave_in_progress:0") })
	if !strings.Contains(l.redis("INFO", "persistence"), "rdb_last_bgsave_status:err") {
		must(errors.New("it went well"), "BGSAVE to a full file system")
	}
	l.note(act{What: actRedisDisk, Actor: "host", At: start, Path: "/srv/backup/dump.rdb", Count: 1})
}

// crashRedis kills Redis, which leaves no word in its log; the host's service
// manager starts it again.
func (l *lab) crashRedis() {
	start := time.Now()
	pid := l.pidIn(redisPID)
	l.kill(pid, syscall.SIGKILL)
	again := 0
	await("redis to be started again", func() bool {
		if !l.listens(redisPort) {
			return false
		}
		again = l.pidIn(redisPID)
		return again != pid
	})
	l.note(act{What: actCrash, Actor: "host", At: start, Count: 1, PID: pid, Detail: map[string]string{"service": "redis", "signal": "9"}},
		act{What: actStarted, Actor: "host", At: start, Count: 1, PID: again, Detail: map[string]string{"service": "redis"}})
}
