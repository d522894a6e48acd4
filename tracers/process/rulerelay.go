package process

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"stilltrace/index"
)

// relays are programs that copy between a connection and what they have as
// standard input and output, and do nothing else with it.
var relays = []string{"nc", "ncat", "netcat", "nc.openbsd", "nc.traditional", "socat", "telnet", "openssl"}

// relayed is remoteShell for one that pipes or a pair of sockets join to a relay:
// sh -i <pipe | nc, or socat with EXEC:sh. Scripts send what they have to say
// through a relay as well; a shell that takes its commands from one, or was told
// to be interactive, is none of these.
func relayed(h *host, p *Row) *verdict {
	for _, relay := range h.connectedRelays() {
		own, theirs := h.joined(p, relay)
		if own == nil {
			continue
		}
		fd, s := h.connection(relay)
		v := &verdict{
			points: 30, title: "a shell that a relay joins to a network connection",
			reasons: []string{
				fmt.Sprintf("its descriptor %d leads to descriptor %d of %d (%s)", own.FD, theirs.FD, relay.PID, relay.Comm),
				fmt.Sprintf("that one holds as descriptor %d a connection to %s", fd, peer(s)),
			},
			files: []string{fmt.Sprintf("fd/%d", own.FD), fmt.Sprintf("%s/fd/%d", relay.Evidence(), theirs.FD), fmt.Sprintf("%s/fd/%d", relay.Evidence(), fd)},
		}
		switch {
		case own.FD == 0:
			v.reasons = append(v.reasons, "it takes its commands from there")
		case interactive(p):
			v.reasons = append(v.reasons, "it was told to be interactive")
		default:
			return v
		}
		if v.points = 70; root(p) {
			v.points = 90
			v.reasons = append(v.reasons, "it is root's")
		}
		return v
	}
	return nil
}

// connectedRelays are the relays of the host that hold a connection: they are looked
// for once, by the first shell that may have one.
func (h *host) connectedRelays() []*Row {
	if h.relaying == nil {
		h.relaying = []*Row{}
		for _, p := range h.rows {
			name := path.Base(cmp.Or(p.Exe, p.Comm))
			if name == "busybox" {
				name = p.Comm
			}
			if !slices.Contains(relays, name) {
				continue
			}
			if _, s := h.connection(p); s != nil {
				h.relaying = append(h.relaying, p)
			}
		}
	}
	return h.relaying
}

// joined returns the first of the standard descriptors of a shell whose other end
// the relay holds, and that end.
func (h *host) joined(shell, relay *Row) (own, theirs *index.OpenFile) {
	for i := range shell.Files {
		f := &shell.Files[i]
		if f.FD > 2 || f.Inode == 0 {
			continue
		}
		other := f.Inode // a pipe is one inode
		switch f.Type {
		case "socket":
			at := slices.IndexFunc(h.sockets, func(s *index.Socket) bool { return s.Proto == "unix" && s.Inode == f.Inode })
			if at < 0 || h.sockets[at].Peer == 0 {
				continue
			}
			other = h.sockets[at].Peer
		case "pipe":
		default:
			continue
		}
		for k := range relay.Files {
			if g := &relay.Files[k]; g.Type == f.Type && g.Inode == other && (f.Type == "socket" || f.Access != g.Access) {
				return f, g
			}
		}
	}
	return nil, nil
}

// interactive reports whether a shell was told so: sh -i, bash -li.
func interactive(p *Row) bool {
	return len(p.Cmdline) > 1 && slices.ContainsFunc(p.Cmdline[1:], func(arg string) bool {
		return strings.HasPrefix(arg, "-") && !strings.HasPrefix(arg, "--") && strings.Contains(arg, "i")
	})
}
