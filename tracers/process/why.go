package process

import (
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"

	"stilltrace/index"
)

// Origin says what a process owes its start to.
type Origin string

// The origins.
const (
	OriginKernel    Origin = "kernel"    // a thread of the kernel
	OriginInit      Origin = "init"      // the first process of the host
	OriginService   Origin = "service"   // a unit of systemd
	OriginTimer     Origin = "timer"     // a unit that a timer starts
	OriginContainer Origin = "container" // a container runtime
	OriginCron      Origin = "cron"      // a job of cron(8), anacron(8) or at(1)
	OriginSSH       Origin = "ssh"       // a login over the network
	OriginLogin     Origin = "login"     // a login at a terminal of the host
	OriginUser      Origin = "user"      // a service of a user's own service manager
	OriginUnknown   Origin = "unknown"   // nothing of what was captured tells
)

// Why is the reason why a process runs, as far as its ancestors, its control
// group and the records of logins tell. Fields that do not belong to the
// Origin are empty.
type Why struct {
	Origin    Origin     `json:"origin"`
	PID       int        `json:"pid,omitzero"`       // the ancestor that shows it: sshd's process of the session, cron; it may be the process itself
	Unit      string     `json:"unit,omitzero"`      // ssh.service
	Command   string     `json:"command,omitzero"`   // of the unit, or of the job
	Trigger   string     `json:"trigger,omitzero"`   // backup.timer, and when it fires; the schedule of the job
	Place     string     `json:"place,omitzero"`     // file of the unit or the job: /etc/crontab:17
	Container string     `json:"container,omitzero"` // in which it runs, whatever the Origin
	Name      string     `json:"container_name,omitzero"`
	Image     string     `json:"image,omitzero"`
	Runtime   string     `json:"runtime,omitzero"`
	User      string     `json:"user,omitzero"` // who logged in, whose job or manager it is
	From      string     `json:"from,omitzero"` // address or name of the host from which somebody logged in
	Port      uint16     `json:"port,omitzero"` // there
	TTY       string     `json:"tty,omitzero"`
	Session   string     `json:"session,omitzero"` // of systemd-logind
	Since     index.Time `json:"since,omitzero"`   // when the login began
	Over      bool       `json:"over,omitzero"`    // the login is over, or nothing is left of it but its control group
	Became    []string   `json:"became,omitempty"` // how the user changed on the way, oldest first: "sudo 920 to root"
	Evidence  []string   `json:"evidence"`
}

// why finds the reason for p, which has these ancestors, the parent first.
func (h *host) why(p *Row) Why {
	line := append([]*Row{p}, climb(p)...)
	w := h.origin(p, line)
	if c := h.containers[p.Container]; p.Container != "" {
		w.Container, w.Name = p.Container, p.ContainerName
		if c != nil {
			w.Image, w.Runtime = c.Image, c.Runtime
		}
	}
	for _, a := range slices.Backward(line) {
		if a.runs("sudo", "su", "doas", "pkexec", "runuser") {
			w.Became = append(w.Became, fmt.Sprintf("%s %d", a.Comm, a.PID))
		}
	}
	return w
}

// climb lists the ancestors of p, the parent first. A circle ends it.
func climb(p *Row) []*Row {
	var line []*Row
	seen := map[*Row]bool{p: true}
	for at := p.parent; at != nil && !seen[at]; at = at.parent {
		seen[at] = true
		line = append(line, at)
	}
	return line
}

func (h *host) origin(p *Row, line []*Row) Why {
	switch {
	case p.Kernel:
		return Why{Origin: OriginKernel, Evidence: []string{p.Evidence() + "/stat"}}
	case p.PID == 1:
		return Why{Origin: OriginInit, PID: 1, Evidence: []string{p.Evidence()}}
	}
	for i, a := range line {
		switch {
		case a.runs("cron", "crond", "atd", "anacron", "fcron") && i > 0:
			return h.cron(a, line[i-1], line[:i])
		case sshSession(a):
			return h.ssh(a, p)
		case a.runs("login"):
			return h.login(a, p)
		}
	}
	if p.Container != "" {
		return h.container(p)
	}
	if w, ok := h.session(p); ok {
		return w
	}
	if w, ok := h.unit(p); ok {
		return w
	}
	if w, ok := h.remains(p); ok {
		return w
	}
	return Why{Origin: OriginUnknown, Evidence: []string{p.Evidence() + "/stat"}}
}

// runs reports whether p is one of these programs: by its name, and by its
// executable, where that is known, since whoever runs something else can take the
// name.
func (r *Row) runs(programs ...string) bool {
	if r.Kernel || !slices.Contains(programs, r.Comm) {
		return false
	}
	base := path.Base(r.Exe)
	odd, _ := oddPlace(r.Exe)
	return r.Exe == "" || odd == 0 && (base == "busybox" || slices.Contains(programs, base))
}

func (h *host) container(p *Row) Why {
	w := Why{Origin: OriginContainer, Evidence: []string{p.Evidence() + "/cgroup"}}
	if c := h.containers[p.Container]; c != nil && c.Source != "" {
		w.Evidence = append(w.Evidence, c.Source)
	}
	return w
}

// cron: daemon is the one of cron, child its process that leads to the job.
func (h *host) cron(daemon, child *Row, below []*Row) Why {
	w := Why{Origin: OriginCron, PID: daemon.PID, Unit: daemon.Service, User: userOf(below[0]), Since: child.Started, Evidence: []string{daemon.Evidence()}}
	// cron's own copy of itself starts sh -c 'command'.
	for _, a := range slices.Backward(below) {
		if w.User = userOf(a); len(a.Cmdline) == 3 && a.Cmdline[1] == "-c" {
			w.Command = a.Cmdline[2]
			break
		}
	}
	for i := range h.snap.Host.Cron {
		job := &h.snap.Host.Cron[i]
		if w.Command != "" && strings.TrimSpace(job.Command) == strings.TrimSpace(w.Command) {
			w.Trigger, w.Place = job.Schedule, fmt.Sprintf("%s:%d", job.Path, job.Line)
			if job.User != "" {
				w.User = job.User
			}
			w.Evidence = append(w.Evidence, w.Place)
			break
		}
	}
	return w
}

// sshSession reports whether p is sshd's process of one login: it writes whose
// over its arguments.
func sshSession(p *Row) bool {
	if !p.runs("sshd", "sshd-session", "sshd-auth") || len(p.Cmdline) == 0 {
		return false
	}
	title, ok := strings.CutPrefix(p.Cmdline[0], "sshd: ")
	if !ok {
		title, ok = strings.CutPrefix(p.Cmdline[0], "sshd-session: ")
	}
	return ok && !strings.HasPrefix(title, "/")
}

func (h *host) ssh(d, p *Row) Why {
	_, title, _ := strings.Cut(d.Cmdline[0], ": ")
	user, _, _ := strings.Cut(title, " [")
	user, tty, _ := strings.Cut(user, "@")
	w := Why{Origin: OriginSSH, PID: d.PID, User: user, TTY: p.TTY, Since: d.Started, Evidence: []string{d.Evidence()}}
	if w.TTY == "" && tty != "notty" {
		w.TTY = tty
	}
	for _, s := range d.sockets {
		if strings.HasPrefix(s.Proto, "tcp") && s.RPort != 0 {
			w.From, w.Port = s.Remote.String(), s.RPort
			w.Evidence = append(w.Evidence, fmt.Sprintf("/proc/net/%s inode %d", s.Proto, s.Inode))
			break
		}
	}
	if s := h.sessionOf(p); s != nil {
		w.Session = s.ID
	}
	return w
}

// sessionOf is the session of systemd-logind to which p belongs, or nil.
func (h *host) sessionOf(p *Row) *index.LoginSession {
	for i := range h.snap.Host.Sessions {
		if s := &h.snap.Host.Sessions[i]; s.Scope != "" && s.Scope == scope(p.Cgroup) {
			return s
		}
	}
	return nil
}

// scope is the last part of a cgroup's path, where it is the scope of a login.
func scope(cgroup string) string {
	for part := range strings.SplitSeq(cgroup, "/") {
		if strings.HasPrefix(part, "session-") && strings.HasSuffix(part, ".scope") {
			return part
		}
	}
	return ""
}

func (h *host) login(d, p *Row) Why {
	w := Why{Origin: OriginLogin, PID: d.PID, User: p.LoginUser, TTY: p.TTY, Since: d.Started, Evidence: []string{d.Evidence()}}
	if s := h.sessionOf(p); s != nil {
		w.Session, w.User = s.ID, s.User
	}
	return w
}

// session: the process that began the login is no ancestor any more; its
// control group and systemd-logind remember it.
func (h *host) session(p *Row) (Why, bool) {
	name := scope(p.Cgroup)
	if name == "" {
		return Why{}, false
	}
	w := Why{Origin: OriginLogin, Session: strings.TrimSuffix(strings.TrimPrefix(name, "session-"), ".scope"), User: p.LoginUser, TTY: p.TTY,
		Over: true, Evidence: []string{p.Evidence() + "/cgroup"}}
	if s := h.sessionOf(p); s != nil {
		w.User, w.TTY, w.From, w.Since = s.User, s.TTY, s.RemoteHost, s.Started
		w.Over = s.State == "closing"
		w.Evidence = append(w.Evidence, "/run/systemd/sessions/"+s.ID)
		if s.Service == "sshd" || s.Remote {
			w.Origin = OriginSSH
		}
	}
	h.client(&w, p)
	return w, true
}

// remains: nobody's unit and no session, but started from a login, which the
// kernel and the environment remember.
func (h *host) remains(p *Row) (Why, bool) {
	if p.LoginUID == nil {
		return Why{}, false
	}
	w := Why{Origin: OriginLogin, User: p.LoginUser, TTY: p.TTY, Over: true, Evidence: []string{p.Evidence() + "/loginuid"}}
	if w.User == "" {
		w.User = fmt.Sprint(*p.LoginUID)
	}
	h.client(&w, p)
	return w, true
}

// client takes from where somebody logged in from the environment (ssh(1),
// SSH_CONNECTION) and from utmp, by the terminal.
func (h *host) client(w *Why, p *Row) {
	for i := range p.Environ {
		e := &p.Environ[i]
		if e.Name != "SSH_CONNECTION" || e.Value == nil {
			continue
		}
		parts := strings.Fields(*e.Value)
		if len(parts) < 2 {
			continue
		}
		ap, err := netip.ParseAddrPort(netJoin(parts[0], parts[1]))
		if err == nil {
			w.Origin, w.From, w.Port = OriginSSH, ap.Addr().String(), ap.Port()
			w.Evidence = append(w.Evidence, p.Evidence()+"/environ")
			return
		}
	}
	if logins := h.snap.Host.Logins; logins != nil && p.TTY != "" && w.From == "" {
		for i := range logins.Now {
			l := &logins.Now[i]
			if l.Type == "user" && l.Line == p.TTY && l.Host != "" && (p.Started == 0 || l.Time <= p.Started) {
				w.From, w.Since = l.Host, l.Time
				w.Evidence = append(w.Evidence, "/run/utmp")
			}
		}
	}
}

func netJoin(host, port string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]:" + port
	}
	return host + ":" + port
}

// unit: systemd started it, as its control group says.
func (h *host) unit(p *Row) (Why, bool) {
	if p.Service == "" || p.Service == "session" || p.Service == "init.scope" {
		return Why{}, false
	}
	w := Why{Origin: OriginService, Unit: p.Service, Evidence: []string{p.Evidence() + "/cgroup"}}
	if _, own, ok := strings.Cut(p.Cgroup, "/user@"); ok && strings.Contains(own, "/") {
		w.Origin = OriginUser
		if w.User = p.LoginUser; w.User == "" {
			w.User = userOf(p)
		}
		return w, true
	}
	file := h.unitFile(p.Service)
	for i := range h.snap.Host.Units {
		u := &h.snap.Host.Units[i]
		switch {
		case u.Name == file:
			w.Place = u.Path
			w.Evidence = append(w.Evidence, u.Path)
			for _, e := range u.Exec {
				if command, ok := strings.CutPrefix(e, "ExecStart="); ok && w.Command == "" {
					w.Command = command
				}
			}
		case starts(u, p.Service) && (strings.HasSuffix(u.Name, ".timer") || w.Trigger == ""):
			w.Trigger = strings.TrimSpace(u.Name + " " + strings.Join(u.Schedule, " "))
			if strings.HasSuffix(u.Name, ".timer") {
				w.Origin = OriginTimer
			}
		}
	}
	return w, true
}

// unitFile is the name of the unit's file: its own, else that of the template
// of which it is an instance (systemd.unit(5)): postgresql@.service.
func (h *host) unitFile(unit string) string {
	name, instance, ok := strings.Cut(unit, "@")
	if !ok || slices.ContainsFunc(h.snap.Host.Units, func(u index.Unit) bool { return u.Name == unit }) {
		return unit
	}
	return name + "@" + path.Ext(instance)
}

// starts reports whether a timer, socket or path unit starts the unit.
func starts(u *index.Unit, unit string) bool {
	kind := path.Ext(u.Name)
	if kind != ".timer" && kind != ".socket" && kind != ".path" {
		return false
	}
	return u.Starts == unit || u.Starts == "" && strings.TrimSuffix(u.Name, kind)+".service" == unit
}
