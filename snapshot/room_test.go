package snapshot_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// keepDir, when given, has TestRoom copy the host it ran on instead of
// questioning it: testdata/host is made that way.
var keepDir = flag.String("keep", "", "copy the room's host into this directory and ask nothing")

const (
	stepLimit = 2 * time.Minute       // one daemon's start, one act, one query; six refusals of PAM take some 20 s
	pollEvery = 20 * time.Millisecond // between two looks at a thing that is awaited
	graceTime = 20 * time.Second      // between a daemon's SIGTERM and its SIGKILL
	// firstPort and manyPorts are below what the kernel gives to whoever asks for
	// any: other tests do so, here and in other namespaces.
	firstPort = 20000
	manyPorts = 10000
	sleepTime = 10 * time.Minute // how long what is held open would stay if the test were killed
)

// skip ends a test that this machine cannot run. Where STILLTRACE_FULL is 1 the
// machine claims to have everything, and a skip is a failure.
func skip(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("STILLTRACE_FULL") == "1" {
		t.Fatalf("STILLTRACE_FULL=1 and yet: %s", reason)
	}
	t.Skip(reason)
}

// room is a set of real daemons on loopback, with their own configuration, data
// and logs, and the tally of what was done to them.
type room struct {
	t       *testing.T
	at      place
	dir     string // mode 0755: postgres, redis and www-data must pass through it
	log     string // where the daemons write
	user    string // who may log in
	tally   tally
	ports   map[string]int // by daemon
	daemons map[string]int // their pids
}

// place is where in the network the room stands: on loopback of the machine
// that tests, or in a namespace of its own that is to be copied.
type place struct {
	listen4, listen6 string // where the public daemons listen
	to4, to6         string // where their clients go
	attempts         []attempt
	friend           string // whose login is accepted
	freed            string // banned, and let go again
	visitor, browser string // one connection per request; one connection kept open
	redis            string // Redis's client
	zone             string // of PostgreSQL's stamps
}

// tally is what the test did, counted while it did it.
type tally struct {
	refused  map[string]int // passwords that sshd refused, by address
	accepted map[string]int // logins, by address
	requests map[string]int // answers of nginx, by status
	bans     map[string]int // as fail2ban's action wrote them down, by address
}

// newRoom returns an empty room, or skips where the machine lacks a program.
func newRoom(t *testing.T) *room {
	t.Helper()
	if os.Geteuid() != 0 {
		skip(t, "the room's daemons have to be started by root")
	}
	for _, p := range []string{"sshd", "ssh", "ssh-keygen", "rsyslogd", "fail2ban-server", "fail2ban-client", "nginx", "redis-server", "ss", "ps", "useradd", "userdel", "chpasswd", "unshare"} {
		if _, err := exec.LookPath(p); err != nil {
			skip(t, p+" is not installed")
		}
	}
	r := &room{t: t, at: loopback(), user: "room", ports: map[string]int{}, daemons: map[string]int{}, tally: tally{
		refused: map[string]int{}, accepted: map[string]int{}, requests: map[string]int{}, bans: map[string]int{},
	}}
	if *keepDir != "" {
		r.stage()
		return r
	}
	// Not t.TempDir: its path is long for a unix socket and its parent is closed to other users.
	dir, err := os.MkdirTemp("", "room")
	require.NoError(t, err)
	t.Cleanup(func() {
		// A daemon's children may write until they have seen that it is gone.
		require.Eventually(t, func() bool { return os.RemoveAll(dir) == nil }, time.Minute, pollEvery)
	})
	require.NoError(t, os.Chmod(dir, 0o755))
	r.dir = dir
	r.log = r.mkdir("log")
	return r
}

// loopback has several clients, told apart by their loopback addresses. All but
// 127.0.1.4 are refused often enough to be banned; the name of 127.0.1.5 tries
// to pass another address off as its own.
func loopback() place {
	return place{
		listen4: "127.0.0.1", listen6: "::1", to4: "127.0.0.1", to6: "::1",
		attempts: []attempt{
			{from: "127.0.1.2", times: 3},
			{from: "127.0.1.2", user: "root", times: 2},
			{from: "127.0.1.3", user: "admin", times: 3},
			{from: "127.0.1.4", times: 1},
			{from: "127.0.1.5", user: "x from 198.51.100.7 port 22", times: 3},
			{from: "::1", user: "oracle", times: 3},
		},
		friend: "127.0.1.10", freed: "127.0.1.3", visitor: "127.0.1.20", browser: "127.0.1.21", redis: "127.0.1.30", zone: "Etc/UTC",
	}
}

// path returns a path in the room; one that starts with / stays as it is.
func (r *room) path(parts ...string) string {
	if filepath.IsAbs(parts[0]) {
		return filepath.Join(parts...)
	}
	return filepath.Join(append([]string{r.dir}, parts...)...)
}

func (r *room) mkdir(parts ...string) string {
	r.t.Helper()
	p := r.path(parts...)
	require.NoError(r.t, os.MkdirAll(p, 0o755))
	return p
}

// write puts text into a file of the room and returns its path.
func (r *room) write(mode os.FileMode, text string, parts ...string) string {
	r.t.Helper()
	p := r.path(parts...)
	require.NoError(r.t, os.MkdirAll(filepath.Dir(p), 0o755))
	require.NoError(r.t, os.WriteFile(p, []byte(text), mode))
	return p
}

func (r *room) read(parts ...string) string {
	b, err := os.ReadFile(r.path(parts...))
	if errors.Is(err, os.ErrNotExist) {
		return ""
	}
	require.NoError(r.t, err)
	return string(b)
}

// port returns the loopback port of the named daemon, free on IPv4 and IPv6
// when it is first asked for.
func (r *room) port(name string) int {
	r.t.Helper()
	if p, ok := r.ports[name]; ok {
		return p
	}
	p := freePort(r.t, slices.Collect(maps.Values(r.ports))...)
	r.ports[name] = p
	return p
}

// freePort is a port of loopback that is free on IPv4 and IPv6, and none of
// those that are taken or that the kernel gives to whoever asks for any.
func freePort(t *testing.T, taken ...int) int {
	t.Helper()
	for range 100 {
		p := firstPort + rand.IntN(manyPorts)
		if !slices.Contains(taken, p) && free("127.0.0.1", p) && free("::1", p) {
			return p
		}
	}
	skip(t, "no port is free on both 127.0.0.1 and ::1")
	return 0
}

func free(address string, port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort(address, strconv.Itoa(port)))
	if err != nil {
		return false
	}
	l.Close()
	return true
}

// as has cmd run as the named user instead of root.
func (r *room) as(name string, cmd *exec.Cmd) *exec.Cmd {
	r.t.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		skip(r.t, err.Error())
	}
	uid, err := strconv.Atoi(u.Uid)
	require.NoError(r.t, err)
	gid, err := strconv.Atoi(u.Gid)
	require.NoError(r.t, err)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	return cmd
}

// start runs a daemon in the foreground until the test ends. What it says on its
// way goes to talk in the room and is shown if the test fails.
func (r *room) start(name string, cmd *exec.Cmd) *exec.Cmd {
	r.t.Helper()
	talk, err := os.Create(r.path(name + ".talk"))
	require.NoError(r.t, err)
	defer talk.Close()
	if cmd.Stdout == nil {
		cmd.Stdout = talk
	}
	if cmd.Stderr == nil {
		cmd.Stderr = talk
	}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setsid = true // as a daemon has it, and its children end with its group
	if *keepDir != "" {
		defer r.join(name, cmd)()
	}
	require.NoError(r.t, cmd.Start(), name)
	r.daemons[name] = cmd.Process.Pid
	r.t.Cleanup(func() {
		r.end(cmd)
		if r.t.Failed() {
			r.t.Logf("%s said: %s", name, r.read(name+".talk"))
		}
	})
	return cmd
}

// end stops a daemon and its process group, politely and then not.
func (r *room) end(cmd *exec.Cmd) {
	pid := cmd.Process.Pid
	gone := make(chan error, 1)
	go func() { gone <- cmd.Wait() }()
	_ = syscall.Kill(pid, syscall.SIGTERM)
	select {
	case <-gone:
	case <-time.After(graceTime):
		_ = syscall.Kill(-pid, syscall.SIGKILL)
		<-gone
	}
	_ = syscall.Kill(-pid, syscall.SIGKILL)
}

// run runs one command to its end and returns what it printed; it must succeed.
func (r *room) run(cmd *exec.Cmd) string {
	r.t.Helper()
	out, err := r.try(cmd)
	require.NoError(r.t, err, "%s: %s", cmd, out)
	return out
}

// try runs one command to its end, at most stepLimit, and returns what it
// printed on both streams.
func (r *room) try(cmd *exec.Cmd) (string, error) {
	r.t.Helper()
	var out bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &out
	}
	cmd.Stderr = &out
	cmd.WaitDelay = time.Second
	require.NoError(r.t, cmd.Start(), cmd.String())
	timer := time.AfterFunc(stepLimit, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	err := cmd.Wait()
	return out.String(), err
}

// await returns once met reports true; the test fails if it takes too long.
func (r *room) await(what string, met func() bool) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), stepLimit)
	defer cancel()
	for !met() {
		select {
		case <-ctx.Done():
			r.t.Fatalf("waited %v for %s", stepLimit, what)
		case <-time.After(pollEvery):
		}
	}
}

// answers reports whether something accepts connections on the named daemon's port.
func (r *room) answers(name string) bool {
	c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", r.port(name)), time.Second)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// logs returns the room's log files.
func (r *room) logs() []string {
	r.t.Helper()
	var all []string
	for _, g := range []string{"*.log", "*/*.log"} {
		found, err := filepath.Glob(filepath.Join(r.log, g))
		require.NoError(r.t, err)
		all = append(all, found...)
	}
	return all
}

// grep returns the lines of a file of the room that hold the text.
func (r *room) grep(text string, parts ...string) []string {
	var found []string
	for line := range strings.Lines(r.read(parts...)) {
		if strings.Contains(line, text) {
			found = append(found, strings.TrimSuffix(line, "\n"))
		}
	}
	return found
}
