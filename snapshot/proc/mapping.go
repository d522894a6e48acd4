package proc

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"

	"stilltrace/index"
)

// mappings are those that matter.
type mappings struct {
	kept []index.Mapping
	text int // what they take in a record
	over int // that mattered and found no room
	bad  error
}

// maps reads proc_pid_maps(5).
func (v *visit) maps() (mappings, error) {
	if m, err := v.queryMaps(); !errors.Is(err, errNoQuery) {
		return m, err
	}
	data, err := v.dir.read("maps", maxMaps)
	if err != nil && !errors.Is(err, errTooLarge) {
		return mappings{}, err
	}
	m := parseMaps(data)
	if err == nil {
		err = m.bad
	}
	if err == nil && m.over > 0 {
		err = errTooLarge
	}
	return m, err
}

func parseMaps(data []byte) mappings {
	var m mappings
	for len(data) > 0 {
		line := data
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			line, data = data[:i], data[i+1:]
		} else {
			data = nil // cut at the limit, or torn
		}
		if err := m.line(line); err != nil && m.bad == nil {
			m.bad = err
		}
	}
	return m
}

// line reads one line:
//
//	55d0c0a00000-55d0c0a2c000 r-xp 00002000 fe:01 1234      /usr/bin/x (deleted)
func (m *mappings) line(line []byte) error {
	span, rest, _ := bytes.Cut(line, []byte(" "))
	perms, rest, ok := bytes.Cut(rest, []byte(" "))
	if !ok || len(perms) != 4 {
		return torn("line %.60q", line)
	}
	_, rest, _ = bytes.Cut(rest, []byte(" ")) // the offset
	device, rest, _ := bytes.Cut(rest, []byte(" "))
	inode, path, _ := bytes.Cut(rest, []byte(" "))
	path = bytes.TrimLeft(path, " ")
	if !mapMatters(string(perms), path) {
		return nil
	}
	from, to, _ := bytes.Cut(span, []byte("-"))
	major, minor, _ := bytes.Cut(device, []byte(":"))
	n := numbers{}
	start, end := n.hex(from, 64), n.hex(to, 64)
	dev := strconv.FormatUint(n.hex(major, 32), 10) + ":" + strconv.FormatUint(n.hex(minor, 32), 10)
	out := index.Mapping{Perms: string(perms), Inode: n.decimal(inode, 64)}
	if n.err != nil {
		return n.err
	}
	if out.Inode != 0 {
		out.Device = dev
	}
	text, gone := strings.CutSuffix(string(path), deleted)
	out.Path, out.Deleted = unescape(text), gone
	m.add(out, start, end-start)
	return nil
}

// add joins the parts of one file with the same permissions.
func (m *mappings) add(one index.Mapping, start, size uint64) {
	if one.Inode != 0 {
		for i := range slices.Backward(m.kept) {
			k := &m.kept[i]
			if k.Inode == one.Inode && k.Perms == one.Perms && k.Device == one.Device && k.Path == one.Path && k.Deleted == one.Deleted {
				k.Parts = max(k.Parts, 1) + 1
				k.Size += size
				return
			}
		}
	}
	const fields = 90 // of the others, with their names
	if len(m.kept) == maxMappings || m.text+fields+len(one.Path) > maxMapText {
		m.over++
		return
	}
	m.text += fields + len(one.Path)
	one.Size = size
	if one.Perms != "r-xp" || !strings.HasPrefix(one.Path, "/") || one.Deleted {
		one.Start = start
	}
	if m.kept == nil {
		m.kept = make([]index.Mapping, 0, 4) // as a small program has
	}
	m.kept = append(m.kept, one)
}

// openToAll are the directories where anybody may write.
var openToAll = []string{"/tmp/", "/var/tmp/", "/dev/shm/"}

// mapMatters is what index.Mapping promises.
func mapMatters(perms string, path []byte) bool {
	switch string(path) {
	case "[vdso]", "[vsyscall]": // the kernel's own, in every process
		return false
	}
	if len(perms) > 2 && perms[2] == 'x' {
		return true
	}
	if len(path) == 0 || path[0] != '/' || perms[len(perms)-1] != 's' {
		return false
	}
	return bytes.HasSuffix(path, []byte(deleted)) || bytes.HasPrefix(path, []byte("/memfd:")) || suspectPath(string(path))
}

// suspectPath reports whether a file lies where anybody may write, or in a
// hidden directory.
func suspectPath(path string) bool {
	for _, dir := range openToAll {
		if strings.HasPrefix(path, dir) {
			return true
		}
	}
	dir := path[:strings.LastIndexByte(path, '/')+1]
	return strings.Contains(dir, "/.")
}
