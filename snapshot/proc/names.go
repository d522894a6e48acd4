package proc

import (
	"bytes"
	"strconv"
	"strings"

	"stilltrace/index"
)

// parseUser reads one line of passwd(5). Lines that begin with + or - belong
// to NIS (nsswitch.conf(5), compat) and name nobody by themselves.
func parseUser(line []byte) (index.User, bool, error) {
	if skipName(line) {
		return index.User{}, false, nil
	}
	f := strings.Split(string(line), ":")
	if len(f) != 7 {
		return index.User{}, false, torn("%d fields of 7", len(f))
	}
	uid, err1 := strconv.ParseUint(f[2], 10, 32)
	gid, err2 := strconv.ParseUint(f[3], 10, 32)
	if err1 != nil || err2 != nil {
		return index.User{}, false, torn("ids %q %q", f[2], f[3])
	}
	return index.User{Name: f[0], UID: uint32(uid), GID: uint32(gid), Gecos: f[4], Home: f[5], Shell: f[6]}, true, nil
}

// parseGroup reads one line of group(5).
func parseGroup(line []byte) (index.Group, bool, error) {
	if skipName(line) {
		return index.Group{}, false, nil
	}
	f := strings.Split(string(line), ":")
	if len(f) != 4 {
		return index.Group{}, false, torn("%d fields of 4", len(f))
	}
	gid, err := strconv.ParseUint(f[2], 10, 32)
	if err != nil {
		return index.Group{}, false, torn("id %q", f[2])
	}
	g := index.Group{Name: f[0], GID: uint32(gid)}
	for m := range strings.SplitSeq(f[3], ",") {
		if m != "" {
			g.Members = append(g.Members, m)
		}
	}
	return g, true, nil
}

func skipName(line []byte) bool {
	return len(bytes.TrimSpace(line)) == 0 || line[0] == '#' || line[0] == '+' || line[0] == '-'
}

// parseService reads one line of services(5): "ssh 22/tcp alias… # comment".
// Other protocols than tcp and udp are passed over, and so are the aliases.
func parseService(line []byte) (index.ServicePort, bool, error) {
	line, _, _ = bytes.Cut(line, []byte("#"))
	f := strings.Fields(string(line))
	if len(f) == 0 {
		return index.ServicePort{}, false, nil
	}
	if len(f) < 2 {
		return index.ServicePort{}, false, torn("no port")
	}
	text, proto, ok := strings.Cut(f[1], "/")
	port, err := strconv.ParseUint(text, 10, 16)
	if !ok || err != nil {
		return index.ServicePort{}, false, torn("port %q", f[1])
	}
	if proto != "tcp" && proto != "udp" {
		return index.ServicePort{}, false, nil
	}
	return index.ServicePort{Name: f[0], Port: uint16(port), Proto: proto}, true, nil
}

// parseOSRelease reads os-release(5): shell assignments without expansion.
func parseOSRelease(data []byte) index.OSRelease {
	var os index.OSRelease
	for line := range strings.Lines(string(data)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch key {
		case "ID":
			os.ID = unquote(value)
		case "VERSION_ID":
			os.VersionID = unquote(value)
		case "PRETTY_NAME":
			os.PrettyName = unquote(value)
		}
	}
	return os
}

// unquote removes the quotes of a shell word, and between double ones the
// backslashes that os-release(5) allows.
func unquote(s string) string {
	if len(s) < 2 || s[0] != s[len(s)-1] || s[0] != '"' && s[0] != '\'' {
		return s
	}
	quote, s := s[0], s[1:len(s)-1]
	if quote == '\'' || !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && strings.IndexByte("\"$`\\", s[i+1]) >= 0 {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// parseModules returns the first word of each line of proc_modules(5).
func parseModules(data []byte) []string {
	var names []string
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) > 0 && len(names) < maxEntries {
			names = append(names, f[0])
		}
	}
	return names
}

// parseMount reads one line of proc_pid_mountinfo(5):
//
//	36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
//
// Between the sixth field and the hyphen stand any number of optional ones.
func parseMount(line []byte) (index.Mount, bool, error) {
	f := strings.Split(string(line), " ")
	end := 6
	for end < len(f) && f[end] != "-" {
		end++
	}
	// Some file systems give an empty source, which leaves two blanks behind the type, or no options of their own.
	if len(f) < end+3 {
		return index.Mount{}, false, torn("%d fields", len(f))
	}
	id, err1 := strconv.Atoi(f[0])
	parent, err2 := strconv.Atoi(f[1])
	if err1 != nil || err2 != nil {
		return index.Mount{}, false, torn("ids %q %q", f[0], f[1])
	}
	m := index.Mount{
		ID: id, Parent: parent, Device: f[2], Root: unescape(f[3]), Point: unescape(f[4]),
		Options: unescape(f[5]), Type: unescape(f[end+1]), Source: unescape(f[end+2]),
	}
	if len(f) > end+3 {
		m.Super = unescape(strings.Join(f[end+3:], " "))
	}
	return m, true, nil
}

// unescape decodes the octal \NNN with which the kernel writes blank, tab,
// newline and backslash.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
