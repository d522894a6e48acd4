package proc

import (
	"errors"
	"io/fs"
	"net/netip"
	"strings"

	"stilltrace/index"
)

// nameFiles reads the files that give addresses their names, and those that
// the loader is told by.
func (h *hostReader) nameFiles() {
	h.host.Names = each(h, "/etc/hosts", h.maybe("etc/hosts"), parseHost)
	if data := h.maybe("etc/resolv.conf"); data != nil {
		h.host.Resolver = parseResolver(string(data))
	}
	for line := range strings.Lines(string(h.maybe("etc/ld.so.preload"))) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' && len(h.host.Preload) < maxKeyFiles {
			h.host.Preload = append(h.host.Preload, line)
		}
	}
}

// maybe reads a file that a host may do without.
func (h *hostReader) maybe(name string) []byte {
	data, err := h.root.read(name, maxNames)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		h.fail(h.root.at(name), err)
	}
	return data
}

// parseHost reads one line of hosts(5).
func parseHost(line []byte) (index.HostName, bool, error) {
	text, _, _ := strings.Cut(string(line), "#")
	f := strings.Fields(text)
	if len(f) == 0 {
		return index.HostName{}, false, nil
	}
	addr, err := netip.ParseAddr(f[0])
	if err != nil || len(f) < 2 {
		return index.HostName{}, false, torn("line %.40q", line)
	}
	return index.HostName{Addr: addr.Unmap(), Names: f[1:]}, true, nil
}

// parseResolver reads resolv.conf(5).
func parseResolver(text string) *index.Resolver {
	r := &index.Resolver{}
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 2 || len(r.Servers)+len(r.Search)+len(r.Options) > maxKeyFiles {
			continue
		}
		switch f[0] {
		case "nameserver":
			r.Servers = append(r.Servers, f[1])
		case "search", "domain":
			r.Search = f[1:]
		case "options":
			r.Options = append(r.Options, f[1:]...)
		}
	}
	return r
}
