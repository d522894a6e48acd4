package proc

import (
	"cmp"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"stilltrace/index"
)

// unitFolders are the places of unit files, those that count first
// (systemd.unit(5)).
var unitFolders = []string{
	"etc/systemd/system", "run/systemd/system", "run/systemd/transient", "run/systemd/generator", "usr/local/lib/systemd/system", "usr/lib/systemd/system", "lib/systemd/system",
}

// userUnitFolders are those of the managers of users, of which each name may be
// there once for all and once for each user.
var userUnitFolders = []string{"etc/systemd/user", "usr/lib/systemd/user"}

// units reads the unit files that start something.
func (h *hostReader) units() {
	u := unitReader{hostReader: h, at: map[string]int{}, seen: map[string]bool{}}
	for _, dir := range unitFolders {
		u.folder(dir)
	}
	u.flush()
	for _, dir := range userUnitFolders {
		u.folder(dir)
	}
	u.flush()
	for i := range h.host.Users {
		if home := strings.TrimPrefix(path.Clean("/"+h.host.Users[i].Home), "/"); home != "" {
			u.folder(path.Join(home, ".config/systemd/user"))
			u.flush()
		}
	}
	u.stamps()
	slices.SortStableFunc(h.host.Units, func(a, b index.Unit) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Path, b.Path))
	})
}

// unitReader gathers the units of one manager.
type unitReader struct {
	*hostReader
	units []index.Unit
	at    map[string]int  // place in units by name
	seen  map[string]bool // folders, by their name without links
	wants []want
	conf  []dropIn
}

type want struct{ unit, by string }

type dropIn struct{ unit, path, text string }

// flush ends a manager: what others say of a unit is given to it.
func (u *unitReader) flush() {
	for _, w := range u.wants {
		if i, ok := u.find(w.unit); ok && !slices.Contains(u.units[i].WantedBy, w.by) {
			u.units[i].WantedBy = append(u.units[i].WantedBy, w.by)
		}
	}
	for _, d := range u.conf {
		if i, ok := u.find(d.unit); ok {
			u.units[i].DropIns = append(u.units[i].DropIns, d.path)
			parseUnit(d.text, &u.units[i])
		}
	}
	for i := range u.units {
		slices.Sort(u.units[i].WantedBy)
	}
	u.host.Units = append(u.host.Units, u.units...)
	u.units, u.at, u.wants, u.conf = nil, map[string]int{}, nil, nil
}

// find returns the unit of a name; an instance of a template is the template's.
func (u *unitReader) find(name string) (int, bool) {
	if i, ok := u.at[name]; ok {
		return i, true
	}
	if at := strings.IndexByte(name, '@'); at >= 0 {
		i, ok := u.at[name[:at+1]+path.Ext(name)]
		return i, ok
	}
	return 0, false
}

// startsSomething reports whether units of this name are kept.
func startsSomething(name string) bool {
	switch path.Ext(name) {
	case ".service", ".timer", ".socket", ".path":
		return true
	}
	return false
}

func (u *unitReader) folder(name string) {
	plain, _, err := u.root.resolve(name)
	if err != nil || u.seen[plain] {
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			u.fail(u.root.at(name), err)
		}
		return
	}
	u.seen[plain] = true
	f, err := u.root.folder(name)
	if err != nil {
		u.fail(u.root.at(name), err)
		return
	}
	defer f.close()
	for _, e := range f.entries {
		switch entry := e.Name(); {
		case e.IsDir():
			u.beside(name, entry)
		case startsSomething(entry):
			u.unit(f, entry)
		}
	}
}

// unit reads one file. The first of a name is the one that counts.
func (u *unitReader) unit(f *folder, name string) {
	if _, there := u.at[name]; there || len(u.units) >= maxUnits {
		return
	}
	one := index.Unit{Name: name, Path: f.at + "/" + name}
	text, st, err := f.read(name, maxText)
	switch {
	case errors.Is(err, errUnsupported):
		if one.Target, err = f.dir.link(name); err != nil {
			u.fail(one.Path, errUnsupported)
			return
		}
	case err != nil && !errors.Is(err, errTooLarge):
		u.fail(one.Path, err)
		return
	default:
		if err != nil {
			u.fail(one.Path, err)
		}
		one.Mtime, one.Size = index.Time(st.Mtim.Nano()), st.Size
		parseUnit(text, &one)
	}
	u.at[name] = len(u.units)
	u.units = append(u.units, one)
}

// beside reads a directory that belongs to a unit: of those that it starts, or
// of drop-ins.
func (u *unitReader) beside(folder, name string) {
	by, wants := strings.CutSuffix(name, ".wants")
	if !wants {
		by, wants = strings.CutSuffix(name, ".requires")
	}
	unit, drops := strings.CutSuffix(name, ".d")
	if !wants && (!drops || !startsSomething(unit)) {
		return
	}
	f, err := u.root.folder(folder + "/" + name)
	if err != nil {
		u.fail(u.root.at(folder+"/"+name), err)
		return
	}
	defer f.close()
	for _, e := range f.entries {
		if wants {
			u.wants = append(u.wants, want{e.Name(), by})
			continue
		}
		if !strings.HasSuffix(e.Name(), ".conf") {
			continue
		}
		at := f.at + "/" + e.Name()
		text, _, err := f.read(e.Name(), maxText)
		if err != nil && !errors.Is(err, errUnsupported) {
			u.fail(at, err)
		}
		u.conf = append(u.conf, dropIn{unit, at, text})
	}
}

// stamps gives timers the time when they fired last.
func (u *unitReader) stamps() {
	f, err := u.root.folder("var/lib/systemd/timers")
	if err != nil {
		return // no timer needs it
	}
	defer f.close()
	last := map[string]index.Time{}
	for _, e := range f.entries {
		name, ok := strings.CutPrefix(e.Name(), "stamp-")
		var st unix.Stat_t
		if ok && unix.Fstatat(f.dir.fd, e.Name(), &st, unix.AT_SYMLINK_NOFOLLOW) == nil {
			last[name] = index.Time(st.Mtim.Nano())
		}
	}
	for i := range u.host.Units {
		if one := &u.host.Units[i]; last[one.Name] != 0 {
			one.Last = last[one.Name]
		}
	}
}

// parseUnit adds what a unit file or a drop-in says (systemd.syntax(7)): a
// backslash at the end of a line goes on in the next one.
func parseUnit(text string, u *index.Unit) {
	var whole string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if whole == "" && (line == "" || line[0] == '#' || line[0] == ';' || line[0] == '[') {
			continue
		}
		if more, goes := strings.CutSuffix(line, `\`); goes && len(whole) < maxText {
			whole += more + " "
			continue
		}
		unitLine(whole+line, u)
		whole = ""
	}
	if whole != "" {
		unitLine(whole, u)
	}
}

func unitLine(line string, u *index.Unit) {
	key, value, ok := strings.Cut(line, "=")
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	if !ok || value == "" || len(value) > maxUnitValue {
		return
	}
	keep := func(list *[]string) {
		if len(*list) < maxUnitLines {
			*list = append(*list, key+"="+value)
		}
	}
	switch {
	case strings.HasPrefix(key, "Exec") && key != "ExecSearchPath":
		keep(&u.Exec)
	case key == "User":
		u.User = value
	case key == "Unit" || key == "Service" && path.Ext(u.Name) == ".socket":
		u.Starts = value
	case path.Ext(u.Name) == ".timer" && strings.HasPrefix(key, "On"),
		path.Ext(u.Name) == ".socket" && strings.HasPrefix(key, "Listen"),
		path.Ext(u.Name) == ".path" && (strings.HasPrefix(key, "Path") || key == "DirectoryNotEmpty"):
		keep(&u.Schedule)
	}
}
