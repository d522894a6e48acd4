package proc

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"stilltrace/index"
)

const (
	sshdConfig = "etc/ssh/sshd_config"
	// maxSSHDDepth is READCONF_MAX_DEPTH of sshd, and maxSSHDLines how many options and blocks are kept.
	maxSSHDDepth, maxSSHDLines = 16, 2000
)

// addsUp are the keys of which every line counts.
var addsUp = []string{"acceptenv", "allowgroups", "allowusers", "denygroups", "denyusers", "hostcertificate", "hostkey", "listenaddress", "permitlisten", "permitopen", "port", "setenv", "subsystem"}

// sshd reads what sshd is configured to do.
func (h *hostReader) sshd() {
	if _, _, err := h.root.resolve(sshdConfig); err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			h.fail(h.root.at(sshdConfig), err)
		}
		return
	}
	r := sshdReader{hostReader: h}
	r.file(sshdConfig, everybody, 0)
	h.host.SSHD = &r.config
}

// sshdReader gathers the options. The blocks are known by their place, as the
// list of them grows.
type sshdReader struct {
	*hostReader
	config index.SSHD
	lines  int
}

// sshdBlock is where options go: the Match block of that number, or everybody.
type sshdBlock int

const everybody sshdBlock = -1

// file reads one file. A Match block ends with the file in which it stands.
func (r *sshdReader) file(name string, to sshdBlock, depth int) {
	data, err := r.root.read(name, maxNames)
	if err != nil {
		r.fail(r.root.at(name), err)
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		key, value := parseSSHD(line)
		if key == "" {
			continue
		}
		if r.lines++; r.lines > maxSSHDLines {
			r.fail(r.root.at(name), errTooLarge)
			return
		}
		switch key {
		case "match":
			to = sshdBlock(len(r.config.Matches))
			r.config.Matches = append(r.config.Matches, index.SSHDMatch{Criteria: value, Path: r.root.at(name), Line: n})
		case "include":
			for _, pattern := range strings.Fields(value) {
				r.include(strings.Trim(pattern, `"`), to, depth)
			}
		default:
			r.add(to, index.SSHDOption{Key: key, Value: value, Path: r.root.at(name), Line: n})
		}
	}
}

// add keeps an option unless one of its key counts already.
func (r *sshdReader) add(to sshdBlock, o index.SSHDOption) {
	list := &r.config.Options
	if to >= 0 {
		list = &r.config.Matches[to].Options
	}
	if slices.Contains(addsUp, o.Key) || !slices.ContainsFunc(*list, func(one index.SSHDOption) bool { return one.Key == o.Key }) {
		*list = append(*list, o)
	}
}

// include reads the files that a pattern names, in the order of their names.
func (r *sshdReader) include(pattern string, to sshdBlock, depth int) {
	if !path.IsAbs(pattern) {
		pattern = "/etc/ssh/" + pattern
	}
	dir, base := path.Split(path.Clean(pattern))
	if depth == maxSSHDDepth || strings.ContainsAny(dir, "*?[") {
		r.gap(index.Gap{Area: areaHost, Place: pattern, Reason: index.ReasonUnsupported, Detail: "an Include of sshd_config that is not followed", Count: 1})
		return
	}
	f := r.list(strings.Trim(dir, "/"))
	if f == nil {
		return
	}
	defer f.close()
	for _, e := range f.entries {
		if match, err := path.Match(base, e.Name()); err == nil && match && r.lines <= maxSSHDLines {
			r.file(strings.Trim(dir, "/")+"/"+e.Name(), to, depth+1)
		}
	}
}

// parseSSHD reads one line: a keyword in any case, blanks or an equals sign, and
// its arguments as written; "" for a line that says nothing.
func parseSSHD(line string) (key, value string) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return "", ""
	}
	end := strings.IndexAny(line, " \t=")
	if end < 0 {
		return strings.ToLower(line), ""
	}
	value = strings.TrimLeft(line[end:], " \t")
	value = strings.TrimLeft(strings.TrimPrefix(value, "="), " \t")
	return strings.ToLower(line[:end]), value
}
