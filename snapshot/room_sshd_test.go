package snapshot_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	goodPassword = "correct-horse-battery"
	wrongSecret  = "123456"
	banAfter     = 3 // fail2ban's maxretry
)

// attempt is one ssh client that offers a wrong password some times.
type attempt struct {
	from  string
	user  string // "" is the room's user
	times int
}

// startSyslog runs rsyslogd with one file for auth in the stamp of today's
// Debian and one for all else in the old stamp without a year. It returns the
// socket that a program must see as /dev/log.
func (r *room) startSyslog() (socket string) {
	socket = "/dev/log"
	if _, err := os.Lstat(socket); err == nil {
		socket = r.path("devlog") // the machine's own syslog has it: sshd gets ours in a private mount namespace
	} else {
		r.t.Cleanup(func() { _ = os.Remove(socket) })
	}
	conf := r.write(0o644, fmt.Sprintf(`
module(load="imuxsock" SysSock.Name="%[1]s" SysSock.RateLimit.Interval="0")
module(load="imudp")
input(type="imudp" address="127.0.0.1" port="%[3]d")
if prifilt("auth,authpriv.*") then {
  action(type="omfile" file="%[2]s/auth.log" template="RSYSLOG_FileFormat")
  stop
}
action(type="omfile" file="%[2]s/syslog.log" template="RSYSLOG_TraditionalFileFormat")
`, socket, r.log, r.port("syslog")), "rsyslog.conf")
	r.start("rsyslogd", exec.Command("rsyslogd", "-n", "-f", conf, "-i", r.path("rsyslogd.pid")))
	r.await("rsyslogd's socket", func() bool {
		_, err := os.Stat(socket)
		return err == nil
	})
	return socket
}

// addUser makes the one user who may log in.
func (r *room) addUser() {
	home := r.mkdir("home")
	_ = exec.Command("userdel", "--force", r.user).Run() // left by a run that was killed, as its session may be
	r.run(exec.Command("useradd", "--no-create-home", "--home-dir", home, "--shell", "/bin/sh", r.user))
	r.t.Cleanup(func() {
		out, err := exec.Command("userdel", "--force", r.user).CombinedOutput()
		require.NoError(r.t, err, "%s", out)
	})
	r.run(exec.Command("chown", r.user, home))
	set := exec.Command("chpasswd")
	set.Stdin = strings.NewReader(r.user + ":" + goodPassword + "\n")
	r.run(set)
}

// startSSHD runs sshd on 127.0.0.1 and ::1 with PAM, as Debian does.
func (r *room) startSSHD(syslog string) {
	r.addUser()
	if os.Mkdir("/run/sshd", 0o755) == nil { // sshd's chroot, made by its unit where systemd starts it
		r.t.Cleanup(func() { _ = os.Remove("/run/sshd") })
	}
	key := r.path("host_key")
	r.run(exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key))
	conf := r.write(0o644, fmt.Sprintf(`Port %d
ListenAddress %s
ListenAddress %s
HostKey %s
PidFile %s
AuthorizedKeysFile none
UsePAM yes
KbdInteractiveAuthentication no
UseDNS no
PrintMotd no
MaxStartups 100
`, r.port("sshd"), r.at.listen4, r.at.listen6, key, r.path("sshd.pid")), "sshd_config")
	sshd, err := exec.LookPath("sshd")
	require.NoError(r.t, err)
	args := []string{sshd, "-D", "-f", conf}
	if syslog != "/dev/log" {
		args = append([]string{"unshare", "--mount", "sh", "-c", `mount --bind "$0" /dev/log && exec "$@"`, syslog}, args...)
	}
	r.start("sshd", exec.Command(args[0], args[1:]...))
	r.await("sshd", func() bool { return r.answers("sshd") })
}

// ssh returns a client bound to an address. It answers each prompt with the
// password and writes the address down, so that what was offered is counted by
// the one that offered it.
func (r *room) ssh(from, name, password, tally string, more ...string) *exec.Cmd {
	askpass := r.path("askpass")
	if r.read("askpass") == "" { // written once: another client may be running it by now
		r.write(0o755, "#!/bin/sh\necho \"$ROOM_FROM\" >>\"$ROOM_TALLY\"\necho \"$ROOM_PASSWORD\"\n", "askpass")
	}
	to := r.at.to4
	if strings.Contains(from, ":") {
		to = r.at.to6
	}
	args := append([]string{
		"-F", "none", "-b", from, "-p", fmt.Sprint(r.port("sshd")), "-l", name,
		"-o", "UserKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR",
		"-o", "PreferredAuthentications=password", "-o", "PubkeyAuthentication=no",
	}, more...)
	cmd := exec.Command("ssh", append(args, to)...)
	cmd.Env = append(os.Environ(), "SSH_ASKPASS="+askpass, "SSH_ASKPASS_REQUIRE=force", "DISPLAY=:0",
		"ROOM_FROM="+from, "ROOM_TALLY="+tally, "ROOM_PASSWORD="+password)
	return cmd
}

// failLogins makes the attempts side by side: PAM lets each refusal wait.
func (r *room) failLogins() {
	tally := r.path("refused")
	_ = os.Remove(tally)
	var wg sync.WaitGroup
	cmds := make([]*exec.Cmd, len(r.at.attempts))
	for i, a := range r.at.attempts {
		if a.user == "" {
			a.user = r.user
		}
		cmds[i] = r.ssh(a.from, a.user, wrongSecret, tally, "-o", fmt.Sprintf("NumberOfPasswordPrompts=%d", a.times))
		require.NoError(r.t, cmds[i].Start())
		timer := time.AfterFunc(stepLimit, func() { _ = cmds[i].Process.Kill() })
		wg.Go(func() {
			_ = cmds[i].Wait()
			timer.Stop()
		})
	}
	wg.Wait()
	for i, a := range r.at.attempts {
		require.Equal(r.t, 255, cmds[i].ProcessState.ExitCode(), "%s: ssh must end refused", a.from)
	}
	want, got := map[string]int{}, map[string]int{}
	for _, a := range r.at.attempts {
		want[a.from] += a.times
	}
	for _, from := range strings.Fields(r.read("refused")) {
		got[from]++
		r.tally.refused[from]++
	}
	require.Equal(r.t, want, got, "each prompt was answered")
}

// openLogin logs in rightly and leaves the session open on a terminal,
// after the script's commands.
func (r *room) openLogin(from, script string) *exec.Cmd {
	cmd := r.ssh(from, r.user, goodPassword, r.path("accepted"), "-tt")
	cmd.Args = append(cmd.Args, fmt.Sprintf("%s echo in; sleep %d; exit", script, int(sleepTime.Seconds())))
	out, err := cmd.StdoutPipe()
	require.NoError(r.t, err)
	r.start("ssh", cmd)
	said := make(chan string, 1)
	go func() {
		s := bufio.NewScanner(out)
		for s.Scan() && strings.TrimSpace(s.Text()) != "in" {
		}
		said <- s.Text()
	}()
	select {
	case line := <-said:
		require.Equal(r.t, "in", strings.TrimSpace(line), "the session's shell speaks")
	case <-time.After(stepLimit):
		r.t.Fatal("no session after ", stepLimit)
	}
	r.tally.accepted[from]++
	return cmd
}

// startFail2ban watches auth.log; its only action writes the address down.
func (r *room) startFail2ban() {
	for _, f := range []string{"sshd.conf", "common.conf"} {
		b, err := os.ReadFile("/etc/fail2ban/filter.d/" + f)
		if err != nil {
			skip(r.t, err.Error())
		}
		r.write(0o644, string(b), "fail2ban", "filter.d", f)
	}
	r.write(0o644, "", r.log, "auth.log")
	r.write(0o644, fmt.Sprintf("[Definition]\nloglevel = INFO\nlogtarget = %s\nsyslogsocket = auto\nsocket = %s\npidfile = %s\ndbfile = %s\ndbpurgeage = 1d\n",
		r.path(r.log, "fail2ban.log"), r.path("f2b.sock"), r.path("f2b.pid"), r.path("f2b.sqlite3")), "fail2ban", "fail2ban.conf")
	r.write(0o644, fmt.Sprintf("[Definition]\nactionban = echo <ip> >>%s\nactionunban = true\n", r.path("banned")), "fail2ban", "action.d", "note.conf")
	r.write(0o644, fmt.Sprintf(`[DEFAULT]
backend = polling
usedns = no
ignoreself = false
[sshd]
enabled = true
filter = sshd
logpath = %s
action = note
maxretry = %d
findtime = 600
bantime = 600
`, r.path(r.log, "auth.log"), banAfter), "fail2ban", "jail.conf")
	r.start("fail2ban", exec.Command("fail2ban-server", "-f", "-x", "-c", r.path("fail2ban"), "start"))
	r.await("fail2ban", func() bool {
		return exec.Command("fail2ban-client", "-c", r.path("fail2ban"), "status", "sshd").Run() == nil
	})
}

// awaitBans returns once every address with enough refusals is banned, and then
// lets one of them go again.
func (r *room) awaitBans() {
	want := map[string]int{}
	for ip, n := range r.tally.refused {
		if n >= banAfter {
			want[ip] = 1
		}
	}
	r.await("fail2ban's bans", func() bool { return len(strings.Fields(r.read("banned"))) >= len(want) })
	clear(r.tally.bans)
	for _, ip := range strings.Fields(r.read("banned")) {
		r.tally.bans[ip]++
	}
	require.Equal(r.t, want, r.tally.bans)
	r.run(exec.Command("fail2ban-client", "-c", r.path("fail2ban"), "set", "sshd", "unbanip", r.at.freed))
	r.await("all refusals in the log", func() bool { return len(r.grep("Failed password for", r.log, "auth.log")) >= sum(r.tally.refused) })
	r.await("the ban's end in the log", func() bool { return len(r.grep("Unban "+r.at.freed, r.log, "fail2ban.log")) > 0 })
}
