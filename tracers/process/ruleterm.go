package process

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"stilltrace/index"
)

// givers are programs that can put a terminal between a connection and a shell,
// as pty.spawn of Python does. Those whose task it is to give out terminals (sshd,
// tmux, script, docker, su) are programs of their own and not among them.
var givers = []string{"python", "pypy", "perl", "ruby", "node", "nodejs", "deno", "bun", "php", "lua", "luajit", "tclsh", "socat"}

// remoteTerminal is remoteShell for one that has a terminal instead of the
// connection: its parent copies between the two.
func remoteTerminal(h *host, p *Row) *verdict {
	up := p.parent
	if up == nil || !slices.ContainsFunc(givers, func(name string) bool { return namedAfter(path.Base(cmp.Or(up.Exe, up.Comm)), name) }) {
		return nil
	}
	own := slices.IndexFunc(p.Files, func(f index.OpenFile) bool { return f.FD <= 2 && strings.HasPrefix(f.Target, "/dev/pts/") })
	master := slices.IndexFunc(up.Files, func(f index.OpenFile) bool { return f.Target == "/dev/ptmx" || f.Target == "/dev/pts/ptmx" })
	if own < 0 || master < 0 {
		return nil
	}
	fd, s := h.connection(up)
	if s == nil {
		return nil
	}
	v := &verdict{
		points: 50, title: "a shell whose terminal leads to a network connection",
		reasons: []string{
			fmt.Sprintf("its descriptor %d is %s", p.Files[own].FD, p.Files[own].Target),
			fmt.Sprintf("its parent %d (%s) holds the other end of a terminal, and as descriptor %d a connection to %s", up.PID, up.Comm, fd, peer(s)),
		},
		files: []string{fmt.Sprintf("fd/%d", p.Files[own].FD), fmt.Sprintf("%s/fd/%d", up.Evidence(), up.Files[master].FD), fmt.Sprintf("%s/fd/%d", up.Evidence(), fd)},
	}
	switch {
	case fd <= 2:
		v.points = 70 // a program with a use for both has its connections elsewhere
	case listensAt(up, s.LPort):
		v.points = 30
		v.reasons = append(v.reasons, "the parent listens there, as notebooks and consoles in a browser do")
		return v
	}
	if root(p) {
		v.points += 20
		v.reasons = append(v.reasons, "it is root's")
	}
	return v
}

// connection is the first one that p holds, and its descriptor.
func (h *host) connection(p *Row) (fd int, s *index.Socket) {
	for i := range p.Files {
		f := &p.Files[i]
		if s := h.inet[f.Inode]; f.Type == "socket" && s != nil && s.RPort != 0 && (s.State == "ESTABLISHED" || s.State == "CLOSE_WAIT") {
			return f.FD, s
		}
	}
	return 0, nil
}

func listensAt(p *Row, port uint16) bool {
	return slices.ContainsFunc(p.sockets, func(s *index.Socket) bool { return s.LPort == port && s.State == "LISTEN" })
}
