package snapshot_test

import (
	"os/exec"
	"strconv"
	"testing"
)

// TestRoom is the main job on real input: real daemons are knocked at, a still
// is taken of them, and stilltrace is asked what happened. What the test did,
// ss, ps and sha256sum say what the answers must be.
//
// It needs root, and Debian's packages openssh-server openssh-client rsyslog
// fail2ban nginx redis-server postgresql iproute2 procps.
func TestRoom(t *testing.T) {
	r := newRoom(t)
	r.startFail2ban()
	r.startSSHD(r.startSyslog())
	r.startNginx()
	r.startRedis()
	r.startPostgres()
	if *keepDir != "" {
		r.keep(*keepDir)
		return
	}
	p := build(t)
	r.failLogins()
	r.openLogin(r.at.friend, "")
	r.browse(r.at.visitor, "/", "/", "/wp-login.php", "/.env", "/app/")
	r.openWeb(r.at.browser)
	r.start("sleep", &exec.Cmd{Path: "/bin/sleep", Args: []string{" a\tname\n\nof é \x1b lines.", strconv.Itoa(int(sleepTime.Seconds()))}})
	r.knockRedis(r.at.redis)
	r.failQueries()
	r.awaitBans()

	sizes, processes, sockets := r.sizes(), r.ps(), r.sockets()
	p.run(found, "snapshot", "-o", p.db, r.log)
	processesAfter, socketsAfter := r.ps(), r.sockets()

	t.Run("addresses", func(t *testing.T) { r.of(t).askAddresses(p.of(t)) })
	t.Run("web", func(t *testing.T) { r.of(t).askWeb(p.of(t)) })
	t.Run("data", func(t *testing.T) { r.of(t).askData(p.of(t)) })
	t.Run("owners", func(t *testing.T) {
		r.of(t).askOwners(p.of(t), sockets, socketsAfter, passing(processes, processesAfter))
	})
	t.Run("processes", func(t *testing.T) { r.of(t).askProcesses(p.of(t), processes, processesAfter) })
	t.Run("bytes", func(t *testing.T) { r.of(t).askBytes(p.of(t), sizes) })
}

// of is the room for one question.
func (r *room) of(t *testing.T) *room {
	asked := *r
	asked.t = t
	return &asked
}

func (p *program) of(t *testing.T) *program {
	asked := *p
	asked.t = t
	return &asked
}
