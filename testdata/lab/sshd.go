package main

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"
)

// The accounts of the victim.
const (
	adminUser     = "alice"  // logs in with a key
	weakUser      = "deploy" // with a password that is in every list
	weakPassword  = "deploy1"
	adminPassword = "correct-horse-battery"
	wrongPassword = "123456"
	clientDir     = "/run/clients" // the outside hosts' files, on the director's side
)

// startSSHD runs sshd as Debian has it, with PAM.
func (l *lab) startSSHD() {
	must(os.MkdirAll(clientDir, 0o755), "clients")
	tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", adminUser, "-f", clientDir+"/key")
	key, err := os.ReadFile(clientDir + "/key.pub")
	must(err, "key")
	for _, user := range []string{adminUser, weakUser} {
		l.command("useradd", "--create-home", "--shell", "/bin/bash", user).run()
	}
	set := l.command("chpasswd")
	set.Input = weakUser + ":" + weakPassword + "\n" + adminUser + ":" + adminPassword + "\n"
	set.run()
	l.write("/home/"+adminUser+"/.ssh/authorized_keys", 0o600, string(key))
	l.command("chown", "-R", adminUser+":"+adminUser, "/home/"+adminUser+"/.ssh").run()
	l.command("chmod", "700", "/home/"+adminUser+"/.ssh").run()
	l.write("/etc/sudoers.d/lab", 0o440, adminUser+" ALL=(ALL) NOPASSWD: ALL\n"+weakUser+" ALL=(ALL) NOPASSWD: /usr/bin/id, /bin/sh, /usr/bin/sh\n")
	l.command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "root@"+hostName, "-f", "/etc/ssh/lab_host_key").run()
	l.write("/etc/ssh/sshd_config", 0o644, `HostKey /etc/ssh/lab_host_key
UsePAM yes
KbdInteractiveAuthentication no
UseDNS no
PrintMotd no
MaxStartups 100
LoginGraceTime 30
`)
	l.start(Job{Name: "sshd", Args: []string{"/usr/sbin/sshd", "-D"}, Unit: "ssh"})
	await("sshd", func() bool { return l.listens(22) })
}

// listens reports whether something accepts connections on a port of the victim's loopback.
func (l *lab) listens(port int) bool {
	return strings.TrimSpace(l.command("ss", "-Hltn", fmt.Sprintf("sport = :%d", port)).run()) != ""
}

// ssh is a client on an outside host. It answers each prompt with the next line
// of its passwords and writes that down, so that what was offered is counted by
// the one that offered it.
type ssh struct {
	from, user string
	passwords  []string // empty: the administrator's key
	dir        string
	*exec.Cmd
}

func newSSH(from, user string, passwords []string, command ...string) *ssh {
	dir, err := os.MkdirTemp(clientDir, "ssh")
	must(err, "ssh client")
	c := &ssh{from: from, user: user, passwords: passwords, dir: dir}
	ask := "#!/bin/sh\nn=$(wc -l <" + dir + "/given)\nn=$((n+1))\nsed -n \"${n}p\" " + dir + "/passwords\necho given >>" + dir + "/given\n"
	must(os.WriteFile(dir+"/ask", []byte(ask), 0o755), "ssh client")
	must(os.WriteFile(dir+"/given", nil, 0o644), "ssh client")
	must(os.WriteFile(dir+"/passwords", []byte(strings.Join(passwords, "\n")+"\n"), 0o644), "ssh client")
	args := []string{
		"ssh", "-F", "none", "-b", from, "-l", user,
		"-o", "UserKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=INFO",
		"-o", "ConnectTimeout=30", "-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3",
	}
	if len(passwords) > 0 {
		args = append(args, "-o", "PreferredAuthentications=password", "-o", "PubkeyAuthentication=no",
			"-o", fmt.Sprintf("NumberOfPasswordPrompts=%d", len(passwords)))
	} else {
		args = append(args, "-o", "PreferredAuthentications=publickey", "-i", clientDir+"/key", "-o", "IdentitiesOnly=yes")
	}
	c.Cmd = on(outsideOf(from), append(append(args, victimFor(from)), command...)...)
	c.Env = append(os.Environ(), "SSH_ASKPASS="+dir+"/ask", "SSH_ASKPASS_REQUIRE=force", "DISPLAY=:0")
	return c
}

// given is how many passwords the client has offered.
func (c *ssh) given() int {
	b, err := os.ReadFile(c.dir + "/given")
	must(err, "ssh client")
	return strings.Count(string(b), "\n")
}

// refused offers n wrong passwords in one connection, all of which sshd refuses.
func (l *lab) refused(from, user string, n int) {
	var wrong []string
	for range n {
		wrong = append(wrong, wrongPassword)
	}
	c := newSSH(from, user, wrong, "true")
	start := time.Now()
	out, err := execute(c.Cmd)
	if err == nil {
		must(fmt.Errorf("let in"), "%s as %s", from, user)
	}
	if given := c.given(); given != n || c.ProcessState.ExitCode() != 255 {
		must(fmt.Errorf("%d of %d passwords were asked for: %w: %s", given, n, err, out), "%s as %s", from, user)
	}
	l.note(act{What: actLoginRefused, Actor: outsideOf(from), At: start, From: from, User: user, Count: n,
		Detail: map[string]string{"known": fmt.Sprint(l.command("id", user).try() == nil)}})
}

// session is a login that stays open.
type session struct {
	*ssh
	in    *os.File
	out   *lines
	login act
}

// open logs in and leaves a shell open; all passwords but the last are wrong, and
// none at all means the key. The administrator has a terminal, without which
// sshd writes nothing to wtmp and lastlog. still names the snapshot for which
// the session stays open. The shell tells the process id of its sshd and the
// client's port.
func (l *lab) open(from, user string, passwords []string, still string) *session {
	c := newSSH(from, user, passwords, "/bin/sh")
	if user == adminUser {
		c = newSSH(from, user, passwords, "stty -echo -onlcr; echo ready; PS1= exec /bin/sh")
		c.Args = slices.Insert(c.Args, slices.Index(c.Args, "ssh")+1, "-tt")
	}
	r, w, err := os.Pipe()
	must(err, "ssh client")
	c.Stdin = r
	s := &session{ssh: c, in: w, out: newLines()}
	c.Stdout = s.out // what ssh itself says of refused passwords goes its own way
	start := time.Now()
	must(c.Start(), "ssh client")
	r.Close()
	if user == adminUser { // until then the terminal would repeat what it is told
		await("the terminal of "+user, func() bool { return s.out.count() > 0 })
	}
	var pid, port int
	_, err = fmt.Sscan(s.say(`echo $PPID $(echo $SSH_CLIENT | cut -d" " -f2)`), &pid, &port)
	must(err, "%s's session", user)
	if n := len(passwords) - 1; n > 0 {
		l.note(act{What: actLoginRefused, Actor: outsideOf(from), At: start, From: from, User: user, Count: n, Detail: map[string]string{"known": "true"}})
	}
	method := "password"
	if len(passwords) == 0 {
		method = "publickey"
	}
	s.login = act{What: actLoginAccepted, Actor: outsideOf(from), At: start, From: from, User: user, Count: 1, PID: pid, Port: port,
		Detail: map[string]string{"method": method, "session": still}}
	l.note(s.login)
	return s
}

// say gives the session's shell a command of one line and returns its first line of answer.
func (s *session) say(command string) string {
	n := s.out.count()
	_, err := s.in.WriteString(command + "\n")
	must(err, "%s's session", s.user)
	await(s.user+"'s session to answer "+command, func() bool { return s.out.count() > n })
	return s.out.line(n)
}

// leave ends the session and waits until sshd has noticed.
func (l *lab) leave(s *session) {
	start := time.Now()
	_, err := s.in.WriteString("exit\n")
	must(err, "%s's session", s.user)
	s.in.Close()
	defer time.AfterFunc(stepLimit, func() { _ = s.Process.Kill() }).Stop()
	_ = s.Wait()
	l.gone(s.login.PID)
	l.note(act{What: actLogout, Actor: s.login.Actor, At: start, From: s.from, User: s.user, Count: 1, PID: s.login.PID, Port: s.login.Port})
}

// lines takes what a client prints, line by line.
type lines struct {
	mu   sync.Mutex
	text string
}

func newLines() *lines { return &lines{} }

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text += string(b)
	return len(b), nil
}

func (l *lines) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text, "\n")
}

func (l *lines) line(n int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Split(l.text, "\n")[n]
}
