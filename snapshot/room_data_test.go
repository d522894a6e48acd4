package snapshot_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"
)

// startRedis runs redis-server with a password. At its usual level Redis logs no
// refused password; at verbose it at least names the client.
func (r *room) startRedis() {
	logs := r.mkdir(r.log, "redis")
	r.run(exec.Command("chown", "redis", logs, r.mkdir("redis")))
	conf := r.write(0o644, fmt.Sprintf(`bind 127.0.0.1
port %d
dir %s
logfile %s
loglevel verbose
requirepass %s
save ""
`, r.port("redis"), r.path("redis"), logs+"/redis-server.log", goodPassword), "redis.conf")
	r.start("redis", r.as("redis", exec.Command("redis-server", conf)))
	r.await("redis", func() bool { return r.answers("redis") })
}

// knockRedis offers Redis a wrong password, and then speaks HTTP to it.
func (r *room) knockRedis(from string) {
	r.askRedis(from, "AUTH "+wrongSecret+"\r\n", "-WRONGPASS")
	r.askRedis(from, "POST / HTTP/1.1\r\nHost: room\r\n\r\n", "")
	r.await("redis's alarm", func() bool {
		return len(r.grep("Possible SECURITY ATTACK", r.log, "redis", "redis-server.log")) > 0
	})
}

func (r *room) askRedis(from, words, answer string) {
	r.t.Helper()
	d := net.Dialer{Timeout: stepLimit, LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	c, err := d.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", r.port("redis")))
	require.NoError(r.t, err)
	defer c.Close()
	require.NoError(r.t, c.SetDeadline(time.Now().Add(stepLimit)))
	_, err = c.Write([]byte(words))
	require.NoError(r.t, err)
	line, _ := bufio.NewReader(c).ReadString('\n') // after HTTP Redis hangs up without a word
	require.Contains(r.t, line, answer)
}

// postgres returns the path of one of PostgreSQL's own programs, which Debian
// keeps off the PATH.
func (r *room) postgres(name string) string {
	r.t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	require.NoError(r.t, err)
	if len(found) == 0 {
		skip(r.t, "PostgreSQL's "+name+" is not installed")
	}
	return found[len(found)-1]
}

// startPostgres makes a cluster and runs it, logging to a file as Debian's does.
func (r *room) startPostgres() {
	data, logDir := r.mkdir("pgdata"), r.mkdir(r.log, "postgresql")
	r.run(exec.Command("chown", "postgres", data, logDir))
	secret := r.write(0o644, goodPassword+"\n", "pgpass")
	initdb := r.as("postgres", exec.Command(r.postgres("initdb"), "-D", data, "-U", "postgres", "--pwfile", secret,
		"--auth", "scram-sha-256", "--no-sync", "--locale", "C", "--encoding", "UTF8"))
	initdb.Dir = r.dir
	r.run(initdb)
	server := r.as("postgres", exec.Command(r.postgres("postgres"), "-D", data,
		"-c", "listen_addresses=127.0.0.1", "-c", fmt.Sprintf("port=%d", r.port("postgres")),
		"-c", "unix_socket_directories="+data, "-c", "fsync=off", "-c", "log_connections=on",
		"-c", "log_line_prefix=%m [%p] %q%u@%d ", "-c", "log_timezone="+r.at.zone))
	server.Dir = data
	out, err := os.OpenFile(filepath.Join(logDir, "postgresql.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	require.NoError(r.t, err)
	defer out.Close()
	server.Stderr = out
	r.start("postgres", server)
	// SIGTERM waits for every client to leave; SIGINT does not.
	r.t.Cleanup(func() { _ = server.Process.Signal(syscall.SIGINT) })
	r.await("postgres", func() bool {
		return exec.Command(r.postgres("pg_isready"), "-h", "127.0.0.1", "-p", fmt.Sprint(r.port("postgres"))).Run() == nil
	})
}

// psql runs one statement as the user postgres and reports whether it went well.
func (r *room) psql(password, statement string) (string, error) {
	cmd := exec.Command(r.postgres("psql"), "-X", "-h", "127.0.0.1", "-p", fmt.Sprint(r.port("postgres")), "-U", "postgres", "-c", statement)
	cmd.Env = append(os.Environ(), "PGPASSWORD="+password, "PGPASSFILE=/nonexistent")
	return r.try(cmd)
}

// failQueries has PostgreSQL refuse a statement and a password.
func (r *room) failQueries() {
	out, err := r.psql(goodPassword, "SELECT total FROM no_such_table")
	require.Error(r.t, err)
	require.Contains(r.t, out, `relation "no_such_table" does not exist`)
	out, err = r.psql(wrongSecret, "SELECT 1")
	require.Error(r.t, err)
	require.Contains(r.t, out, "password authentication failed")
	_, err = r.psql(goodPassword, "SELECT 1")
	require.NoError(r.t, err)
}
